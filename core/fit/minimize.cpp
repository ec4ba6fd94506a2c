// Levenberg-Marquardt over positions, widths and shapes; amounts follow exactly.
#include "core/fit/fit_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::band_fit {

void Minimizer::prepare(const Data& data, const Compiled& compiled) {
  compiled_ = &compiled;
  evaluation_.prepare(data, compiled);
  const auto free = compiled.free.size();
  for (auto* buffer : {&low_, &high_, &step_}) {
    buffer->resize(free);
  }
  held_.resize(free);
  double square = 0;
  for (const double y : data.y) {
    square += y * y;
  }
  rounding_ = 1e-28 * square;
}

// The box of the next step. A parameter at its bound whose gradient points outwards stays there. No
// band moves by more than half of its width or changes its width by more than a factor of 2, so
// that a step from a poor start cannot throw it to where it has no say.
void Minimizer::limit_step(const State& state) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    low_[i] = compiled_->lower[i] - state.theta[i];
    high_[i] = compiled_->upper[i] - state.theta[i];
    const bool is_stuck =
        (low_[i] >= 0 && state.gradient[i] <= 0) || (high_[i] <= 0 && state.gradient[i] >= 0);
    const bool is_flat = !(state.normal.row(static_cast<Index>(i))[i] > 0);
    held_[i] = is_stuck || is_flat ? char{1} : char{0};
  }
  for (const CompiledBand& band : compiled_->bands) {
    limit_band(state, band);
  }
}

void Minimizer::limit_band(const State& state, const CompiledBand& band) {
  double width = 0;
  for (Index j = 2; j < band.count; ++j) {
    const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
    if (info.unit == "axis" && info.minimum >= 0) {
      width += compiled_->value(band.first + j, state.theta);
    }
  }
  for (Index j = 1; j < band.count; ++j) {
    const Link& link = compiled_->links[static_cast<std::size_t>(band.first + j)];
    const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
    if (link.free < 0 || link.ratio == 0 || info.unit != "axis") {
      continue;
    }
    const double limit = 0.5 * width / std::abs(link.ratio);
    const auto at = static_cast<std::size_t>(link.free);
    if (info.minimum == 0 && is_gauss_part(info)) {
      // At exactly 0 the slope is 0 and nothing would lead back.
      const double own = compiled_->value(band.first + j, state.theta);
      const double part = -0.7 * own / link.ratio;
      (link.ratio > 0 ? low_ : high_)[at] =
          link.ratio > 0 ? std::max(low_[at], part) : std::min(high_[at], part);
    }
    low_[at] = std::max(low_[at], -limit);
    high_[at] = std::min(high_[at], j == 1 ? limit : 2 * limit);
  }
}

bool Minimizer::find_step(const State& state, double damping) {
  damped_.resize(state.normal.size);
  std::copy(state.normal.values.begin(), state.normal.values.end(), damped_.values.begin());
  for (Index i = 0; i < damped_.size; ++i) {
    // Amounts are solved exactly; a trace of damping keeps twin bands apart from singular.
    damped_.row(i)[i] *= 1 + (i < compiled_->linear ? 1e-13 : damping);
  }
  return solver_.solve(
      damped_, state.gradient.data(), low_.data(), high_.data(), held_.data(), step_.data());
}

double Minimizer::predicted_decrease(const State& state) const {
  double decrease = 0;
  for (Index i = 0; i < state.normal.size; ++i) {
    const double* row = state.normal.row(i);
    const auto at = static_cast<std::size_t>(i);
    double product = row[i] * step_[at];
    for (Index j = i + 1; j < state.normal.size; ++j) {
      product += 2 * row[j] * step_[static_cast<std::size_t>(j)];
    }
    decrease += step_[at] * (2 * state.gradient[at] - product);
  }
  return decrease;
}

Minimum Minimizer::run(State& state, const FitOptions& options) {
  Minimum minimum;
  if (!evaluation_.evaluate(state)) {
    return minimum;
  }
  double damping = 1e-3;
  double growth = 2;
  const double least = rounding_;
  const auto is_small = [&](double change) {
    return damping <= 0.1 && change <= options.tolerance * state.chi_square + least;
  };
  minimum.status = FitStatus::iteration_limit;
  for (; minimum.iterations < options.max_iterations; ++minimum.iterations) {
    limit_step(state);
    const bool has_step = find_step(state, damping);
    const double predicted = has_step ? predicted_decrease(state) : 0;
    if (has_step && is_small(predicted)) {
      minimum.status = FitStatus::converged;
      return minimum;
    }
    double decrease = -1;
    if (has_step) {
      trial_.theta = state.theta;
      for (std::size_t i = 0; i < step_.size(); ++i) {
        trial_.theta[i] =
            std::clamp(state.theta[i] + step_[i], compiled_->lower[i], compiled_->upper[i]);
      }
      decrease = evaluation_.evaluate(trial_) ? state.chi_square - trial_.chi_square : -1;
    }
    if (decrease > 0) {
      const double ratio = std::min(1.0, decrease / predicted);
      damping = std::max(1e-12, damping * std::max(1.0 / 10, 1 - std::pow(2 * ratio - 1, 3)));
      growth = 2;
      std::swap(state, trial_);
      if (is_small(std::max(decrease, predicted))) {
        minimum.status = FitStatus::converged;
        return minimum;
      }
    } else if (damping > 1e8) {
      minimum.status = FitStatus::stalled;
      return minimum;
    } else {
      damping = std::max(damping, 1e-4) * growth;
      growth *= 2;
    }
  }
  return minimum;
}

}  // namespace calcispec::band_fit
