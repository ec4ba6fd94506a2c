// The reweighting of BrPLS, in two rounds one inside the other, over lanes.
#pragma once

#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/kernels/exponential.hpp"
#include "core/kernels/faddeeva.hpp"

#include <cmath>
#include <numbers>

namespace calcispec::kernels {

/// Points lie about the baseline with Gaussian noise, or above it with an exponential distribution;
/// the weight is the probability of the first. Inside, the baseline is repeated until it changes by
/// less than the tolerance; outside, the share of the second kind follows the weights.
///
/// Weights    1 / (1 + b sqrt(pi / 2) / (1 - b) s / m exp(v^2) (1 + erf v)), v = d / (s sqrt 2) -
///            s / (m sqrt 2), d = y - z, s the root mean square of the negative d, m the mean of
///            the positive, b the share of points that belong to bands
/// Status     converged | iteration_limit
/// Cost       per point and iteration an exponential, a series of 32 terms and four divisions
/// Source     Wang et al., Nucl. Sci. Tech. 33 (2022) 148
template <typename System>
class BayesianRun {
 public:
  struct Limits {
    double tolerance = 1e-3;  // relative change of the baseline
    Index inner = 50;
    double outer_tolerance = 1e-3;
    Index outer = 50;
  };

  BayesianRun(const MethodCall& call, const Limits& limits, LaneScratch<System>& scratch)
      : limits_(limits), scratch_(scratch), group_(call), points_(call.points()) {
    scratch_.resize(static_cast<std::size_t>(points_));
    share_.fill(0.5);
  }

  void run() {
    const auto load = [this](Index lane, std::span<const double> y) { move_in(lane, y); };
    group_.fill(scratch_.y, load);
    while (group_.active() > 0) {
      pass_forward();
      settle(load);
      if (group_.active() > 0) {
        scratch_.system.solve();
        pass_back();
        judge();
      }
    }
  }

 private:
  struct Rounds {
    Index inner = 0;
    Index outer = 0;
    bool ends_inner = false;  // the baseline stays, or may not go on
    bool gives_up = false;    // too few points on either side
  };

  // The baseline that was accepted last is kept in `factors`.
  void move_in(Index lane, std::span<const double> y) {
    const auto at = static_cast<std::size_t>(lane);
    is_fresh_[lane] = -1;
    accepts_[lane] = 0;
    share_[at] = 0.5;
    rounds_[at] = {};
    for (Index p = 0; p < points_; ++p) {
      lane_at(scratch_.factors, p, lane) = y[static_cast<std::size_t>(p)];
    }
  }

  [[gnu::always_inline]] [[nodiscard]] Pack weight(Pack residual) const {
    const Pack inner = residual * residual_factor_ - offset_;
    const Pack grown = exponential(inner * inner);
    // As the article writes it, 1 + erf(v) before the product: far below the baseline that is a
    // multiple of the rounding of 1, and any other way differs there.
    const Pack error = 1.0 - erfcx(maximum(inner, -inner), table_) / grown;
    const Pack partial = (inner > 0.0 ? 1.0 + error : 1.0 - error) * grown;
    return 1.0 / (1.0 + multiplier_ * partial);
  }

  void pass_forward() {
    weight_sum_ = Pack{};
    scratch_.system.start();
    for (Index p = 0; p < points_; ++p) {
      const auto at = static_cast<std::size_t>(p);
      const Pack y = scratch_.y[at];
      const Pack z = scratch_.z[at];
      const Pack own = weight(y - z);
      const Pack used = is_fresh_ ? broadcast(1) : own;
      scratch_.factors[at] = accepts_ ? z : scratch_.factors[at];
      weight_sum_ += used;
      scratch_.weights[at] = used;
      scratch_.system.add(p, used, used * y);
    }
  }

  template <typename Load>
  void settle(const Load& load) {
    for (Index lane = 0; lane < lane_count; ++lane) {
      auto& own = group_.seat(lane);
      if (own.row < 0) {
        continue;
      }
      MethodStatus status{};
      if (own.solves > 0 && is_done(lane, status)) {
        group_.finish(lane, status, {scratch_.y, scratch_.factors, scratch_.weights}, load);
      } else {
        ++own.solves;
        is_fresh_[lane] = 0;
      }
    }
  }

  // Whether the outer round ends here; else the next inner or outer round begins.
  bool is_done(Index lane, MethodStatus& status) {
    const auto at = static_cast<std::size_t>(lane);
    auto& rounds = rounds_[at];
    status = MethodStatus::converged;
    if (rounds.gives_up) {
      return true;
    }
    if (!rounds.ends_inner) {
      ++rounds.inner;
      return false;
    }
    const double mean = weight_sum_[lane] / static_cast<double>(points_);
    const bool is_close = std::abs(share_[at] + mean - 1) < limits_.outer_tolerance;
    if (is_close || rounds.outer >= limits_.outer) {
      status = is_close ? MethodStatus::converged : MethodStatus::iteration_limit;
      return true;
    }
    share_[at] = 1 - mean;
    ++rounds.outer;
    rounds.inner = 0;
    return false;
  }

  void pass_back() {
    sums_ = {};
    for (Index p = points_; p-- > 0;) {
      const auto at = static_cast<std::size_t>(p);
      const Pack z = scratch_.system.value(p);
      scratch_.z[at] = z;
      const Pack residual = scratch_.y[at] - z;
      const Pack kept = scratch_.factors[at];
      sums_.below += residual < 0.0 ? broadcast(1) : Pack{};
      sums_.above += residual > 0.0 ? broadcast(1) : Pack{};
      sums_.square_below += residual < 0.0 ? residual * residual : Pack{};
      sums_.sum_above += residual > 0.0 ? residual : Pack{};
      sums_.change += (z - kept) * (z - kept);
      sums_.size += kept * kept;
    }
  }

  void judge() {
    for (Index lane = 0; lane < lane_count; ++lane) {
      const auto at = static_cast<std::size_t>(lane);
      auto& rounds = rounds_[at];
      if (group_.seat(lane).solves == 0) {
        continue;  // a lane that waits for its first solve, or is empty
      }
      rounds.gives_up = sums_.below[lane] < 2 || sums_.above[lane] < 2;
      const double size =
          std::max(std::sqrt(sums_.size[lane]), std::numeric_limits<double>::epsilon());
      const bool stays = std::sqrt(sums_.change[lane]) / size < limits_.tolerance;
      const bool is_first = rounds.inner == 0 && rounds.outer == 0;
      accepts_[lane] = !rounds.gives_up && (!stays || is_first) ? -1 : 0;
      rounds.ends_inner = stays || rounds.inner >= limits_.inner;
      const double mean = sums_.sum_above[lane] / std::max(1.0, sums_.above[lane]);
      const double sigma = std::sqrt(sums_.square_below[lane] / std::max(1.0, sums_.below[lane]));
      const double share = share_[at];
      residual_factor_[lane] = 1 / (sigma * std::numbers::sqrt2);
      offset_[lane] = sigma / (mean * std::numbers::sqrt2);
      multiplier_[lane] = share * std::sqrt(0.5 * std::numbers::pi) / (1 - share) * sigma / mean;
    }
  }

  struct Sums {
    Pack below{};
    Pack above{};
    Pack square_below{};
    Pack sum_above{};
    Pack change{};
    Pack size{};
  };

  Limits limits_;
  LaneScratch<System>& scratch_;
  LaneGroup group_;
  Index points_;
  const FaddeevaTable& table_ = faddeeva_table();
  Mask is_fresh_{};
  Mask accepts_{};
  Pack weight_sum_{};
  Pack residual_factor_{};
  Pack offset_{};
  Pack multiplier_{};
  Sums sums_{};
  std::array<double, static_cast<std::size_t>(lane_count)> share_{};
  std::array<Rounds, static_cast<std::size_t>(lane_count)> rounds_{};
};

template <typename System>
void run_bayesian(const MethodCall& call, LaneScratch<System>& scratch) {
  if (!call.given_weights.empty()) {
    return run_lanes(call, AslsWeights{0.5}, {}, scratch);
  }
  const auto& set = call.parameters;
  BayesianRun<System>(call,
                      {set.real("tolerance"),
                       set.integer("max_iterations"),
                       set.real("outer_tolerance"),
                       set.integer("max_outer_iterations")},
                      scratch)
      .run();
}

}  // namespace calcispec::kernels
