#include "core/baseline/local_polynomial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr std::size_t most_terms = 6;

// Symmetric positive definite system of the moments, by LDL' with the constant first: only the
// first unknown is wanted, so that it is eliminated last.
double first_unknown(std::size_t terms,
                     const std::array<double, 2 * most_terms>& moments,
                     const std::array<double, most_terms>& right) {
  std::array<std::array<double, most_terms>, most_terms> matrix{};
  std::array<double, most_terms> side{};
  for (std::size_t i = 0; i < terms; ++i) {
    side[i] = right[terms - 1 - i];
    for (std::size_t j = 0; j <= i; ++j) {
      matrix[i][j] = moments[2 * (terms - 1) - i - j];
    }
  }
  double value = 0;
  for (std::size_t i = 0; i < terms; ++i) {
    double pivot = matrix[i][i];
    for (std::size_t j = 0; j < i; ++j) {
      double sum = matrix[i][j];
      for (std::size_t k = 0; k < j; ++k) {
        sum -= matrix[i][k] * matrix[j][k] * matrix[k][k];
      }
      matrix[i][j] = sum / matrix[j][j];
      pivot -= matrix[i][j] * matrix[i][j] * matrix[j][j];
      side[i] -= matrix[i][j] * side[j];
    }
    // A direction that the points do not determine stays out.
    const bool is_lost = !(pivot > 1e-13 * matrix[i][i]);
    matrix[i][i] = is_lost ? std::numeric_limits<double>::max() : pivot;
    value = is_lost ? 0 : side[i] / pivot;
  }
  return value;
}

}  // namespace

LocalWindows::LocalWindows(std::span<const double> x, std::size_t seen_points, double delta)
    : seen(std::min(seen_points, x.size())) {
  const std::size_t n = x.size();
  const double step = delta * 0.5 * (x.back() - x.front());
  std::size_t left = 0;
  for (std::size_t at = 0; at < n;) {
    while (left + seen < n && x[at] - x[left] > x[left + seen] - x[at]) {
      ++left;
    }
    fits.push_back(at);
    first.push_back(left);
    std::size_t next = at + 1;
    while (next + 2 < n && x[next + 1] <= x[at] + step) {
      ++next;
    }
    at = next;
  }
}

LocalPolynomial::LocalPolynomial(std::span<const double> x, LocalWindows windows, Index order)
    : x_(x), windows_(std::move(windows)), terms_(static_cast<std::size_t>(order) + 1) {
  const std::size_t seen = windows_.seen;
  distance_.resize(windows_.fits.size() * seen);
  tricube_.resize(distance_.size());
  product_.resize(seen);
  for (std::size_t f = 0; f < windows_.fits.size(); ++f) {
    const std::size_t first = windows_.first[f];
    const double middle = x[windows_.fits[f]];
    const double largest = std::max({std::abs(x[first] - middle),
                                     std::abs(x[first + seen - 1] - middle),
                                     std::numeric_limits<double>::min()});
    for (std::size_t k = 0; k < seen; ++k) {
      const double d = (x[first + k] - middle) / largest;
      const double cube = std::max(0.0, 1 - std::abs(d * d * d));
      distance_[f * seen + k] = d;
      tricube_[f * seen + k] = cube * cube * cube;
    }
  }
}

double LocalPolynomial::value_at(std::size_t fit,
                                 std::span<const double> y,
                                 std::span<const double> weights) {
  const std::size_t seen = windows_.seen;
  const std::size_t first = windows_.first[fit];
  const double* const distance = distance_.data() + fit * seen;
  const double* const tricube = tricube_.data() + fit * seen;
  std::array<double, 2 * most_terms> moments{};
  std::array<double, most_terms> right{};
  for (std::size_t k = 0; k < seen; ++k) {
    double power = tricube[k] * weights[first + k];
    for (std::size_t m = 0; m < 2 * terms_ - 1; ++m) {
      moments[m] += power;
      if (m < terms_) {
        right[m] += power * y[first + k];
      }
      power *= distance[k];
    }
  }
  return first_unknown(terms_, moments, right);
}

void LocalPolynomial::fit(std::span<const double> y,
                          std::span<const double> weights,
                          std::span<double> out) {
  for (std::size_t f = 0; f < windows_.fits.size(); ++f) {
    const std::size_t at = windows_.fits[f];
    out[at] = value_at(f, y, weights);
    if (f > 0) {
      const std::size_t before = windows_.fits[f - 1];
      const double slope = (out[at] - out[before]) / (x_[at] - x_[before]);
      for (std::size_t i = before + 1; i < at; ++i) {
        out[i] = out[before] + slope * (x_[i] - x_[before]);
      }
    }
  }
}

double median(std::span<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  if (values.size() % 2 == 1) {
    return *half;
  }
  return 0.5 * (*half + *std::max_element(values.begin(), half));
}

}  // namespace calcispec
