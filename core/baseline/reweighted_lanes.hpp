// ReweightedLanes: penalised least squares with weights that follow the residuals, over lanes, for
// any system that takes the points one after another.
#pragma once

#include "core/baseline/lane_group.hpp"
#include "core/baseline/reweighting_round.hpp"
#include "core/kernels/penalty_system.hpp"
#include "core/kernels/spline_system.hpp"

#include <cmath>
#include <limits>

namespace calcispec::kernels {

struct StopRule {
  double tolerance = -1;  // relative change of the weights; negative: never
  Index limit = 0;        // reweightings
};

inline StopRule stop_rule(const ParameterSet& parameters) {
  return {parameters.real("tolerance"), parameters.integer("max_iterations")};
}

/// Memory of a run; belongs to the thread.
template <typename System>
struct LaneScratch {
  System system;
  Tile y;
  Tile z;
  Tile weights;
  Tile used;                // weights of the solve that gave z, where a call wants them
  Tile factors;             // of the weights, where the method has such
  Tile extra;               // of the right-hand side, where the method has such
  std::vector<double> row;  // of one spectrum

  void resize(std::size_t points) {
    y.assign(points, Pack{});
    z.assign(points, Pack{});
    weights.assign(points, broadcast(1));
    used.resize(points);
    factors.resize(points);
    extra.resize(points);
    row.resize(points);
  }
};

/// Method gives what ReweightedRun asks for, and where it has them:
///   first_weights(y, out)    weights of the first solve, else 1
///   factors(y, out)          by which the weights of each point are multiplied throughout
///   extra_right(y, out)      added to the right-hand side of each point
///   squares_weights          the squares of the weights enter the equations
///   Rule::scale(weight, residual, is_fresh)   scale of the penalty's row (for scaled systems)
///   Rule::before(residual, weight)            weight that the next one is compared with
///   Rule::carry(rule)        takes over what it needs of the rule before
///   more_solves              beyond the limit of iterations
/// The operations of a lane do not depend on the other lanes.
template <typename System, typename Method>
class ReweightedLanes {
 public:
  ReweightedLanes(const MethodCall& call,
                  const Method& method,
                  const StopRule& stop,
                  LaneScratch<System>& scratch)
      : call_(call),
        method_(method),
        stop_(stop),
        scratch_(scratch),
        group_(call),
        points_(call.points()) {
    if constexpr (requires { Method::more_solves; }) {
      stop_.limit += Method::more_solves;
    }
    if (!call.given_weights.empty()) {
      stop_ = {};
    }
    scratch_.resize(static_cast<std::size_t>(points_));
    rule_ = method_.rule({}, gives_up_);
    gives_up_ = Mask{};
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
      }
    }
  }

 private:
  using Sums = typename Method::Sums;

  void put_lane(Tile& tile, Index lane) {
    for (Index p = 0; p < points_; ++p) {
      lane_at(tile, p, lane) = scratch_.row[static_cast<std::size_t>(p)];
    }
  }

  void move_in(Index lane, std::span<const double> y) {
    is_fresh_[lane] = -1;
    std::fill(scratch_.row.begin(), scratch_.row.end(), 1.0);
    if (!call_.given_weights.empty()) {
      std::copy(call_.given_weights.begin(), call_.given_weights.end(), scratch_.row.begin());
    } else if constexpr (requires { method_.first_weights(y, scratch_.row); }) {
      method_.first_weights(y, scratch_.row);
    }
    put_lane(scratch_.weights, lane);
    if constexpr (requires { method_.factors(y, scratch_.row); }) {
      method_.factors(y, scratch_.row);
      put_lane(scratch_.factors, lane);
    }
    if constexpr (requires { method_.extra_right(y, scratch_.row); }) {
      method_.extra_right(y, scratch_.row);
      put_lane(scratch_.extra, lane);
    }
  }

  // The weight of a point for the next solve, compared with the one before.
  template <typename Rule>
  [[gnu::always_inline]] Pack reweigh(std::size_t at, Pack residual, Rule& rule) {
    const Pack stored = scratch_.weights[at];
    Pack before = stored;
    if constexpr (requires { rule.before(residual, stored); }) {
      before = rule.before(residual, stored);
    }
    Pack weight = rule.weight(residual);
    if constexpr (requires { method_.factors(std::span<const double>{}, scratch_.row); }) {
      weight *= scratch_.factors[at];
    }
    weight = is_fresh_ ? stored : weight;
    if (!call_.weights.empty()) {
      scratch_.used[at] = stored;
    }
    scratch_.weights[at] = weight;
    const Pack difference = weight - before;
    difference_ += difference * difference;
    size_ += before * before;
    return weight;
  }

  void pass_forward() {
    auto rule = rule_;
    difference_ = Pack{};
    size_ = Pack{};
    scratch_.system.start();
    for (Index p = 0; p < points_; ++p) {
      const auto at = static_cast<std::size_t>(p);
      const Pack y = scratch_.y[at];
      const Pack residual = y - scratch_.z[at];
      const Pack weight = reweigh(at, residual, rule);
      Pack entering = weight;
      if constexpr (requires { Method::squares_weights; }) {
        entering *= weight;
      }
      Pack right = entering * y;
      if constexpr (requires { method_.extra_right(std::span<const double>{}, scratch_.row); }) {
        right += scratch_.extra[at];
      }
      if constexpr (System::is_scaled) {
        scratch_.system.add(p, entering, right, rule.scale(weight, residual, is_fresh_));
      } else {
        scratch_.system.add(p, entering, right);
      }
    }
    rule_ = rule;
  }

  // Lanes that have converged, or must not go on, give their result and take the next spectrum,
  // which waits for the next pass.
  template <typename Load>
  void settle(const Load& load) {
    for (Index lane = 0; lane < lane_count; ++lane) {
      auto& own = group_.seat(lane);
      if (own.row < 0) {
        continue;
      }
      const double size = std::max(std::sqrt(size_[lane]), std::numeric_limits<double>::epsilon());
      const bool is_converged =
          gives_up_[lane] != 0 ||
          (Method::stops_by_weights && std::sqrt(difference_[lane]) / size < stop_.tolerance &&
           own.solves > first_judged());
      if (own.solves > 0 && (is_converged || own.solves > stop_.limit)) {
        const bool is_done = is_converged || !call_.given_weights.empty();
        const auto status = is_done ? MethodStatus::converged : MethodStatus::iteration_limit;
        group_.finish(lane, status, {scratch_.y, scratch_.z, scratch_.used}, load);
      } else {
        ++own.solves;
        is_fresh_[lane] = 0;
      }
    }
  }

  // Solves that only make ready.
  static constexpr Index first_judged() {
    if constexpr (requires { Method::first_judged; }) {
      return Method::first_judged;
    }
    return 0;
  }

  void pass_back() {
    Sums sums;
    for (Index p = points_; p-- > 0;) {
      const auto at = static_cast<std::size_t>(p);
      const Pack z = scratch_.system.value(p);
      scratch_.z[at] = z;
      sums.add(scratch_.y[at] - z, scratch_.y[at]);
    }
    Pack number{};
    for (Index lane = 0; lane < lane_count; ++lane) {
      number[lane] = static_cast<double>(group_.seat(lane).solves);
    }
    ReweightingRound<Sums> round{sums, Sums{}, number, static_cast<double>(points_)};
    if constexpr (requires { scratch_.system.change(); }) {
      round.coefficient_difference = scratch_.system.change().difference;
      round.coefficient_size = scratch_.system.change().size;
    }
    gives_up_ = Mask{};
    auto rule = method_.rule(round, gives_up_);
    if constexpr (requires { rule.carry(rule_, round); }) {
      rule.carry(rule_, round);
    }
    rule_ = rule;
  }

  const MethodCall& call_;
  const Method& method_;
  StopRule stop_;
  LaneScratch<System>& scratch_;
  LaneGroup group_;
  Index points_;
  Mask is_fresh_{};
  Mask gives_up_{};
  Pack difference_{};  // of the weights, sums of squares
  Pack size_{};
  typename Method::Rule rule_{};
};

/// One solve of the lanes' y with the lanes' weights into z.
template <typename System>
void solve_once(LaneScratch<System>& scratch) {
  const auto points = static_cast<Index>(scratch.y.size());
  scratch.system.start();
  for (Index p = 0; p < points; ++p) {
    const auto at = static_cast<std::size_t>(p);
    scratch.system.add(p, scratch.weights[at], scratch.weights[at] * scratch.y[at]);
  }
  scratch.system.solve();
  for (Index p = points; p-- > 0;) {
    scratch.z[static_cast<std::size_t>(p)] = scratch.system.value(p);
  }
}

template <typename System, typename Method>
void run_lanes(const MethodCall& call,
               const Method& method,
               const StopRule& stop,
               LaneScratch<System>& scratch) {
  ReweightedLanes<System, Method>(call, method, stop, scratch).run();
}

/// With the order of the difference from the parameters; `Runner` is called with the system made.
template <template <std::size_t> typename System, typename Runner>
void with_penalty_system(const MethodCall& call, double first_lambda, const Runner& runner) {
  const auto run = [&]<std::size_t order>(std::integral_constant<std::size_t, order>) {
    thread_local LaneScratch<System<order>> scratch;
    scratch.system.make(call.points(), call.parameters.real("lambda"), first_lambda);
    runner(scratch);
  };
  switch (call.parameters.integer("diff_order")) {
    case 1:
      return run(std::integral_constant<std::size_t, 1>{});
    case 2:
      return run(std::integral_constant<std::size_t, 2>{});
    case 3:
      return run(std::integral_constant<std::size_t, 3>{});
    default:
      return run(std::integral_constant<std::size_t, 4>{});
  }
}

/// With knots, degree and order of the difference from the parameters.
template <typename System, typename Runner>
void with_spline_system(const MethodCall& call, double first_lambda, const Runner& runner) {
  thread_local LaneScratch<System> scratch;
  const SplineSystem::Size size{call.parameters.integer("knots"),
                                call.parameters.integer("spline_degree"),
                                call.parameters.integer("diff_order")};
  scratch.system.make(call.axis.values(), size, call.parameters.real("lambda"), first_lambda);
  runner(scratch);
}

/// Whittaker form of a method.
template <template <std::size_t> typename System, typename Method>
void run_penalty_lanes(const MethodCall& call, const Method& method, double first_lambda = 0) {
  with_penalty_system<System>(call, first_lambda, [&](auto& scratch) {
    run_lanes(call, method, stop_rule(call.parameters), scratch);
  });
}

/// Spline form of a method.
template <typename System, typename Method>
void run_spline_lanes(const MethodCall& call, const Method& method, double first_lambda = 0) {
  with_spline_system<System>(call, first_lambda, [&](auto& scratch) {
    run_lanes(call, method, stop_rule(call.parameters), scratch);
  });
}

}  // namespace calcispec::kernels
