// Intervals by profile likelihood: chi-square along one value, made least over all others.
#include "core/fit/asymmetry_private.hpp"
#include "core/fit/fit_private.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec::band_fit {
namespace {

constexpr double end_tolerance = 1e-3;  // of the root of chi-square at an end
constexpr double side_minimum = 1e-3;   // of the growth: so much lower is another minimum
constexpr double tight_pull = 10;       // the measure follows its target to 1 % of the interval
constexpr int most_trials = 40;
constexpr int most_expansions = 14;  // each three times as far: 1e6 standard errors

// What is varied: a free parameter, a measure of a band, or its share of the area.
struct Varied {
  Index free = -1;
  Index share_of = -1;  // the band whose share is pulled
  Pull pull = {};
  double value = 0;
  double step = 0;  // about a standard error
};

double height_of(const kernels::ShapeRow& row, const double* parameters) {
  return row.measure(parameters).height;
}
double fwhm_of(const kernels::ShapeRow& row, const double* parameters) {
  return row.measure(parameters).fwhm;
}
double area_of(const kernels::ShapeRow& row, const double* parameters) {
  return row.measure(parameters).area;
}
double asymmetry_at(const kernels::ShapeRow& row, const double* parameters) {
  const auto at = static_cast<std::size_t>(&row - kernels::shape_table().data());
  return asymmetry_of(band_shapes()[at], {parameters, row.info.parameters.size()});
}

struct Trial {
  bool is_usable = false;
  double target = 0;  // a measure lags a little behind it
  double value = 0;
  double root = 0;  // of chi-square above the minimum
  std::vector<double> theta;
};

class Profile {
 public:
  Profile(const Data& data,
          Compiled& compiled,
          double growth,
          std::span<const BandExtras> extras,
          FitResult& result)
      : compiled_(compiled), goal_(std::sqrt(growth)), extras_(extras), result_(result) {
    options_.tolerance = 1e-10;
    minimizer_.prepare(data, compiled);
  }

  void run() {
    if (!find_minimum()) {
      return;
    }
    std::vector<FitInterval> of_free;
    for (std::size_t i = 0; i < compiled_.free.size(); ++i) {
      of_free.push_back(interval_of(parameter_of(static_cast<Index>(i))));
    }
    for (std::size_t b = 0; b < compiled_.bands.size(); ++b) {
      fill_band(b, of_free);
    }
    for (Index k = 0; k < compiled_.background_columns; ++k) {
      const auto at = static_cast<std::size_t>(k);
      result_.background[at].interval = of_free[static_cast<std::size_t>(compiled_.amounts) + at];
    }
  }

 private:
  bool find_minimum() {
    state_.theta.clear();
    for (const FreeParameter& free : compiled_.free) {
      const auto at = static_cast<std::size_t>(free.parameter);
      state_.theta.push_back(
          free.band < 0 ? result_.background[at].value
                        : result_.bands[static_cast<std::size_t>(free.band)].parameters[at].value);
    }
    const bool is_found = minimizer_.run(state_, options_).status != FitStatus::failed;
    best_ = state_.theta;
    least_ = state_.chi_square;
    for (std::size_t i = 0; i < best_.size(); ++i) {
      const double curvature = is_found ? state_.normal.row(static_cast<Index>(i))[i] : 0;
      alone_.push_back(curvature > 0 ? 0.5 * goal_ / std::sqrt(curvature) : 1e-3);
    }
    return is_found;
  }

  [[nodiscard]] const FittedValue& fitted(Index free) const {
    const auto& owner = compiled_.free[static_cast<std::size_t>(free)];
    const auto at = static_cast<std::size_t>(owner.parameter);
    return owner.band < 0 ? result_.background[at]
                          : result_.bands[static_cast<std::size_t>(owner.band)].parameters[at];
  }

  // The standard error; where there is none, that of the parameter alone.
  [[nodiscard]] Varied parameter_of(Index free) const {
    Varied out;
    out.free = free;
    out.value = best_[static_cast<std::size_t>(free)];
    const double error = fitted(free).standard_error;
    const bool has_error = std::isfinite(error) && error > 0;
    out.step = has_error ? error : alone_[static_cast<std::size_t>(free)];
    return out;
  }

  [[nodiscard]] double step_of_measure(std::size_t b,
                                       BandMeasure measure,
                                       const FittedValue& value) const {
    if (std::isfinite(value.standard_error) && value.standard_error > 0) {
      return value.standard_error;
    }
    const CompiledBand& band = compiled_.bands[b];
    const Link& amount = compiled_.links[static_cast<std::size_t>(band.first)];
    double step = 0.05 * std::abs(value.value);
    if (measure != fwhm_of && amount.free >= 0) {
      std::array<double, kernels::most_shape_parameters> p{};
      for (Index j = 0; j < band.count; ++j) {
        p[static_cast<std::size_t>(j)] = compiled_.value(band.first + j, best_);
      }
      step = std::max(step,
                      measure(*band.row, p.data()) * alone_[static_cast<std::size_t>(amount.free)]);
    }
    return step;
  }

  void fill_band(std::size_t b, const std::vector<FitInterval>& of_free) {
    const CompiledBand& band = compiled_.bands[b];
    FittedBand& out = result_.bands[b];
    for (Index j = 0; j < band.count; ++j) {
      const Link& link = compiled_.links[static_cast<std::size_t>(band.first + j)];
      auto& interval = out.parameters[static_cast<std::size_t>(j)].interval;
      interval = {};
      interval.note = IntervalNote::fixed;
      if (link.free >= 0 && link.ratio != 0) {
        const auto& own = of_free[static_cast<std::size_t>(link.free)];
        const double one = link.ratio * own.low + link.offset;
        const double other = link.ratio * own.high + link.offset;
        interval = {std::min(one, other), std::max(one, other), own.note};
      }
    }
    const auto& shape = band.row->info;
    fill_measure(b, height_of, shape.parameter_index("height"), out.height);
    fill_measure(b, fwhm_of, shape.parameter_index("fwhm"), out.fwhm);
    fill_measure(b, area_of, shape.parameter_index("area"), out.area);
    out.area_share = interval_of_share(b);
    out.asymmetry = interval_of_asymmetry(b);
  }

  static FitInterval no_interval(IntervalNote note) {
    FitInterval out;
    out.note = note;
    return out;
  }

  // Where a pull of a band's share `s` is at rest: (1 - s) area = s (areas of the others).
  [[nodiscard]] Pull pull_of_share(const Varied& varied, double share) const {
    Pull pull = varied.pull;
    pull.part.assign(compiled_.bands.size(), -share);
    pull.part[static_cast<std::size_t>(varied.share_of)] += 1;
    return pull;
  }

  [[nodiscard]] double area_at(std::size_t b, const std::vector<double>& theta) const {
    const CompiledBand& band = compiled_.bands[b];
    std::array<double, kernels::most_shape_parameters> p{};
    for (Index j = 0; j < band.count; ++j) {
      p[static_cast<std::size_t>(j)] = compiled_.value(band.first + j, theta);
    }
    return p[0] * area_of(*band.row, p.data());
  }

  [[nodiscard]] double total_area(const std::vector<double>& theta) const {
    double sum = 0;
    for (std::size_t b = 0; b < compiled_.bands.size(); ++b) {
      sum += area_at(b, theta);
    }
    return sum;
  }

  FitInterval interval_of_share(std::size_t b) {
    const FittedValue& share = extras_[b].area_share;
    const double total = total_area(best_);
    // Beside an amount at its bound a share moves, though not to first order.
    const bool is_held =
        share.reason == NoErrorReason::fixed &&
        (extras_.size() == 1 || std::none_of(result_.bands.begin(),
                                             result_.bands.end(),
                                             [](const auto& own) { return own.area.is_at_bound; }));
    if (is_held || !std::isfinite(share.value) || !(total > 0)) {
      return no_interval(IntervalNote::fixed);
    }
    Varied varied;
    varied.share_of = static_cast<Index>(b);
    varied.value = area_at(b, best_) / total;
    varied.step = share.standard_error > 0 ? share.standard_error : 0.01;
    varied.pull.measure = area_of;
    varied.pull.weight = tight_pull * goal_ / (varied.step * total);
    return interval_of(varied);
  }

  FitInterval interval_of_asymmetry(std::size_t b) {
    const FittedValue& asymmetry = extras_[b].asymmetry;
    if (asymmetry.reason == NoErrorReason::fixed || !std::isfinite(asymmetry.value)) {
      return no_interval(IntervalNote::fixed);
    }
    Varied varied;
    varied.value = asymmetry.value;
    varied.step = asymmetry.standard_error > 0 ? asymmetry.standard_error : 0.05;
    varied.pull = pull_of(b, asymmetry_at, false, varied.step);
    return interval_of(varied);
  }

  [[nodiscard]] Pull pull_of(std::size_t b,
                             BandMeasure measure,
                             bool has_amount,
                             double step) const {
    Pull pull;
    pull.part.assign(compiled_.bands.size(), 0.0);
    pull.part[b] = 1;
    pull.measure = measure;
    pull.has_amount = has_amount;
    pull.weight = tight_pull * goal_ / step;
    return pull;
  }

  void fill_measure(std::size_t b, BandMeasure measure, Index parameter, FittedValue& out) {
    const FittedBand& band = result_.bands[b];
    if (parameter >= 0) {
      const auto& own = band.parameters[static_cast<std::size_t>(parameter)];
      if (std::abs(own.value - out.value) <= 1e-9 * std::abs(out.value)) {
        out.interval = own.interval;
        return;
      }
    }
    out.interval = {};
    if (out.reason == NoErrorReason::fixed) {
      out.interval.note = IntervalNote::fixed;
      return;
    }
    Varied varied;
    varied.value = out.value;
    varied.step = step_of_measure(b, measure, out);
    varied.pull = pull_of(b, measure, measure != fwhm_of, varied.step);
    out.interval = interval_of(varied);
  }

  Trial try_value(const Varied& varied, double value, const std::vector<double>& theta) {
    Trial out;
    out.target = value;
    state_.theta = theta;
    Pull pull = varied.share_of >= 0 ? pull_of_share(varied, value) : varied.pull;
    pull.target = varied.share_of >= 0 ? 0 : value;
    double lower = 0;
    double upper = 0;
    if (varied.free >= 0) {
      const auto at = static_cast<std::size_t>(varied.free);
      lower = std::exchange(compiled_.lower[at], value);
      upper = std::exchange(compiled_.upper[at], value);
      state_.theta[at] = value;
    }
    minimizer_.evaluation().set_pull(std::move(pull));
    out.is_usable = minimizer_.run(state_, options_).status != FitStatus::failed;
    minimizer_.evaluation().set_pull({});
    if (varied.free >= 0) {
      const auto at = static_cast<std::size_t>(varied.free);
      compiled_.lower[at] = lower;
      compiled_.upper[at] = upper;
    }
    out.value = value_of(varied, value);
    const double rise = state_.chi_square - (varied.free >= 0 ? 0 : state_.pull_square) - least_;
    lowest_ = std::min(lowest_, rise);
    out.root = std::sqrt(std::max(0.0, rise));
    out.theta = state_.theta;
    return out;
  }

  // Of what is varied, at the state just found.
  [[nodiscard]] double value_of(const Varied& varied, double target) const {
    if (varied.free >= 0) {
      return target;
    }
    return varied.share_of < 0 ? state_.pulled
                               : area_at(static_cast<std::size_t>(varied.share_of), state_.theta) /
                                     total_area(state_.theta);
  }

  FitInterval interval_of(const Varied& varied) {
    FitInterval out;
    out.note = IntervalNote::none;
    lowest_ = 0;
    out.low = end_of(varied, -1, out.note);
    out.high = end_of(varied, 1, out.note);
    if (lowest_ < -side_minimum * goal_ * goal_) {
      return {std::numeric_limits<double>::quiet_NaN(),
              std::numeric_limits<double>::quiet_NaN(),
              IntervalNote::side_minimum};
    }
    return out;
  }

  [[nodiscard]] double bound_of(const Varied& varied, double side) const {
    if (varied.share_of >= 0) {
      return varied.value >= 0 && varied.value <= 1 ? std::max(0.0, side) : side * infinity;
    }
    if (varied.free < 0) {
      return side * infinity;
    }
    const auto at = static_cast<std::size_t>(varied.free);
    return side > 0 ? compiled_.upper[at] : compiled_.lower[at];
  }

  // Where the root of the rise, nearly a straight line, reaches the goal.
  double end_of(const Varied& varied, double side, IntervalNote& note) {
    const double bound = bound_of(varied, side);
    Trial inner;
    inner.target = varied.value;
    inner.value = varied.value;
    inner.theta = best_;
    Trial outer;
    double distance = 2 * varied.step;
    int expansions = 0;
    for (int k = 0; k < most_trials; ++k) {
      double value = varied.value + side * distance;
      const bool is_at_bound = side > 0 ? value >= bound : value <= bound;
      value = is_at_bound ? bound : value;
      Trial trial = try_value(varied, value, inner.theta);
      if (!trial.is_usable) {
        note = IntervalNote::failed;
        return std::numeric_limits<double>::quiet_NaN();
      }
      if (std::abs(trial.root - goal_) <= end_tolerance * goal_) {
        return trial.value;
      }
      const double reached = side * (trial.value - varied.value);
      // A measure that lags behind its target cannot go further within the bounds.
      const bool is_stuck = varied.free < 0 && trial.root < goal_ &&
                            reached < distance - 0.5 * std::max(varied.step, 0.1 * distance);
      if (trial.root < goal_ && (is_at_bound || is_stuck)) {
        note = worse_of(note, IntervalNote::ends_at_bound);
        return trial.value;
      }
      (trial.root < goal_ ? inner : outer) = std::move(trial);
      if (!outer.is_usable && ++expansions > most_expansions) {
        note = worse_of(note, IntervalNote::open);
        return side * infinity;
      }
      distance = next_distance(varied, side, inner, outer);
      const double near = side * (inner.target - varied.value);
      if (outer.is_usable && side * (outer.target - varied.value) - near <= 1e-6 * varied.step) {
        return outer.value;  // a step of the profile
      }
    }
    return outer.is_usable ? outer.value : inner.value;
  }

  // Along the line through both, kept away from their ends; beyond the inner one while there is no
  // outer one.
  [[nodiscard]] double next_distance(const Varied& varied,
                                     double side,
                                     const Trial& inner,
                                     const Trial& outer) const {
    const double near = side * (inner.target - varied.value);
    if (!outer.is_usable) {
      const double straight = inner.root > 0 ? near * goal_ / inner.root : infinity;
      return std::clamp(1.02 * straight, 1.1 * near, 3 * near);
    }
    const double far = side * (outer.target - varied.value);
    const double part = (goal_ - inner.root) / (outer.root - inner.root);
    return near + std::clamp(part, 0.05, 0.95) * (far - near);
  }

  static IntervalNote worse_of(IntervalNote so_far, IntervalNote other) {
    const bool keeps = so_far == IntervalNote::failed || so_far == IntervalNote::open;
    return keeps ? so_far : other;
  }

  Compiled& compiled_;
  double goal_;
  std::span<const BandExtras> extras_;
  FitResult& result_;
  FitOptions options_;
  Minimizer minimizer_;
  State state_;
  std::vector<double> best_;
  std::vector<double> alone_;  // about the error of each if all others were known
  double least_ = 0;
  double lowest_ = 0;
};

}  // namespace

void profile_answer(const Data& data,
                    Compiled& compiled,
                    double growth,
                    std::span<const BandExtras> extras,
                    FitResult& result) {
  Profile(data, compiled, growth, extras, result).run();
}

}  // namespace calcispec::band_fit
