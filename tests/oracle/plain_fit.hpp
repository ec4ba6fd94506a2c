// The judge of the band fit: the same algorithm (exact amounts, damped steps for the others) for
// pseudo-Voigt bands on a line as plain scalar loops.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace calcispec::oracle {

struct PlainFit {
  double chi_square = 0;
  std::vector<double> shape;   // center, fwhm, share of each band
  std::vector<double> linear;  // heights, offset, slope
  int iterations = 0;
};

/// A x = b by Gaussian elimination without exchange; A is positive definite.
inline std::vector<double> solve_plain(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) {
        a[i * n + j] -= factor * a[k * n + j];
      }
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) {
      b[k] -= a[k * n + j] * b[j];
    }
    b[k] /= a[k * n + k];
  }
  return b;
}

class PlainFitter {
 public:
  PlainFitter(const std::vector<double>& x, const std::vector<double>& y, double sigma)
      : x_(x), y_(y), sigma_(sigma) {}

  PlainFit run(std::vector<double> shape, double tolerance) {
    PlainFit fit;
    fit.shape = std::move(shape);
    evaluate(fit);
    double damping = 1e-3;
    double growth = 2;
    for (; fit.iterations < 200 && damping < 1e8; ++fit.iterations) {
      const auto [step, predicted] = find_step(fit, damping);
      if (predicted <= tolerance * fit.chi_square && damping <= 0.1) {
        break;
      }
      const auto columns = columns_;
      const auto residual = residual_;
      PlainFit trial = fit;
      for (std::size_t k = 0; k < fit.shape.size(); ++k) {
        trial.shape[k] = limited(fit.shape, k, fit.shape[k] + step[k]);
      }
      evaluate(trial);
      const double decrease = fit.chi_square - trial.chi_square;
      if (decrease > 0) {
        fit = trial;
        const double ratio = std::min(1.0, decrease / predicted);
        damping = std::max(1e-12, damping * std::max(0.1, 1 - std::pow(2 * ratio - 1, 3)));
        growth = 2;
      } else {
        columns_ = columns;
        residual_ = residual;
        damping = std::max(damping, 1e-4) * growth;
        growth *= 2;
      }
    }
    return fit;
  }

 private:
  static double limited(const std::vector<double>& shape, std::size_t k, double value) {
    const std::size_t band = k / 3 * 3;
    const double width = shape[band + 1];
    if (k % 3 == 0) {
      return std::clamp(value, shape[k] - 0.5 * width, shape[k] + 0.5 * width);
    }
    return k % 3 == 1 ? std::clamp(value, std::max(2.0, 0.5 * width), std::min(120.0, 2 * width))
                      : std::clamp(value, 0.0, 1.0);
  }

  // Columns: profiles, 1, t, then the three slopes of each band for height 1.
  void evaluate(PlainFit& fit) {
    const std::size_t bands = fit.shape.size() / 3;
    const std::size_t linear = bands + 2;
    columns_.assign(linear + 3 * bands, std::vector<double>(x_.size()));
    for (std::size_t i = 0; i < x_.size(); ++i) {
      for (std::size_t b = 0; b < bands; ++b) {
        const double width = fit.shape[3 * b + 1];
        const double share = fit.shape[3 * b + 2];
        const double u = (x_[i] - fit.shape[3 * b]) / width;
        const double lorentz = 1 / (1 + 4 * u * u);
        const double gauss = std::exp(-4 * std::log(2.0) * u * u);
        const double slope =
            8 * u / width * (share * lorentz * lorentz + (1 - share) * std::log(2.0) * gauss);
        columns_[b][i] = (share * lorentz + (1 - share) * gauss) / sigma_;
        columns_[linear + 3 * b][i] = slope / sigma_;
        columns_[linear + 3 * b + 1][i] = slope * u / sigma_;
        columns_[linear + 3 * b + 2][i] = (lorentz - gauss) / sigma_;
      }
      columns_[bands][i] = 1 / sigma_;
      columns_[bands + 1][i] = (x_[i] - 1025) / 125 / sigma_;
    }
    std::vector<double> normal(linear * linear);
    std::vector<double> right(linear);
    for (std::size_t a = 0; a < linear; ++a) {
      for (std::size_t b = 0; b < linear; ++b) {
        normal[a * linear + b] = dot(columns_[a], columns_[b]);
      }
      for (std::size_t i = 0; i < x_.size(); ++i) {
        right[a] += columns_[a][i] * y_[i] / sigma_;
      }
    }
    fit.linear = solve_plain(normal, right);
    residual_.assign(x_.size(), 0.0);
    fit.chi_square = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      double r = y_[i] / sigma_;
      for (std::size_t a = 0; a < linear; ++a) {
        r -= fit.linear[a] * columns_[a][i];
      }
      residual_[i] = r;
      fit.chi_square += r * r;
    }
  }

  static double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      total += a[i] * b[i];
    }
    return total;
  }

  [[nodiscard]] std::pair<std::vector<double>, double> find_step(const PlainFit& fit,
                                                                 double damping) const {
    const std::size_t bands = fit.shape.size() / 3;
    const std::size_t linear = bands + 2;
    const std::size_t n = columns_.size();
    const auto factor = [&](std::size_t k) {
      return k < linear ? 1.0 : fit.linear[(k - linear) / 3];
    };
    std::vector<double> normal(n * n);
    std::vector<double> right(n);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        normal[a * n + b] = factor(a) * factor(b) * dot(columns_[a], columns_[b]);
        normal[b * n + a] = normal[a * n + b];
      }
      right[a] = factor(a) * dot(columns_[a], residual_);
    }
    std::vector<double> damped = normal;
    for (std::size_t k = linear; k < n; ++k) {
      damped[k * n + k] *= 1 + damping;
    }
    const auto step = solve_plain(damped, right);
    double predicted = 0;
    for (std::size_t a = 0; a < n; ++a) {
      predicted += 2 * step[a] * right[a];
      for (std::size_t b = 0; b < n; ++b) {
        predicted -= step[a] * normal[a * n + b] * step[b];
      }
    }
    return {
        {step.begin() + static_cast<std::ptrdiff_t>(linear), step.end()},
        predicted
    };
  }

  const std::vector<double>& x_;
  const std::vector<double>& y_;
  double sigma_;
  std::vector<std::vector<double>> columns_;
  std::vector<double> residual_;
};

}  // namespace calcispec::oracle
