#include "core/baseline/polynomial_baseline.hpp"

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

double dot_of_rows(std::span<const double> a, std::span<const double> b) {
  // Four sums, so that additions need not wait for each other.
  double sum[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      sum[k] += a[i + k] * b[i + k];
    }
  }
  for (; i < a.size(); ++i) {
    sum[0] += a[i] * b[i];
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

}  // namespace

PolynomialBasis::PolynomialBasis(std::span<const double> x,
                                 Index order,
                                 std::span<const char> counts)
    : points_(x.size()) {
  const double middle = 0.5 * (x.front() + x.back());
  const double half = x.size() > 1 ? 0.5 * (x.back() - x.front()) : 1;
  const auto is_counted = [&](std::size_t i) { return counts.empty() || counts[i] != 0; };
  std::vector<double> t(points_);
  for (std::size_t i = 0; i < points_; ++i) {
    t[i] = (x[i] - middle) / half;
  }
  for (Index k = 0; k <= order; ++k) {
    // t times the polynomial before, made orthogonal twice: once leaves rounding behind.
    std::vector<double> all = k == 0 ? std::vector<double>(points_, 1.0) : on_all_.back();
    std::vector<double> counted(points_, 0.0);
    for (std::size_t i = 0; i < points_; ++i) {
      all[i] *= k == 0 ? 1 : t[i];
      counted[i] = is_counted(i) ? all[i] : 0;
    }
    std::vector<double> powers(static_cast<std::size_t>(k) + 1, 0.0);
    if (k > 0) {
      std::copy(powers_.back().begin(), powers_.back().end(), powers.begin() + 1);
    } else {
      powers[0] = 1;
    }
    for (int round = 0; round < 2; ++round) {
      for (std::size_t j = 0; j < on_all_.size(); ++j) {
        const double part = dot_of_rows(counted, on_counted_[j]);
        for (std::size_t i = 0; i < points_; ++i) {
          all[i] -= part * on_all_[j][i];
          counted[i] -= part * on_counted_[j][i];
        }
        for (std::size_t p = 0; p < powers_[j].size(); ++p) {
          powers[p] -= part * powers_[j][p];
        }
      }
    }
    const double norm = std::sqrt(dot_of_rows(counted, counted));
    if (!(norm > 1e-12 * std::sqrt(static_cast<double>(points_)))) {
      return;  // no more points than polynomials
    }
    for (std::size_t i = 0; i < points_; ++i) {
      all[i] /= norm;
      counted[i] /= norm;
    }
    for (double& power : powers) {
      power /= norm;
    }
    powers_.push_back(std::move(powers));
    on_all_.push_back(std::move(all));
    on_counted_.push_back(std::move(counted));
  }
}

void PolynomialBasis::fit(std::span<const double> y, std::span<double> out) const {
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t k = 0; k < on_all_.size(); ++k) {
    const double part = dot_of_rows(y, on_counted_[k]);
    const auto& direction = on_all_[k];
    for (std::size_t i = 0; i < points_; ++i) {
      out[i] += part * direction[i];
    }
  }
}

void PolynomialBasis::fit(std::span<const double> y,
                          std::span<double> out,
                          std::vector<double>& powers) const {
  std::fill(out.begin(), out.end(), 0.0);
  powers.assign(on_all_.size(), 0.0);
  for (std::size_t k = 0; k < on_all_.size(); ++k) {
    const double part = dot_of_rows(y, on_counted_[k]);
    for (std::size_t p = 0; p < powers_[k].size(); ++p) {
      powers[p] += part * powers_[k][p];
    }
    for (std::size_t i = 0; i < points_; ++i) {
      out[i] += part * on_all_[k][i];
    }
  }
}

double relative_change(std::span<const double> a, std::span<const double> b) {
  // Two sums, so that additions need not wait for each other.
  constexpr std::size_t width = kernels::lane_count;
  constexpr std::size_t sums = 2;
  std::array<kernels::Pack, sums> changes{};
  std::array<kernels::Pack, sums> sizes{};
  std::size_t i = 0;
  for (; i + sums * width <= a.size(); i += sums * width) {
    kernels::unrolled<sums>([&](auto k) {
      const kernels::Pack before = kernels::load(a.data() + i + k * width);
      const kernels::Pack step = kernels::load(b.data() + i + k * width) - before;
      changes[k] += step * step;
      sizes[k] += before * before;
    });
  }
  double change = kernels::sum(changes[0] + changes[1]);
  double size = kernels::sum(sizes[0] + sizes[1]);
  for (; i < a.size(); ++i) {
    change += (b[i] - a[i]) * (b[i] - a[i]);
    size += a[i] * a[i];
  }
  return std::sqrt(change) / std::max(std::sqrt(size), std::numeric_limits<double>::epsilon());
}

}  // namespace calcispec
