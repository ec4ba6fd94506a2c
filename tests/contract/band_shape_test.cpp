// What every band shape promises: derivatives, measures, independence of length.
#include "core/band_shape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace calcispec {
namespace {

class BandShapes : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] const BandShape& shape() const { return *find_band_shape(GetParam()); }

  // All combinations of a few values per parameter, amount 1.7 and center 3.
  [[nodiscard]] std::vector<std::vector<double>> grid() const {
    std::vector<std::vector<double>> sets{
        {1.7, 3.0}
    };
    for (std::size_t j = 2; j < shape().parameters.size(); ++j) {
      const auto& info = shape().parameters[j];
      std::vector<double> values{0.37, 1, 8};
      if (info.unit == "axis" && info.minimum == 0) {
        // Very unequal halves leave nothing of the narrow one on the grids of these tests.
        values = GetParam() == "split_voigt" ? std::vector<double>{0, 0.37, 2}
                                             : std::vector<double>{0, 1e-3, 0.02, 0.37, 2, 50};
      } else if (info.unit == "axis" && info.minimum < 0) {
        values = {-3, -0.05, 0, 0.001, 0.03, 0.06, 0.5, 4};
      } else if (info.unit != "axis") {
        const double span = info.maximum - info.minimum;
        values = {
            info.minimum, info.minimum + 0.01 * span, info.minimum + 0.4 * span, info.maximum};
      }
      std::vector<std::vector<double>> more;
      for (const auto& set : sets) {
        for (const double value : values) {
          more.push_back(set);
          more.back().push_back(value);
        }
      }
      sets = more;
    }
    return sets;
  }

  [[nodiscard]] std::vector<double> values(const std::vector<double>& p,
                                           const std::vector<double>& x) const {
    std::vector<double> y(x.size());
    evaluate_band(shape(), p, x, y);
    return y;
  }
};

std::vector<double> axis(double center, double width) {
  std::vector<double> x;
  x.reserve(70);
  for (int i = 0; i < 70; ++i) {
    x.push_back(center + (-6 + 0.173 * i) * width);
  }
  return x;
}

// Without any width, whole or on one side.
bool is_spike(const std::string& shape, const std::vector<double>& p) {
  return (shape == "voigt" && p[2] == 0 && p[3] == 0) ||
         (shape == "split_voigt" && ((p[2] == 0 && p[3] == 0) || (p[4] == 0 && p[5] == 0)));
}

double largest(const std::vector<double>& v) {
  double top = 0;
  for (const double y : v) {
    top = std::max(top, std::abs(y));
  }
  return top;
}

// Fourth-order central differences; one-sided at the ends of the range.
TEST_P(BandShapes, DerivativesAgreeWithDifferences) {
  for (const auto& p : grid()) {
    if (is_spike(GetParam(), p)) {
      continue;
    }
    const double width = measure_band(shape(), p).fwhm;
    double narrow = width;  // of a half, where the sides differ
    for (std::size_t j = 2; j < p.size(); ++j) {
      if (shape().parameters[j].name.rfind("fwhm", 0) == 0) {
        narrow = std::min(narrow, p[j]);
      }
    }
    if (GetParam() == "split_voigt") {
      narrow = std::min({narrow, p[2] + p[3], p[4] + p[5]});
    }
    const auto x = axis(3 + 0.01 * width, 0.4 * width);
    std::vector<double> y(x.size());
    std::vector<double> slopes(x.size() * p.size());
    evaluate_band(shape(), p, x, y, slopes);
    for (std::size_t j = 0; j < p.size(); ++j) {
      const auto& info = shape().parameters[j];
      const bool is_length = info.unit == "axis";
      double h = 1e-3 * (is_length ? (j >= 2 && p[j] > 0 ? std::min(p[j], narrow) : narrow) : 1.0);
      h = info.name == "exponent" ? 1e-3 * p[j] : h;
      const bool at_low = p[j] - 2 * h < info.minimum;
      const bool at_high = p[j] + 2 * h > info.maximum;
      const double side = at_high ? -1 : 1;
      const auto shifted = [&](double steps) {
        auto q = p;
        q[j] += steps * h;
        return values(q, x);
      };
      std::vector<double> numeric(x.size());
      if (at_low || at_high) {
        const auto a = shifted(side);
        const auto b = shifted(2 * side);
        const auto c = shifted(3 * side);
        const auto d = shifted(4 * side);
        for (std::size_t i = 0; i < x.size(); ++i) {
          numeric[i] =
              side * (-25 * y[i] + 48 * a[i] - 36 * b[i] + 16 * c[i] - 3 * d[i]) / (12 * h);
        }
      } else {
        const auto a = shifted(-2);
        const auto b = shifted(-1);
        const auto c = shifted(1);
        const auto d = shifted(2);
        for (std::size_t i = 0; i < x.size(); ++i) {
          numeric[i] = (a[i] - 8 * b[i] + 8 * c[i] - d[i]) / (12 * h);
        }
      }
      const std::vector<double> own(
          slopes.begin() + static_cast<std::ptrdiff_t>(j * x.size()),
          slopes.begin() + static_cast<std::ptrdiff_t>((j + 1) * x.size()));
      // Rounding of differences: 1e-13 of the height over h; truncation 1e-8 of the slope's scale.
      const double scale = std::max(largest(own), 1e-3 * largest(y) / (is_length ? width : 1.0));
      const double tolerance = 1e-7 * scale + 1e-12 * largest(y) / h;
      const bool has_kink = GetParam().rfind("split", 0) == 0 && j == 1;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (has_kink && std::abs(x[i] - p[1]) <= 3 * h) {
          continue;  // the second derivative jumps at the center
        }
        ASSERT_NEAR(own[i], numeric[i], tolerance)
            << info.name << " at x " << x[i] << ", parameters " << ::testing::PrintToString(p);
      }
    }
  }
}

// Height and width against a search on the curve, area against a sum over a stretched axis.
TEST_P(BandShapes, MeasuresAgreeWithTheCurve) {
  for (const auto& p : grid()) {
    const auto measures = measure_band(shape(), p);
    if (is_spike(GetParam(), p)) {
      continue;
    }
    ASSERT_GT(measures.fwhm, 0) << ::testing::PrintToString(p);
    std::vector<double> x;
    for (int i = -10000; i <= 10000; ++i) {
      x.push_back(3 + measures.fwhm * i / 2000.0);
    }
    const auto y = values(p, x);
    const auto top = std::max_element(y.begin(), y.end());
    EXPECT_NEAR(*top, measures.height, 1e-5 * measures.height) << ::testing::PrintToString(p);
    auto left = top;
    while (left != y.begin() && *left > 0.5 * measures.height) {
      --left;
    }
    auto right = top;
    while (right + 1 != y.end() && *right > 0.5 * measures.height) {
      ++right;
    }
    const double width = x[static_cast<std::size_t>(right - y.begin())] -
                         x[static_cast<std::size_t>(left - y.begin())];
    EXPECT_NEAR(width, measures.fwhm, 2e-3 * measures.fwhm) << ::testing::PrintToString(p);
    // s = sinh(v): Lorentzian tails fall exponentially in v. Odd tails cancel.
    const bool is_slow = GetParam() == "pearson7" || GetParam() == "split_pearson7";
    if (is_slow && p.back() < 1) {
      continue;
    }
    std::vector<double> stretched;
    for (int i = -8000; i <= 8000; ++i) {
      stretched.push_back(p[1] + measures.fwhm * std::sinh(i / 260.0));
    }
    const auto z = values(p, stretched);
    double area = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      area += z[i] * measures.fwhm * std::cosh((static_cast<double>(i) - 8000) / 260.0) / 260.0;
    }
    EXPECT_NEAR(area,
                measures.area,
                1e-5 * p[0] * (shape().parameters[0].unit == "area" ? 1 : measures.fwhm))
        << ::testing::PrintToString(p);
  }
}

// Whatever the length and the first point, a value depends on its own x only.
TEST_P(BandShapes, ValuesDoNotDependOnTheLength) {
  const auto p = grid().back();
  const auto x = axis(3, 0.7);
  const auto whole = values(p, x);
  for (std::size_t length = 1; length < 20; ++length) {
    for (std::size_t first = 0; first < 4; ++first) {
      const std::vector<double> part(x.begin() + static_cast<std::ptrdiff_t>(first),
                                     x.begin() + static_cast<std::ptrdiff_t>(first + length));
      const auto y = values(p, part);
      for (std::size_t i = 0; i < length; ++i) {
        EXPECT_EQ(y[i], whole[first + i]);
      }
    }
  }
}

TEST_P(BandShapes, TableIsComplete) {
  EXPECT_FALSE(shape().summary.empty());
  EXPECT_FALSE(shape().formula.empty());
  ASSERT_GE(shape().parameters.size(), 3U);
  EXPECT_TRUE(shape().parameters[0].name == "height" || shape().parameters[0].name == "area");
  EXPECT_EQ(shape().parameters[1].name, "center");
  for (const auto& info : shape().parameters) {
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_LT(info.minimum, info.maximum) << info.name;
    EXPECT_EQ(shape().parameter_index(info.name), &info - shape().parameters.data());
  }
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& shape : band_shapes()) {
    out.emplace_back(shape.name);
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, BandShapes, ::testing::ValuesIn(names()), [](const auto& row) {
  return row.param;
});

}  // namespace
}  // namespace calcispec
