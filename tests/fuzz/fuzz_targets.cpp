#include "tests/fuzz/fuzz_targets.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "io/spectra_csv.hpp"
#include "models/reference_library.hpp"
#include "pipelines/info_json.hpp"
#include "pipelines/method.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace calcispec::test {
namespace {

void require_that(bool holds, const char* promise) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
  }
}

// Any other exception ends the program: it would be a fault.
template <typename Work>
void expect_error_or_success(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    require_that(error.code() != ErrorCode::internal, "input never causes an internal error");
    require_that(std::string(error.what()).size() > 10, "an error is a sentence");
  }
}

void check_recording(const io::Recording& recording) {
  const auto& spectra = recording.spectra;
  require_that(spectra.axis != nullptr && spectra.points() >= 3, "a spectrum has three points");
  require_that(spectra.rows() >= 1, "a recording has a spectrum");
  require_that(static_cast<Index>(spectra.values.size()) == spectra.rows() * spectra.points(),
               "values fill the matrix");
  const auto x = spectra.axis->values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    require_that(std::isfinite(x[i]) && (i == 0 || x[i] > x[i - 1]), "the axis rises");
  }
  if (recording.map) {
    require_that(recording.map->nx > 0 && recording.map->ny > 0, "a map has pixels");
    require_that(recording.map->nx * recording.map->ny <= spectra.rows(), "each pixel a spectrum");
  }
}

void read_and_check(const io::FileView& view) {
  expect_error_or_success([&] {
    auto file = io::load_bytes(view, {});
    require_that(!file.recordings.empty(), "what is read holds something");
    for (const auto& recording : file.recordings) {
      check_recording(recording);
      io::spectra_csv(recording);
    }
    const FileInfo info{std::string(view.path), std::move(file), ""};
    info_json(std::span(&info, 1));
    info_table(std::span(&info, 1));
  });
}

void run_text(std::string_view bytes) {
  read_and_check({bytes, "fuzz.txt"});
}

// What follows the mark is the other file of formats that need two: numbers, tile.
void run_instrument(std::string_view bytes) {
  constexpr std::string_view mark = "\nBESIDE\n";
  const auto at = bytes.find(mark);
  if (at == std::string_view::npos) {
    read_and_check({bytes, "fuzz"});
    return;
  }
  const auto other = bytes.substr(at + mark.size());
  io::Siblings siblings;
  siblings.names = [] {
    return std::vector<std::string>{"fuzz.dat", "fuzz_0000_0000.dmd", "fuzz_0000_0000.drd"};
  };
  siblings.bytes = [&](const std::string&) { return other; };
  for (const char* name : {"fuzz.hdr", "fuzz.bsp", "fuzz.dmt"}) {
    read_and_check({bytes.substr(0, at), name, &siblings});
  }
}

void run_step_text(std::string_view bytes) {
  expect_error_or_success([&] {
    const auto steps = parse_steps(bytes);
    const auto text = canonical_text(steps);
    require_that(canonical_text(parse_steps(text)) == text, "canonical text reads back");
  });
}

void run_method(std::string_view bytes) {
  expect_error_or_success([&] {
    const auto method = parse_method(bytes, "fuzz.toml");
    require_that(sha256_of(method).size() == 64, "a method has a hash");
  });
}

void run_library(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) {
    return;  // a message that quotes the cell ends at the zero byte
  }
  static const auto folder =
      std::filesystem::temp_directory_path() / ("calcispec_fuzz_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "bands.csv", std::ios::binary) << bytes;
  expect_error_or_success([&] {
    for (const auto& phase : models::library_from_folder(folder.string()).phases) {
      for (const auto& band : phase.raman) {
        require_that(band.fwhm_cm1 > 0, "a band has a width");
      }
    }
  });
  std::filesystem::remove(folder / "bands.csv");
}

constexpr std::array targets{
    FuzzTarget{"text",       run_text      },
    FuzzTarget{"instrument", run_instrument},
    FuzzTarget{"steps",      run_step_text },
    FuzzTarget{"method",     run_method    },
    FuzzTarget{"library",    run_library   }
};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() {
  return targets;
}

}  // namespace calcispec::test
