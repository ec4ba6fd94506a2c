#include "models/measured_mixture.hpp"

#include "core/decomposition.hpp"
#include "core/nnls.hpp"
#include "core/noise.hpp"
#include "core/order_statistic.hpp"
#include "core/peak_finding.hpp"
#include "models/composition_private.hpp"
#include "models/slopes_private.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace calcispec::models {
namespace {

using detail::background_of;
using detail::slopes_of;

constexpr double huber_limit = 1.5;
constexpr int reweightings = 4;
constexpr double widest_shift_cm1 = 5;   // sought; beyond axis_limit_cm1 nothing is reported
constexpr double relative_misfit = 0.1;  // of a reference's bands, grain and orientation
constexpr double unexplained_sigma = 5;

/// Cubic through the four nearest points; the ends are held.
double value_at(std::span<const double> x, std::span<const double> y, double at) {
  const auto n = static_cast<std::ptrdiff_t>(x.size());
  const auto right = std::lower_bound(x.begin(), x.end(), at) - x.begin();
  const auto first = std::clamp<std::ptrdiff_t>(right - 2, 0, std::max<std::ptrdiff_t>(0, n - 4));
  const auto last = std::min(n, first + 4);
  if (at <= x.front() || at >= x.back()) {
    return at <= x.front() ? y.front() : y.back();
  }
  double sum = 0;
  for (auto i = first; i < last; ++i) {
    double term = y[static_cast<std::size_t>(i)];
    for (auto j = first; j < last; ++j) {
      if (j != i) {
        term *= (at - x[static_cast<std::size_t>(j)]) /
                (x[static_cast<std::size_t>(i)] - x[static_cast<std::size_t>(j)]);
      }
    }
    sum += term;
  }
  return sum;
}

class MeasuredEstimator {
 public:
  MeasuredEstimator(const CompositionInput& input,
                    const MeasuredLibrary& library,
                    const CompositionOptions& options)
      : input_(input) {
    choose_references(library);
    choose_points(options);
  }

  MeasuredFit run() {
    if (!out_.reason.empty()) {
      return std::move(out_);
    }
    own_slopes_ = slopes_of(axis_, y_, window_);
    find_shift();
    if (std::abs(out_.axis.shift_cm1) > detail::axis_limit_cm1) {
      out_.reason = "the axis is off by about " +
                    std::to_string(static_cast<int>(std::lround(out_.axis.shift_cm1))) +
                    " 1/cm against the references, more than the 3 1/cm that are allowed; "
                    "calibrate the axis";
      return std::move(out_);
    }
    solve_robust();
    fill_covariance();
    fill_curves();
    find_unexplained();
    return std::move(out_);
  }

 private:
  void choose_references(const MeasuredLibrary& library) {
    for (const auto& reference : library.references) {
      const bool is_same_mode =
          input_.technique == Technique::raman || reference.mode == input_.mode;
      if (reference.technique == input_.technique && is_same_mode) {
        references_.push_back(&reference);
        out_.ids.push_back(reference.id);
      }
    }
    if (references_.empty()) {
      out_.reason = "the library holds no reference of this technique and sampling mode";
    }
  }

  void choose_points(const CompositionOptions& options) {
    double from = options.range_cm1 ? options.range_cm1->first : input_.axis.front();
    double to = options.range_cm1 ? options.range_cm1->second : input_.axis.back();
    for (const auto* reference : references_) {
      from = std::max(from, reference->axis->front());
      to = std::min(to, reference->axis->back());
    }
    const auto values = input_.axis.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= from && values[i] <= to && std::isfinite(input_.y[i])) {
        out_.curves.first_point = x_.empty() ? static_cast<Index>(i) : out_.curves.first_point;
        x_.push_back(values[i]);
        y_.push_back(input_.y[i]);
      }
    }
    if (out_.reason.empty() && !input_.axis.is_in_cm1()) {
      out_.reason = "the axis is not in 1/cm";
    }
    if (out_.reason.empty() && x_.size() < 32) {
      out_.reason = "spectrum and references share fewer than 32 points";
    }
    if (!out_.reason.empty()) {
      return;
    }
    const auto [low, high] = std::minmax_element(y_.begin(), y_.end());
    if (!(*high - *low > 1e-9 * std::max(std::abs(*low), std::abs(*high)))) {
      out_.reason = "the spectrum is constant";
      return;
    }
    out_.from_cm1 = x_.front();
    out_.to_cm1 = x_.back();
    axis_ = Axis::make(x_, input_.axis.kind(), input_.axis.unit());
    window_ = detail::slope_window(*axis_);
    out_.noise_sigma = independent_noise(y_);
  }

  [[nodiscard]] std::vector<double> shifted(const MeasuredReference& reference,
                                            double shift) const {
    std::vector<double> out(x_.size());
    for (std::size_t i = 0; i < x_.size(); ++i) {
      out[i] = value_at(reference.axis->values(), reference.y, x_[i] - shift);
    }
    return out;
  }

  void place_columns(double shift) {
    columns_.points = static_cast<Index>(x_.size());
    columns_.values.clear();
    for (const auto* reference : references_) {
      const auto slopes = slopes_of(axis_, shifted(*reference, shift), window_);
      columns_.values.insert(columns_.values.end(), slopes.begin(), slopes.end());
    }
  }

  // Amounts with these weights (roots of them), and what is left of the slopes.
  void solve(const std::vector<double>& root_weights) {
    Columns weighted = columns_;
    for (Index c = 0; c < weighted.count(); ++c) {
      auto column = weighted.column(c);
      for (std::size_t i = 0; i < x_.size(); ++i) {
        column[i] *= root_weights[i];
      }
    }
    auto spectra = SpectraMatrix::make(axis_, 1);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      spectra.values[i] = own_slopes_[i] * root_weights[i];
    }
    const auto result = solve_nnls(weighted, spectra, 1);
    out_.amounts.assign(result.row(0).begin(), result.row(0).end());
    left_ = own_slopes_;
    for (Index c = 0; c < columns_.count(); ++c) {
      const auto column = columns_.column(c);
      for (std::size_t i = 0; i < left_.size(); ++i) {
        left_[i] -= out_.amounts[static_cast<std::size_t>(c)] * column[i];
      }
    }
  }

  double misfit_at(double shift) {
    place_columns(shift);
    solve(std::vector<double>(x_.size(), 1.0));
    return std::inner_product(left_.begin(), left_.end(), left_.begin(), 0.0);
  }

  // Least -2 log posterior: independent points are as many as slope windows.
  void find_shift() {
    const double independent = static_cast<double>(x_.size()) / static_cast<double>(window_);
    const auto cost = [&](double shift) {
      return independent * std::log(std::max(misfit_at(shift), 1e-300)) + shift * shift;
    };
    constexpr double grid = 0.5;
    double best = 0;
    double least = cost(0);
    const auto steps = static_cast<int>(widest_shift_cm1 / grid);
    for (int k = -steps; k <= steps; ++k) {
      const double shift = grid * k;
      const double own = cost(shift);
      if (own < least) {
        least = own;
        best = shift;
      }
    }
    // The lowest point of a parabola through the neighbours.
    const double left = cost(best - grid);
    const double right = cost(best + grid);
    const double curvature = (left - 2 * least + right) / (grid * grid);
    if (curvature > 0) {
      best += std::clamp(0.5 * (left - right) / (grid * curvature), -grid, grid);
      out_.axis.u = std::sqrt(2 / curvature);
      out_.axis.checked = true;
    }
    out_.axis.shift_cm1 = std::abs(best) < out_.axis.u ? 0 : best;  // no smoothing for nothing
    place_columns(out_.axis.shift_cm1);
  }

  void solve_robust() {
    std::vector<double> root_weights(x_.size(), 1.0);
    solve(root_weights);
    for (int round = 0; round < reweightings; ++round) {
      std::vector<double> size(left_.size());
      std::transform(
          left_.begin(), left_.end(), size.begin(), [](double v) { return std::abs(v); });
      auto moved = size;
      scale_ = 1.4826 * upper_median(moved);
      for (std::size_t i = 0; i < size.size(); ++i) {
        const double limit = huber_limit * scale_;
        root_weights[i] = size[i] <= limit || size[i] == 0 ? 1 : std::sqrt(limit / size[i]);
      }
      solve(root_weights);
    }
    root_weights_ = root_weights;
  }

  void fill_covariance() {
    const auto count = static_cast<Index>(out_.amounts.size());
    std::vector<Index> used;
    for (Index i = 0; i < count; ++i) {
      if (out_.amounts[static_cast<std::size_t>(i)] > 0) {
        used.push_back(i);
      }
    }
    const auto size = static_cast<Index>(used.size());
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(size, size);
    double square = 0;
    for (std::size_t p = 0; p < x_.size(); ++p) {
      const double weight = root_weights_[p] * root_weights_[p];
      square += weight * left_[p] * left_[p];
      for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j <= i; ++j) {
          normal(i, j) += weight * columns_.column(used[static_cast<std::size_t>(i)])[p] *
                          columns_.column(used[static_cast<std::size_t>(j)])[p];
        }
      }
    }
    normal = normal.selfadjointView<Eigen::Lower>();
    out_.covariance.assign(static_cast<std::size_t>(count * count), 0.0);
    if (size == 0) {
      return;
    }
    const Eigen::VectorXd root = normal.diagonal().cwiseSqrt().cwiseInverse();
    const auto eigen = symmetric_eigen(root.asDiagonal() * normal * root.asDiagonal());
    out_.condition_number = eigen.values.maxCoeff() / std::max(eigen.values.minCoeff(), 1e-300);
    // What is left is alike over a slope window, so that fewer points count.
    const auto points = static_cast<double>(x_.size());
    const double independent = points / static_cast<double>(window_);
    const double freedom = std::max(1.0, independent - static_cast<double>(size));
    const double variance = square / freedom;
    const Eigen::MatrixXd inverse = solve_symmetric(normal, Eigen::MatrixXd::Identity(size, size));
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) {
        out_.covariance[static_cast<std::size_t>(used[static_cast<std::size_t>(i)] * count +
                                                 used[static_cast<std::size_t>(j)])] =
            variance * inverse(i, j);
      }
    }
  }

  void fill_curves() {
    std::vector<double> rest = y_;
    bands_.assign(x_.size(), 0.0);
    for (std::size_t r = 0; r < references_.size(); ++r) {
      auto curve = shifted(*references_[r], out_.axis.shift_cm1);
      const auto below = background_of(axis_, curve, 0.001);
      double area = 0;
      for (std::size_t i = 0; i < curve.size(); ++i) {
        const double amount = out_.amounts[r];
        rest[i] -= amount * curve[i];
        curve[i] -= below[i];
        area += curve[i] * axis_->mean_step();
        curve[i] *= amount;
        bands_[i] += std::abs(curve[i]);
      }
      out_.areas.push_back(std::max(0.0, area));
      out_.curves.phases.emplace_back(references_[r]->id, std::move(curve));
    }
    const auto smooth = background_of(axis_, rest, 0.5);
    out_.curves.background = y_;
    out_.curves.fit = y_;
    rest_.resize(rest.size());
    for (std::size_t i = 0; i < rest.size(); ++i) {
      rest_[i] = rest[i] - smooth[i];
      out_.curves.fit[i] = y_[i] - rest_[i];
      out_.curves.background[i] = out_.curves.fit[i];
      for (const auto& [id, curve] : out_.curves.phases) {
        out_.curves.background[i] -= curve[i];
      }
    }
  }

  void find_unexplained() {
    std::vector<double> sigma(x_.size());
    for (std::size_t i = 0; i < sigma.size(); ++i) {
      sigma[i] = std::hypot(out_.noise_sigma, relative_misfit * bands_[i]);
    }
    if (!(out_.noise_sigma > 0)) {
      return;
    }
    for (const auto& peak : find_peaks(x_, rest_, sigma).peaks) {
      const auto at = static_cast<std::size_t>(
          std::clamp<Index>(axis_->lower_bound(peak.position), 0, axis_->size() - 1));
      const double height_sigma = peak.height / std::hypot(peak.height_error, sigma[at]);
      if (height_sigma > unexplained_sigma) {
        out_.unexplained.push_back({peak.position, height_sigma});
      }
    }
  }

  const CompositionInput& input_;
  MeasuredFit out_;
  std::vector<const MeasuredReference*> references_;
  std::vector<double> x_;
  std::vector<double> y_;
  AxisPtr axis_;
  Index window_ = 5;
  std::vector<double> own_slopes_;
  Columns columns_;
  std::vector<double> left_;
  std::vector<double> root_weights_;
  double scale_ = 0;
  std::vector<double> bands_;  // sum of the fitted references above their backgrounds
  std::vector<double> rest_;   // of the spectrum, background taken off
};

}  // namespace

MeasuredFit fit_measured(const CompositionInput& input,
                         const MeasuredLibrary& library,
                         const CompositionOptions& options) {
  return MeasuredEstimator(input, library, options).run();
}

}  // namespace calcispec::models
