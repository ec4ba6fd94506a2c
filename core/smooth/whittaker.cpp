// Whittaker smoothing of any order, the strength given or chosen per spectrum.
#include "core/kernels/tile.hpp"
#include "core/method_failure.hpp"
#include "core/smooth/strength.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr Index most_orders = 8;

constexpr std::array whittaker_parameters{
    ParameterInfo{.name = "lambda",
                  .aliases = "lam",
                  .minimum = 1e-4,
                  .maximum = 1e12,
                  .standard = std::numeric_limits<double>::quiet_NaN(),
                  .help = "strength, for unit spacing of the points; automatic if not given"},
    ParameterInfo{ .name = "diff_order",
                  .aliases = "order d",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = most_orders,
                  .standard = 2,
                  .help = "order of the difference that is penalised"},
    rule_parameter
};

/// LDL' of I + lambda D'D, which no spectrum changes, and solutions with it over lanes.
class Factor {
 public:
  void make(Index points, Index order, double lambda) {
    points_ = points;
    order_ = order;
    const auto band = static_cast<std::size_t>(order);
    lower_.assign(static_cast<std::size_t>(points) * band, 0.0);
    inverse_.resize(static_cast<std::size_t>(points));
    std::array<double, most_orders + 1> difference{1};
    for (Index k = 0; k < order; ++k) {  // binomial with alternating sign
      for (Index j = k + 1; j > 0; --j) {
        difference[static_cast<std::size_t>(j)] -= difference[static_cast<std::size_t>(j - 1)];
      }
    }
    const auto entry = [&](Index i, Index k) {  // of the matrix: point i with point i - k
      const Index first = std::max<Index>(0, i - order);
      const Index last = std::min(points - 1 - order, i - k);
      double sum = k == 0 ? 1 : 0;
      for (Index row = first; row <= last; ++row) {
        sum += lambda * difference[static_cast<std::size_t>(i - row)] *
               difference[static_cast<std::size_t>(i - k - row)];
      }
      return sum;
    };
    std::vector<double> pivot(inverse_.size());
    for (Index i = 0; i < points; ++i) {
      for (Index k = std::min(order, i); k > 0; --k) {  // column i - k
        double sum = entry(i, k);
        for (Index m = k + 1; m <= std::min(order, i); ++m) {
          sum -= lower(i, m) * lower(i - k, m - k) * pivot[static_cast<std::size_t>(i - m)];
        }
        lower(i, k) = sum * inverse_[static_cast<std::size_t>(i - k)];
      }
      double diagonal = entry(i, 0);
      for (Index m = 1; m <= std::min(order, i); ++m) {
        diagonal -= lower(i, m) * lower(i, m) * pivot[static_cast<std::size_t>(i - m)];
      }
      pivot[static_cast<std::size_t>(i)] = diagonal;
      inverse_[static_cast<std::size_t>(i)] = 1 / diagonal;
    }
  }

  /// Right-hand sides become solutions. Lanes of one group stand side by side.
  void solve(kernels::Pack* tile) const {
    switch (order_) {
      case 1:
        return solve_banded<1>(tile);
      case 2:
        return solve_banded<2>(tile);
      case 3:
        return solve_banded<3>(tile);
      case 4:
        return solve_banded<4>(tile);
      default:
        return solve_any(tile);
    }
  }

  /// Trace of the inverse, by the elements of it within the band.
  /// Source: Hutchinson & de Hoog, Numer. Math. 47 (1985) 99
  [[nodiscard]] double trace() const {
    const auto band = static_cast<std::size_t>(order_ + 1);
    std::vector<double> inside(static_cast<std::size_t>(points_) * band, 0.0);
    const auto at = [&](Index i, Index j) -> double& {  // i <= j <= i + order
      return inside[static_cast<std::size_t>(i) * band + static_cast<std::size_t>(j - i)];
    };
    double trace = 0;
    for (Index i = points_ - 1; i >= 0; --i) {
      const Index last = std::min(points_ - 1, i + order_);
      for (Index j = last; j >= i; --j) {
        double sum = i == j ? inverse_[static_cast<std::size_t>(i)] : 0;
        for (Index k = i + 1; k <= last; ++k) {
          sum -= lower_at(k, k - i) * (k <= j ? at(k, j) : at(j, k));
        }
        at(i, j) = sum;
      }
      trace += at(i, i);
    }
    return trace;
  }

 private:
  [[nodiscard]] double lower_at(Index i, Index k) const {
    return lower_[static_cast<std::size_t>(i * order_ + k - 1)];
  }
  double& lower(Index i, Index k) { return lower_[static_cast<std::size_t>(i * order_ + k - 1)]; }

  // The last few results stay in registers.
  template <std::size_t order>
  void solve_banded(kernels::Pack* tile) const {
    std::array<kernels::Pack, order> before{};
    const double* row = lower_.data();
    for (Index i = 0; i < points_; ++i, row += order) {
      kernels::Pack value = tile[i];
      kernels::unrolled<order>([&](auto from_far) {
        constexpr std::size_t k = order - 1 - decltype(from_far)::value;
        value -= row[k] * before[k];
      });
      kernels::unrolled<order - 1>([&](auto k) { before[order - 1 - k] = before[order - 2 - k]; });
      before[0] = value;
      tile[i] = value;
    }
    std::array<kernels::Pack, order> behind{};
    for (Index i = points_ - 1; i >= 0; --i) {
      kernels::Pack value = tile[i] * inverse_[static_cast<std::size_t>(i)];
      kernels::unrolled<order>([&](auto from_far) {
        constexpr std::size_t k = order - 1 - decltype(from_far)::value;
        const Index other = i + static_cast<Index>(k) + 1;
        value -= (other < points_ ? lower_[static_cast<std::size_t>(other) * order + k] : 0.0) *
                 behind[k];
      });
      kernels::unrolled<order - 1>([&](auto k) { behind[order - 1 - k] = behind[order - 2 - k]; });
      behind[0] = value;
      tile[i] = value;
    }
  }

  void solve_any(kernels::Pack* tile) const {
    for (Index i = 0; i < points_; ++i) {
      for (Index k = std::min(order_, i); k > 0; --k) {
        tile[i] -= lower_at(i, k) * tile[i - k];
      }
    }
    for (Index i = points_ - 1; i >= 0; --i) {
      tile[i] *= inverse_[static_cast<std::size_t>(i)];
      for (Index k = std::min(order_, points_ - 1 - i); k > 0; --k) {
        tile[i] -= lower_at(i + k, k) * tile[i + k];
      }
    }
  }

  Index points_ = 0;
  Index order_ = 0;
  std::vector<double> lower_;  // points * order
  std::vector<double> inverse_;
};

/// Factors of the strengths tried, kept by the thread for one length and order; of long spectra
/// one at a time, or they would fill the memory.
class Candidates {
 public:
  static constexpr Index count = 32;

  const Factor& factor(Index points, Index order, Index index) {
    if (points != points_ || order != order_) {
      points_ = points;
      order_ = order;
      held_.fill(none);
      traces_.fill(std::numeric_limits<double>::quiet_NaN());
    }
    const auto at = static_cast<std::size_t>(index);
    const std::size_t slot = points > most_points_kept ? 0 : at;
    if (held_[slot] != index) {
      factors_[slot].make(points, order, lambda(index));
      held_[slot] = index;
    }
    if (std::isnan(traces_[at])) {
      traces_[at] = factors_[slot].trace();
    }
    return factors_[slot];
  }
  [[nodiscard]] double trace(Index index) const { return traces_[static_cast<std::size_t>(index)]; }

 private:
  static constexpr Index most_points_kept = 10000;
  static constexpr Index none = -1;

  // The width of what is smoothed grows by the same factor from step to step for every order.
  [[nodiscard]] double lambda(Index index) const {
    const double width = 0.35 * std::pow(1.17, static_cast<double>(index));
    return std::pow(width, 2 * static_cast<double>(order_));
  }

  Index points_ = 0;
  Index order_ = 0;
  std::array<Factor, count> factors_;
  std::array<double, count> traces_{};
  std::array<Index, count> held_{};  // which strength a slot holds
};

class Smoother {
 public:
  Smoother(const MethodCall& call, Candidates& candidates)
      : call_(call), candidates_(candidates), order_(call.parameters.integer("diff_order")) {
    if (call.parameters.is_set("lambda")) {
      given_.make(call.points(), order_, call.parameters.real("lambda"));
    }
    tile_.resize(static_cast<std::size_t>(call.points()));
  }

  void run() {
    const bool is_given = call_.parameters.is_set("lambda");
    for (Index first = 0; first < call_.count(); first += kernels::lane_count) {
      const Index lanes = std::min<Index>(kernels::lane_count, call_.count() - first);
      if (is_given) {
        pack(first, lanes);
        given_.solve(tile_.data());
        unpack(first, 0, lanes);
      } else {
        smooth_best(first, lanes);
      }
    }
  }

 private:
  void pack(Index first, Index lanes) {
    for (Index lane = 0; lane < lanes; ++lane) {
      const auto row = call_.row(first + lane);
      for (std::size_t i = 0; i < row.size(); ++i) {
        kernels::lane_at(tile_, static_cast<Index>(i), lane) = row[i];
      }
    }
  }

  void unpack(Index first, Index begin, Index end) {
    for (Index lane = begin; lane < end; ++lane) {
      const auto row = call_.row(first + lane);
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] = kernels::lane_at(tile_, static_cast<Index>(i), lane);
      }
    }
  }

  // All lanes take part in every candidate; each keeps the one that suits it.
  void smooth_best(Index first, Index lanes) {
    pack(first, lanes);
    const kernels::Tile y = tile_;
    std::array<Index, kernels::lane_count> best{};
    std::array<double, kernels::lane_count> least;
    least.fill(std::numeric_limits<double>::infinity());
    std::vector<RiskEstimate> risks;
    for (Index lane = 0; lane < lanes; ++lane) {
      risks.emplace_back(call_.parameters.choice("rule"), call_.row(first + lane));
    }
    for (Index index = 0; index < Candidates::count; ++index) {
      const auto& factor = candidates_.factor(call_.points(), order_, index);
      tile_ = y;
      factor.solve(tile_.data());
      kernels::Pack residual{};
      for (std::size_t i = 0; i < y.size(); ++i) {
        const kernels::Pack rest = y[i] - tile_[i];
        residual += rest * rest;
      }
      for (Index lane = 0; lane < lanes; ++lane) {
        const auto at = static_cast<std::size_t>(lane);
        const double now = risks[at](residual[lane], candidates_.trace(index));
        if (now < least[at]) {
          least[at] = now;
          best[at] = index;
        }
      }
    }
    for (Index lane = 0; lane < lanes; ++lane) {
      const Index index = best[static_cast<std::size_t>(lane)];
      tile_ = y;
      candidates_.factor(call_.points(), order_, index).solve(tile_.data());
      unpack(first, lane, lane + 1);
    }
  }

  const MethodCall& call_;
  Candidates& candidates_;
  Index order_;
  Factor given_;
  kernels::Tile tile_;
};

/// Model      minimise sum (y - z)^2 + lambda sum (D^d z)^2
/// Automatic  lambda of least generalised cross-validation or expected error (strength.hpp), width
///            of the smoother 0.35 to 45 points in steps of 17 %
/// Needs      points > diff_order
/// Accuracy   1e-11 of the range of y against the plain solution, lambda up to 1e4
/// Cost       points * diff_order, the factors once per thread; automatic: 32 times that
/// Source     Whittaker, Proc. Edinb. Math. Soc. 41 (1923) 63; Eilers, Anal. Chem. 75 (2003) 3631
void run_whittaker(const MethodCall& call) {
  if (call.points() <= call.parameters.integer("diff_order")) {
    fail_all(call);
    return;
  }
  thread_local Candidates candidates;
  Smoother(call, candidates).run();
}

}  // namespace

CoreMethod smooth_whittaker() {
  return {
      {"smooth",
       "whittaker", "penalised differences of any order; automatic strength",
       "Eilers, Anal. Chem. 75 (2003) 3631", whittaker_parameters},
      3,
      run_whittaker
  };
}

}  // namespace calcispec
