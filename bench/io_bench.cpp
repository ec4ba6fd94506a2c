// Reading files from memory: a text map, small SPA files, SPC, WDF and OPUS at full speed.
#include "bench/bench_support.hpp"
#include "io/file.hpp"
#include "tests/support/opus_writer.hpp"
#include "tests/support/spa_writer.hpp"
#include "tests/support/spc_writer.hpp"
#include "tests/support/wdf_writer.hpp"

#include <cstdio>

namespace calcispec::bench {
namespace {

// Axis in the first row, then x, y and a spectrum per row, numbers as "%.7e".
std::string text_map(Index spectra, Index points) {
  const auto made = made_spectra({points, spectra, 1});
  std::string out = "\t";
  char cell[32];
  for (const double x : made.axis->values()) {
    std::snprintf(cell, sizeof(cell), "\t%.7e", x);
    out += cell;
  }
  out += '\n';
  for (Index row = 0; row < spectra; ++row) {
    out += std::to_string(row % 64) + "\t" + std::to_string(row / 64);
    for (const double y : made.row(row)) {
      std::snprintf(cell, sizeof(cell), "\t%.7e", y);
      out += cell;
    }
    out += '\n';
  }
  return out;
}

void run(benchmark::State& state, const std::string& bytes, int files, const char* format) {
  for (auto _ : state) {
    for (int i = 0; i < files; ++i) {
      const auto file = io::load_bytes({bytes, "bench"}, {});
      if (file.format != format) {
        state.SkipWithError("read as another format");
        return;
      }
      benchmark::DoNotOptimize(file.recordings.front().spectra.values.data());
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * files *
                          static_cast<std::int64_t>(bytes.size()));
}

void add(const char* name, std::string bytes, int files, const char* format) {
  benchmark::RegisterBenchmark(name,
                               [bytes = std::move(bytes), files, format](benchmark::State& state) {
                                 run(state, bytes, files, format);
                               })
      ->Unit(benchmark::kMillisecond);
}

// 64 MB each, as 32-bit floating point.
void add_large() {
  constexpr std::uint32_t points = 1024;
  constexpr std::size_t spectra = 16384;
  test::SpcFile spc;
  spc.flags = 0x04;
  spc.exponent = -128;
  spc.points = points;
  spc.first_x = 400;
  spc.last_x = 1800;
  test::WdfFile wdf;
  wdf.capacity = spectra;
  for (std::uint32_t i = 0; i < points; ++i) {
    wdf.axis.push_back(1800 - static_cast<float>(i));
  }
  test::SpcSubfile subfile;
  subfile.exponent = -128;
  for (std::uint32_t i = 0; i < points; ++i) {
    subfile.stored.push_back(0.5 * (i % 300));
  }
  for (std::size_t k = 0; k < spectra; ++k) {
    subfile.z = static_cast<float>(k);
    spc.subfiles.push_back(subfile);
    wdf.spectra.emplace_back(subfile.stored.begin(), subfile.stored.end());
  }
  add("io/spc/points:1024/spectra:16384", test::spc_bytes(spc), 1, "galactic_spc");
  add("io/wdf/points:1024/spectra:16384", test::wdf_bytes(wdf), 1, "renishaw_wdf");
  std::vector<double> y(std::size_t{1} << 24U, 0.25);
  add("io/opus/points:16777216/spectra:1",
      test::opus_bytes({
          {test::opus_absorbance, test::opus_floats(y)},
          { test::opus_absorbance + test::opus_status,
           test::opus_status_bytes(y.size(), 4000, 400, 1)}
  }),
      1,
      "bruker_opus");
}

const bool is_registered = [] {
  add("io/text_map/points:1000/spectra:4096", text_map(4096, 1000), 1, "row_table");
  test::SpaSpectrum spa;
  spa.first_x = 4000;
  spa.last_x = 650;
  for (int i = 0; i < 1738; ++i) {
    spa.y.push_back(0.001F * static_cast<float>(i % 300));
  }
  add("io/spa/points:1738/files:10000", test::spa_bytes({spa}), 10000, "thermo_spa");
  add_large();
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
