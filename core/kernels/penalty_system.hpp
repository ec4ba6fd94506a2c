// Penalised differences over lanes, point after point from the first: symmetric, and with the
// penalty scaled row by row.
#pragma once

#include "core/kernels/whittaker.hpp"

namespace calcispec::kernels {

/// Substitution back, which both systems share. Memory of a run; belongs to the thread.
template <std::size_t order>
class PenaltyRecords {
 public:
  void resize(Index points) {
    records_.resize(static_cast<std::size_t>(points) + order);
    for (std::size_t k = 0; k < order; ++k) {  // nothing lies after these to write it
      records_[records_.size() - 1 - k].lower.fill(Pack{});
    }
    start_back();
  }
  void start_back() { near_.fill(Pack{}); }

  /// Of a point whose own lies `order` records later: those before it come first.
  WhittakerRecord<order>* record(Index point) {
    return records_.data() + point + static_cast<Index>(order);
  }
  /// The solution at a point; to be asked for from the last point to the first.
  Pack value(Index point) {
    const auto& own = *record(point);
    Pack z = own.scaled;
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      z -= own.lower[k] * near_[k];
    });
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      near_[k] = near_[k - 1];
    });
    near_[0] = z;
    return z;
  }

 private:
  std::vector<WhittakerRecord<order>> records_;
  std::array<Pack, order> near_{};  // the solution at the points after
};

/// (W + P) z = right with P = lambda D'D, D the difference of the order, and a second one of first
/// differences.
///
/// Cost       O(points x order^2), one division a point, no allocation but in make
template <std::size_t order>
class PenaltySystem {
 public:
  static constexpr bool is_scaled = false;
  static constexpr bool is_index_based = true;

  void make(Index points, double lambda, double first_lambda) {
    points_ = points;
    penalty_.make(points, lambda);
    if (first_lambda > 0) {
      penalty_.add_first_differences(first_lambda);
    }
    records_.resize(points);
  }
  void start() { chain_ = {}; }
  void add(Index point, Pack weight, Pack right) {
    chain_.step(penalty_.row(point), weight, right, records_.record(point), -1);
  }
  void solve() { records_.start_back(); }
  Pack value(Index point) { return records_.value(point); }

 private:
  Index points_ = 0;
  DifferencePenalty<order> penalty_;
  EliminationChain<order> chain_;
  PenaltyRecords<order> records_;
};

/// (W + F + S P) z = right: each row of the penalty P has a scale of its own, F are first
/// differences without one. Elimination without exchange of rows, which positive scales allow: the
/// matrix is then a positive definite one times a diagonal, but for F.
///
/// Cost       O(points x order^2), one division a point, no allocation but in make
template <std::size_t order>
class ScaledPenaltySystem {
 public:
  static constexpr bool is_scaled = true;
  static constexpr bool is_index_based = true;

  void make(Index points, double lambda, double first_lambda) {
    points_ = points;
    first_lambda_ = first_lambda;
    penalty_.make(points, lambda);
    records_.resize(points);
  }
  void start() {
    for (auto& row : before_) {
      row.upper.fill(Pack{});
      row.scaled = Pack{};
    }
  }
  void add(Index point, Pack weight, Pack right, Pack scale) {
    std::array<Pack, order> lower;  // with the points before
    std::array<Pack, order> upper;  // with the points after
    Pack diagonal = row_of(point, weight, scale, lower, upper);
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      const auto& row = before_[k];  // of the point k + 1 before
      unrolled<order>([&](auto m) {
        // Its coupling with the point m + 1 after itself, which is m - k after this one.
        if constexpr (m < k) {
          lower[k - m - 1] -= lower[k] * row.upper[m];
        } else if constexpr (m == k) {
          diagonal -= lower[k] * row.upper[m];
        } else {
          upper[m - k - 1] -= lower[k] * row.upper[m];
        }
      });
      right -= lower[k] * row.scaled;
    });
    const Pack inverse = 1.0 / diagonal;
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      before_[k] = before_[k - 1];
    });
    auto& own = before_[0];
    unrolled<order>([&](auto k) { own.upper[k] = upper[k] * inverse; });
    own.scaled = right * inverse;
    auto& record = *records_.record(point);
    record.lower = own.upper;
    record.scaled = own.scaled;
  }
  void solve() { records_.start_back(); }
  Pack value(Index point) { return records_.value(point); }

 private:
  struct Row {
    std::array<Pack, order> upper;  // over its diagonal
    Pack scaled;
  };

  Pack row_of(Index point,
              Pack weight,
              Pack scale,
              std::array<Pack, order>& lower,
              std::array<Pack, order>& upper) const {
    const auto& row = penalty_.row(point);
    unrolled<order>([&](auto k) {
      const Index after = point + static_cast<Index>(k) + 1;
      lower[k] = scale * row[k + 1];
      upper[k] = scale * (after < points_ ? penalty_.row(after)[k + 1] : 0);
    });
    const bool has_before = point > 0;
    const bool has_after = point + 1 < points_;
    lower[0] -= has_before ? first_lambda_ : 0;
    upper[0] -= has_after ? first_lambda_ : 0;
    const double ends = (has_before ? 1 : 0) + (has_after ? 1 : 0);
    return weight + scale * row[0] + first_lambda_ * ends;
  }

  Index points_ = 0;
  double first_lambda_ = 0;
  DifferencePenalty<order> penalty_;
  std::array<Row, order> before_;
  PenaltyRecords<order> records_;
};

}  // namespace calcispec::kernels
