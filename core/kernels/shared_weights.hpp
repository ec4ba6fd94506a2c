// SharedWeightsSystem: the Whittaker system of many spectra with the same weights, eliminated once.
#pragma once

#include "core/kernels/whittaker.hpp"

#include <span>

namespace calcispec::kernels {

/// (W + lambda D'D) z = W y from both ends, W the same in every lane: what is left for a group of
/// spectra are their right-hand sides. The operations are those of EliminationChain.
template <std::size_t order>
class SharedWeightsSystem {
 public:
  /// `penalty` must live as long. Empty weights are all 1.
  void make(const DifferencePenalty<order>& penalty,
            Index points,
            std::span<const double> weights) {
    penalty_ = &penalty;
    points_ = points;
    steps_ = (points - static_cast<Index>(order)) / 2;
    weights_.assign(static_cast<std::size_t>(points), 1.0);
    std::copy(weights.begin(), weights.end(), weights_.begin());
    pivots_.resize(static_cast<std::size_t>(points));
    lower_.assign(static_cast<std::size_t>(points) + 2 * order, {});
    top_ = eliminated(steps_, false);
    bottom_ = eliminated(points_ - static_cast<Index>(order) - steps_, true);
  }

  /// `put(point, z)` is told the solution, from the middle outwards; `z` is scratch until then.
  template <typename Put>
  void solve(const Tile& y, Tile& z, const Put& put) const {
    EliminationChain<order> top = top_;
    EliminationChain<order> bottom = bottom_;
    for (Index step = 0; step < steps_; ++step) {
      forward(step, -1, y, z, top);
      forward(points_ - 1 - step, 1, y, z, bottom);
    }
    if (is_uneven()) {
      forward(points_ - 1 - steps_, 1, y, z, bottom);
    }
    const auto middle = solve_middle(y, top, bottom);
    back(middle, z, put);
  }

 private:
  [[nodiscard]] bool is_uneven() const {
    return points_ - static_cast<Index>(order) - steps_ > steps_;
  }
  // lower(point)[k] couples it with the point k + 1 nearer the middle; points beyond the ends have
  // none.
  [[nodiscard]] const std::array<double, order>& lower(Index point) const {
    return lower_[static_cast<std::size_t>(point + static_cast<Index>(order))];
  }

  // The chain of one half after its last point, right-hand sides left out.
  EliminationChain<order> eliminated(Index steps, bool is_reverse) {
    EliminationChain<order> chain;
    std::vector<WhittakerRecord<order>> records(static_cast<std::size_t>(steps) + 2 * order);
    const auto record = [&](Index step) {
      return records.data() + step + static_cast<Index>(order);
    };
    const auto place = [&](Index step) { return is_reverse ? points_ - 1 - step : step; };
    for (Index step = 0; step < steps; ++step) {
      const auto weight = weights_[static_cast<std::size_t>(place(step))];
      chain.step(penalty_->row(step), broadcast(weight), Pack{}, record(step), -1);
      pivots_[static_cast<std::size_t>(place(step))] = chain.pivot[0][0];
    }
    MiddleSystem<order> middle{};
    std::array<Pack, order> ones;
    ones.fill(broadcast(1));
    middle.start(*penalty_, steps, ones, ones);
    middle.take_off(*penalty_, chain, steps, is_reverse, record(steps), -1);
    for (Index step = 0; step < steps; ++step) {
      for (std::size_t k = 0; k < order; ++k) {
        lower_[static_cast<std::size_t>(place(step) + static_cast<Index>(order))][k] =
            record(step)->lower[k][0];
      }
    }
    return chain;
  }

  // `back` is the way to the points before.
  [[gnu::always_inline]] void forward(
      Index point, Index back, const Tile& y, Tile& z, EliminationChain<order>& chain) const {
    const auto at = static_cast<std::size_t>(point);
    Pack value = weights_[at] * y[at];
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      value -= lower(point + static_cast<Index>(k + 1) * back)[k] * chain.right[k];
    });
    z[at] = value * pivots_[at];
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      chain.right[k] = chain.right[k - 1];
    });
    chain.right[0] = value;
  }

  [[nodiscard]] std::array<Pack, order> solve_middle(const Tile& y,
                                                     const EliminationChain<order>& top,
                                                     const EliminationChain<order>& bottom) const {
    std::array<WhittakerRecord<order>, 2 * order + 1> ignored;
    std::array<Pack, order> weights;
    std::array<Pack, order> own;
    for (std::size_t v = 0; v < order; ++v) {
      const auto at = static_cast<std::size_t>(steps_) + v;
      weights[v] = broadcast(weights_[at]);
      own[v] = y[at];
    }
    const Index last = steps_ + static_cast<Index>(order) - 1;
    MiddleSystem<order> middle{};
    middle.start(*penalty_, steps_, weights, own);
    middle.take_off(*penalty_, top, steps_, false, &ignored[order], -1);
    middle.take_off(*penalty_, bottom, points_ - 1 - last, true, &ignored[order], 1);
    middle.solve();
    return middle.right;
  }

  template <typename Put>
  void back(const std::array<Pack, order>& middle, Tile& z, const Put& put) const {
    std::array<Pack, order> near_top;
    std::array<Pack, order> near_bottom;
    unrolled<order>([&](auto v) {
      near_top[v] = middle[v];
      near_bottom[v] = middle[order - 1 - v];
      z[static_cast<std::size_t>(steps_) + v] = middle[v];
      put(steps_ + static_cast<Index>(v), middle[v]);
    });
    if (is_uneven()) {
      substitute(points_ - 1 - steps_, near_bottom, z, put);
    }
    for (Index step = steps_ - 1; step >= 0; --step) {
      substitute(step, near_top, z, put);
      substitute(points_ - 1 - step, near_bottom, z, put);
    }
  }

  template <typename Put>
  [[gnu::always_inline]] void substitute(Index point,
                                         std::array<Pack, order>& near,
                                         Tile& z,
                                         const Put& put) const {
    const auto at = static_cast<std::size_t>(point);
    Pack value = z[at];
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      value -= lower(point)[k] * near[k];
    });
    z[at] = value;
    put(point, value);
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      near[k] = near[k - 1];
    });
    near[0] = value;
  }

  const DifferencePenalty<order>* penalty_ = nullptr;
  Index points_ = 0;
  Index steps_ = 0;  // points of the half from the start; the other half may have one more
  std::vector<double> weights_;
  std::vector<double> pivots_;  // reciprocals
  std::vector<std::array<double, order>> lower_;
  EliminationChain<order> top_;
  EliminationChain<order> bottom_;
};

}  // namespace calcispec::kernels
