#include "core/band_model_private.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace calcispec {
namespace {

struct BandModelData {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;
  std::vector<MixtureBand> bands;
};

BandModelData make_data_band_model(unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  BandModelData data;
  for (const double at : {590.0, 607.0, 960.0, 1045.0, 1071.0}) {
    MixtureBand band;
    band.center = at;
    band.fwhm = 16;
    band.lorentz_share = 0.5;
    band.center_sd = 3;
    band.log_fwhm_sd = 0.3;
    band.lorentz_share_sd = 0.15;
    data.bands.push_back(band);
  }
  std::vector<MixtureBand> truth = data.bands;
  for (auto& band : truth) {
    band.center += 2 * normal(random);
    band.fwhm *= std::exp(0.25 * normal(random));
    band.lorentz_share = 0.7;
  }
  for (int i = 0; i < 900; ++i) {
    data.x.push_back(400 + 1.1 * i);
    data.sigma.push_back(0.02);
  }
  data.y.assign(data.x.size(), 0.0);
  for (std::size_t b = 0; b < truth.size(); ++b) {
    add_pseudo_voigt(data.x, truth[b], b == 2 ? 10 : 2, data.y);
  }
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    data.y[i] += 3 * std::exp(-(data.x[i] - 400) / 500) + 0.02 * normal(random);
  }
  return data;
}

// From a poor start a short enough part of the step must lower the objective, whatever the step.
TEST(BandModel, StepsPointDownhill) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const BandModelData data = make_data_band_model(seed);
    BandMixtureOptions options;
    detail::BandModel model(data.x, data.y, data.bands, 0, options);
    model.set_sigma(data.sigma);
    model.evaluate();
    ASSERT_TRUE(model.solve(false));
    model.update_uncertainty();
    model.step_from(detail::BandState(model.state), 1);
    model.evaluate();
    model.update_seen();
    for (int step = 0; step < 4; ++step) {
      ASSERT_TRUE(model.solve(true));
      const double before = model.objective();
      const auto from = model.state;
      model.step_from(from, 0.02);
      model.evaluate();
      EXPECT_LT(model.objective(), before) << seed << " step " << step;
      model.step_from(from, 1);
      model.evaluate();
    }
  }
}

// Products of columns are cut; the state they lead to must still be that of the whole problem: from
// it no shape, height or background may ask to move.
TEST(BandModel, RestsWhereTheWholeProblemRests) {
  const BandModelData data = make_data_band_model(77);
  detail::BandModel model(data.x, data.y, data.bands, 0, {});
  model.set_sigma(data.sigma);
  for (int step = 0; step < 40; ++step) {
    model.evaluate();
    ASSERT_TRUE(model.solve(step > 0));
    model.update_uncertainty();
    model.step_from(detail::BandState(model.state), step > 0 ? 0.7 : 1);
    model.update_seen();
  }
  model.evaluate();
  for (std::size_t b = 0; b < data.bands.size(); ++b) {
    const auto profile = model.columns().values().col(static_cast<Index>(b)).array();
    const double slope = (profile * model.residual() * model.weight()).sum();
    const double curvature = (profile.square() * model.weight()).sum();
    EXPECT_LT(std::abs(slope) / std::sqrt(curvature), 1e-3) << b;  // in standard deviations
  }
}

TEST(BandModel, KeepsOneOfTwoBandsForTheSameSignal) {
  BandModelData data = make_data_band_model(5);
  data.bands.push_back(data.bands[2]);
  data.bands.back().center += 0.5;
  detail::BandModel model(data.x, data.y, data.bands, 0, {});
  model.set_sigma(data.sigma);
  model.evaluate();
  ASSERT_TRUE(model.solve(false));
  model.update_uncertainty();
  const auto needed = model.needed_bands(2);
  const auto has = [&](std::size_t band) {
    return std::find(needed.begin(), needed.end(), band) != needed.end();
  };
  EXPECT_TRUE(has(2) || has(5));
}

}  // namespace
}  // namespace calcispec
