#include "tests/support/baseline_truth.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace calcispec::test {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Own generator and transform, so that the draws are the same with every library.
class Random {
 public:
  // Neighbouring seeds must not give the same draws moved by one: the start is mixed.
  explicit Random(std::uint64_t seed) : state_(mixed(seed * golden)) {}

  double uniform() {
    state_ += golden;
    return (static_cast<double>(mixed(state_) >> 11U) + 0.5) / 9007199254740992.0;
  }

  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;

  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

struct BaselineTruthLine {
  double center = 0;
  double fwhm = 0;
  double height = 0;
  double lorentz_share = 0;
};

constexpr std::array<BaselineTruthLine, 16> raman_lines = {
    {
     {431, 22, .18, .6},
     {448, 16, .08, .6},
     {580, 18, .12, .6},
     {590, 16, .15, .6},
     {607, 14, .08, .6},
     {960, 14, 1, .6},
     {1003, 8, .10, .7},
     {1045, 18, .10, .6},
     {1071, 20, .22, .6},
     {855, 22, .06, .5},
     {876, 22, .06, .5},
     {921, 24, .05, .5},
     {1246, 50, .12, .3},
     {1272, 40, .10, .3},
     {1448, 34, .22, .4},
     {1665, 48, .25, .3},
     }
};

constexpr std::array<BaselineTruthLine, 17> ftir_lines = {
    {
     {470, 30, .10, .3},
     {562, 30, .45, .3},
     {602, 25, .50, .3},
     {872, 18, .10, .5},
     {961, 16, .15, .4},
     {1032, 75, 1, .3},
     {1092, 55, .55, .3},
     {1415, 45, .16, .3},
     {1455, 45, .18, .3},
     {1240, 50, .08, .3},
     {1545, 60, .25, .2},
     {1652, 60, .45, .2},
     {2852, 22, .06, .4},
     {2925, 30, .10, .4},
     {2960, 20, .05, .4},
     {3070, 60, .05, .2},
     {3300, 320, .35, .1},
     }
};

// Unit height, and its derivatives by position and by logarithm of the width.
struct Shape {
  ArrayXd value;
  ArrayXd by_center;
  ArrayXd by_log_width;
};

Shape shape_of(const ArrayXd& x, const BaselineTruthLine& line) {
  const ArrayXd u = (x - line.center) / line.fwhm;
  const ArrayXd lorentz = 1 / (1 + 4 * u * u);
  const ArrayXd gauss = (-4 * std::numbers::ln2 * u * u).exp();
  const double eta = line.lorentz_share;
  const ArrayXd slope =
      8 * eta * u * lorentz * lorentz + 8 * std::numbers::ln2 * (1 - eta) * u * gauss;
  return {eta * lorentz + (1 - eta) * gauss, slope / line.fwhm, slope * u};
}

double bell(double t, double center, double width) {
  const double u = (t - center) / width;
  return std::exp(-4 * std::numbers::ln2 * u * u);
}

double parametric(BackgroundShape shape, double t) {
  switch (shape) {
    case BackgroundShape::exponential:
      return std::exp(-2.2 * t) + .15;
    case BackgroundShape::hump:
      return .35 + .9 * bell(t, .38, .7) + .25 * bell(t, .85, .5);
    case BackgroundShape::polynomial:
      return .4 + 1.1 * t - 2.1 * t * t + 1.3 * t * t * t + .35 * std::cos(2.2 * t);
    case BackgroundShape::slope:
      return .1 + .6 * t;
    case BackgroundShape::scatter:
      return .05 + std::pow(.15 + .85 * t, 2.5);
    case BackgroundShape::mie:
      return .35 + .45 * t + .18 * std::sin(2 * std::numbers::pi * (.85 * t + .15));
    case BackgroundShape::random:
      break;
  }
  return 0;
}

// A draw of a Gaussian process with squared-exponential covariance, by random cosines.
ArrayXd random_background(const ArrayXd& t, double length_scale, Random& random) {
  constexpr int terms = 300;
  ArrayXd sum = ArrayXd::Zero(t.size());
  for (int k = 0; k < terms; ++k) {
    const double frequency = random.normal() / length_scale;
    const double phase = 2 * std::numbers::pi * random.uniform();
    sum += (frequency * t + phase).cos();
  }
  return sum;
}

ArrayXd smooth_background(const BaselineTruthSettings& settings, const ArrayXd& t, Random& random) {
  ArrayXd raw = settings.shape == BackgroundShape::random
                    ? random_background(t, settings.length_scale, random)
                    : t.unaryExpr([&](double at) { return parametric(settings.shape, at); });
  const double low = raw.minCoeff();
  const double high = raw.maxCoeff();
  return settings.amplitude * ((raw - low) / (high - low) + 0.05);
}

MatrixXd legendre(const ArrayXd& t, Index degree) {
  MatrixXd basis(t.size(), degree + 1);
  const ArrayXd s = 2 * t - 1;
  basis.col(0).setOnes();
  if (degree > 0) {
    basis.col(1) = s;
  }
  for (Index k = 2; k <= degree; ++k) {
    const auto d = static_cast<double>(k);
    basis.col(k) =
        ((2 * d - 1) * s * basis.col(k - 1).array() - (d - 1) * basis.col(k - 2).array()) / d;
  }
  return basis;
}

MatrixXd background_class(const ArrayXd& t, const ArrayXd& truth, double noise) {
  for (Index degree = 1;; ++degree) {
    MatrixXd basis = legendre(t, degree);
    const VectorXd fit = basis * basis.householderQr().solve(truth.matrix());
    const double left = std::sqrt((truth - fit.array()).square().mean());
    if (left < noise / 3 || degree == 40) {
      return basis;
    }
  }
}

// Trapezoid weights of a window, zero outside.
ArrayXd window_weights(const ArrayXd& x, double from, double to) {
  ArrayXd weights = ArrayXd::Zero(x.size());
  for (Index i = 0; i + 1 < x.size(); ++i) {
    if (x[i] >= from && x[i + 1] <= to) {
      weights[i] += 0.5 * (x[i + 1] - x[i]);
      weights[i + 1] += 0.5 * (x[i + 1] - x[i]);
    }
  }
  return weights;
}

ArrayXd as_array(const std::vector<double>& values) {
  return Eigen::Map<const ArrayXd>(values.data(), static_cast<Index>(values.size()));
}

std::vector<double> as_vector(const ArrayXd& values) {
  return {values.data(), values.data() + values.size()};
}

class Maker {
 public:
  explicit Maker(const BaselineTruthSettings& settings)
      : settings_(settings), random_(settings.seed) {
    const Index points = settings.is_raman ? 1000 : 1776;
    x_ = settings.is_raman ? ArrayXd::LinSpaced(points, 400, 1800)
                           : ArrayXd::LinSpaced(points, 450, 4000);
    t_ = (x_ - x_[0]) / (x_[points - 1] - x_[0]);
  }

  BaselineTruth make() {
    draw_lines();
    ArrayXd bands = ArrayXd::Zero(x_.size());
    for (const auto& line : lines_) {
      bands += line.height * shape_of(x_, line).value;
    }
    BaselineTruth out;
    out.tallest = bands.maxCoeff();
    noise_ = out.tallest / settings_.snr;
    const ArrayXd smooth = smooth_background(settings_, t_, random_);
    const double phase = 2 * std::numbers::pi * random_.uniform();
    const double turn = settings_.ripple > 0 ? 2 * std::numbers::pi / settings_.ripple_period : 0.0;
    const ArrayXd background = smooth * (1 + settings_.ripple * (turn * x_ + phase).sin());
    ArrayXd y = bands + background;
    for (double& value : y) {
      value += noise_ * random_.normal();
    }
    out.x = as_vector(x_);
    out.y = as_vector(y);
    out.background = as_vector(background);
    out.bands = as_vector(bands);
    out.carbonate = settings_.is_raman ? WindowArea{1055, 1095} : WindowArea{1380, 1490};
    out.phosphate = settings_.is_raman ? WindowArea{925, 990} : WindowArea{900, 1200};
    fill_bounds(smooth, turn, out);
    return out;
  }

 private:
  void draw_lines() {
    const auto nominal = settings_.is_raman ? std::span<const BaselineTruthLine>(raman_lines)
                                            : std::span<const BaselineTruthLine>(ftir_lines);
    for (BaselineTruthLine line : nominal) {
      line.center += 3 * settings_.jitter * random_.normal() + settings_.shift_cm1;
      line.fwhm *= std::exp(0.15 * settings_.jitter * random_.normal());
      line.height *= std::exp(0.4 * settings_.jitter * random_.normal());
      lines_.push_back(line);
    }
  }

  void fill_bounds(const ArrayXd& smooth, double turn, BaselineTruth& out) {
    MatrixXd basis = background_class(t_, smooth, noise_);
    if (turn > 0) {
      const Index columns = basis.cols();
      basis.conservativeResize(Eigen::NoChange, columns + 2);
      basis.col(columns) = smooth * (turn * x_).sin();
      basis.col(columns + 1) = smooth * (turn * x_).cos();
    }
    const auto count = static_cast<Index>(lines_.size());
    MatrixXd columns(x_.size(), 3 * count + basis.cols());
    VectorXd prior = VectorXd::Zero(columns.cols());
    for (Index b = 0; b < count; ++b) {
      const BaselineTruthLine& line = lines_[static_cast<std::size_t>(b)];
      const Shape shape = shape_of(x_, line);
      columns.col(3 * b) = shape.value;
      columns.col(3 * b + 1) = line.height * shape.by_center;
      columns.col(3 * b + 2) = line.height * shape.by_log_width;
      prior[3 * b + 1] = std::pow(3 * settings_.jitter, -2);
      prior[3 * b + 2] = std::pow(0.15 * settings_.jitter, -2);
    }
    columns.rightCols(basis.cols()) = basis;
    MatrixXd information = columns.transpose() * columns / (noise_ * noise_);
    information.diagonal() += prior;
    const Eigen::LDLT<MatrixXd> factor(information);
    for (WindowArea* window : {&out.carbonate, &out.phosphate}) {
      const ArrayXd weights = window_weights(x_, window->from_cm1, window->to_cm1);
      VectorXd gradient = columns.transpose() * weights.matrix();
      gradient.tail(basis.cols()).setZero();
      window->area = (weights * as_array(out.bands)).sum();
      window->bound = std::sqrt(gradient.dot(factor.solve(gradient)));
    }
  }

  const BaselineTruthSettings& settings_;
  Random random_;
  ArrayXd x_;
  ArrayXd t_;
  double noise_ = 0;
  std::vector<BaselineTruthLine> lines_;
};

}  // namespace

BaselineTruth make_baseline_truth(const BaselineTruthSettings& settings) {
  return Maker(settings).make();
}

double window_integral(const std::vector<double>& x,
                       const std::vector<double>& values,
                       double from_cm1,
                       double to_cm1) {
  return (window_weights(as_array(x), from_cm1, to_cm1) * as_array(values)).sum();
}

}  // namespace calcispec::test
