// Automatic smoothing of synthetic spectra whose signal is known, beside the best fixed settings.
#include "tests/support/baseline_truth.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace calcispec {
namespace {

using test::rms_difference;
using test::run_row;

struct NoisyCase {
  std::string kind;  // technique and signal to noise
  bool is_raman = true;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> bands;
  std::vector<double> signal;  // bands and background
};

NoisyCase noisy_case(const test::Hdf5File& file, const std::string& path) {
  NoisyCase out;
  out.x = file.values(path + "/x");
  out.y = file.values(path + "/y");
  out.signal = file.values(path + "/baseline");
  out.bands = file.values(path + "/peaks");
  for (std::size_t i = 0; i < out.bands.size(); ++i) {
    out.signal[i] += out.bands[i];
  }
  const auto modality = file.text(path, "modality");
  out.is_raman = modality[0] == 'R' || modality[0] == 'r';
  out.kind = (out.is_raman ? "raman SNR " : "ftir SNR ") + number_text(file.number(path, "snr"));
  return out;
}

// A smoother with its automatic strength, and the parameter whose fixed values it competes with.
struct Smoother {
  std::string name;
  std::string parameter;
  std::vector<double> values;
};

std::vector<Smoother> smoothers() {
  std::vector<Smoother> out{
      {"smooth.fft",       "cutoff", {}},
      {"smooth.whittaker", "lambda", {}},
      {"smooth.gaussian",  "sigma",  {}}
  };
  for (int k = 0; k < 36; ++k) {
    out[0].values.push_back(0.012 * std::pow(1.1, k));
    out[1].values.push_back(0.01 * std::pow(1.6, k));
    out[2].values.push_back(0.4 * std::pow(1.08, k));
  }
  return out;
}

double best_fixed_of(const NoisyCase& one, const Smoother& smoother) {
  double best = std::numeric_limits<double>::infinity();
  for (const double value : smoother.values) {
    const auto smooth = run_row(one.y,
                                smoother.name,
                                {
                                    {smoother.parameter, number_text(value)}
    });
    best = std::min(best, rms_difference(smooth, one.signal));
  }
  return best;
}

struct AreaLimits {
  double from_cm1;
  double to_cm1;
};

struct SmoothingTally {
  double ratio = 0;   // of the error to that of the best fixed setting
  double rest = 0;    // of the noise
  double change = 0;  // of band areas by smoothing, percent
  double before = 0;  // squares of the errors of areas
  double after = 0;
  int count = 0;
  int areas = 0;
};

void add_areas(const NoisyCase& one, const std::vector<double>& smooth, SmoothingTally& tally) {
  const std::vector<AreaLimits> windows =
      one.is_raman ? std::vector<AreaLimits>{{925, 990}, {1055, 1095}}
                   : std::vector<AreaLimits>{{900, 1200}, {1380, 1490}};
  for (const auto& window : windows) {
    const auto area = [&](const std::vector<double>& y) {
      return test::window_integral(one.x, y, window.from_cm1, window.to_cm1);
    };
    const double whole = area(one.bands) / 100;
    tally.change += (area(smooth) - area(one.y)) / whole;
    tally.before += std::pow((area(one.y) - area(one.signal)) / whole, 2);
    tally.after += std::pow((area(smooth) - area(one.signal)) / whole, 2);
    ++tally.areas;
  }
}

// The change of one area is part of its noise, of which smoothing must not make more.
TEST(SmoothingTruth, AutomaticStrengthIsNearTheBestFixedOneAndKeepsAreas) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  std::map<std::string, SmoothingTally> tallies;
  for (const auto& group : file.names("/")) {
    if (group.substr(0, 5) != "case_") {
      continue;
    }
    const auto one = noisy_case(file, "/" + group);
    for (const auto& smoother : smoothers()) {
      const auto smooth = run_row(one.y, smoother.name);
      const double rms = rms_difference(smooth, one.signal);
      auto& tally = tallies[smoother.name + " " + one.kind];
      tally.ratio += rms / best_fixed_of(one, smoother);
      tally.rest += rms / rms_difference(one.y, one.signal);
      add_areas(one, smooth, tally);
      ++tally.count;
    }
  }
  for (const auto& [name, tally] : tallies) {
    const double ratio = tally.ratio / tally.count;
    const double change = tally.change / tally.areas;
    const double before = std::sqrt(tally.before / tally.areas);
    const double after = std::sqrt(tally.after / tally.areas);
    std::printf(
        "%-32s %.3f of the best fixed error, %.2f of the noise; areas changed by %.2f %%, "
        "error %.2f %% before, %.2f %% after\n",
        name.c_str(),
        ratio,
        tally.rest / tally.count,
        change,
        before,
        after);
    EXPECT_LE(ratio, 1.1) << name;
    EXPECT_LE(std::abs(change), 1) << name;
    EXPECT_LE(after, 1.1 * before) << name;
  }
  EXPECT_EQ(tallies.size(), 18U);
}

}  // namespace
}  // namespace calcispec
