// Calibrations as files: the same numbers back, older files, and files that were damaged.
#include "pipelines/calibration_file.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace calcispec {
namespace {

models::ResponseCalibration calibration_of_two() {
  models::ResponseCalibration out;
  out.id = "powders";
  out.technique = Technique::raman;
  out.library_sha256 = "0123";
  out.phases = {"calcite", "brushite"};
  out.log_response = {0.1 / 3, -0.1 / 3};
  out.covariance = {0.01, -0.01, -0.01, 0.01};
  out.lowest = {0.1, 0.2};
  out.highest = {0.8, 0.9};
  out.error = 0.02;
  out.noise = 0.001;
  out.freedom = 7;
  out.standards = 8;
  return out;
}

models::WeightCorrection correction_of_two() {
  models::WeightCorrection out;
  out.cross_talk = {-0.01 / 3, 0.02, 0.03, -0.04};
  out.cross_talk_covariance = {1e-3, 1e-4, 1e-4, 2e-3};
  out.cross_talk_shown = 7e-4;
  out.response_variance = 0.02;
  out.constant_variance = 1e-4;
  out.phase_factor = {0.7, 1.3};
  out.noise = 0.004;
  out.mean = {0.4, 0.6};
  out.variance = {0.03, 0.05};
  return out;
}

class CalibrationFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path = (std::filesystem::path(::testing::TempDir()) /
            ("calibration_file_" + std::string(info->name()) + ".toml"))
               .string();
  }
  void TearDown() override { std::filesystem::remove(path); }

  models::ResponseCalibration read(const std::string& text) const {
    std::ofstream(path, std::ios::binary) << text;
    return load_calibrations(std::span(&path, 1)).responses.at(0);
  }

  // What is said of the file if `good` is replaced.
  std::string fault(const std::string& good, const std::string& bad) const {
    auto calibration = calibration_of_two();
    calibration.correction = correction_of_two();
    auto text = calibration_text(calibration);
    const auto at = text.find("\n" + good);
    EXPECT_NE(at, std::string::npos) << good;
    text.replace(at + 1, text.find('\n', at + 1) - at - 1, bad);
    try {
      read(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_method);
      return error.what();
    }
    return "";
  }

  std::string path;
};

TEST_F(CalibrationFile, GivesTheSameNumbersBack) {
  auto written = calibration_of_two();
  written.correction = correction_of_two();
  const auto got = read(calibration_text(written));
  EXPECT_EQ(got.phases, written.phases);
  EXPECT_EQ(got.log_response, written.log_response);
  ASSERT_TRUE(got.correction.has_value());
  EXPECT_EQ(got.correction->cross_talk, written.correction->cross_talk);
  EXPECT_EQ(got.correction->cross_talk_covariance, written.correction->cross_talk_covariance);
  EXPECT_EQ(got.correction->cross_talk_shown, written.correction->cross_talk_shown);
  EXPECT_EQ(got.correction->response_variance, written.correction->response_variance);
  EXPECT_EQ(got.correction->constant_variance, written.correction->constant_variance);
  EXPECT_EQ(got.correction->phase_factor, written.correction->phase_factor);
  EXPECT_EQ(got.correction->noise, written.correction->noise);
  EXPECT_EQ(got.correction->mean, written.correction->mean);
  EXPECT_EQ(got.correction->variance, written.correction->variance);
  EXPECT_EQ(calibration_text(got), calibration_text(written));
}

TEST_F(CalibrationFile, WithoutACorrectionNothingIsCorrected) {
  const auto text = calibration_text(calibration_of_two());
  EXPECT_EQ(text.find("correction"), std::string::npos);
  EXPECT_FALSE(read(text).correction.has_value());
}

TEST_F(CalibrationFile, HeightsAreKept) {
  auto written = calibration_of_two();
  EXPECT_EQ(calibration_text(written).find("height_per_area"), std::string::npos);
  written.height_per_area = {0.05, 0};
  const auto got = read(calibration_text(written));
  EXPECT_EQ(got.height_per_area, written.height_per_area);
  EXPECT_EQ(calibration_text(got), calibration_text(written));
  written.height_per_area = {0.05, -1};
  EXPECT_THROW(read(calibration_text(written)), Error);
}

TEST_F(CalibrationFile, DamageIsNamed) {
  EXPECT_NE(fault("cross_talk =", "cross_talk = [ 0.1, 0.2 ]").find("must hold 4 numbers"),
            std::string::npos);
  EXPECT_NE(fault("variance =", "variance = [ 0.1, 0.0 ]").find("must be above 0"),
            std::string::npos);
  EXPECT_NE(fault("mean =", "mean = [ 0.1, 0.2 ]").find("must add up to 1"), std::string::npos);
  EXPECT_NE(fault("response_variance =", "response_variance = -1.0").find("must not be below 0"),
            std::string::npos);
  EXPECT_NE(fault("cross_talk_shown =", "").find("cross_talk_shown is missing"), std::string::npos);
  EXPECT_NE(fault("phase_factor =", "phase_factors = [ 1.0, 1.0 ]").find("there is no key"),
            std::string::npos);
  EXPECT_NE(fault("[correction]", "correction = 3\n[corrections]").find("must be a table"),
            std::string::npos);
}

}  // namespace
}  // namespace calcispec
