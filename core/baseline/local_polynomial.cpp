#include "core/baseline/local_polynomial.hpp"

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

// Symmetric positive definite system of the moments, by LDL' with the constant first: only the
// first unknown is wanted, so that it is eliminated last.
template <std::size_t terms>
double first_unknown(const std::array<double, 2 * terms - 1>& moments,
                     const std::array<double, terms>& right) {
  std::array<std::array<double, terms>, terms> matrix{};
  std::array<double, terms> side{};
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
  constexpr std::size_t width = kernels::lane_count;
  const std::size_t seen = windows_.seen;
  stride_ = (seen + width - 1) / width * width;
  distance_.assign(windows_.fits.size() * stride_, 0.0);
  tricube_.assign(distance_.size(), 0.0);
  weights_.assign(x.size() + width, 0.0);
  products_.assign(x.size() + width, 0.0);
  for (std::size_t f = 0; f < windows_.fits.size(); ++f) {
    const std::size_t first = windows_.first[f];
    const double middle = x[windows_.fits[f]];
    const double largest = std::max({std::abs(x[first] - middle),
                                     std::abs(x[first + seen - 1] - middle),
                                     std::numeric_limits<double>::min()});
    for (std::size_t k = 0; k < seen; ++k) {
      const double d = (x[first + k] - middle) / largest;
      const double cube = std::max(0.0, 1 - std::abs(d * d * d));
      distance_[f * stride_ + k] = d;
      tricube_[f * stride_ + k] = cube * cube * cube;
    }
  }
}

// A register of points at a time; what the last one holds beyond the window has no weight.
template <std::size_t terms>
double LocalPolynomial::value_at(std::size_t fit) const {
  using kernels::Pack;
  using kernels::unrolled;
  constexpr std::size_t width = kernels::lane_count;
  constexpr std::size_t sets = terms < 3 ? 2 : 1;  // so that additions need not wait for each other
  const double* const distance = distance_.data() + fit * stride_;
  const double* const tricube = tricube_.data() + fit * stride_;
  const double* const weights = weights_.data() + windows_.first[fit];
  const double* const products = products_.data() + windows_.first[fit];
  std::array<std::array<Pack, 2 * terms - 1>, sets> moments{};
  std::array<std::array<Pack, terms>, sets> right{};
  const auto add = [&](std::size_t k, auto set) {
    const Pack d = kernels::load(distance + k);
    const Pack near = kernels::load(tricube + k);
    Pack power = near * kernels::load(weights + k);
    Pack product = near * kernels::load(products + k);
    unrolled<2 * terms - 1>([&](auto m) {
      moments[set][m] += power;
      power *= d;
      if constexpr (m < terms) {
        right[set][m] += product;
        product *= d;
      }
    });
  };
  std::size_t k = 0;
  for (; k + sets * width <= stride_; k += sets * width) {
    unrolled<sets>([&](auto set) { add(k + set * width, set); });
  }
  for (; k < stride_; k += width) {
    add(k, std::integral_constant<std::size_t, 0>{});
  }
  std::array<double, 2 * terms - 1> moment_sums{};
  std::array<double, terms> right_sums{};
  for (std::size_t set = 0; set < sets; ++set) {
    for (std::size_t m = 0; m < 2 * terms - 1; ++m) {
      moment_sums[m] += kernels::sum(moments[set][m]);
    }
    for (std::size_t m = 0; m < terms; ++m) {
      right_sums[m] += kernels::sum(right[set][m]);
    }
  }
  return first_unknown<terms>(moment_sums, right_sums);
}

template <std::size_t terms>
void LocalPolynomial::fit_all(std::span<double> out) const {
  for (std::size_t f = 0; f < windows_.fits.size(); ++f) {
    const std::size_t at = windows_.fits[f];
    out[at] = value_at<terms>(f);
    if (f > 0) {
      const std::size_t before = windows_.fits[f - 1];
      const double slope = (out[at] - out[before]) / (x_[at] - x_[before]);
      for (std::size_t i = before + 1; i < at; ++i) {
        out[i] = out[before] + slope * (x_[i] - x_[before]);
      }
    }
  }
}

void LocalPolynomial::fit(std::span<const double> y,
                          std::span<const double> weights,
                          std::span<double> out) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    weights_[i] = weights[i];
    products_[i] = weights[i] * y[i];
  }
  switch (terms_) {
    case 1:
      return fit_all<1>(out);
    case 2:
      return fit_all<2>(out);
    case 3:
      return fit_all<3>(out);
    case 4:
      return fit_all<4>(out);
    case 5:
      return fit_all<5>(out);
    default:
      return fit_all<6>(out);
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
