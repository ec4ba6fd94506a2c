// Reading files from the page cache: a text map, small files, SPC, WDF and OPUS at full speed, each
// beside a plain read of the same bytes. Checks and hashes included.
#include "bench/bench_support.hpp"
#include "io/file.hpp"
#include "tests/support/opus_writer.hpp"
#include "tests/support/spa_writer.hpp"
#include "tests/support/spc_writer.hpp"
#include "tests/support/wdf_writer.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <malloc.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace calcispec::bench {
namespace {

constexpr std::uint32_t map_points = 1024;
constexpr std::size_t map_spectra = 8192;

// A folder of its own, gone with the program.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("calcispec_io_bench_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

// Axis in the first row, then x, y and a spectrum per row, numbers as "%.7e".
std::string text_map(Index spectra, Index points) {
  const auto made = made_spectra({points, 64, 1});
  std::string out = "\t";
  char cell[32];
  for (const double x : made.axis->values()) {
    std::snprintf(cell, sizeof(cell), "\t%.7e", x);
    out += cell;
  }
  out += '\n';
  for (Index row = 0; row < spectra; ++row) {
    out += std::to_string(row % 64) + "\t" + std::to_string(row / 64);
    for (const double y : made.row(row % 64)) {
      std::snprintf(cell, sizeof(cell), "\t%.7e", y + 0.37 * static_cast<double>(row));
      out += cell;
    }
    out += '\n';
  }
  return out;
}

std::string spa_file() {
  test::SpaSpectrum spa;
  spa.first_x = 4000;
  spa.last_x = 650;
  for (int i = 0; i < 1738; ++i) {
    spa.y.push_back(0.001F * static_cast<float>(i % 300));
  }
  return test::spa_bytes({spa});
}

// One subfile per spectrum; `exponent` -128: floating point, else whole numbers.
std::string spc_map(int exponent) {
  test::SpcFile spc;
  spc.flags = 0x04;
  spc.exponent = exponent;
  spc.points = map_points;
  spc.first_x = 400;
  spc.last_x = 1800;
  test::SpcSubfile subfile;
  subfile.exponent = exponent;
  for (std::uint32_t i = 0; i < map_points; ++i) {
    subfile.stored.push_back(50.0 * (i % 300));
  }
  spc.subfiles.assign(map_spectra, subfile);
  for (std::size_t k = 0; k < map_spectra; ++k) {
    spc.subfiles[k].z = static_cast<float>(k);
  }
  return test::spc_bytes(spc);
}

std::string wdf_map() {
  test::WdfFile wdf;
  wdf.capacity = map_spectra;
  wdf.width = 128;
  wdf.height = 64;
  std::vector<float> spectrum;
  for (std::uint32_t i = 0; i < map_points; ++i) {
    wdf.axis.push_back(1800 - static_cast<float>(i));
    spectrum.push_back(50.0F * static_cast<float>(i % 300));
  }
  wdf.spectra.assign(map_spectra, spectrum);
  return test::wdf_bytes(wdf);
}

std::string opus_single(std::size_t points) {
  const std::vector<double> y(points, 0.25);
  return test::opus_bytes({
      {test::opus_absorbance, test::opus_floats(y)},
      { test::opus_absorbance + test::opus_status, test::opus_status_bytes(points, 4000, 400, 1)}
  });
}

std::string opus_map() {
  test::ByteWriter series;
  for (const std::uint32_t head :
       {0U, static_cast<std::uint32_t>(map_spectra), 24U, 4 * map_points, 0U, 0U}) {
    series.put(head);
  }
  for (std::size_t i = 0; i < map_spectra * map_points; ++i) {
    series.put(0.001F * static_cast<float>(i % 700));
  }
  const auto type = test::opus_absorbance | test::opus_series;
  return test::opus_bytes({
      {type, series.bytes()},
      { type + test::opus_status, test::opus_status_bytes(map_points, 1800, 777, 1)}
  });
}

void plain_read(const std::vector<std::string>& paths) {
  std::vector<char> buffer(std::size_t{1} << 18U);
  for (const auto& path : paths) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    while (file != nullptr && std::fread(buffer.data(), 1, buffer.size(), file) > 0) {
      benchmark::DoNotOptimize(buffer.data());
    }
    if (file != nullptr) {
      std::fclose(file);
    }
  }
}

struct Job {
  std::string name;
  std::string format;
  int files = 1;
  std::function<std::string()> make;
};

void run(benchmark::State& state, const Job& job, const std::vector<std::string>& paths) {
  while (state.KeepRunning()) {
    for (const auto& path : paths) {
      const auto file = io::load(path, {});
      if (file.format != job.format) {
        state.SkipWithError("read as another format");
        return;
      }
      benchmark::DoNotOptimize(file.recordings.front().spectra.values.data());
    }
  }
  std::uintmax_t bytes = 0;
  for (const auto& path : paths) {
    bytes += std::filesystem::file_size(path);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  const double plain = seconds_of([&] { plain_read(paths); });
  state.counters["plain_read_bytes_per_second"] = static_cast<double>(bytes) / plain;
}

// The files are made when the benchmark runs first.
void add(Job job) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  const auto name = "io/" + job.name;
  benchmark::RegisterBenchmark(
      name.c_str(),
      [job = std::move(job), paths](benchmark::State& state) {
        static const Folder folder;
        const auto bytes = paths->empty() ? job.make() : std::string();
        for (int i = 0; i < job.files && !bytes.empty(); ++i) {
          paths->push_back(folder.write(
              job.format + std::to_string(i) + "_" + std::to_string(bytes.size()), bytes));
        }
        run(state, job, *paths);
      })
      ->Unit(benchmark::kMillisecond);
}

const bool is_registered = [] {
  // As the program does at its start: freed memory is kept.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);   // NOLINT(concurrency-mt-unsafe): no threads so far
  mallopt(M_TRIM_THRESHOLD, 128 << 20);  // NOLINT(concurrency-mt-unsafe)
  add({"text_map/points:1000/spectra:4096", "row_table", 1, [] { return text_map(4096, 1000); }});
  add({"spa/points:1738/files:10000", "thermo_spa", 10000, spa_file});
  const std::string map = "points:1024/spectra:8192";
  add({"spc_float/" + map, "galactic_spc", 1, [] { return spc_map(-128); }});
  add({"spc_whole/" + map, "galactic_spc", 1, [] { return spc_map(20); }});
  add({"wdf/" + map, "renishaw_wdf", 1, wdf_map});
  add({"opus_series/" + map, "bruker_opus", 1, opus_map});
  add({"opus/points:2048/files:4000", "bruker_opus", 4000, [] { return opus_single(2048); }});
  add({"opus/points:16384/files:500", "bruker_opus", 500, [] { return opus_single(16384); }});
  add({"opus/points:262144/files:30", "bruker_opus", 30, [] { return opus_single(262144); }});
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
