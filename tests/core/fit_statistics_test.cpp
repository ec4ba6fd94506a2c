// Statistics of the band fit over many simulated spectra: coverage of its errors, and whether a
// converged answer is a minimum.
#include "core/fit.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace calcispec {
namespace {

BandModel model_from_fit_statistics(const std::vector<test::SimulatedBand>& bands) {
  BandModel model;
  for (const auto& band : bands) {
    Band own = Band::make("", *find_band_shape("pseudo_voigt"));
    const double starts[4] = {band.height, band.center, band.fwhm, band.share};
    for (std::size_t j = 0; j < 4; ++j) {
      own.parameters[j].start = starts[j];
    }
    model.bands.push_back(own);
  }
  return model;
}

// 1000 fits in the fast set; CALCISPEC_SLOW=1: 10000.
int fit_count() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  return std::getenv("CALCISPEC_SLOW") != nullptr ? 10000 : 1000;
}

TEST(FitStatistics, ErrorsCoverTheTruthAtTheStatedRate) {
  long inside = 0;
  long total = 0;
  int used = 0;
  double spread = 0;  // between fits, of the number inside
  for (int k = 0; k < fit_count(); ++k) {
    auto job = test::make_band_job(2, 5000 + static_cast<std::uint64_t>(k), 100);
    const auto result =
        fit_bands(model_from_fit_statistics(job.start), job.x, job.y, std::span(&job.sigma, 1));
    if (result.status != FitStatus::converged) {
      continue;  // coverage is promised away from bounds
    }
    ++used;
    int own = 0;
    int own_total = 0;
    const auto judge = [&](const FittedValue& value, double truth) {
      own += std::abs(value.value - truth) <= value.standard_error ? 1 : 0;
      ++own_total;
    };
    for (std::size_t b = 0; b < 2; ++b) {
      const auto& band = job.truth[b];
      const double truth[4] = {band.height, band.center, band.fwhm, band.share};
      for (std::size_t j = 0; j < 4; ++j) {
        judge(result.bands[b].parameters[j], truth[j]);
      }
      judge(result.bands[b].area, measure_band(*find_band_shape("pseudo_voigt"), truth).area);
    }
    judge(result.background[0], job.offset);
    judge(result.background[1], job.slope);
    inside += own;
    total += own_total;
    spread += std::pow(own - 0.6827 * own_total, 2);
  }
  const double rate = static_cast<double>(inside) / static_cast<double>(total);
  // Parameters of one fit move together: the spread between fits gives the error of the rate.
  const double error = std::sqrt(spread) / static_cast<double>(total);
  std::printf("1-sigma coverage %.2f %% +- %.2f, %d of %d fits away from bounds\n",
              100 * rate,
              100 * error,
              used,
              fit_count());
  EXPECT_GT(used, 0.8 * fit_count());
  EXPECT_GT(rate, 0.66 - 3 * error);
  EXPECT_LT(rate, 0.70 + 3 * error);
  EXPECT_NEAR(rate, 0.6827, std::max(0.02, 3 * error));
}

// A restart from a displaced answer must not find a lower chi-square.
TEST(FitStatistics, ConvergedAnswersAreMinima) {
  int improved = 0;
  int checked = 0;
  double largest_gradient = 0;
  for (int k = 0; k < fit_count(); ++k) {
    const auto job = test::make_band_job(4, 9000 + static_cast<std::uint64_t>(k));
    const auto sigma = std::span(&job.sigma, 1);
    const auto result = fit_bands(model_from_fit_statistics(job.start), job.x, job.y, sigma);
    ASSERT_NE(result.status, FitStatus::failed);
    if (result.status != FitStatus::converged && result.status != FitStatus::at_bounds) {
      continue;
    }
    ++checked;
    largest_gradient = std::max(largest_gradient, result.gradient_norm);
    auto model = model_from_fit_statistics(job.start);
    for (std::size_t b = 0; b < 4; ++b) {
      const double side = ((k + static_cast<int>(b)) % 2) == 0 ? 1 : -1;
      const auto& fitted = result.bands[b].parameters;
      auto& own = model.bands[b].parameters;
      own[1].start = fitted[1].value + side * 0.2 * fitted[2].value;
      own[2].start = fitted[2].value * (1 + 0.25 * side);
      own[3].start = 0.5 * (fitted[3].value + 0.5);
    }
    const auto again = fit_bands(model, job.x, job.y, sigma);
    improved += again.chi_square < result.chi_square * (1 - 1e-4) ? 1 : 0;
  }
  std::printf("%d of %d converged answers improve by more than 1e-4; largest gradient %.1e sd\n",
              improved,
              checked,
              largest_gradient);
  EXPECT_EQ(checked, fit_count());
  EXPECT_LE(improved, 0.005 * checked);
  EXPECT_LT(largest_gradient, 0.05);
}

}  // namespace
}  // namespace calcispec
