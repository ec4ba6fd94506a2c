#include "core/band_columns_private.hpp"
#include "core/band_mixture.hpp"
#include "tests/oracle/plain_mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace calcispec {
namespace {

using detail::BandColumns;
using detail::block_points;
using detail::LocalColumn;

std::vector<double> axis_of(Index points) {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i);
    x.push_back(400 + 1.3 * t + 1e-4 * t * t);  // real axes are not quite uniform
  }
  return x;
}

TEST(BandColumns, ValuesAreThePseudoVoigt) {
  const auto x = axis_of(501);  // no whole number of blocks
  BandColumns columns(x);
  columns.resize(1);
  for (const double center : {390.0, 640.0, 1100.0}) {
    columns.evaluate(0, {center, 14, 0.6});
    for (std::size_t i = 0; i < x.size(); ++i) {
      // The Gaussian part ends where it is below 1e-11.
      EXPECT_NEAR(
          columns.values()(static_cast<Index>(i), 0), pseudo_voigt(x[i], center, 14, 0.6), 2e-11);
    }
  }
}

TEST(BandColumns, DerivativesMatchFiniteDifferences) {
  const auto x = axis_of(500);
  constexpr double step = 1e-5;
  BandColumns columns(x);
  columns.resize(1);
  for (const detail::BandShape shape : {
           detail::BandShape{640, 14, 0.6},
           {410, 40, 0.2}
  }) {
    const auto difference = [&](detail::BandShape up, detail::BandShape down, std::size_t i) {
      return (pseudo_voigt(x[i], up.center, up.fwhm, up.lorentz_share) -
              pseudo_voigt(x[i], down.center, down.fwhm, down.lorentz_share)) /
             (2 * step);
    };
    columns.evaluate(0, shape);
    columns.derive(0);
    const auto center = columns.by_center(0, 1);
    const auto width = columns.by_log_width(0, 1);
    const auto share = columns.by_share(0, 1);
    for (Index i = center.first * block_points; i < center.end * block_points; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (at >= x.size()) {
        break;
      }
      auto up = shape;
      auto down = shape;
      up.center += step;
      down.center -= step;
      EXPECT_NEAR(center.data[i], difference(up, down, at), 1e-8);
      up = down = shape;
      up.fwhm *= std::exp(step);
      down.fwhm *= std::exp(-step);
      EXPECT_NEAR(width.data[i], difference(up, down, at), 1e-8);
      up = down = shape;
      up.lorentz_share += step;
      down.lorentz_share -= step;
      EXPECT_NEAR(share.data[i], difference(up, down, at), 1e-8);
    }
  }
}

// Ranges of every kind, among them empty ones and the whole axis, and counts that leave tiles half
// filled.
TEST(BandColumns, LocalProductsMatchThePlainLoop) {
  constexpr Index blocks = 7;
  constexpr Index points = blocks * block_points;
  for (const std::size_t count : {1U, 3U, 4U, 5U, 9U, 18U}) {
    Eigen::MatrixXd data(points, static_cast<Index>(count));
    Eigen::ArrayXd weight(points);
    for (Index i = 0; i < points; ++i) {
      weight[i] = i % 11 == 0 ? 0 : 1 + 0.5 * std::sin(0.1 * static_cast<double>(i));
      for (Index c = 0; c < data.cols(); ++c) {
        data(i, c) = std::cos(0.37 * static_cast<double>(i * (c + 1)));
      }
    }
    std::vector<LocalColumn> local;
    std::vector<std::vector<double>> plain(count, std::vector<double>(points, 0.0));
    for (std::size_t c = 0; c < count; ++c) {
      const auto first = static_cast<Index>((3 * c) % blocks);
      const auto end = std::min<Index>(blocks, first + static_cast<Index>(c % 5) * 2);
      local.push_back({data.col(static_cast<Index>(c)).data(),
                       1.0 + 0.1 * static_cast<double>(c),
                       c == 2 ? 0 : first,
                       c == 2 ? blocks : end});
      for (Index i = local[c].first * block_points; i < local[c].end * block_points; ++i) {
        plain[c][static_cast<std::size_t>(i)] = local[c].factor * data(i, static_cast<Index>(c));
      }
    }
    const auto gram = detail::local_gram(local, weight);
    const auto expected =
        oracle::plain_gram(plain, std::vector<double>(weight.data(), weight.data() + points));
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < count; ++j) {
        // Sums of 224 terms of size 1 to 5.
        EXPECT_NEAR(
            gram(static_cast<Index>(i), static_cast<Index>(j)), expected[i * count + j], 1e-11);
      }
    }
  }
}

}  // namespace
}  // namespace calcispec
