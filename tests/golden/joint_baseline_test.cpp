// baseline.joint against synthetic spectra whose background is known.
#include "models/joint_baseline.hpp"

#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace calcispec {
namespace {

struct Score {
  double sum = 0;
  double worst = 0;
  Index count = 0;
};

TEST(JointBaseline, BackgroundIsNearTheTruth) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  std::map<std::string, Score> scores;
  for (const auto& name : file.names("/")) {
    if (name.substr(0, 5) != "case_") {
      continue;
    }
    const auto path = "/" + name;
    const bool is_raman =
        file.text(path, "modality")[0] == 'R' || file.text(path, "modality")[0] == 'r';
    const auto axis = Axis::make(
        file.values(path + "/x"), is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    auto y = file.values(path + "/y");
    auto truth = file.values(path + "/baseline");
    const auto peaks = file.values(path + "/peaks");
    if (axis->was_descending()) {
      std::reverse(y.begin(), y.end());
      std::reverse(truth.begin(), truth.end());
    }
    const auto result =
        models::fit_joint_baseline(*axis, y, is_raman ? Technique::raman : Technique::ftir);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      sum += (result.background[i] - truth[i]) * (result.background[i] - truth[i]);
    }
    const double rmse = 100 * std::sqrt(sum / static_cast<double>(y.size())) /
                        *std::max_element(peaks.begin(), peaks.end());
    if (std::getenv("CALCISPEC_PRINT_SCORES") != nullptr) {
      std::printf("%s %s %s snr %g: %.2f\n",
                  name.c_str(),
                  is_raman ? "raman" : "ftir",
                  file.text(path, "background").c_str(),
                  file.number(path, "snr"),
                  rmse);
    }
    auto& score = scores[is_raman ? "raman" : "ftir"];
    score.sum += rmse;
    score.worst = std::max(score.worst, rmse);
    ++score.count;
  }
  for (const auto& [technique, score] : scores) {
    const double mean = score.sum / static_cast<double>(score.count);
    std::printf("baseline.joint %s: mean %.2f %%, worst %.2f %% of the tallest peak, %td cases\n",
                technique.c_str(),
                mean,
                score.worst,
                score.count);
    EXPECT_LE(mean, technique == "raman" ? 1.5 : 0.7);
    EXPECT_LE(score.worst, 7);
  }
  EXPECT_EQ(scores.size(), 2U);
}

}  // namespace
}  // namespace calcispec
