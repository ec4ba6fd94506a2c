// The split Voigt shape: halves of whole profiles, and a fit that finds them.
#include "core/band_shape.hpp"
#include "core/fit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

namespace calcispec {
namespace {

const BandShape& split_voigt() {
  return *find_band_shape("split_voigt");
}

std::vector<double> axis_split_voigt() {
  std::vector<double> x;
  x.reserve(400);
  for (int i = 0; i < 400; ++i) {
    x.push_back(900 + 0.31 * i);
  }
  return x;
}

TEST(SplitVoigt, HalvesAreThoseOfTheWholeProfile) {
  const auto& whole = *find_band_shape("voigt");
  const auto x = axis_split_voigt();
  const double center = 960.1;
  // General form, pure Gaussian, pure Lorentzian, and the series of a narrow Gaussian part.
  const std::array<std::array<double, 2>, 4> widths{
      {{4, 3}, {6, 0}, {0, 5}, {0.02, 4}}
  };
  for (const auto& left : widths) {
    for (const auto& right : widths) {
      std::vector<double> y(x.size());
      evaluate_band(
          split_voigt(), std::vector{2.5, center, left[0], left[1], right[0], right[1]}, x, y);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto& side = x[i] < center ? left : right;
        const std::vector<double> p{1, center, side[0], side[1]};
        double value = 0;
        evaluate_band(whole, p, std::span(&x[i], 1), std::span(&value, 1));
        EXPECT_NEAR(y[i], 2.5 * value / measure_band(whole, p).height, 1e-13) << x[i];
      }
    }
  }
}

// 200 spectra of one band; what is found lies about the truth as far as the errors say.
TEST(SplitVoigt, FitFindsBothSides) {
  const auto x = axis_split_voigt();
  const std::vector<double> truth{10, 960.1, 3, 2, 5, 4};
  std::vector<double> clean(x.size());
  evaluate_band(split_voigt(), truth, x, clean);
  const double sigma = 0.02;
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0, sigma);
  BandModel model;
  model.bands.push_back(Band::make("", split_voigt()));
  const std::vector<double> start{8, 958, 4, 4, 4, 4};
  for (std::size_t j = 0; j < start.size(); ++j) {
    model.bands[0].parameters[j].start = start[j];
  }
  std::vector<double> squares(truth.size());
  const int spectra = 200;
  for (int k = 0; k < spectra; ++k) {
    auto y = clean;
    for (double& v : y) {
      v += normal(random);
    }
    const auto result = fit_bands(model, x, y, std::span(&sigma, 1), {});
    ASSERT_EQ(result.status, FitStatus::converged) << k;
    for (std::size_t j = 0; j < truth.size(); ++j) {
      const auto& found = result.bands[0].parameters[j];
      const double off = (found.value - truth[j]) / found.standard_error;
      squares[j] += off * off / spectra;
    }
    const auto measured = measure_band(split_voigt(), truth);
    EXPECT_NEAR(result.bands[0].area.value, measured.area, 5 * result.bands[0].area.standard_error);
  }
  for (std::size_t j = 0; j < truth.size(); ++j) {
    std::printf("%s: mean square of error over standard error %.2f\n",
                std::string(split_voigt().parameters[j].name).c_str(),
                squares[j]);
    EXPECT_NEAR(squares[j], 1, 0.35);  // 3.5 times the scatter of 200
  }
}

}  // namespace
}  // namespace calcispec
