// Baseline by cutting corners: points above the line through their neighbours go, Bezier curves
// join the rest.
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array corner_cutting_parameters{
    ParameterInfo{.name = "max_iterations",
                  .aliases = "max_iter",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = 10000,
                  .standard = 100,
                  .help = "most rounds of cutting"}
};

using Indices = std::vector<std::size_t>;

/// Model      each round takes out the points that do not lie below the line through their
///            neighbours; kept are those left before the round that lost most area per point;
///            quadratic Bezier curves with the kept points as corners, joined halfway between them,
///            their parameter linear in the axis
/// Status     converged | iteration_limit (corners were left to cut)
/// Cost       O(points) per round
/// Source     Liu et al., Analyst 140 (2015) 7984
class CornerCutting {
 public:
  CornerCutting(std::span<const double> x, Index rounds) : x_(x), rounds_(rounds) {}

  MethodStatus run(std::span<const double> y, std::span<double> baseline) {
    const auto status = cut(y);
    kept_.clear();
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (survived_[i] >= wanted_) {
        kept_.push_back(i);
      }
    }
    join(y, baseline);
    return status;
  }

 private:
  // Points left to cut, in order.
  struct Points {
    std::vector<std::size_t> index;
    std::vector<double> x;
    std::vector<double> y;

    void resize(std::size_t count) {
      index.resize(count);
      x.resize(count);
      y.resize(count);
    }
    void put(std::size_t at, const Points& from, std::size_t k) {
      index[at] = from.index[k];
      x[at] = from.x[k];
      y[at] = from.y[k];
    }
    [[nodiscard]] double area() const {
      double sum = 0;
      for (std::size_t k = 1; k < index.size(); ++k) {
        sum += 0.5 * (x[k] - x[k - 1]) * (y[k] + y[k - 1]);
      }
      return sum;
    }
  };

  // Which points stay is as random as noise: counted without a branch.
  static void keep_corners(const Points& points, Points& next) {
    const std::size_t last = points.index.size() - 1;
    next.resize(points.index.size());
    next.put(0, points, 0);
    std::size_t count = 1;
    for (std::size_t k = 1; k < last; ++k) {
      const double part = (points.x[k] - points.x[k - 1]) * (points.y[k + 1] - points.y[k - 1]) /
                          (points.x[k + 1] - points.x[k - 1]);
      next.put(count, points, k);
      count += points.y[k] < points.y[k - 1] + part ? 1U : 0U;
    }
    next.put(count, points, last);
    next.resize(count + 1);
  }

  MethodStatus cut(std::span<const double> y) {
    survived_.assign(x_.size(), 0);
    wanted_ = 0;
    points_.resize(x_.size());
    std::iota(points_.index.begin(), points_.index.end(), std::size_t{0});
    std::copy(x_.begin(), x_.end(), points_.x.begin());
    std::copy(y.begin(), y.end(), points_.y.begin());
    double old_area = points_.area();
    double largest = -std::numeric_limits<double>::infinity();
    for (Index round = 0; round < rounds_; ++round) {
      keep_corners(points_, next_);
      if (next_.index.size() == points_.index.size()) {
        return MethodStatus::converged;
      }
      for (const auto i : next_.index) {
        ++survived_[i];
      }
      const double own_area = next_.area();
      const double loss =
          (old_area - own_area) / static_cast<double>(points_.index.size() - next_.index.size());
      if (loss > largest) {
        largest = loss;
        wanted_ = round - 1;
      }
      old_area = own_area;
      std::swap(points_, next_);
    }
    return MethodStatus::iteration_limit;
  }

  // One curve per inner corner, between the measured points nearest halfway to its neighbours; the
  // first starts at the first point, the last ends at the last.
  void join(std::span<const double> y, std::span<double> baseline) const {
    if (kept_.size() < 3) {
      return line(y, baseline);
    }
    std::size_t start = kept_.front();
    double start_y = y[start];
    for (std::size_t k = 1; k + 1 < kept_.size(); ++k) {
      const std::size_t corner = kept_[k];
      const std::size_t next = kept_[k + 1];
      const bool is_last = k + 2 == kept_.size();
      const std::size_t end = is_last ? next : nearest_halfway(corner, next);
      const double part = (x_[end] - x_[corner]) / (x_[next] - x_[corner]);
      const double end_y = y[corner] + part * (y[next] - y[corner]);
      for (std::size_t i = start; i <= end && end > start; ++i) {
        const double t = (x_[i] - x_[start]) / (x_[end] - x_[start]);
        baseline[i] = (1 - t) * (1 - t) * start_y + 2 * t * (1 - t) * y[corner] + t * t * end_y;
      }
      start = end;
      start_y = end_y;
    }
  }

  [[nodiscard]] std::size_t nearest_halfway(std::size_t a, std::size_t b) const {
    const double middle = 0.5 * (x_[a] + x_[b]);
    std::size_t best = a;
    for (std::size_t i = a + 1; i <= b; ++i) {
      best = std::abs(x_[i] - middle) < std::abs(x_[best] - middle) ? i : best;
    }
    return best;
  }

  void line(std::span<const double> y, std::span<double> baseline) const {
    const double slope = (y.back() - y.front()) / (x_.back() - x_.front());
    for (std::size_t i = 0; i < x_.size(); ++i) {
      baseline[i] = y.front() + slope * (x_[i] - x_.front());
    }
  }

  std::span<const double> x_;
  Index rounds_;
  std::vector<Index> survived_;  // rounds, per point
  Index wanted_ = 0;
  Points points_;
  Points next_;
  Indices kept_;
};

void run_corner_cutting(const MethodCall& call) {
  CornerCutting cutting(call.axis.values(), call.parameters.integer("max_iterations"));
  std::vector<double> baseline(static_cast<std::size_t>(call.points()));
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = cutting.run(call.row(r), baseline);
    call.give(r, baseline);
  }
}

}  // namespace

CoreMethod baseline_corner_cutting() {
  return {
      {"baseline",
       "corner_cutting", "corners cut until a curve from below is left",
       "Liu et al., Analyst 140 (2015) 7984", corner_cutting_parameters},
      6,
      run_corner_cutting
  };
}

}  // namespace calcispec
