#include "core/band_mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace calcispec {
namespace {

struct Data {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;
};

// Three bands, shifted by `shift` and widened, on a curved background; no noise, so that every
// deviation is the solver's.
Data make_data(double shift, double widening) {
  Data data;
  for (int i = 0; i < 700; ++i) {
    const double x = 400 + 2.0 * i;
    const double t = (x - 400) / 1400;
    data.x.push_back(x);
    data.y.push_back(10 * pseudo_voigt(x, 960 + shift, 14 * widening, 0.6) +
                     2 * pseudo_voigt(x, 1071 + shift, 20 * widening, 0.6) +
                     3 * pseudo_voigt(x, 590 + shift, 18 * widening, 0.6) + 5 + 4 * t - 6 * t * t);
    data.sigma.push_back(0.02);
  }
  return data;
}

std::vector<MixtureBand> make_bands(Index group) {
  std::vector<MixtureBand> bands(3);
  const double centers[] = {960, 1071, 590};
  const double widths[] = {14, 20, 18};
  const double heights[] = {1, 0.2, 0.3};
  for (std::size_t i = 0; i < bands.size(); ++i) {
    bands[i].center = centers[i];
    bands[i].fwhm = widths[i];
    bands[i].lorentz_share = 0.6;
    bands[i].center_sd = 1;
    bands[i].log_fwhm_sd = 0.15;
    bands[i].group = group;
    bands[i].relative_height = heights[i];
    bands[i].log_height_sd = group < 0 ? 0 : 0.4;
  }
  return bands;
}

TEST(BandMixture, FindsShiftedAndWidenedBands) {
  const Data data = make_data(2.2, 1.15);
  const auto bands = make_bands(-1);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, {});
  ASSERT_EQ(result.status, MixtureStatus::converged);
  EXPECT_NEAR(result.bands[0].height, 10, 0.05);
  EXPECT_NEAR(result.bands[1].height, 2, 0.05);
  EXPECT_NEAR(result.bands[0].center, 962.2, 0.05);
  EXPECT_NEAR(result.bands[0].fwhm, 14 * 1.15, 0.1);
  // Three bands share the shift with a common axis error of equal prior width: 3/4 of it is common.
  EXPECT_NEAR(result.shift, 0.75 * 2.2, 0.1);
}

TEST(BandMixture, AreaIsThatOfTheBand) {
  const Data data = make_data(0, 1);
  const auto bands = make_bands(0);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 1, {});
  const double expected = 2 * pseudo_voigt_area(20, 0.6);
  EXPECT_NEAR(result.bands[1].area, expected, 0.02 * expected);
  EXPECT_NEAR(result.amounts[0], 10, 0.2);
}

TEST(BandMixture, MissingBandOfAGroupIsSeenAsMissing) {
  Data data = make_data(0, 1);
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    data.y[i] -= 3 * pseudo_voigt(data.x[i], 590, 18, 0.6);
  }
  const auto bands = make_bands(0);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 1, {});
  const auto& missing = result.bands[2];
  EXPECT_LT(missing.own_height, 2.33 * missing.own_height_u);
  EXPECT_GT(result.amounts[0] * 0.3, 3 * missing.own_height_u);
}

TEST(BandMixture, PseudoVoigtAreaMatchesItsIntegral) {
  double sum = 0;
  for (int i = -400000; i <= 400000; ++i) {
    sum += pseudo_voigt(0.05 * i, 0, 10, 0.3) * 0.05;
  }
  // The Lorentzian wings beyond 20000 widths hold 2e-4 of the area.
  EXPECT_NEAR(sum, pseudo_voigt_area(10, 0.3), 3e-4 * sum);
}

}  // namespace
}  // namespace calcispec
