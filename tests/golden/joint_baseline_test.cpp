// baseline.joint and baseline.band_mask against synthetic spectra whose background is known.
#include "models/joint_baseline.hpp"

#include "models/band_mask_baseline.hpp"
#include "tests/support/baseline_truth.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace calcispec {
namespace {

struct Score {
  double sum = 0;
  double worst = 0;
  Index count = 0;
};

// Errors in percent of an integral of the bands over a window, spectra of signal to noise 50.
using Areas = std::map<std::string, std::vector<double>>;

struct Window {
  const char* name;
  double from_cm1;
  double to_cm1;
};

constexpr Window raman_windows[] = {
    {"co3_v1", 1055, 1095},
    {"po4_v1", 925,  990 }
};
constexpr Window ftir_windows[] = {
    {"co3_v3", 1380, 1490},
    {"po4_v3", 900,  1200}
};

void add_areas(const test::Hdf5File& file,
               const std::string& path,
               const Axis& axis,
               const std::vector<double>& bands,
               Areas& areas) {
  const std::vector<double> x(axis.values().begin(), axis.values().end());
  const auto text = file.text(path, "modality");
  const bool is_raman = text[0] == 'r' || text[0] == 'R';
  for (const auto& window : is_raman ? raman_windows : ftir_windows) {
    const double truth = file.number(path, std::string("area_") + window.name);
    const double found = test::window_integral(x, bands, window.from_cm1, window.to_cm1);
    areas[(is_raman ? "raman " : "ftir ") + std::string(window.name)].push_back(
        100 * (found / truth - 1));
  }
}

// Bars: systematic error at most 4 % of a carbonate area, 3 % of a phosphate area. Single areas
// cannot do better than their noise: the Cramer-Rao bound of a Raman carbonate area is 3 % here.
void judge(const Areas& areas) {
  for (const auto& [name, errors] : areas) {
    double sum = 0;
    std::vector<double> sizes;
    for (const double error : errors) {
      sum += error;
      sizes.push_back(std::abs(error));
    }
    std::sort(sizes.begin(), sizes.end());
    const double bias = sum / static_cast<double>(errors.size());
    const double median = sizes[sizes.size() / 2];
    std::printf("%s at SNR 50: bias %.2f %%, median error %.2f %%, worst %.2f %%, %zu cases\n",
                name.c_str(),
                bias,
                median,
                sizes.back(),
                errors.size());
    const double bar = name.find("co3") != std::string::npos ? 4 : 3;
    EXPECT_LE(std::abs(bias), bar) << name;
  }
}

// One spectrum whose background is known.
struct TruthCase {
  std::string path;
  bool is_raman = true;
  AxisPtr axis;
  std::vector<double> y;
  std::vector<double> background;
  double tallest = 0;

  [[nodiscard]] Technique technique() const {
    return is_raman ? Technique::raman : Technique::ftir;
  }
  /// Of a background found, in percent of the tallest peak.
  [[nodiscard]] double rmse_of(const std::vector<double>& found) const {
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      sum += (found[i] - background[i]) * (found[i] - background[i]);
    }
    return 100 * std::sqrt(sum / static_cast<double>(y.size())) / tallest;
  }
};

TruthCase read_case(const test::Hdf5File& file, const std::string& path) {
  TruthCase out;
  out.path = path;
  const auto text = file.text(path, "modality");
  out.is_raman = text[0] == 'R' || text[0] == 'r';
  out.axis = Axis::make(file.values(path + "/x"),
                        out.is_raman ? AxisKind::raman_shift : AxisKind::wavenumber,
                        "1/cm");
  out.y = file.values(path + "/y");
  out.background = file.values(path + "/baseline");
  if (out.axis->was_descending()) {
    std::reverse(out.y.begin(), out.y.end());
    std::reverse(out.background.begin(), out.background.end());
  }
  const auto peaks = file.values(path + "/peaks");
  out.tallest = *std::max_element(peaks.begin(), peaks.end());
  return out;
}

// `find` gives the background of a case. Means at most the bars, no case above 7 %.
template <class Find>
void expect_near_the_truth(const test::Hdf5File& file,
                           const char* name,
                           double raman_bar,
                           double ftir_bar,
                           const Find& find) {
  std::map<std::string, Score> scores;
  for (const auto& group : file.names("/")) {
    if (group.substr(0, 5) != "case_") {
      continue;
    }
    const auto one = read_case(file, "/" + group);
    const double rmse = one.rmse_of(find(one));
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
    if (std::getenv("CALCISPEC_PRINT_SCORES") != nullptr) {
      std::printf("%s %s %s snr %g: %.2f\n",
                  group.c_str(),
                  one.is_raman ? "raman" : "ftir",
                  file.text(one.path, "background").c_str(),
                  file.number(one.path, "snr"),
                  rmse);
    }
    auto& score = scores[one.is_raman ? "raman" : "ftir"];
    score.sum += rmse;
    score.worst = std::max(score.worst, rmse);
    ++score.count;
  }
  for (const auto& [technique, score] : scores) {
    const double mean = score.sum / static_cast<double>(score.count);
    std::printf("%s %s: mean %.2f %%, worst %.2f %% of the tallest peak, %td cases\n",
                name,
                technique.c_str(),
                mean,
                score.worst,
                score.count);
    EXPECT_LE(mean, technique == "raman" ? raman_bar : ftir_bar);
    EXPECT_LE(score.worst, 7);
  }
  EXPECT_EQ(scores.size(), 2U);
}

TEST(JointBaseline, BackgroundIsNearTheTruth) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  Areas areas;
  expect_near_the_truth(file, "baseline.joint", 1.5, 0.7, [&](const TruthCase& one) {
    const auto result = models::fit_joint_baseline(*one.axis, one.y, one.technique());
    if (file.number(one.path, "snr") == 50) {
      add_areas(file, one.path, *one.axis, result.bands, areas);
    }
    return result.background;
  });
  judge(areas);
}

TEST(BandMaskBaseline, BackgroundIsNearTheTruth) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  expect_near_the_truth(file, "baseline.band_mask", 2.4, 1.5, [](const TruthCase& one) {
    return models::fit_band_mask_baseline(*one.axis, one.y, one.technique()).background;
  });
}

}  // namespace
}  // namespace calcispec
