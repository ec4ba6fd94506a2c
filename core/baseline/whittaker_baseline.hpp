// What the Whittaker baselines share: solving and reweighting over lanes, a lane that has converged
// taking the next spectrum.
#pragma once

#include "core/baseline/reweighting_round.hpp"
#include "core/kernels/whittaker.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::kernels {

/// Memory of a run; belongs to the thread.
template <std::size_t order>
struct ReweightedScratch {
  DifferencePenalty<order> penalty;
  Tile y;
  Tile z;
  Tile weights;
  Tile used;  // weights of the solve that gave z, where a call wants them
  std::vector<WhittakerRecord<order>> records;  // `order` unused points at either end
};

/// Minimises sum w (y - z)^2 + lambda * sum (difference of z)^2 with weights that follow the
/// residuals, until they change by less than the tolerance (|new - old| / |old|).
///
/// Method gives the weights:
///   Sums                      what it gathers over the points, with add(Pack residual, Pack y)
///   Rule rule(round, gives_up)         from the sums of both halves; gives_up: lanes to stop
///   Pack Rule::weight(Pack residual)   weight of the next iteration
///   bool stops_by_weights              false: only gives_up ends it
/// One iteration is one pass from the ends to the middle, in which the new weights are made,
/// compared and eliminated, and one pass back, in which the sums are gathered. The operations of a
/// lane do not depend on the other lanes.
template <std::size_t order, typename Method>
class ReweightedRun {
 public:
  ReweightedRun(const MethodCall& call, const Method& method, ReweightedScratch<order>& scratch)
      : call_(call),
        method_(method),
        scratch_(scratch),
        points_(call.points()),
        steps_((points_ - static_cast<Index>(order)) / 2),
        tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")) {
    const auto size = static_cast<std::size_t>(points_);
    scratch_.penalty.make(points_, call.parameters.real("lambda"));
    scratch_.y.resize(size);
    scratch_.z.resize(size);
    scratch_.weights.resize(size);
    scratch_.used.resize(size);
    keeps_weights_ = !call.weights.empty();
    limit_ = call.given_weights.empty() ? limit_ : 0;
    scratch_.records.resize(size + 2 * order);
  }

  void run() {
    fill();
    while (active_ > 0) {
      pass_to_middle();
      solve_middle();
      settle();
      if (active_ > 0) {
        pass_back();
      }
    }
  }

 private:
  using Sums = typename Method::Sums;
  using Chain = EliminationChain<order>;

  struct Seat {
    Index row = -1;    // spectrum in this lane
    Index solves = 0;  // 0: its weights are still the first
  };
  struct Finished {
    Index lane = 0;
    double* row = nullptr;
    double* baseline = nullptr;
    double* weights = nullptr;
    const double* next = nullptr;
  };
  struct Change {
    Pack difference{};  // sum of squares
    Pack size{};
  };

  Seat& seat(Index lane) { return seats_[static_cast<std::size_t>(lane)]; }

  [[nodiscard]] double first_weight(Index point) const {
    return call_.given_weights.empty() ? 1 : call_.given_weights[static_cast<std::size_t>(point)];
  }

  void fill() {
    std::array<const double*, static_cast<std::size_t>(lane_count)> from{};
    for (Index lane = 0; lane < lane_count; ++lane) {
      const bool is_used = next_ < call_.count();
      // A lane without a spectrum repeats the first one.
      from[static_cast<std::size_t>(lane)] =
          call_.rows[static_cast<std::size_t>(is_used ? next_ : 0)];
      seat(lane).row = is_used ? next_++ : -1;
      active_ += is_used ? 1 : 0;
    }
    for (Index p = 0; p < points_; ++p) {
      for (Index lane = 0; lane < lane_count; ++lane) {
        lane_at(scratch_.y, p, lane) = from[static_cast<std::size_t>(lane)][p];
      }
    }
    std::fill(scratch_.z.begin(), scratch_.z.end(), Pack{});
    for (Index p = 0; p < points_; ++p) {
      scratch_.weights[static_cast<std::size_t>(p)] = broadcast(first_weight(p));
    }
    is_fresh_ = Mask{} - 1;
    rule_ = method_.rule({}, gives_up_);
    gives_up_ = Mask{};
  }

  [[gnu::always_inline]] Pack reweigh(Index point, Pack y, Change& change) {
    const auto at = static_cast<std::size_t>(point);
    const Pack before = scratch_.weights[at];
    Pack weight = rule_.weight(y - scratch_.z[at]);
    weight = is_fresh_ ? before : weight;
    if (keeps_weights_) {
      scratch_.used[at] = before;
    }
    scratch_.weights[at] = weight;
    const Pack difference = weight - before;
    change.difference += difference * difference;
    change.size += before * before;
    return weight;
  }

  WhittakerRecord<order>* record(Index point) {
    return scratch_.records.data() + point + static_cast<Index>(order);
  }

  // One point of the half that starts at the first or, with `end` 1, at the last point. Inlined by
  // force: a chain that is passed to a function lives in memory, which doubles the time of a step.
  template <int end>
  [[gnu::always_inline]] void eliminate(Chain& chain, Index step, Change& change) {
    const Index point = end == 0 ? step : points_ - 1 - step;
    const Pack y = scratch_.y[static_cast<std::size_t>(point)];
    const Pack weight = reweigh(point, y, change);
    chain.step(scratch_.penalty.row(step), weight, weight * y, record(point), end == 0 ? -1 : 1);
  }

  // From both ends at once: two recurrences hide each other's latency.
  void pass_to_middle() {
    Chain top;
    Chain bottom;
    Change top_change;
    Change bottom_change;
    for (Index step = 0; step < steps_; ++step) {
      eliminate<0>(top, step, top_change);
      eliminate<1>(bottom, step, bottom_change);
    }
    top_ = top;
    bottom_ = bottom;
    change_ = {top_change.difference + bottom_change.difference,
               top_change.size + bottom_change.size};
  }

  [[nodiscard]] bool is_uneven() const {
    return points_ - static_cast<Index>(order) - steps_ > steps_;
  }

  void solve_middle() {
    if (is_uneven()) {
      eliminate<1>(bottom_, steps_, change_);
    }
    std::array<Pack, order> weights;
    std::array<Pack, order> y;
    for (std::size_t v = 0; v < order; ++v) {
      const Index point = steps_ + static_cast<Index>(v);
      y[v] = scratch_.y[static_cast<std::size_t>(point)];
      weights[v] = reweigh(point, y[v], change_);
    }
    const Index last = steps_ + static_cast<Index>(order) - 1;
    middle_.start(scratch_.penalty, steps_, weights, y);
    middle_.take_off(scratch_.penalty, top_, steps_, false, record(steps_), -1);
    middle_.take_off(scratch_.penalty, bottom_, points_ - 1 - last, true, record(last), 1);
    middle_.solve();
  }

  // Lanes that have converged, or must not go on, give their result and take the next spectrum.
  void settle() {
    std::array<Finished, static_cast<std::size_t>(lane_count)> finished;
    std::size_t count = 0;
    for (Index lane = 0; lane < lane_count; ++lane) {
      auto& own = seat(lane);
      if (own.row < 0) {
        continue;
      }
      const double size =
          std::max(std::sqrt(change_.size[lane]), std::numeric_limits<double>::epsilon());
      const bool is_converged =
          gives_up_[lane] != 0 ||
          (Method::stops_by_weights && std::sqrt(change_.difference[lane]) / size < tolerance_);
      if (own.solves > 0 && (is_converged || own.solves > limit_)) {
        const auto row = static_cast<std::size_t>(own.row);
        call_.status[row] = is_converged || !call_.given_weights.empty()
                                ? MethodStatus::converged
                                : MethodStatus::iteration_limit;
        // Without a wish for the baseline it is written where the result comes next.
        auto* baseline = call_.baselines.empty() ? call_.rows[row] : call_.baselines[row];
        auto* weights = call_.weights.empty() ? nullptr : call_.weights[row];
        finished[count++] = {lane, call_.rows[row], baseline, weights, take_next(own)};
        is_fresh_[lane] = -1;
      } else {
        ++own.solves;
        is_fresh_[lane] = 0;
      }
    }
    if (count > 0) {
      write(std::span(finished).first(count));
    }
  }

  // The next spectrum for a lane, nullptr if there is none.
  const double* take_next(Seat& own) {
    own = {};
    if (next_ == call_.count()) {
      --active_;
      return nullptr;
    }
    own.row = next_++;
    return call_.rows[static_cast<std::size_t>(own.row)];
  }

  void write(std::span<const Finished> finished) {
    for (Index p = 0; p < points_; ++p) {
      for (const auto& one : finished) {
        double& y = lane_at(scratch_.y, p, one.lane);
        const double z = lane_at(scratch_.z, p, one.lane);
        one.baseline[p] = z;
        one.row[p] = y - z;
        if (one.weights != nullptr) {
          one.weights[p] = lane_at(scratch_.used, p, one.lane);
        }
        if (one.next != nullptr) {
          y = one.next[p];
          lane_at(scratch_.weights, p, one.lane) = first_weight(p);
        }
      }
    }
  }

  [[gnu::always_inline]] void put(Index point, Pack z, Sums& sums) {
    const auto at = static_cast<std::size_t>(point);
    scratch_.z[at] = z;
    sums.add(scratch_.y[at] - z, scratch_.y[at]);
  }

  // near[k] is the solution k + 1 points towards the middle.
  [[gnu::always_inline]] void substitute(Index point, std::array<Pack, order>& near, Sums& sums) {
    const auto& own = *record(point);
    Pack z = own.scaled;
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      z -= own.lower[k] * near[k];
    });
    put(point, z, sums);
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      near[k] = near[k - 1];
    });
    near[0] = z;
  }

  void pass_back() {
    std::array<Pack, order> near_top;
    std::array<Pack, order> near_bottom;
    Sums top;
    Sums bottom;
    unrolled<order>([&](auto v) {
      near_top[v] = middle_.right[v];
      near_bottom[v] = middle_.right[order - 1 - v];
      put(steps_ + static_cast<Index>(v), middle_.right[v], top);
    });
    if (is_uneven()) {
      substitute(points_ - 1 - steps_, near_bottom, bottom);
    }
    for (Index step = steps_ - 1; step >= 0; --step) {
      substitute(step, near_top, top);
      substitute(points_ - 1 - step, near_bottom, bottom);
    }
    Pack number{};
    for (Index lane = 0; lane < lane_count; ++lane) {
      number[lane] = static_cast<double>(seat(lane).solves);
    }
    rule_ = method_.rule({top, bottom, number, static_cast<double>(points_)}, gives_up_);
  }

  const MethodCall& call_;
  const Method& method_;
  ReweightedScratch<order>& scratch_;
  Index points_;
  Index steps_;  // points of the half from the start; the other half may have one more
  double tolerance_;
  Index limit_;
  bool keeps_weights_ = false;
  Index next_ = 0;    // first spectrum that has no lane yet
  Index active_ = 0;  // lanes with a spectrum
  std::array<Seat, static_cast<std::size_t>(lane_count)> seats_{};
  Mask is_fresh_{};
  Mask gives_up_{};
  typename Method::Rule rule_{};
  Change change_{};
  Chain top_;
  Chain bottom_;
  MiddleSystem<order> middle_{};
};

template <std::size_t order, typename Method>
void run_reweighted(const MethodCall& call, const Method& method) {
  thread_local ReweightedScratch<order> scratch;
  ReweightedRun<order, Method>(call, method, scratch).run();
}

/// The same with the order of the difference from the parameters.
template <typename Method>
void run_reweighted_of_order(const MethodCall& call, const Method& method) {
  switch (call.parameters.integer("diff_order")) {
    case 1:
      return run_reweighted<1>(call, method);
    case 2:
      return run_reweighted<2>(call, method);
    case 3:
      return run_reweighted<3>(call, method);
    default:
      return run_reweighted<4>(call, method);
  }
}

}  // namespace calcispec::kernels
