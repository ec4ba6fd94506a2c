// The judges of modpoly, imodpoly, snip, mor and the hull: plain scalar loops over one spectrum, no
// thought of speed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace calcispec::oracle {

/// Least-squares polynomial in the index through the points that count, by orthogonal polynomials
/// made on the spot.
inline std::vector<double> polynomial(std::span<const double> y,
                                      int order,
                                      const std::vector<bool>& counts) {
  const std::size_t n = y.size();
  std::vector<std::vector<double>> basis;
  std::vector<double> out(n, 0.0);
  for (int k = 0; k <= order; ++k) {
    std::vector<double> next(n, 1.0);
    for (std::size_t i = 0; i < n && k > 0; ++i) {
      const double t = -1 + 2 * static_cast<double>(i) / static_cast<double>(n - 1);
      next[i] = t * basis.back()[i];
    }
    for (int round = 0; round < 2; ++round) {
      for (const auto& before : basis) {
        double part = 0;
        for (std::size_t i = 0; i < n; ++i) {
          part += counts[i] ? next[i] * before[i] : 0;
        }
        for (std::size_t i = 0; i < n; ++i) {
          next[i] -= part * before[i];
        }
      }
    }
    double square = 0;
    double moment = 0;
    for (std::size_t i = 0; i < n; ++i) {
      square += counts[i] ? next[i] * next[i] : 0;
    }
    for (std::size_t i = 0; i < n; ++i) {
      next[i] /= std::sqrt(square);
      moment += counts[i] ? next[i] * y[i] : 0;
    }
    for (std::size_t i = 0; i < n; ++i) {
      out[i] += moment * next[i];
    }
    basis.push_back(std::move(next));
  }
  return out;
}

/// For an even axis.
inline std::vector<double> modpoly(std::span<const double> y, int order) {
  std::vector<double> cut(y.begin(), y.end());
  const std::vector<bool> all(y.size(), true);
  auto baseline = polynomial(cut, order, all);
  for (int k = 0; k < 250; ++k) {
    for (std::size_t i = 0; i < cut.size(); ++i) {
      cut[i] = std::min(cut[i], baseline[i]);
    }
    const auto next = polynomial(cut, order, all);
    double change = 0;
    double size = 0;
    for (std::size_t i = 0; i < cut.size(); ++i) {
      change += (next[i] - baseline[i]) * (next[i] - baseline[i]);
      size += baseline[i] * baseline[i];
    }
    baseline = next;
    if (std::sqrt(change) < 1e-3 * std::sqrt(size)) {
      break;
    }
  }
  return baseline;
}

inline double deviation(std::span<const double> y, std::span<const double> z) {
  double mean = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    mean += (y[i] - z[i]) / static_cast<double>(y.size());
  }
  double square = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    square += (y[i] - z[i] - mean) * (y[i] - z[i] - mean);
  }
  return std::sqrt(square / static_cast<double>(y.size()));
}

/// For an even axis, points above the first fit left out.
inline std::vector<double> imodpoly(std::span<const double> y, int order) {
  std::vector<double> cut(y.begin(), y.end());
  std::vector<bool> counts(y.size(), true);
  auto baseline = polynomial(cut, order, counts);
  double spread = deviation(cut, baseline);
  for (std::size_t i = 0; i < cut.size(); ++i) {
    counts[i] = y[i] <= baseline[i] + spread;
  }
  for (int k = 0; k < 250; ++k) {
    for (std::size_t i = 0; i < cut.size(); ++i) {
      cut[i] = std::min(cut[i], baseline[i] + spread);
    }
    baseline = polynomial(cut, order, counts);
    const double next = deviation(cut, baseline);
    if (std::abs(next - spread) < 1e-3 * next) {
      break;
    }
    spread = next;
  }
  return baseline;
}

/// Second order, growing windows, away from the ends by the largest window.
inline std::vector<double> snip(std::span<const double> y, std::size_t largest) {
  std::vector<double> z(y.begin(), y.end());
  for (std::size_t half = 1; half <= largest; ++half) {
    auto next = z;
    for (std::size_t i = half; i + half < z.size(); ++i) {
      next[i] = std::min(z[i], 0.5 * (z[i - half] + z[i + half]));
    }
    z = next;
  }
  return z;
}

/// Extreme over 2 * half + 1 points; the ends are mirrored, the last point once more.
template <typename Better>
std::vector<double> extreme(std::span<const double> y, std::ptrdiff_t half, const Better& better) {
  const auto n = static_cast<std::ptrdiff_t>(y.size());
  std::vector<double> out(y.begin(), y.end());
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    for (std::ptrdiff_t k = i - half; k <= i + half; ++k) {
      std::ptrdiff_t at = ((k % (2 * n)) + 2 * n) % (2 * n);
      at = at < n ? at : 2 * n - 1 - at;
      auto& best = out[static_cast<std::size_t>(i)];
      best = better(best, y[static_cast<std::size_t>(at)]);
    }
  }
  return out;
}

inline std::vector<double> mor(std::span<const double> y, std::ptrdiff_t half) {
  const auto least = [](double a, double b) { return std::min(a, b); };
  const auto most = [](double a, double b) { return std::max(a, b); };
  const auto opened = extreme(extreme(y, half, least), half, most);
  const auto low = extreme(opened, half, least);
  auto out = extreme(opened, half, most);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::min(opened[i], 0.5 * (low[i] + out[i]));
  }
  return out;
}

/// Lower convex hull in the index.
inline std::vector<double> hull(std::span<const double> y) {
  std::vector<std::size_t> corners;
  for (std::size_t i = 0; i < y.size(); ++i) {
    while (corners.size() >= 2) {
      const std::size_t a = corners[corners.size() - 2];
      const std::size_t b = corners.back();
      if (static_cast<double>(b - a) * (y[i] - y[a]) > static_cast<double>(i - a) * (y[b] - y[a])) {
        break;
      }
      corners.pop_back();
    }
    corners.push_back(i);
  }
  std::vector<double> out(y.begin(), y.end());
  for (std::size_t c = 0; c + 1 < corners.size(); ++c) {
    for (std::size_t i = corners[c]; i < corners[c + 1]; ++i) {
      const double part =
          static_cast<double>(i - corners[c]) / static_cast<double>(corners[c + 1] - corners[c]);
      out[i] = y[corners[c]] + part * (y[corners[c + 1]] - y[corners[c]]);
    }
  }
  return out;
}

}  // namespace calcispec::oracle
