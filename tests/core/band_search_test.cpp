// search_bands: the number of bands on noise, on simulated bands and where the shape is wrong.
#include "core/band_search.hpp"

#include "core/fit_diagnostics.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace calcispec {
namespace {

int repeats_band_search(int fast, int slow) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const auto* wish = std::getenv("CALCISPEC_SLOW");
  return wish != nullptr && std::string_view(wish) == "1" ? slow : fast;
}

BandSearch search(const test::BandJob& job, const BandSearchOptions& options = {}) {
  return search_bands(job.x, job.y, std::span(&job.sigma, 1), options);
}

// The standard job: 300 points, 1 to 4 bands that overlap more or less.
TEST(BandSearch, CountsBandsAsTheyWerePutIn) {
  const int count = repeats_band_search(10, 300);
  for (int bands = 1; bands <= 4; ++bands) {
    for (const double snr : {50.0, 200.0}) {
      int right = 0;
      int more = 0;
      for (int t = 0; t < count; ++t) {
        const auto job = test::make_band_job(bands, 100U + static_cast<std::uint64_t>(t), snr);
        const auto found = static_cast<int>(search(job).model.bands.size());
        right += found == bands ? 1 : 0;
        more += found > bands ? 1 : 0;
      }
      std::printf("%d bands, SNR %.0f: right %.1f %%, too many %.1f %%\n",
                  bands,
                  snr,
                  100.0 * right / count,
                  100.0 * more / count);
      EXPECT_LE(more, 0.1 * count + 1);
      EXPECT_GE(right, 0.8 * count);
    }
  }
}

TEST(BandSearch, NoiseHasNoBands) {
  const int count = repeats_band_search(100, 2000);
  int alarms = 0;
  for (int t = 0; t < count; ++t) {
    auto job = test::make_band_job(0, static_cast<std::uint64_t>(t), 50);
    std::mt19937_64 random(static_cast<std::uint64_t>(t));
    std::normal_distribution<double> normal(0, 1);
    for (double& value : job.y) {
      value = normal(random);
    }
    job.sigma = 1;
    const auto found = search(job);
    alarms += found.model.bands.empty() ? 0 : 1;
    if (found.model.bands.empty()) {
      EXPECT_EQ(found.stop, SearchStop::nothing_found);
    }
  }
  std::printf("%d of %d spectra of noise with a band\n", alarms, count);
  EXPECT_LE(alarms, 0.02 * count + 3);
}

// Two bands 0.7 of their width apart have one maximum and no shoulder: the residual asks for it.
TEST(BandSearch, HiddenBandComesFromTheResidual) {
  const int count = repeats_band_search(10, 200);
  int right = 0;
  int hidden = 0;
  for (int t = 0; t < count; ++t) {
    auto job = test::make_band_job(0, static_cast<std::uint64_t>(t), 50);
    std::mt19937_64 random(static_cast<std::uint64_t>(500 + t));
    std::normal_distribution<double> normal(0, 1);
    for (std::size_t i = 0; i < job.x.size(); ++i) {
      job.y[i] = 50 + test::true_profile(job.x[i], {300, 1000, 24, 0.2}) +
                 test::true_profile(job.x[i], {150, 1017, 24, 0.2}) + normal(random);
    }
    job.sigma = 1;
    const auto found = search(job);
    right += found.model.bands.size() == 2 ? 1 : 0;
    hidden += found.hidden > 0 ? 1 : 0;
  }
  std::printf(
      "hidden band: two bands in %d of %d, from the residual in %d\n", right, count, hidden);
  EXPECT_GE(right, 0.8 * count);
}

// A line whose shape no sum of few bands follows exactly, at a high SNR: bands must not breed.
TEST(BandSearch, WrongShapeDoesNotBreedBands) {
  auto job = test::make_band_job(0, 1, 50);
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0, 1);
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    const double u = (job.x[i] - 1020) / 20;
    const double flat = 1 / (1 + std::pow(std::abs(u), 5));
    job.y[i] = 3000 * flat + normal(random);
  }
  job.sigma = 1;
  const auto found = search(job);
  std::printf("wrong shape: %zu bands, %s\n",
              found.model.bands.size(),
              std::string(search_stop_text(found.stop)).c_str());
  EXPECT_LE(found.model.bands.size(), 6U);
  BandSearchOptions options;
  options.max_bands = 1;
  const auto capped = search(job, options);
  EXPECT_EQ(capped.model.bands.size(), 1U);
}

TEST(BandSearch, SameAnswerTwiceAndOnBadInput) {
  const auto job = test::make_band_job(3, 5, 50);
  EXPECT_EQ(search(job).result.chi_square, search(job).result.chi_square);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> x{1, 2, 3};
  EXPECT_EQ(search_bands(x, std::vector<double>(3, nan), {}).stop, SearchStop::no_fit);
  EXPECT_EQ(search_bands({}, {}, {}).stop, SearchStop::no_fit);
  BandSearchOptions options;
  options.max_bands = 0;
  EXPECT_THROW(search(job, options), std::exception);
}

}  // namespace
}  // namespace calcispec
