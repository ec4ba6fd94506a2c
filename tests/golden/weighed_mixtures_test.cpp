// Six substances in twelve weighed powders: learnt on eight of them, the other four predicted, in
// all 495 ways.
#include "models/csv_table.hpp"
#include "models/response_calibration.hpp"
#include "pipelines/calibration.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> substances{"DL-alanine",
                                          "L-asparagine",
                                          "L-aspartic-acid",
                                          "L-glutamic-acid",
                                          "L-histidine",
                                          "D-glucosamine-HCl"};
constexpr std::size_t learnt_on = 8;

fs::path powders_dir() {
  return test::shared_dir() / "reference_spectra" / "mixtures_raman";
}

io::Recording powder_recording(const std::string& name) {
  io::ReadOptions read;
  read.technique = Technique::raman;
  return load_single((powders_dir() / name).string(), read);
}

models::MeasuredLibrary powder_library() {
  models::MeasuredLibrary out;
  for (const auto& name : substances) {
    const auto recording = powder_recording("pure_" + name + ".csv");
    models::MeasuredReference reference;
    reference.id = name;
    reference.technique = Technique::raman;
    reference.mode = recording.mode;
    reference.axis = recording.spectra.axis;
    const auto y = recording.spectra.row(0);
    reference.y.assign(y.begin(), y.end());
    out.references.push_back(std::move(reference));
  }
  return out;
}

std::vector<models::Standard> weighed_powders() {
  const auto library = powder_library();
  const auto path = (powders_dir() / "ground_truth.csv").string();
  const models::CsvTable table(test::content_of(path), path);
  std::vector<models::Standard> out;
  for (Index row = 0; row < table.rows(); ++row) {
    models::Standard powder;
    powder.file = "mix_" + table.text(row, "vial") + ".csv";
    const auto recording = powder_recording(powder.file);
    powder.fit = models::fit_measured(
        {*recording.spectra.axis, recording.spectra.row(0), recording.technique, recording.mode},
        library,
        {});
    EXPECT_EQ(powder.fit.reason, "") << powder.file;
    for (const auto& id : powder.fit.ids) {
      powder.fractions.push_back(table.number(row, id));
    }
    const double sum = std::accumulate(powder.fractions.begin(), powder.fractions.end(), 0.0);
    for (double& value : powder.fractions) {
      value /= sum;
    }
    out.push_back(std::move(powder));
  }
  return out;
}

struct PowderTally {
  double squares = 0;
  int covered = 0;
  int corrected = 0;
  std::vector<double> widths;

  void add(const models::Standard& powder, const models::ResponseCalibration& calibration) {
    const auto answer = models::weight_fractions(powder.fit, calibration);
    ASSERT_EQ(answer.total.status, EstimateStatus::ok);
    for (std::size_t i = 0; i < powder.fractions.size(); ++i) {
      const auto& share = answer.phases[i].share;
      const double truth = powder.fractions[i];
      squares += (share.value - truth) * (share.value - truth);
      covered += truth >= share.lo95 && truth <= share.hi95 ? 1 : 0;
      widths.push_back(share.hi95 - share.lo95);
    }
  }
};

TEST(WeighedMixtures, EightStandardsPredictTheOtherFour) {
  if (!fs::is_directory(powders_dir())) {
    GTEST_SKIP() << "no spectra of weighed powders in " << powders_dir();
  }
  const auto powders = weighed_powders();
  ASSERT_EQ(powders.size(), 12U);
  PowderTally tally;
  std::vector<bool> is_standard(powders.size(), false);
  std::fill_n(is_standard.begin(), learnt_on, true);
  int folds = 0;
  do {
    std::vector<models::Standard> standards;
    for (std::size_t k = 0; k < powders.size(); ++k) {
      if (is_standard[k]) {
        standards.push_back(powders[k]);
      }
    }
    const auto calibration = models::learn_measured_response(standards).calibration;
    tally.corrected += calibration.correction ? 1 : 0;
    for (std::size_t k = 0; k < powders.size(); ++k) {
      if (!is_standard[k]) {
        tally.add(powders[k], calibration);
      }
    }
    ++folds;
  } while (std::prev_permutation(is_standard.begin(), is_standard.end()));
  ASSERT_EQ(folds, 495);
  const auto count = static_cast<double>(tally.widths.size());
  const double error = std::sqrt(tally.squares / count);
  const double coverage = tally.covered / count;
  const auto middle = tally.widths.begin() + static_cast<std::ptrdiff_t>(tally.widths.size() / 2);
  std::nth_element(tally.widths.begin(), middle, tally.widths.end());
  std::printf(
      "weighed powders: error %.3f wt%%, %.1f %% covered, median width %.2f x error, "
      "%d of %d calibrations corrected\n",
      100 * error,
      100 * coverage,
      *middle / error,
      tally.corrected,
      folds);
  EXPECT_LE(error, 0.026);
  EXPECT_GE(coverage, 0.90);
  EXPECT_LE(coverage, 0.98);
  EXPECT_LE(*middle, 6 * error);
}

}  // namespace
}  // namespace calcispec
