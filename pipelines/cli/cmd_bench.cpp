// calcispec bench: how fast the installed program is on this computer.
#include "core/build_info.hpp"
#include "core/chain.hpp"
#include "core/error.hpp"
#include "core/nnls.hpp"
#include "models/composition.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/versions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>

namespace calcispec::cli {

const CommandHelp& bench_help() {
  static constexpr std::array options{
      choice_option("format", "table|json", "how to print (default: table)"),
      common::output,
      common::force,
  };
  static constexpr CommandHelp help{"bench",
                                    "Measure the speed of the main methods on this computer",
                                    "[options]",
                                    "  calcispec bench\n"
                                    "  calcispec bench --format json -o speed.json\n",
                                    options,
                                    "CPU time of one thread, least of several runs, spectra of "
                                    "1000 points made by the program.\n"};
  return help;
}

namespace {

constexpr Index bench_points = 1000;
constexpr std::array<double, 8> centers{430, 590, 855, 960, 1003, 1071, 1450, 1665};

struct Measurement {
  std::string name;
  double seconds = 0;  // per spectrum
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Of one call. Short work is repeated until the clock can tell.
double least_seconds(const std::function<void()>& work) {
  double best = 1e9;
  work();  // memory and plans
  for (int attempt = 0; attempt < 5; ++attempt) {
    check_interrupt();
    const double start = cpu_seconds();
    int calls = 0;
    do {
      work();
      ++calls;
    } while (cpu_seconds() - start < 0.02);
    best = std::min(best, (cpu_seconds() - start) / calls);
  }
  return best;
}

double band(double x, double center) {
  const double u = (x - center) / 9;
  return 1 / (1 + u * u);
}

// Raman-like: bands of bone mineral and collagen on fluorescence, with noise.
SpectraMatrix made_spectra(Index rows) {
  constexpr std::array<double, 8> heights{180, 150, 60, 1000, 100, 160, 220, 250};
  std::vector<double> x(static_cast<std::size_t>(bench_points));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 400 + 1.4 * static_cast<double>(i);
  }
  auto out = SpectraMatrix::make(Axis::make(x, AxisKind::raman_shift, "1/cm"), rows);
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(0, 8);
  for (Index r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      double y = 400 + 300 * std::exp(-std::pow((x[i] - 900) / 600, 2)) + noise(random);
      for (std::size_t k = 0; k < centers.size(); ++k) {
        y += heights[k] * (1 + 0.001 * static_cast<double>(r)) * band(x[i], centers[k]);
      }
      out.row(r)[i] = y;
    }
  }
  return out;
}

std::string bench_name_of(const std::string& what, Index spectra) {
  return what + "/points:" + std::to_string(bench_points) + "/spectra:" + std::to_string(spectra) +
         "/lanes:" + std::to_string(lane_count()) + "/threads:1";
}

Measurement measure_step(const std::string& family,
                         const std::string& method,
                         const std::vector<GivenParameter>& given) {
  constexpr Index rows = 256;
  const auto spectra = made_spectra(rows);
  const auto* info = find_core_method(family, method);
  const ChainStep step{family, method, ParameterSet::checked(info->parameters, given, method)};
  auto work = spectra;
  const double seconds = least_seconds([&] {
    std::copy(spectra.values.begin(), spectra.values.end(), work.values.begin());
    work = run_chain(std::move(work), std::span(&step, 1), 1, false).spectra;
  });
  return {bench_name_of(family + "/" + method, rows), seconds / static_cast<double>(rows)};
}

Measurement measure_nnls() {
  constexpr Index rows = 1024;
  const auto spectra = made_spectra(rows);
  Columns references;
  references.points = bench_points;
  for (const double center : centers) {
    for (const double x : spectra.axis->values()) {
      references.values.push_back(band(x, center));
    }
  }
  const double seconds = least_seconds([&] { solve_nnls(references, spectra, 1); });
  return {bench_name_of("nnls/references_8", rows), seconds / static_cast<double>(rows)};
}

Measurement measure_composition() {
  const auto spectra = made_spectra(1);
  const auto library = models::builtin_library();
  const models::CompositionInput input{
      *spectra.axis, spectra.row(0), Technique::raman, SamplingMode::unknown};
  const double seconds = least_seconds([&] { models::estimate_composition(input, library, {}); });
  return {bench_name_of("composition/raman", 1), seconds};
}

std::vector<Measurement> measure_all() {
  return {
      measure_step("baseline", "asls", {                     }
        ),
      measure_step("baseline", "arpls", {                     }
        ),
      measure_step("smooth", "savgol", {           }
        ),
      measure_step("smooth", "fft", {{"cutoff", "0.08", ""}                      }
        ),
      measure_nnls(),
      measure_composition()
  };
}

std::string cpu_model() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

double bench_rounded(double value) {
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::max(value, 1e-12))));
  return std::round(value * scale) / scale;
}

std::string bench_json(std::span<const Measurement> measurements) {
  nlohmann::ordered_json out;
  out["schema"] = 1;
  out["cpu"] = cpu_model();
  for (const auto& [name, version] : versions()) {
    if (name == "cpu_level" || name == "compiler") {
      out[name] = version;
    } else {
      out["versions"][name] = version;
    }
  }
  for (const auto& one : measurements) {
    out["benchmarks"].push_back({
        {"name",               one.name                        },
        {"us_per_spectrum",    bench_rounded(1e6 * one.seconds)},
        {"spectra_per_second", bench_rounded(1 / one.seconds)  }
    });
  }
  return out.dump(2) + "\n";
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string bench_table(std::span<const Measurement> measurements) {
  std::string out = padded("cpu:", 16) + cpu_model() + "\n";
  for (const auto& [name, version] : versions()) {
    out += padded(name + ":", 16);
    out += version + "\n";
  }
  out += "\n" + padded("us per spectrum", 18) + "spectra per s  what\n";
  for (const auto& one : measurements) {
    out += padded(number_text(bench_rounded(1e6 * one.seconds)), 18) +
           padded(number_text(bench_rounded(1 / one.seconds)), 15) + one.name + "\n";
  }
  return out;
}

}  // namespace

int run_bench(std::span<const std::string> arguments) {
  const auto options = parse_options(bench_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (!options->words().empty()) {
    throw Error(ErrorCode::invalid_argument,
                "bench takes no input, but found '" + options->words().front() + "'");
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  const auto measurements = measure_all();
  const bool is_json = options->text("format", "table") == "json";
  write_output(target, is_json ? bench_json(measurements) : bench_table(measurements));
  return exit_ok;
}

}  // namespace calcispec::cli
