#include "core/resample.hpp"

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/parameter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

// For each point out: the first point in, and the weights of it and its successors.
struct Weights {
  std::size_t taps = 0;
  std::vector<Index> first;
  std::vector<double> values;  // taps per point out

  void apply(std::span<const double> y, std::span<double> out) const {
    for (std::size_t j = 0; j < out.size(); ++j) {
      const double* const own = values.data() + j * taps;
      const double* const from = y.data() + first[j];
      double sum = 0;
      for (std::size_t k = 0; k < taps; ++k) {
        sum += own[k] * from[k];
      }
      out[j] = sum;
    }
  }
};

// The interval of `x` that holds `at`.
std::size_t resample_interval_of(std::span<const double> x, double at) {
  const auto above = std::upper_bound(x.begin(), x.end(), at) - x.begin();
  return static_cast<std::size_t>(
      std::clamp<Index>(above - 1, 0, static_cast<Index>(x.size()) - 2));
}

Weights linear_weights(std::span<const double> x, std::span<const double> at) {
  Weights weights;
  weights.taps = 2;
  for (const double target : at) {
    const auto i = resample_interval_of(x, target);
    const double part = std::clamp((target - x[i]) / (x[i + 1] - x[i]), 0.0, 1.0);
    weights.first.push_back(static_cast<Index>(i));
    weights.values.push_back(1 - part);
    weights.values.push_back(part);
  }
  return weights;
}

// Modified Bessel function I0 by its series.
double bessel_i0(double x) {
  double term = 1;
  double sum = 1;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

// Points made up on either side of the row.
struct SincPlan {
  Weights weights;
  std::size_t margin = 0;
};

SincPlan sinc_plan(const Axis& from, std::span<const double> at) {
  constexpr double lobes = 32;
  constexpr double beta = 9;
  const double step = from.mean_step();
  const double step_out =
      at.size() > 1 ? (at.back() - at.front()) / static_cast<double>(at.size() - 1) : step;
  const double narrowing = std::min(1.0, step / step_out);  // of the pass band
  const double most = static_cast<double>(from.size() - 1);
  const double half = std::min(lobes / narrowing, most);
  SincPlan plan;
  plan.margin = static_cast<std::size_t>(std::floor(half));
  plan.weights.taps = 2 * static_cast<std::size_t>(std::floor(half));
  for (const double target : at) {
    const double place = std::clamp((target - from.front()) / step, 0.0, most);
    const double before = std::floor(std::min(place, most - 1));
    const auto start = static_cast<Index>(before) - static_cast<Index>(plan.margin) + 1;
    plan.weights.first.push_back(start + static_cast<Index>(plan.margin));
    const std::size_t own = plan.weights.values.size();
    double sum = 0;
    for (std::size_t k = 0; k < plan.weights.taps; ++k) {
      const double distance = static_cast<double>(start + static_cast<Index>(k)) - place;
      const double angle = std::numbers::pi * narrowing * distance;
      const double edge = 1 - distance * distance / (half * half);
      const double window = edge > 0 ? bessel_i0(beta * std::sqrt(edge)) : 0;
      plan.weights.values.push_back(window *
                                    (std::abs(angle) < 1e-9 ? 1 : std::sin(angle) / angle));
      sum += plan.weights.values.back();
    }
    for (std::size_t k = own; k < plan.weights.values.size(); ++k) {
      plan.weights.values[k] /= sum;
    }
  }
  return plan;
}

// The row turned by half a turn about its first and its last point.
void turn_about_ends(std::span<const double> y, std::size_t margin, std::vector<double>& out) {
  const std::size_t n = y.size();
  out.resize(n + 2 * margin);
  std::copy(y.begin(), y.end(), out.begin() + static_cast<Index>(margin));
  for (std::size_t k = 1; k <= margin; ++k) {
    out[margin - k] = 2 * y[0] - y[k];
    out[margin + n - 1 + k] = 2 * y[n - 1] - y[n - 1 - k];
  }
}

// Slopes of the not-a-knot spline at its points; three points: the parabola, two: the line.
void spline_slopes(std::span<const double> x, std::span<const double> y, std::span<double> slopes) {
  const std::size_t n = x.size();
  const auto gap = [&](std::size_t i) { return x[i + 1] - x[i]; };
  const auto rise = [&](std::size_t i) { return (y[i + 1] - y[i]) / gap(i); };
  if (n == 2) {
    slopes[0] = slopes[1] = rise(0);
    return;
  }
  if (n == 3) {
    const double curve = (rise(1) - rise(0)) / (x[2] - x[0]);
    slopes[0] = rise(0) - curve * gap(0);
    slopes[1] = rise(0) + curve * gap(0);
    slopes[2] = rise(1) + curve * gap(1);
    return;
  }
  std::vector<double> upper(n);  // after elimination, diagonal 1
  const double span0 = gap(0) + gap(1);
  upper[0] = span0 / gap(1);
  slopes[0] =
      ((gap(0) + 2 * span0) * gap(1) * rise(0) + gap(0) * gap(0) * rise(1)) / span0 / gap(1);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double left = gap(i);
    const double pivot = 2 * (gap(i - 1) + gap(i)) - left * upper[i - 1];
    upper[i] = gap(i - 1) / pivot;
    slopes[i] = (3 * (gap(i) * rise(i - 1) + gap(i - 1) * rise(i)) - left * slopes[i - 1]) / pivot;
  }
  const double a = gap(n - 2);
  const double b = gap(n - 3);
  const double last = a + b;
  const double right = (a * a * rise(n - 3) + (2 * last + a) * b * rise(n - 2)) / last;
  slopes[n - 1] = (right - last * slopes[n - 2]) / (b - last * upper[n - 2]);
  for (std::size_t i = n - 1; i-- > 0;) {
    slopes[i] -= upper[i] * slopes[i + 1];
  }
}

class SplineRows {
 public:
  SplineRows(std::span<const double> x, std::span<const double> at) : x_(x), at_(at) {
    for (const double target : at) {
      interval_.push_back(resample_interval_of(x, target));
    }
  }

  void apply(std::span<const double> y, std::span<double> out) const {
    std::vector<double> slopes(x_.size());
    spline_slopes(x_, y, slopes);
    for (std::size_t j = 0; j < out.size(); ++j) {
      const auto i = interval_[j];
      const double h = x_[i + 1] - x_[i];
      const double t = (at_[j] - x_[i]) / h;
      const double u = 1 - t;
      out[j] = u * u * ((1 + 2 * t) * y[i] + t * h * slopes[i]) +
               t * t * ((1 + 2 * u) * y[i + 1] - u * h * slopes[i + 1]);
    }
  }

 private:
  std::span<const double> x_;
  std::span<const double> at_;
  std::vector<std::size_t> interval_;
};

// Rows in blocks: one work item each would cost more than it does.
template <typename Apply>
void for_rows(const SpectraMatrix& from, SpectraMatrix& to, Index jobs, const Apply& apply) {
  constexpr Index block = 32;
  parallel_for((from.rows() + block - 1) / block, jobs, [&](Index item) {
    for (Index r = item * block; r < std::min(from.rows(), (item + 1) * block); ++r) {
      const auto y = from.row(r);
      const auto out = to.row(r);
      if (std::all_of(y.begin(), y.end(), [](double v) { return std::isfinite(v); })) {
        apply(y, out);
      } else {
        std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
      }
    }
  });
}

}  // namespace

AxisPtr even_axis(const Axis& like, const EvenAxis& wanted) {
  const double from = std::isnan(wanted.from) ? like.front() : wanted.from;
  const double to = std::isnan(wanted.to) ? like.back() : wanted.to;
  const auto refuse = [](const std::string& text) { throw Error(ErrorCode::bad_method, text); };
  if (from < like.front() || to > like.back() || from >= to) {
    refuse("resample asks for " + number_text(from) + " to " + number_text(to) +
           "; the axis runs from " + number_text(like.front()) + " to " + number_text(like.back()) +
           ", and nothing is made up beyond it");
  }
  if (!std::isnan(wanted.step) && wanted.points > 0) {
    refuse("resample takes a step or a number of points, not both");
  }
  double step = wanted.step;
  double count = static_cast<double>(wanted.points);
  if (std::isnan(step)) {
    if (wanted.points == 0) {
      count = 1 + std::round((to - from) / like.mean_step());
    }
    step = (to - from) / (count - 1);
  } else {
    count = 1 + std::floor((to - from) / step * (1 + 1e-12));
  }
  if (!(count >= 2 && count <= 1e7)) {
    refuse("resample would give " + number_text(count) + " points; 2 to 10 million can be had");
  }
  std::vector<double> x;
  const auto points = static_cast<std::size_t>(count);
  x.reserve(points);
  for (std::size_t i = 0; i < points; ++i) {
    x.push_back(std::min(from + static_cast<double>(i) * step, to));
  }
  if (like.was_descending()) {
    std::reverse(x.begin(), x.end());
  }
  return Axis::make(std::move(x), like.kind(), like.unit());
}

SpectraMatrix resample(const SpectraMatrix& spectra,
                       const AxisPtr& axis,
                       Interpolation interpolation,
                       Index jobs) {
  require(spectra.axis != nullptr && axis != nullptr, "resampling needs both axes");
  require(spectra.points() >= 2, "resampling needs two points or more");
  require(axis->front() >= spectra.axis->front() && axis->back() <= spectra.axis->back(),
          "the new axis must lie within the old one");
  auto out = SpectraMatrix::make(axis, spectra.rows());
  const auto x = spectra.axis->values();
  const auto at = axis->values();
  if (interpolation == Interpolation::cubic) {
    const SplineRows rows(x, at);
    for_rows(spectra, out, jobs, [&](auto y, auto to) { rows.apply(y, to); });
  } else if (interpolation == Interpolation::linear) {
    const auto weights = linear_weights(x, at);
    for_rows(spectra, out, jobs, [&](auto y, auto to) { weights.apply(y, to); });
  } else {
    if (!spectra.axis->is_uniform()) {
      throw Error(ErrorCode::bad_method,
                  "band-limited resampling needs even steps, and the axis has uneven ones; take "
                  "kind=cubic");
    }
    const auto plan = sinc_plan(*spectra.axis, at);
    for_rows(spectra, out, jobs, [&](auto y, auto to) {
      thread_local std::vector<double> extended;
      turn_about_ends(y, plan.margin, extended);
      plan.weights.apply(extended, to);
    });
  }
  return out;
}

}  // namespace calcispec
