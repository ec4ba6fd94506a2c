// What the Whittaker baselines share: solving and reweighting over lanes, a lane that has converged
// taking the next spectrum.
#pragma once

#include "core/baseline/reweighting_round.hpp"
#include "core/kernels/shared_weights.hpp"
#include "core/kernels/transpose.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::kernels {

/// Memory of a run; belongs to the thread.
template <std::size_t order>
struct ReweightedScratch {
  DifferencePenalty<order> penalty;
  SharedWeightsSystem<order> first;
  bool is_first_even = false;  // it was made for weights 1
  Tile y;
  Tile z;
  Tile weights;
  Tile used;    // weights of the solve that gave z, where a call wants them
  Tile next_y;  // spectra that wait for lanes
  Tile next_z;  // their first solves
  std::vector<WhittakerRecord<order>> records;  // `order` unused points at either end

  void prepare(const MethodCall& call) {
    const Index points = call.points();
    const auto size = static_cast<std::size_t>(points);
    for (auto* tile : {&y, &z, &weights, &used, &next_y, &next_z}) {
      tile->resize(size);
    }
    records.resize(size + 2 * order);
    const bool is_other = penalty.make(points, call.parameters.real("lambda"));
    const bool is_even = call.given_weights.empty();
    if (is_other || !is_even || !is_first_even) {
      first.make(penalty, points, call.given_weights);
      is_first_even = is_even;
    }
  }
};

/// Minimises sum w (y - z)^2 + lambda * sum (difference of z)^2 with weights that follow the
/// residuals, until they change by less than the tolerance (|new - old| / |old|).
///
/// Method gives the weights:
///   Sums                      what it gathers over the points, with add(Pack residual, Pack y)
///   Rule rule(round, gives_up)         from the sums of both halves; gives_up: lanes to stop
///   Pack Rule::weight(Pack residual)   weight of the next iteration
///   bool stops_by_weights              false: only gives_up ends it
/// The first solve, whose weights are the same for every spectrum, is that of a
/// SharedWeightsSystem. Each later iteration is one pass from the ends to the middle, in which the
/// new weights are made, compared and eliminated, and one pass back, in which the sums are
/// gathered. Weights are kept only where they are compared or wanted. The operations of a lane do
/// not depend on the other lanes.
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
    const bool has_weights = !call.given_weights.empty();
    keeps_weights_ = !call.weights.empty();
    judges_weights_ = Method::stops_by_weights && !has_weights;
    stores_weights_ = judges_weights_ || keeps_weights_;
    limit_ = has_weights ? 0 : limit_;
    scratch_.prepare(call);
  }

  void run() {
    refresh();
    while (active_ > 0) {
      stores_weights_ ? pass_forward<true>() : pass_forward<false>();
      count_solves();
      if (judges_weights_) {
        settle([this](Index lane) { return verdict_by_weights(lane); }, scratch_.used);
      }
      if (active_ > 0) {
        pass_back();
      }
      refresh();
    }
  }

 private:
  using Sums = typename Method::Sums;
  using Chain = EliminationChain<order>;

  enum class Verdict { goes_on, converged, iteration_limit };
  struct Seat {
    Index row = -1;    // spectrum in this lane
    Index solves = 0;  // of it
  };
  struct Finished {
    Index lane = 0;
    double* row = nullptr;
    double* baseline = nullptr;  // nullptr: not wanted
    double* weights = nullptr;
  };
  struct Change {
    Pack difference{};  // sum of squares
    Pack size{};
  };
  // Spectra in the lanes of next_y and next_z.
  struct Waiting {
    Index row = 0;   // of the first lane
    Index lane = 0;  // the next to be seated
    Index count = 0;
    Sums top;
    Sums bottom;
  };

  Seat& seat(Index lane) { return seats_[static_cast<std::size_t>(lane)]; }

  [[nodiscard]] double first_weight(Index point) const {
    return call_.given_weights.empty() ? 1 : call_.given_weights[static_cast<std::size_t>(point)];
  }

  // Free lanes, and those whose rule has no weights to go on with, take the next spectra.
  void refresh() {
    do {
      seat_next();
      make_rule();
    } while (settle([this](Index lane) { return verdict_by_sums(lane); }, scratch_.weights));
  }

  void seat_next() {
    for (Index lane = 0; lane < lane_count; ++lane) {
      if (seat(lane).row >= 0) {
        continue;
      }
      if (waiting_.lane == waiting_.count && !solve_first()) {
        return;
      }
      if (waiting_.lane == 0 && active_ == 0 && lane == 0) {
        return seat_all();
      }
      take_seat(lane, waiting_.lane);
      copy_lane(waiting_.lane, lane);
      ++waiting_.lane;
    }
  }

  void take_seat(Index lane, Index from) {
    seat(lane) = {waiting_.row + from, 1};
    ++active_;
  }

  // All lanes are free: what waits moves in as it is.
  void seat_all() {
    std::swap(scratch_.y, scratch_.next_y);
    std::swap(scratch_.z, scratch_.next_z);
    top_sums_ = waiting_.top;
    bottom_sums_ = waiting_.bottom;
    for (Index lane = 0; lane < waiting_.count; ++lane) {
      take_seat(lane, lane);
    }
    waiting_.lane = waiting_.count;
    for (Index p = 0; stores_weights_ && p < points_; ++p) {
      scratch_.weights[static_cast<std::size_t>(p)] = broadcast(first_weight(p));
    }
  }

  void copy_lane(Index from, Index to) {
    copy_lane_of_sums(waiting_.top, from, top_sums_, to);
    copy_lane_of_sums(waiting_.bottom, from, bottom_sums_, to);
    for (Index p = 0; p < points_; ++p) {
      lane_at(scratch_.y, p, to) = lane_at(scratch_.next_y, p, from);
      lane_at(scratch_.z, p, to) = lane_at(scratch_.next_z, p, from);
    }
    for (Index p = 0; stores_weights_ && p < points_; ++p) {
      lane_at(scratch_.weights, p, to) = first_weight(p);
    }
  }

  // The next spectra and their first solves; false if there are none. Not inlined: the compiler
  // fuses products and sums copy by copy, and all spectra must come through the same one.
  [[gnu::noinline]] bool solve_first() {
    waiting_ = {next_, 0, std::min(lane_count, call_.count() - next_), {}, {}};
    if (waiting_.count == 0) {
      return false;
    }
    LaneRows rows;
    for (Index lane = 0; lane < lane_count; ++lane) {
      // A lane without a spectrum repeats the first one.
      const Index row = waiting_.row + (lane < waiting_.count ? lane : 0);
      rows[static_cast<std::size_t>(lane)] = call_.rows[static_cast<std::size_t>(row)];
    }
    next_ += waiting_.count;
    fill_tile(rows, scratch_.next_y);
    Sums top;
    Sums bottom;
    const Index middle = steps_ + static_cast<Index>(order);
    scratch_.first.solve(scratch_.next_y, scratch_.next_z, [&](Index point, Pack z) {
      const Pack y = scratch_.next_y[static_cast<std::size_t>(point)];
      point < middle ? top.add(y - z, y) : bottom.add(y - z, y);
    });
    waiting_.top = top;
    waiting_.bottom = bottom;
    return true;
  }

  template <bool stores>
  [[gnu::always_inline]] Pack reweigh(Index point, Pack y, Change& change) {
    const auto at = static_cast<std::size_t>(point);
    const Pack weight = rule_.weight(y - scratch_.z[at]);
    if constexpr (!stores) {
      return weight;
    }
    const Pack before = scratch_.weights[at];
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
  template <bool stores, int end>
  [[gnu::always_inline]] void eliminate(Chain& chain, Index step, Change& change) {
    const Index point = end == 0 ? step : points_ - 1 - step;
    const Pack y = scratch_.y[static_cast<std::size_t>(point)];
    const Pack weight = reweigh<stores>(point, y, change);
    chain.step(scratch_.penalty.row(step), weight, weight * y, record(point), end == 0 ? -1 : 1);
  }

  // From both ends at once: two recurrences hide each other's latency.
  template <bool stores>
  void pass_forward() {
    Chain top;
    Chain bottom;
    Change top_change;
    Change bottom_change;
    for (Index step = 0; step < steps_; ++step) {
      eliminate<stores, 0>(top, step, top_change);
      eliminate<stores, 1>(bottom, step, bottom_change);
    }
    top_ = top;
    bottom_ = bottom;
    change_ = {top_change.difference + bottom_change.difference,
               top_change.size + bottom_change.size};
    solve_middle<stores>();
  }

  [[nodiscard]] bool is_uneven() const {
    return points_ - static_cast<Index>(order) - steps_ > steps_;
  }

  template <bool stores>
  void solve_middle() {
    if (is_uneven()) {
      eliminate<stores, 1>(bottom_, steps_, change_);
    }
    std::array<Pack, order> weights;
    std::array<Pack, order> y;
    for (std::size_t v = 0; v < order; ++v) {
      const Index point = steps_ + static_cast<Index>(v);
      y[v] = scratch_.y[static_cast<std::size_t>(point)];
      weights[v] = reweigh<stores>(point, y[v], change_);
    }
    const Index last = steps_ + static_cast<Index>(order) - 1;
    middle_.start(scratch_.penalty, steps_, weights, y);
    middle_.take_off(scratch_.penalty, top_, steps_, false, record(steps_), -1);
    middle_.take_off(scratch_.penalty, bottom_, points_ - 1 - last, true, record(last), 1);
    middle_.solve();
  }

  // Every lane has come through a pass forward.
  void count_solves() {
    for (Index lane = 0; lane < lane_count; ++lane) {
      auto& own = seat(lane);
      if (own.row >= 0) {
        ++own.solves;
      }
    }
  }

  // After the weights of the next solve have been made and eliminated: they hardly changed, or that
  // solve would be one too many.
  [[nodiscard]] Verdict verdict_by_weights(Index lane) const {
    const Index solves = seats_[static_cast<std::size_t>(lane)].solves - 1;
    const double size =
        std::max(std::sqrt(change_.size[lane]), std::numeric_limits<double>::epsilon());
    if (std::sqrt(change_.difference[lane]) / size < tolerance_) {
      return Verdict::converged;
    }
    return solves > limit_ ? Verdict::iteration_limit : Verdict::goes_on;
  }

  // After a solve: the rule has no weights to go on with, or they are not for judging.
  [[nodiscard]] Verdict verdict_by_sums(Index lane) const {
    if (gives_up_[lane] != 0) {
      return Verdict::converged;
    }
    if (judges_weights_ || seats_[static_cast<std::size_t>(lane)].solves <= limit_) {
      return Verdict::goes_on;
    }
    return call_.given_weights.empty() ? Verdict::iteration_limit : Verdict::converged;
  }

  // Lanes that have converged, or must not go on, give their result. `weights` are those of the
  // solve that gave it.
  // False if there are none.
  template <typename Judge>
  bool settle(const Judge& judge, Tile& weights) {
    std::array<Finished, static_cast<std::size_t>(lane_count)> finished;
    std::size_t count = 0;
    for (Index lane = 0; lane < lane_count; ++lane) {
      auto& own = seat(lane);
      const auto verdict = own.row >= 0 ? judge(lane) : Verdict::goes_on;
      if (verdict == Verdict::goes_on) {
        continue;
      }
      const auto row = static_cast<std::size_t>(own.row);
      call_.status[row] =
          verdict == Verdict::converged ? MethodStatus::converged : MethodStatus::iteration_limit;
      auto* baseline = call_.baselines.empty() ? nullptr : call_.baselines[row];
      auto* wanted = call_.weights.empty() ? nullptr : call_.weights[row];
      finished[count++] = {lane, call_.rows[row], baseline, wanted};
      own = {};
      --active_;
    }
    const auto list = std::span(finished).first(count);
    const Index whole = count == finished.size() ? write_squares(list, weights) : 0;
    if (count > 0) {
      write(list, whole, weights);
    }
    return count > 0;
  }

  // All lanes at once, as many points as fill packs.
  Index write_squares(std::span<const Finished> all, const Tile& weights) {
    constexpr auto lanes = static_cast<std::size_t>(lane_count);
    const auto size = static_cast<std::size_t>(points_);
    std::size_t p = 0;
    for (; p + lanes <= size; p += lanes) {
      PackSquare z;
      PackSquare left;
      PackSquare own;
      unrolled<lanes>([&](auto i) {
        z[i] = scratch_.z[p + i];
        left[i] = scratch_.y[p + i] - z[i];
        own[i] = weights[p + i];
      });
      transpose(left);
      unrolled<lanes>([&](auto i) { store(left[i], all[i].row + p); });
      if (all.front().baseline != nullptr) {
        transpose(z);
        unrolled<lanes>([&](auto i) { store(z[i], all[i].baseline + p); });
      }
      if (all.front().weights != nullptr) {
        transpose(own);
        unrolled<lanes>([&](auto i) { store(own[i], all[i].weights + p); });
      }
    }
    return static_cast<Index>(p);
  }

  void write(std::span<const Finished> finished, Index from, Tile& weights) {
    for (Index p = from; p < points_; ++p) {
      for (const auto& one : finished) {
        const double z = lane_at(scratch_.z, p, one.lane);
        one.row[p] = lane_at(scratch_.y, p, one.lane) - z;
        if (one.baseline != nullptr) {
          one.baseline[p] = z;
        }
        if (one.weights != nullptr) {
          one.weights[p] = lane_at(weights, p, one.lane);
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
    top_sums_ = top;
    bottom_sums_ = bottom;
  }

  // Not inlined: as solve_first.
  [[gnu::noinline]] void make_rule() {
    Pack number{};
    for (Index lane = 0; lane < lane_count; ++lane) {
      number[lane] = static_cast<double>(seat(lane).solves);
    }
    gives_up_ = Mask{};
    rule_ =
        method_.rule({top_sums_, bottom_sums_, number, static_cast<double>(points_)}, gives_up_);
  }

  const MethodCall& call_;
  const Method& method_;
  ReweightedScratch<order>& scratch_;
  Index points_;
  Index steps_;  // points of the half from the start; the other half may have one more
  double tolerance_;
  Index limit_;
  bool keeps_weights_ = false;   // a call wants those of the last solve
  bool judges_weights_ = false;  // their change may end it
  bool stores_weights_ = false;
  Index next_ = 0;    // first spectrum that neither has a lane nor waits
  Index active_ = 0;  // lanes with a spectrum
  std::array<Seat, static_cast<std::size_t>(lane_count)> seats_{};
  Waiting waiting_;
  Sums top_sums_;
  Sums bottom_sums_;
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
