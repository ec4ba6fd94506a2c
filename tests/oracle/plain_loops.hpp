// The judges: penalised baselines and Savitzky-Golay as plain scalar loops over one spectrum.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace calcispec::oracle {

/// (W + lambda D2'D2) z = W y by a pentadiagonal LDL' recurrence.
inline void solve_second_order(std::span<const double> w,
                               std::span<const double> y,
                               double lambda,
                               std::vector<double>& z) {
  const std::size_t n = y.size();
  std::vector<double> d(n);
  std::vector<double> e(n);
  std::vector<double> f(n);
  std::vector<double> r(n);
  const auto at = [&](std::size_t i, std::size_t k) {  // penalty between i and i - k
    double sum = 0;
    constexpr double c[3] = {1, -2, 1};
    for (std::size_t row = i >= 2 ? i - 2 : 0; row <= i && row + 2 < n; ++row) {
      if (i - k >= row) {
        sum += c[i - row] * c[i - k - row];
      }
    }
    return lambda * sum;
  };
  for (std::size_t i = 0; i < n; ++i) {
    f[i] = i >= 2 ? at(i, 2) / d[i - 2] : 0;
    e[i] = i >= 1 ? (at(i, 1) - (i >= 2 ? f[i] * d[i - 2] * e[i - 1] : 0)) / d[i - 1] : 0;
    d[i] = w[i] + at(i, 0) - (i >= 2 ? f[i] * f[i] * d[i - 2] : 0) -
           (i >= 1 ? e[i] * e[i] * d[i - 1] : 0);
    r[i] = w[i] * y[i] - (i >= 1 ? e[i] * r[i - 1] : 0) - (i >= 2 ? f[i] * r[i - 2] : 0);
  }
  z.resize(n);
  for (std::size_t i = n; i-- > 0;) {
    z[i] =
        r[i] / d[i] - (i + 1 < n ? e[i + 1] * z[i + 1] : 0) - (i + 2 < n ? f[i + 2] * z[i + 2] : 0);
  }
}

template <typename Solve, typename Reweigh>
std::vector<double> reweighted_with(const Solve& solve,
                                    std::span<const double> y,
                                    const Reweigh& reweigh) {
  std::vector<double> w(y.size(), 1.0);
  std::vector<double> z;
  std::vector<double> next(y.size());
  for (int iteration = 0; iteration <= 50; ++iteration) {
    solve(w, z);
    reweigh(z, next);
    double change = 0;
    double size = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      change += (next[i] - w[i]) * (next[i] - w[i]);
      size += w[i] * w[i];
    }
    if (std::sqrt(change) < 1e-3 * std::sqrt(size)) {
      break;
    }
    w = next;
  }
  return z;
}

template <typename Reweigh>
std::vector<double> reweighted(std::span<const double> y, double lambda, const Reweigh& reweigh) {
  return reweighted_with([&](const std::vector<double>& w,
                             std::vector<double>& z) { solve_second_order(w, y, lambda, z); },
                         y,
                         reweigh);
}

/// Weights of asls.
struct AslsRule {
  std::span<const double> y;
  double asymmetry;

  void operator()(const std::vector<double>& z, std::vector<double>& w) const {
    for (std::size_t i = 0; i < y.size(); ++i) {
      w[i] = y[i] > z[i] ? asymmetry : 1 - asymmetry;
    }
  }
};

inline std::vector<double> asls(std::span<const double> y, double lambda, double asymmetry) {
  return reweighted(y, lambda, AslsRule{y, asymmetry});
}

/// Weights of arpls.
struct ArplsRule {
  std::span<const double> y;

  void operator()(const std::vector<double>& z, std::vector<double>& w) const {
    double count = 0;
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] < z[i]) {
        count += 1;
        sum += y[i] - z[i];
      }
    }
    if (count < 2) {
      return;  // no spread to go on with: the weights stay, which ends it
    }
    const double mean = sum / count;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] < z[i]) {
        square += (y[i] - z[i] - mean) * (y[i] - z[i] - mean);
      }
    }
    const double sd = std::sqrt(square / (count - 1));
    for (std::size_t i = 0; i < y.size(); ++i) {
      w[i] = 1 / (1 + std::exp(std::min(700.0, 2 * (y[i] - z[i] - (2 * sd - mean)) / sd)));
    }
  }
};

inline std::vector<double> arpls(std::span<const double> y, double lambda) {
  return reweighted(y, lambda, ArplsRule{y});
}

inline std::vector<double> iarpls(std::span<const double> y, double lambda) {
  int round = 0;
  return reweighted(y, lambda, [&](const std::vector<double>& z, std::vector<double>& w) {
    double count = 0;
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      count += y[i] < z[i] ? 1 : 0;
      sum += std::min(y[i] - z[i], 0.0);
    }
    if (count < 2) {
      return;  // no spread to go on with: the weights stay, which ends it
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double off = y[i] - z[i] - sum / count;
      square += y[i] < z[i] ? off * off : 0;
    }
    const double sd = std::sqrt(square / (count - 1));
    ++round;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double u = std::exp(std::min(round, 100)) / sd * (y[i] - z[i] - 2 * sd);
      w[i] = 0.5 * (1 - u / std::sqrt(1 + u * u));
    }
  });
}

inline std::vector<double> airpls(std::span<const double> y, double lambda) {
  std::vector<double> w(y.size(), 1.0);
  std::vector<double> z;
  double size = 0;
  for (const double value : y) {
    size += std::abs(value);
  }
  for (int round = 1; round <= 51; ++round) {
    solve_second_order(w, y, lambda, z);
    double below = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      below += std::max(z[i] - y[i], 0.0);
    }
    if (below < 1e-3 * size) {
      break;
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      w[i] = y[i] < z[i] ? std::exp(round * (z[i] - y[i]) / below) : 0;
    }
  }
  return z;
}

}  // namespace calcispec::oracle
