// Every built-in band set: it parses, says what it is, and fits spectra made of its own bands.
#include "core/axis.hpp"
#include "pipelines/band_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

class BandSets : public ::testing::TestWithParam<std::string> {};

// Values near the starts, inside the ranges; ties are followed.
double value_of(const BandModel& model,
                std::size_t band,
                std::size_t parameter,
                std::vector<std::vector<double>>& values,
                std::mt19937_64& random) {
  double& known = values[band][parameter];
  if (!std::isnan(known)) {
    return known;
  }
  const auto& given = model.bands[band].parameters[parameter];
  if (given.tie.band >= 0) {
    known =
        given.tie.offset + given.tie.ratio * value_of(model,
                                                      static_cast<std::size_t>(given.tie.band),
                                                      static_cast<std::size_t>(given.tie.parameter),
                                                      values,
                                                      random);
    return known;
  }
  if (parameter == 0) {
    known = std::uniform_real_distribution<double>(0.3, 1)(random);
    return known;
  }
  const auto& info = model.bands[band].shape->parameters[parameter];
  const double low = std::isnan(given.lower) ? info.minimum : given.lower;
  const double high = std::isnan(given.upper) ? info.maximum : given.upper;
  const double part = std::uniform_real_distribution<double>(-0.15, 0.15)(random);
  const double start = std::isnan(given.start) ? info.standard : given.start;
  known = given.is_fixed ? given.start : std::clamp(start + part * (high - low), low, high);
  return known;
}

struct Simulated {
  std::vector<double> x;
  std::vector<double> y;
  double sigma = 0.005;
};

Simulated simulated(const BandModel& model, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<double>> values;
  for (const auto& band : model.bands) {
    values.emplace_back(band.parameters.size(), std::nan(""));
  }
  Simulated out;
  const auto points = static_cast<int>(model.to - model.from) + 1;
  for (int i = 0; i < points; ++i) {
    const double x = model.from + i;
    out.x.push_back(x);
    out.y.push_back(2 + 0.3 * (x - model.from) / (model.to - model.from));
  }
  std::vector<double> curve(out.x.size());
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    for (std::size_t j = 0; j < values[b].size(); ++j) {
      value_of(model, b, j, values, random);
    }
    evaluate_band(*model.bands[b].shape, values[b], out.x, curve);
    for (std::size_t i = 0; i < curve.size(); ++i) {
      out.y[i] += curve[i];
    }
  }
  std::normal_distribution<double> noise(0, out.sigma);
  for (double& y : out.y) {
    y += noise(random);
  }
  return out;
}

TEST_P(BandSets, SaysWhatItIs) {
  const auto set = load_band_set(GetParam());
  EXPECT_EQ(set.name, GetParam());
  EXPECT_FALSE(set.title.empty());
  EXPECT_EQ(name_of(set.technique), GetParam().substr(0, GetParam().find('_')));
  EXPECT_TRUE(std::isfinite(set.model.from) && std::isfinite(set.model.to));
  EXPECT_FALSE(set.sigma.has_value());
  for (const auto& band : set.model.bands) {
    const auto& center = band.parameters[1];
    EXPECT_TRUE(center.tie.band >= 0 ||
                (center.start > set.model.from && center.start < set.model.to))
        << band.id;
  }
}

// Every number of a built-in comes from somewhere: a comment stands before each band or its kin.
TEST_P(BandSets, CommentsNameSources) {
  const auto text = builtin_band_set_text(GetParam());
  EXPECT_EQ(text.front(), '#');
  EXPECT_GE(std::count(text.begin(), text.end(), '#'), 2);
}

TEST_P(BandSets, FitsSpectraOfItsOwnBandsDownToTheNoise) {
  const auto set = load_band_set(GetParam());
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const auto data = simulated(set.model, seed);
    const auto result = fit_bands(set.model, data.x, data.y, {&data.sigma, 1});
    EXPECT_NE(result.status, FitStatus::failed) << result.message;
    const double freedom = static_cast<double>(result.points - result.n_free);
    EXPECT_LE(result.reduced_chi_square, 1 + 5 * std::sqrt(2 / freedom)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         BandSets,
                         ::testing::ValuesIn(builtin_band_set_names()),
                         [](const auto& set) { return set.param; });

}  // namespace
}  // namespace calcispec
