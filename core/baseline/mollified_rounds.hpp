// MollifiedRounds: what amormol and mormol share, a baseline that morphology changes round by
// round.
#pragma once

#include "core/baseline/bells.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace calcispec {

constexpr ParameterInfo mollified_rounds_parameter(double standard) {
  return {.name = "max_iterations",
          .aliases = "max_iter",
          .type = ParameterType::integer,
          .minimum = 0,
          .maximum = 100000,
          .standard = standard,
          .help = "most rounds"};
}

/// One round at work: the spectrum that goes on along lines, and the baseline of the round before.
struct MollifiedRound {
  std::span<const double> y;
  std::span<const double> baseline;
  std::size_t half;
  MovingExtremes& extremes;
  BellFilter& filter;  // a mollifier of half width 2 * half + 1
};

/// Repeats `rule.next(round, out)`, from `rule.first(y, baseline)`, until the baseline changes by
/// less than the tolerance. Half windows beyond the spectrum count as its length.
template <typename Rule>
class MollifiedRounds {
 public:
  MollifiedRounds(const MethodCall& call, Rule rule)
      : call_(call),
        tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        rule_(std::move(rule)) {}

  void run() {
    const auto points = static_cast<std::size_t>(call_.points());
    for (Index r = 0; r < call_.count(); ++r) {
      const auto y = call_.row(r);
      const auto half = std::min(points, half_window_of(call_.parameters, y, extremes_));
      call_.status[static_cast<std::size_t>(r)] = run_one(y, half);
      call_.give(r, std::span<const double>(baseline_).subspan(2 * half + 1, points));
    }
  }

 private:
  MethodStatus run_one(std::span<const double> y, std::size_t half) {
    const std::size_t window = 2 * half + 1;
    BellFilter filter(mollifier(window));
    extend_by_lines(y, window, padded_);
    baseline_.resize(padded_.size());
    next_.resize(padded_.size());
    rule_.first(padded_, baseline_);
    for (Index k = 0; k <= limit_; ++k) {
      rule_.next({padded_, baseline_, half, extremes_, filter}, next_);
      std::swap(baseline_, next_);
      if (relative_change(std::span<const double>(next_).subspan(window, y.size()),
                          std::span<const double>(baseline_).subspan(window, y.size())) <
          tolerance_) {
        return MethodStatus::converged;
      }
    }
    return MethodStatus::iteration_limit;
  }

  const MethodCall& call_;
  double tolerance_;
  Index limit_;
  Rule rule_;
  MovingExtremes extremes_;
  std::vector<double> padded_;
  std::vector<double> baseline_;
  std::vector<double> next_;
};

}  // namespace calcispec
