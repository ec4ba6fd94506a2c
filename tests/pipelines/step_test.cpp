#include "pipelines/step.hpp"

#include "core/error.hpp"
#include "tests/support/rows.hpp"

#include <gtest/gtest.h>

namespace calcispec {
namespace {

io::Recording recording_on(std::vector<double> x) {
  io::Recording out;
  const auto y = test::noisy_row(x.size(), 9, 50, 1).y;
  out.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), 1);
  std::copy(y.begin(), y.end(), out.spectra.values.begin());
  return out;
}

std::vector<double> uneven_axis() {
  std::vector<double> x;
  x.reserve(300);
  for (int i = 0; i < 300; ++i) {
    x.push_back(400 + 1.5 * i + 0.4 * std::sin(0.7 * i));
  }
  return x;
}

Diagnostics run(const std::string& text, io::Recording& recording) {
  Diagnostics diagnostics;
  const auto steps = parse_steps(text);
  run_steps(steps, 1, recording, nullptr, diagnostics);
  return diagnostics;
}

TEST(Steps, ResampleChangesTheAxisForTheStepsBehindIt) {
  auto recording = recording_on(uneven_axis());
  const auto faults = run("resample step=2 from=450 to=700 | derivative.fft", recording);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(recording.spectra.points(), 126);
  EXPECT_DOUBLE_EQ(recording.spectra.axis->front(), 450);
  EXPECT_DOUBLE_EQ(recording.spectra.axis->back(), 700);
  EXPECT_TRUE(std::isfinite(recording.spectra.values[60]));
}

TEST(Steps, ASingleBeamIsNoTransmittance) {
  auto recording = recording_on(uneven_axis());
  recording.ordinate = OrdinateKind::intensity;
  EXPECT_THROW(run("convert.absorbance", recording), Error);
  recording.ordinate = OrdinateKind::transmittance;
  EXPECT_TRUE(run("convert.absorbance", recording).empty());
  EXPECT_EQ(recording.ordinate, OrdinateKind::absorbance);
}

TEST(Steps, WhatNeedsEvenStepsSaysSoAndWhatToWrite) {
  for (const std::string text : {"derivative.fft", "smooth.fsd", "derivative.savgol window=auto"}) {
    auto recording = recording_on(uneven_axis());
    const auto name = text.substr(0, text.find(' '));
    try {
      run(text, recording);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("resample | " + name), std::string::npos);
    }
  }
}

TEST(Steps, ASetMethodSeesTheGridAndReportsBadSpectra) {
  auto recording = recording_on(uneven_axis());
  auto set = SpectraMatrix::make(recording.spectra.axis, 12);
  for (Index r = 0; r < 12; ++r) {
    const auto y = test::noisy_row(300, 9, 50, static_cast<unsigned>(r + 1)).y;
    std::copy(y.begin(), y.end(), set.row(r).begin());
  }
  set.row(4)[9] = std::nan("");
  recording.spectra = set;
  recording.map = MapGrid{4, 3, 1, 1};
  const auto faults = run("smooth.pca | despike.auto", recording);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].code, "step_pca");
  EXPECT_NE(faults[0].text.find("spectrum 5"), std::string::npos);
  EXPECT_TRUE(std::isnan(recording.spectra.row(4)[0]));
  EXPECT_TRUE(std::isfinite(recording.spectra.row(5)[0]));
}

TEST(Steps, AWindowMayBeAutomaticAndIsWrittenSo) {
  const auto steps = parse_steps("smooth.savgol window=auto");
  EXPECT_NE(canonical_text(steps).find("window=auto"), std::string::npos);
  EXPECT_EQ(canonical_text(parse_steps(canonical_text(steps))), canonical_text(steps));
  EXPECT_THROW(parse_steps("smooth.savgol polynomial_order=auto"), Error);
}

}  // namespace
}  // namespace calcispec
