// Files of instruments against the numbers that other readers found in them.
#include "core/error.hpp"
#include "io/file.hpp"
#include "models/csv_table.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <set>

namespace calcispec {
namespace {

// Formats of the list and the row of the format table that must claim their files.
struct Own {
  std::string reader;
  int least_rows = 3;  // with numbers in the list
};
const std::map<std::string, Own> reader_of{
    {"jcamp",       {"jcamp_dx", 3}      },
    {"spc",         {"galactic_spc", 3}  },
    {"opus",        {"bruker_opus", 3}   },
    {"omnic",       {"thermo_spa", 3}    },
    {"wdf",         {"renishaw_wdf", 3}  },
    {"perkinelmer", {"perkinelmer_sp", 1}},
    {"agilent",     {"agilent_fpa", 3}   },
    {"sif",         {"andor_sif", 4}     },
    {"spe",         {"princeton_spe", 3} },
    {"mat",         {"matlab_v5", 1}     },
    {"envi",        {"envi", 3}          },
};

// Told by what lies beside them, or by what they pack.
const std::set<std::string> told_otherwise{"envi/CA_small_UF.dat", "envi/CA_tiny_map.zip"};

// Where the list follows a reader that changes what the file says; the bytes speak.
const std::set<std::string> differs{
    "jcamp/sqzdec1.jdx",  // XUNITS= HZ, FIRSTX= 24038.5; the list has ppm, which the file lacks
    // Subfiles 39 and 121 to 128 have exponent 0. With it the trace is smooth (maxima 0.2476,
    // 0.2508 in subfiles 38, 39; 0.2518, 0.236 in 121, 129); the list's reader takes 0 for "none".
    "spc/LC_DIODE_ARRAY.SPC",
};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct InstrumentManifestNumbers {
  double spectra = 0;
  double points = 0;
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double x_first = 0;
  double x_last = 0;
  double y_first = 0;
  double y_last = 0;
};

InstrumentManifestNumbers numbers_of(const io::LoadedFile& file) {
  InstrumentManifestNumbers out;
  for (const auto& recording : file.recordings) {
    out.spectra += static_cast<double>(recording.spectra.rows());
    for (const double y : recording.spectra.values) {
      out.low = std::min(out.low, y);
      out.high = std::max(out.high, y);
    }
  }
  const auto& first = file.recordings.front().spectra;
  out.points = static_cast<double>(first.points());
  const auto y = first.row(0);
  const auto& stored = file.recordings.front().stored_axis;
  out.x_first = first.axis->front();
  out.x_last = first.axis->back();
  out.y_first = y.front();
  out.y_last = y.back();
  if (first.axis->was_descending()) {
    std::swap(out.x_first, out.x_last);
    std::swap(out.y_first, out.y_last);
  }
  if (stored) {  // as in the file, before wavelengths became shifts
    out.x_first = stored->first;
    out.x_last = stored->last;
  }
  return out;
}

class InstrumentManifest : public ::testing::Test {
 protected:
  void SetUp() override {
    CALCISPEC_SKIP_WITHOUT_SHARED();
    folder = test::shared_dir() / "spectra";
    content = bytes_of(folder / "MANIFEST.csv");
  }

  std::filesystem::path folder;
  std::string content;
};

TEST_F(InstrumentManifest, EveryRowWithNumbersAgrees) {
  const models::CsvTable table(content, "MANIFEST.csv");
  std::map<std::string, Index> checked;
  for (Index row = 0; row < table.rows(); ++row) {
    const auto& name = table.text(row, "file");
    if (reader_of.count(table.text(row, "format")) == 0 || table.text(row, "n_points").empty() ||
        differs.count(name) == 1) {
      continue;
    }
    SCOPED_TRACE(name);
    io::LoadedFile file;
    try {
      file = io::load((folder / name).string(), {});
    } catch (const Error& error) {
      ADD_FAILURE() << error.place() << ": " << error.what();
      continue;
    }
    const auto numbers = numbers_of(file);
    const auto expect = [&](const char* column, double value, double relative) {
      const double listed = table.number(row, column);
      EXPECT_NEAR(value, listed, relative * std::abs(listed)) << column;
    };
    expect("n_spectra", numbers.spectra, 0);
    expect("n_points", numbers.points, 0);
    // The list gives this axis with six digits; the file has 107.1857355...
    const double axis = name == "mat/LineX.mat" ? 5e-6 : 1e-6;
    expect("x_first", numbers.x_first, axis);
    expect("x_last", numbers.x_last, axis);
    expect("y_min", numbers.low, 1e-5);
    expect("y_max", numbers.high, 1e-5);
    expect("y_first", numbers.y_first, 1e-5);
    expect("y_last", numbers.y_last, 1e-5);
    ++checked[table.text(row, "format")];
  }
  for (const auto& [format, own] : reader_of) {
    std::printf("%s: %td rows\n", format.c_str(), checked[format]);
    EXPECT_GE(checked[format], own.least_rows) << format;
  }
}

TEST_F(InstrumentManifest, EachFileGoesToItsOwnReaderWhateverItsName) {
  const models::CsvTable table(content, "MANIFEST.csv");
  for (Index row = 0; row < table.rows(); ++row) {
    const auto bytes = bytes_of(folder / table.text(row, "file"));
    const auto own = reader_of.find(table.text(row, "format"));
    const bool has_numbers = !table.text(row, "n_points").empty();
    SCOPED_TRACE(table.text(row, "file"));
    std::string best;
    int score = 0;
    for (const auto& format : io::formats()) {
      const int its = format.sniff({bytes, "renamed.txt"});
      if (its > score) {
        score = its;
        best = format.name;
      }
      const bool is_instrument = std::any_of(reader_of.begin(), reader_of.end(), [&](auto& pair) {
        return pair.second.reader == format.name;
      });
      // Agilent writes an ENVI header beside its own file.
      const bool is_header = bytes.rfind("ENVI", 0) == 0 && format.name == "envi";
      if (is_instrument && !is_header &&
          (own == reader_of.end() || own->second.reader != format.name)) {
        EXPECT_EQ(its, 0) << format.name;
      }
    }
    if (own != reader_of.end() && has_numbers &&
        told_otherwise.count(table.text(row, "file")) == 0) {
      EXPECT_EQ(best, own->second.reader);
    }
  }
}

}  // namespace
}  // namespace calcispec
