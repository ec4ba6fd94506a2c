#include "core/baseline/stiffness.hpp"

#include "core/baseline/extended_range.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace calcispec {
namespace {

constexpr std::size_t stiffness_candidates = 17;
constexpr double shortest_part = 0.01;  // of the points, that the least stiff one smooths over

// From points one apart to the unit of the method: its spacing, or the axis'.
class LambdaScale {
 public:
  explicit LambdaScale(const MethodCall& call)
      : order_(2 * static_cast<double>(call.parameters.integer("diff_order"))) {
    const auto steps = static_cast<double>(call.points() - 1);
    const double length = call.axis.back() - call.axis.front();
    step_ = length / steps;
    const double knot_step =
        call.parameters.has("knots")
            ? length / static_cast<double>(call.parameters.integer("knots") - 1)
            : step_;
    // Fewer terms of the penalty, each of a longer step.
    spacing_from_points_ = knot_step / step_ / std::pow(knot_step / step_, order_);
  }
  [[nodiscard]] double spacing_from_points(double lambda) const {
    return lambda * spacing_from_points_;
  }
  [[nodiscard]] double spacing_from_axis(double lambda) const {
    return lambda / std::pow(step_, order_) * spacing_from_points_;
  }

 private:
  double order_;
  double step_ = 1;
  double spacing_from_points_ = 1;
};

double limited(double lambda) {
  return std::clamp(lambda, 1e-12, 1e18);
}

// Rows of a call and their results in memory of its own.
struct Copies {
  std::vector<std::vector<double>> values;
  std::vector<double*> rows;

  Copies(std::size_t count, std::size_t points) : values(count, std::vector<double>(points)) {
    for (auto& row : values) {
      rows.push_back(row.data());
    }
  }
};

double roughness(std::span<const double> z, Index order) {
  std::vector<double> difference(z.begin(), z.end());
  for (Index k = 0; k < order; ++k) {
    for (std::size_t i = 0; i + 1 < difference.size(); ++i) {
      difference[i] = difference[i + 1] - difference[i];
    }
    difference.pop_back();
  }
  double sum = 0;
  for (const double d : difference) {
    sum += d * d;
  }
  return sum;
}

// Fit and roughness of one spectrum for one stiffness.
struct Score {
  double fit = 0;        // weighted sum of squares of the residuals
  double roughness = 0;  // sum of squares of the differences
  double points = 0;     // sum of the weights
  double freedom = 0;    // degrees of freedom of the baseline
};

class StiffnessChoice {
 public:
  StiffnessChoice(const CoreMethod& method, const MethodCall& call)
      : method_(method),
        call_(call),
        rule_(call.parameters.choice("lambda_rule")),
        order_(call.parameters.integer("diff_order")),
        scale_(call) {
    const auto points = static_cast<double>(call.points());
    for (std::size_t k = 0; k < stiffness_candidates; ++k) {
      const double part =
          std::pow(shortest_part,
                   1 - static_cast<double>(k) / static_cast<double>(stiffness_candidates - 1));
      lambdas_.push_back(std::pow(part * points, 2 * static_cast<double>(order_)));
    }
  }

  /// Per spectrum, for unit spacing.
  std::vector<double> choose() {
    const auto best = rule_ == "extended_range" ? least_error() : least_score();
    std::vector<double> chosen;
    chosen.reserve(best.size());
    for (const double lambda : best) {
      chosen.push_back(limited(scale_.spacing_from_points(lambda)));
    }
    return chosen;
  }

 private:
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(call_.count()); }

  void run(const Axis& axis, double lambda, Copies& y, Copies& baselines, Copies* weights) const {
    const auto set = call_.parameters.with("lambda", limited(scale_.spacing_from_points(lambda)));
    std::vector<MethodStatus> status(count());
    MethodCall inner{axis, set, y.rows, baselines.rows, status};
    if (weights != nullptr) {
      inner.weights = weights->rows;
    }
    method_.run(inner);
  }

  std::vector<double> least_error() const {
    const ExtendedRange extended(call_.axis, {});
    Copies y(count(), extended.points());
    Copies baselines(count(), extended.points());
    std::vector<double> best(count(), lambdas_.back());
    std::vector<double> least(count(), std::numeric_limits<double>::infinity());
    for (const double lambda : lambdas_) {
      for (std::size_t r = 0; r < count(); ++r) {
        extended.extend(call_.row(static_cast<Index>(r)), y.values[r]);
      }
      run(extended.axis(), lambda, y, baselines, nullptr);
      for (std::size_t r = 0; r < count(); ++r) {
        const double error = extended.error(call_.row(static_cast<Index>(r)), baselines.values[r]);
        if (error < least[r]) {
          least[r] = error;
          best[r] = lambda;
        }
      }
    }
    return best;
  }

  Score score_of(std::span<const double> y,
                 std::span<const double> z,
                 std::span<const double> weights,
                 double lambda) const {
    Score score;
    for (std::size_t i = 0; i < y.size(); ++i) {
      score.fit += weights[i] * (y[i] - z[i]) * (y[i] - z[i]);
      score.points += weights[i];
    }
    score.roughness = roughness(z, order_);
    if (rule_ != "v_curve") {
      score.freedom = smoother_trace(weights, order_, lambda);
    }
    return score;
  }

  std::vector<double> least_score() const {
    const auto points = static_cast<std::size_t>(call_.points());
    Copies y(count(), points);
    Copies baselines(count(), points);
    Copies weights(count(), points);
    std::vector<std::vector<Score>> scores(count());
    for (const double lambda : lambdas_) {
      for (std::size_t r = 0; r < count(); ++r) {
        const auto row = call_.row(static_cast<Index>(r));
        std::copy(row.begin(), row.end(), y.values[r].begin());
      }
      run(call_.axis, lambda, y, baselines, &weights);
      for (std::size_t r = 0; r < count(); ++r) {
        scores[r].push_back(score_of(
            call_.row(static_cast<Index>(r)), baselines.values[r], weights.values[r], lambda));
      }
    }
    std::vector<double> best;
    best.reserve(scores.size());
    for (const auto& row : scores) {
      best.push_back(rule_ == "v_curve" ? bend_of(row) : lambdas_[least_of(row)]);
    }
    return best;
  }

  // The middle of the two stiffnesses between which fit and roughness move least.
  double bend_of(const std::vector<Score>& scores) const {
    double least = std::numeric_limits<double>::infinity();
    double best = lambdas_.back();
    for (std::size_t k = 1; k < scores.size(); ++k) {
      const auto step = [](double a, double b) {
        return std::log(std::max(b, 1e-300)) - std::log(std::max(a, 1e-300));
      };
      const double distance = std::hypot(step(scores[k - 1].fit, scores[k].fit),
                                         step(scores[k - 1].roughness, scores[k].roughness));
      if (distance < least) {
        least = distance;
        best = std::sqrt(lambdas_[k - 1] * lambdas_[k]);
      }
    }
    return best;
  }

  std::size_t least_of(const std::vector<Score>& scores) const {
    const auto value = [&](const Score& score) {
      const double n = std::max(score.points, 1.0);
      const double mean = std::max(score.fit / n, 1e-300);
      if (rule_ == "gcv") {
        const double left = std::max(1 - score.freedom / n, 1e-6);
        return mean / (left * left);
      }
      const double price = rule_ == "bic" ? std::log(n) : 2;
      return n * std::log(mean) + price * score.freedom;
    };
    std::size_t best = scores.size() - 1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < scores.size(); ++k) {
      const double own = value(scores[k]);
      if (own < least) {
        least = own;
        best = k;
      }
    }
    return best;
  }

  const CoreMethod& method_;
  const MethodCall& call_;
  std::string_view rule_;
  Index order_;
  LambdaScale scale_;
  std::vector<double> lambdas_;  // for points one apart, rising
};

// Spectra of the same choice in one run.
void run_chosen(const CoreMethod& method,
                const MethodCall& call,
                const std::vector<double>& chosen) {
  std::vector<double> values = chosen;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (const double lambda : values) {
    std::vector<double*> rows;
    std::vector<double*> baselines;
    std::vector<std::size_t> places;
    for (std::size_t r = 0; r < chosen.size(); ++r) {
      if (chosen[r] == lambda) {
        places.push_back(r);
        rows.push_back(call.rows[r]);
        if (!call.baselines.empty()) {
          baselines.push_back(call.baselines[r]);
        }
      }
    }
    std::vector<MethodStatus> status(rows.size());
    const auto set = call.parameters.with("lambda", lambda);
    method.run({call.axis, set, rows, baselines, status});
    for (std::size_t k = 0; k < places.size(); ++k) {
      call.status[places[k]] = status[k];
    }
  }
}

}  // namespace

double smoother_trace(std::span<const double> weights, Index order, double lambda) {
  const auto n = static_cast<Index>(weights.size());
  const auto d = order;
  const auto width = static_cast<std::size_t>(d) + 1;
  std::vector<double> difference{1};
  for (Index k = 0; k < d; ++k) {
    difference.push_back(0);
    for (std::size_t j = difference.size() - 1; j > 0; --j) {
      difference[j] -= difference[j - 1];
    }
  }
  std::vector<double> band(weights.size() * width, 0.0);  // [i][k] couples i with i - k
  const auto at = [&](std::vector<double>& of, Index i, Index k) -> double& {
    return of[static_cast<std::size_t>(i) * width + static_cast<std::size_t>(k)];
  };
  for (Index row = 0; row + d < n; ++row) {
    for (Index a = 0; a <= d; ++a) {
      for (Index b = 0; b <= a; ++b) {
        at(band, row + a, a - b) += lambda * difference[static_cast<std::size_t>(a)] *
                                    difference[static_cast<std::size_t>(b)];
      }
    }
  }
  for (Index i = 0; i < n; ++i) {  // LDL' in place, the diagonal at k = 0
    at(band, i, 0) += weights[static_cast<std::size_t>(i)];
    for (Index k = std::min(d, i); k > 0; --k) {
      for (Index m = k + 1; m <= std::min(d, i); ++m) {
        at(band, i, k) -= at(band, i, m) * at(band, i - k, m - k);
      }
    }
    for (Index k = std::min(d, i); k > 0; --k) {
      const double product = at(band, i, k);
      at(band, i, k) = product / at(band, i - k, 0);
      at(band, i, 0) -= product * at(band, i, k);
    }
  }
  // The band of the inverse from its end: [i][k] couples i with i + k.
  std::vector<double> inverse(weights.size() * width, 0.0);
  double trace = 0;
  for (Index i = n; i-- > 0;) {
    const Index reach = std::min(d, n - 1 - i);
    for (Index j = reach; j >= 0; --j) {
      double sum = j == 0 ? 1 / at(band, i, 0) : 0;
      for (Index k = 1; k <= reach; ++k) {
        const Index low = i + std::min(k, j);
        sum -= at(band, i + k, k) * at(inverse, low, std::abs(k - j));
      }
      at(inverse, i, j) = sum;
    }
    trace += weights[static_cast<std::size_t>(i)] * at(inverse, i, 0);
  }
  return trace;
}

void run_with_stiffness(const CoreMethod& method, const MethodCall& call) {
  const auto& set = call.parameters;
  if (!set.has("lambda_rule")) {
    return method.run(call);
  }
  if (!set.is_set("lambda")) {
    return run_chosen(method, call, StiffnessChoice(method, call).choose());
  }
  if (set.choice("lambda_unit") == "axis") {
    const double lambda = LambdaScale(call).spacing_from_axis(set.real("lambda"));
    const auto own = set.with("lambda", limited(lambda));
    return method.run({call.axis, own, call.rows, call.baselines, call.status});
  }
  method.run(call);
}

}  // namespace calcispec
