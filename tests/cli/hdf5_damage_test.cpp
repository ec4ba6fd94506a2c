// Damaged HDF5 files of four kinds through the whole program: each is reported, none crashes or
// holds it, and a crash in the reader is the HDF5 library's. CALCISPEC_SWEEP=1 mutates 2,000 files.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/map_source.hpp"
#include "tests/support/damage_sweep.hpp"
#include "tests/support/hdf5_writer.hpp"
#include "tests/support/matlab_hdf5_writer.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int damage_points = 60;
constexpr hsize_t damage_ny = 3;
constexpr hsize_t damage_nx = 4;

std::string bytes_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// A band at 960 in every spectrum of a small map.
std::vector<double> damage_values() {
  std::vector<double> out;
  for (hsize_t row = 0; row < damage_ny * damage_nx; ++row) {
    for (int i = 0; i < damage_points; ++i) {
      const double u = (400 + 20.0 * i - 960) / 15;
      out.push_back(100 + static_cast<double>(row) + 500 * std::exp(-u * u) + (i * 7 % 5));
    }
  }
  return out;
}

std::vector<double> damage_axis() {
  std::vector<double> out;
  for (int i = 0; i < damage_points; ++i) {
    out.push_back(400 + 20.0 * i);
  }
  return out;
}

void write_nexus(const std::string& path) {
  const test::Hdf5Writer file(path);
  file.group("/entry/data");
  file.text("/entry", "NX_class", "NXentry");
  file.text("/entry/data", "NX_class", "NXdata");
  file.text("/entry/data", "signal", "counts");
  file.texts("/entry/data", "axes", {"y", "x", "raman_shift"});
  file.data("/entry/data/counts", {damage_ny, damage_nx, damage_points}, damage_values());
  file.data("/entry/data/raman_shift", {damage_points}, damage_axis());
  file.text("/entry/data/raman_shift", "units", "1/cm");
}

void write_hyperspy(const std::string& path) {
  const test::Hdf5Writer file(path);
  file.group("/Experiments/map");
  file.data("/Experiments/map/data",
            {damage_ny, damage_nx, damage_points},
            damage_values(),
            H5T_STD_I32BE);
  const char* names[] = {"y", "x", "Raman shift"};
  for (std::size_t d = 0; d < 3; ++d) {
    const auto axis = "/Experiments/map/axis-" + std::to_string(d);
    file.group(axis);
    file.text(axis, "name", names[d]);
    file.text(axis, "units", d == 2 ? "1/cm" : "um");
    file.number(axis, "scale", d == 2 ? 20 : 2);
    file.number(axis, "offset", d == 2 ? 400 : 0);
  }
}

// Point after point, as MATLAB keeps a matrix of one spectrum per row.
std::vector<double> damage_columns() {
  const auto rows = damage_values();
  std::vector<double> out;
  for (std::size_t i = 0; i < damage_points; ++i) {
    for (std::size_t row = 0; row < damage_ny * damage_nx; ++row) {
      out.push_back(rows[row * damage_points + i]);
    }
  }
  return out;
}

void write_matlab(const std::string& path) {
  using Place = test::Mat73Writer::Place;
  test::Mat73Writer mat(path);
  mat.structure(mat.variable("map"), [&mat](hid_t own) {
    constexpr hsize_t count = damage_ny * damage_nx;
    mat.text({own, "name"}, "a map");
    mat.numbers({own, "imagesize"}, {1, 2}, {damage_ny, damage_nx});
    mat.numbers({own, "data"}, {count, damage_points}, damage_columns());
    mat.cell({own, "axisscale"},
             {2, 2},
             {[&mat](const Place& place) {
                mat.numbers(place, {1, count}, std::vector<double>(count, 1));
              },
              [&mat](const Place& place) {
                mat.numbers(place, {1, damage_points}, damage_axis());
              },
              [&mat](const Place& place) { mat.text(place, "um"); },
              [&mat](const Place& place) { mat.text(place, "rel. 1/cm"); }});
  });
}

class Hdf5Damage : public ::testing::Test {
 protected:
  struct Kind {
    std::string name;
    std::string block;  // a choice that fits the whole file
    std::string bytes;
  };

  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("hdf5_damage_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    options.reader_program = (test::binary_dir() / "calcispec").string();
    per_kind = test::is_whole_sweep() ? 500 : 8;
    add("nexus", "/entry/data/counts", write_nexus);
    add("hyperspy", "/Experiments/map/data", write_hyperspy);
    add("matlab", "map", write_matlab);
    // What `batch` wrote.
    const auto source = (folder / "source.h5").string();
    const auto result = (folder / "result.nxs").string();
    write_nexus(source);
    test::run_program("batch run -j 1 -q --technique raman --steps 'smooth.savgol window=5' -o '" +
                      result + "' '" + source + "'");
    kinds.push_back({"result", "", bytes_of(result)});
    fs::remove(source);
    fs::remove(result);
  }
  void TearDown() override { fs::remove_all(folder); }

  void add(const std::string& name, const std::string& block, void (*write)(const std::string&)) {
    const auto path = (folder / name).string();
    write(path);
    kinds.push_back({name, block, bytes_of(path)});
    fs::remove(path);
  }

  // Bytes here and there; a few in the tables of the head; a run of extremes; an end that is gone.
  std::string damaged(const std::string& good, int number) {
    auto out = good;
    const auto any = [&](std::size_t most) { return random() % most; };
    switch (number % 4) {
      case 0:
        for (int k = 0; k < 8; ++k) {
          out[any(out.size())] = static_cast<char>(any(256));
        }
        break;
      case 1:
        for (int k = 0; k < 2; ++k) {
          out[any(std::min<std::size_t>(out.size(), 2048))] = static_cast<char>(any(256));
        }
        break;
      case 2: {
        const auto at = any(out.size() - 8);
        out.replace(at, 1 + any(8), 1 + any(8), any(2) == 0 ? '\xFF' : '\x7F');
        break;
      }
      default:
        out.resize(out.size() / 4 + any(out.size() * 3 / 4));
        out[any(out.size())] = static_cast<char>(any(256));
    }
    return out;
  }

  // Every spectrum in blocks of five, as batches do.
  static void read_rows(const std::string& path, const io::ReadOptions& how) {
    auto map = io::MapSource::open(path, how);
    for (Index row = 0; row < map.rows(); row += 5) {
      const auto count = std::min<Index>(5, map.rows() - row);
      EXPECT_EQ(map.read(row, count).rows(), count);
    }
  }

  template <typename Work>
  void expect_answer(Work&& work) {
    const auto start = Clock::now();
    try {
      work();
      ++read;
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input) << text;
      EXPECT_GT(text.size(), 10U);
      EXPECT_EQ(text.find("fault of calcispec"), std::string::npos) << text;
      crashed += text.find("crashed on it") != std::string::npos ? 1 : 0;
      late += text.find("took too long") != std::string::npos ? 1 : 0;
      ++refused;
    }
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
  }

  fs::path folder;
  io::ReadOptions options;
  std::vector<Kind> kinds;
  std::mt19937 random{29};
  int per_kind = 0;
  int read = 0;
  int refused = 0;
  int crashed = 0;
  int late = 0;
};

std::size_t count_of_text(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST_F(Hdf5Damage, WholeFilesOfEachKindAreRead) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    const auto path = (folder / (kind.name + ".h5")).string();
    std::ofstream(path, std::ios::binary) << kind.bytes;
    EXPECT_EQ(io::load(path, options).recordings.at(0).spectra.rows(), 12);
    auto how = options;
    how.technique = Technique::raman;
    if (!kind.block.empty()) {
      how.block = kind.block;
      EXPECT_EQ(io::load(path, how).recordings.at(0).spectra.rows(), 12);
    }
    EXPECT_NO_THROW(read_rows(path, how));
  }
}

// One run over all of them: what one file does to its reader is nothing to the others.
TEST_F(Hdf5Damage, InfoAndAnalyzeReportEachFile) {
  constexpr int at_once = 50;  // so that the whole sweep fits on a line of the shell
  for (int first = 0; first < per_kind; first += at_once) {
    std::string names;
    std::size_t count = 0;
    for (int i = first; i < std::min(first + at_once, per_kind); ++i) {
      for (const auto& kind : kinds) {
        const auto path = (folder / (kind.name + std::to_string(i) + ".h5")).string();
        std::ofstream(path, std::ios::binary) << damaged(kind.bytes, i);
        names += " '" + path + "'";
        ++count;
      }
    }
    const auto start = Clock::now();
    const auto info = test::run_program("info --format json" + names);
    EXPECT_TRUE(info.code == 0 || info.code == 1 || info.code == 3) << info.code;
    EXPECT_EQ(count_of_text(info.out, "\"status\":"), count);
    EXPECT_EQ(info.out.find("fault of calcispec"), std::string::npos) << info.out;
    crashed += static_cast<int>(count_of_text(info.out, "crashed on it"));
    late += static_cast<int>(count_of_text(info.out, "took too long"));
    refused += static_cast<int>(count_of_text(info.out, "\"status\": \"failed\""));
    const auto result = (folder / "result.json").string();
    const auto analyze = test::run_program("analyze --technique raman --force -q -j 1 --json '" +
                                           result + "'" + names);
    EXPECT_TRUE(analyze.code == 0 || analyze.code == 1 || analyze.code == 3) << analyze.code;
    const auto answer = bytes_of(result);
    for (std::size_t at = 0, end = 0; at < names.size(); at = end + 1) {
      at = names.find('\'', at) + 1;
      end = names.find('\'', at);
      const auto path = names.substr(at, end - at);
      EXPECT_NE(info.out.find(path), std::string::npos) << path;
      EXPECT_NE(answer.find(path), std::string::npos) << path;
      fs::remove(path);
    }
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(20 * count));
  }
  RecordProperty("refused", refused);
  RecordProperty("crashed_in_library", crashed);
  RecordProperty("late", late);
  EXPECT_GT(refused, 0);
}

TEST_F(Hdf5Damage, ChoicesAndBlocksOfRowsAreAnswered) {
  const auto path = (folder / "one.h5").string();
  for (int i = 0; i < per_kind; ++i) {
    for (const auto& kind : kinds) {
      SCOPED_TRACE(kind.name + std::to_string(i));
      std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged(kind.bytes, i);
      auto how = options;
      how.technique = Technique::raman;
      expect_answer([&] { read_rows(path, how); });
      if (!kind.block.empty()) {
        how.block = kind.block;
      }
      if (kind.name == "nexus") {
        how.axis = "/entry/data/raman_shift";
      }
      expect_answer([&] { io::load(path, how); });
      expect_answer([&] { read_rows(path, how); });
    }
  }
  RecordProperty("read", read);
  RecordProperty("refused", refused);
  RecordProperty("crashed_in_library", crashed);
  RecordProperty("late", late);
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

// A text of nine million letters of 169 bytes, as one damaged file had it: the library is at it
// for seconds.
TEST_F(Hdf5Damage, WorkWithoutEndIsStopped) {
  auto bytes = kinds.at(1).bytes;
  const std::string text("name\0\0\0\0\x19\x01", 10);  // an attribute of variable length
  const auto at = bytes.find(text);
  ASSERT_NE(at, std::string::npos);
  bytes.at(at + 0x14) = static_cast<char>(169);
  bytes.at(at + 0x2a) = static_cast<char>(141);
  const auto path = (folder / "endless.h5").string();
  std::ofstream(path, std::ios::binary) << bytes;
  const double start = test::cpu_seconds();
  EXPECT_THROW(io::load(path, options), Error);
  EXPECT_LT(test::cpu_seconds() - start, 1);
}

TEST_F(Hdf5Damage, RealFilesAreAnswered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto path = (folder / "damaged.nxs").string();
  test::DamageSweep sweep(true);
  for (const auto& entry : fs::directory_iterator(test::shared_dir() / "spectra" / "nexus-hdf5")) {
    SCOPED_TRACE(entry.path().string());
    sweep.run(bytes_of(entry.path()), [&](const std::string& bytes) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
      EXPECT_FALSE(io::load(path, options).recordings.empty());
    });
  }
  sweep.print("nexus-hdf5");
  EXPECT_GE(sweep.files(), 1);
}

}  // namespace
}  // namespace calcispec
