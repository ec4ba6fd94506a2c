// Joint fits: starts of shared unknowns, and the elimination of what each spectrum has for itself.
#include "core/decomposition.hpp"
#include "core/fit/joint_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec::band_fit {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

const FittedValue& value_of(const FreeParameter& owner, const FitResult& result) {
  const auto at = static_cast<std::size_t>(owner.parameter);
  return owner.band < 0 ? result.background[at]
                        : result.bands[static_cast<std::size_t>(owner.band)].parameters[at];
}

double weight_of(const FittedValue& value) {
  const double error = value.standard_error;
  return std::isfinite(error) && error > 0 ? 1 / (error * error) : 0;
}

Index largest_band(const Compiled& compiled, const std::vector<FitResult>& alone) {
  Index found = -1;
  double largest = -1;
  for (Index j = 0; j < compiled.amounts; ++j) {
    const auto band = static_cast<std::size_t>(compiled.free[static_cast<std::size_t>(j)].band);
    double sum = 0;
    for (const auto& own : alone) {
      sum += std::abs(own.bands[band].area.value);
    }
    if (sum > largest) {
      largest = sum;
      found = j;
    }
  }
  return found;
}

MatrixXd full_matrix(const kernels::SmallMatrix& upper) {
  MatrixXd out(upper.size, upper.size);
  for (Index i = 0; i < upper.size; ++i) {
    for (Index j = i; j < upper.size; ++j) {
      out(i, j) = upper.row(i)[j];
      out(j, i) = upper.row(i)[j];
    }
  }
  return out;
}

// Derivatives of the shared unknowns by the parameters of one spectrum.
MatrixXd shared_slopes(const JointLayout& layout,
                       const VectorXd& shared,
                       const std::vector<double>& theta) {
  MatrixXd out = MatrixXd::Zero(layout.count(), static_cast<Index>(theta.size()));
  for (Index k = 0; k < layout.count(); ++k) {
    const auto& own = layout.shared[static_cast<std::size_t>(k)];
    if (!own.is_ratio) {
      out(k, own.free) = 1;
      continue;
    }
    const double amount = theta[static_cast<std::size_t>(layout.reference)];
    if (amount != 0) {
      out(k, own.free) = 1 / amount;
      out(k, layout.reference) = -shared[k] / amount;
    }
  }
  return out;
}

}  // namespace

JointLayout joint_layout(const JointModel& joint,
                         const Compiled& compiled,
                         const std::vector<FitResult>& alone) {
  JointLayout out;
  std::vector<char> is_shared(compiled.free.size(), char{0});
  const auto share = [&](Index free, bool is_ratio) {
    const auto at = static_cast<std::size_t>(free);
    if (std::exchange(is_shared[at], char{1}) == 0) {
      out.shared.push_back({free, compiled.free[at], is_ratio});
    }
  };
  for (const auto& own : joint.shared) {
    const auto& band = compiled.bands[static_cast<std::size_t>(own.band)];
    const Link& link = compiled.links[static_cast<std::size_t>(band.first + own.parameter)];
    if (link.free >= 0 && link.ratio != 0) {
      share(link.free, false);
    }
  }
  if (joint.shares_ratios) {
    out.reference = largest_band(compiled, alone);
    for (Index j = 0; j < compiled.amounts; ++j) {
      if (j != out.reference) {
        share(j, true);
      }
    }
  }
  for (std::size_t i = 0; i < is_shared.size(); ++i) {
    if (is_shared[i] == 0) {
      out.own.push_back(static_cast<Index>(i));
    }
  }
  return out;
}

double mean_value(const FreeParameter& owner, const std::vector<FitResult>& alone) {
  std::vector<std::pair<double, double>> values;  // value, weight
  double total = 0;
  for (const auto& result : alone) {
    const auto& value = value_of(owner, result);
    values.emplace_back(value.value, weight_of(value));
    total += values.back().second;
  }
  if (!(total > 0)) {
    total = static_cast<double>(values.size());
    for (auto& value : values) {
      value.second = 1;
    }
  }
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const auto& [value, weight] : values) {
    sum += weight;
    if (sum >= 0.5 * total) {
      return value;
    }
  }
  return values.back().first;
}

double mean_ratio(const JointLayout& layout,
                  const SharedUnknown& own,
                  const std::vector<FitResult>& alone) {
  const FreeParameter reference{alone[0].free[static_cast<std::size_t>(layout.reference)]};
  double products = 0;
  double squares = 0;
  for (const auto& result : alone) {
    const auto& amount = value_of(own.owner, result);
    const double other = value_of(reference, result).value;
    const double weight = std::max(weight_of(amount), 1e-300);
    products += weight * amount.value * other;
    squares += weight * other * other;
  }
  return squares > 0 ? std::max(0.0, products / squares) : 1;
}

void fill_ratios(const JointLayout& layout,
                 const VectorXd& shared,
                 const Compiled& compiled,
                 JointFitResult& result) {
  result.reference = compiled.free[static_cast<std::size_t>(layout.reference)].band;
  for (const auto& band : compiled.bands) {
    const Link& link = compiled.links[static_cast<std::size_t>(band.first)];
    double ratio =
        link.free == layout.reference ? link.ratio : std::numeric_limits<double>::quiet_NaN();
    for (Index k = 0; k < layout.count(); ++k) {
      const auto& own = layout.shared[static_cast<std::size_t>(k)];
      if (own.is_ratio && own.free == link.free) {
        ratio = link.ratio * shared[k];
      }
    }
    result.ratios.push_back(ratio);
  }
}

void JointPart::prepare(const BandModel& model,
                        const JointSpectrum& spectrum,
                        const FitResult& alone) {
  gather(model, spectrum.x, spectrum.y, spectrum.sigma, data);
  compile(model, data, compiled);
  inner_ = compiled;
  pinned_ = compiled;
  minimizer_.prepare(data, inner_);
  evaluation_.prepare(data, pinned_);
  for (const auto& owner : compiled.free) {
    state.theta.push_back(value_of(owner, alone).value);
  }
}

// The inner model for these shared values.
void JointPart::bind(const JointLayout& layout, const VectorXd& shared) {
  for (Index k = 0; k < layout.count(); ++k) {
    const auto& own = layout.shared[static_cast<std::size_t>(k)];
    const auto at = static_cast<std::size_t>(own.free);
    if (!own.is_ratio) {
      inner_.lower[at] = shared[k];
      inner_.upper[at] = shared[k];
      trial.theta[at] = shared[k];
      continue;
    }
    for (std::size_t l = 0; l < compiled.links.size(); ++l) {
      const Link& link = compiled.links[l];
      if (link.free == own.free) {
        inner_.links[l] = {layout.reference, link.ratio * shared[k], link.offset};
      }
    }
    for (std::size_t c = 0; c < compiled.columns.size(); ++c) {
      const Column& column = compiled.columns[c];
      if (column.free == own.free) {
        inner_.columns[c].free = layout.reference;
        inner_.columns[c].ratio = column.ratio * shared[k];
      }
    }
  }
}

bool JointPart::fit(const JointLayout& layout,
                    const VectorXd& shared,
                    const VectorXd* step,
                    const FitOptions& options) {
  trial.theta = state.theta;
  if (step != nullptr) {
    const VectorXd change = response_ * *step;
    for (std::size_t i = 0; i < layout.own.size(); ++i) {
      const auto at = static_cast<std::size_t>(layout.own[i]);
      trial.theta[at] = std::clamp(
          trial.theta[at] - change[static_cast<Index>(i)], compiled.lower[at], compiled.upper[at]);
    }
  }
  bind(layout, shared);
  FitOptions own = options;
  own.tolerance = std::min(1e-11, options.tolerance);
  const auto minimum = minimizer_.run(trial, own);
  trial_iterations = minimum.iterations;
  for (Index k = 0; k < layout.count(); ++k) {
    const auto& unknown = layout.shared[static_cast<std::size_t>(k)];
    if (unknown.is_ratio) {
      trial.theta[static_cast<std::size_t>(unknown.free)] =
          shared[k] * trial.theta[static_cast<std::size_t>(layout.reference)];
    }
  }
  return minimum.status != FitStatus::failed;
}

// Columns: how the free parameters move with each own one, then with each shared one.
MatrixXd JointPart::directions(const JointLayout& layout, const VectorXd& shared) const {
  const auto own = static_cast<Index>(layout.own.size());
  MatrixXd out = MatrixXd::Zero(compiled.free_count(), own + layout.count());
  for (Index i = 0; i < own; ++i) {
    out(layout.own[static_cast<std::size_t>(i)], i) = 1;
  }
  for (Index k = 0; k < layout.count(); ++k) {
    const auto& unknown = layout.shared[static_cast<std::size_t>(k)];
    out(unknown.free, own + k) = 1;
    if (unknown.is_ratio) {
      out(unknown.free, own + k) = state.theta[static_cast<std::size_t>(layout.reference)];
      const auto at = std::find(layout.own.begin(), layout.own.end(), layout.reference);
      out(unknown.free, at - layout.own.begin()) = shared[k];
    }
  }
  return out;
}

void JointPart::keep_trial(const JointLayout& layout, const VectorXd& shared) {
  std::swap(state, trial);
  for (std::size_t i = 0; i < static_cast<std::size_t>(compiled.linear); ++i) {
    pinned_.lower[i] = state.theta[i];
    pinned_.upper[i] = state.theta[i];
  }
  evaluation_.evaluate(state);
  const MatrixXd moves = directions(layout, shared);
  const Eigen::Map<const VectorXd> gradient(state.gradient.data(),
                                            static_cast<Index>(state.gradient.size()));
  const MatrixXd normal = moves.transpose() * full_matrix(state.normal) * moves;
  eliminate_own(layout, normal, moves.transpose() * gradient);
}

// What sits at a bound or has no say does not answer to the shared unknowns.
void JointPart::eliminate_own(const JointLayout& layout,
                              const MatrixXd& normal,
                              const VectorXd& gradient) {
  const auto own = static_cast<Index>(layout.own.size());
  const Index count = layout.count();
  std::vector<Index> active;
  for (Index i = 0; i < own; ++i) {
    const auto at = static_cast<std::size_t>(layout.own[static_cast<std::size_t>(i)]);
    const bool is_inside =
        state.theta[at] > compiled.lower[at] && state.theta[at] < compiled.upper[at];
    if (is_inside && normal(i, i) > 0) {
      active.push_back(i);
    }
  }
  const auto size = static_cast<Index>(active.size());
  MatrixXd inner(size, size);
  MatrixXd coupling(size, count);
  VectorXd right(size);
  VectorXd scale(size);
  for (Index a = 0; a < size; ++a) {
    const Index i = active[static_cast<std::size_t>(a)];
    scale[a] = 1 / std::sqrt(normal(i, i));
    for (Index b = 0; b < a; ++b) {
      const Index j = active[static_cast<std::size_t>(b)];
      inner(a, b) = normal(i, j) * scale[a] * scale[b];
      inner(b, a) = inner(a, b);
    }
    inner(a, a) = 1 + 1e-13;  // twins stay apart from singular
    coupling.row(a) = scale[a] * normal.row(i).tail(count);
    right[a] = scale[a] * gradient[i];
  }
  const MatrixXd answer = solve_symmetric(inner, coupling);
  information = normal.bottomRightCorner(count, count) - coupling.transpose() * answer;
  slope = gradient.tail(count) - answer.transpose() * right;
  response_ = MatrixXd::Zero(own, count);
  for (Index a = 0; a < size; ++a) {
    response_.row(active[static_cast<std::size_t>(a)]) = scale[a] * answer.row(a);
  }
}

FitResult JointPart::answer(const JointLayout& layout,
                            const VectorXd& shared,
                            const SharedSlopes& total,
                            const FitOptions& options) {
  const MatrixXd slopes = shared_slopes(layout, shared, state.theta);
  const MatrixXd others = slopes.transpose() * (total.information - information) * slopes;
  const VectorXd pull = slopes.transpose() * (total.slope - slope);
  for (Index i = 0; i < compiled.free_count(); ++i) {
    state.gradient[static_cast<std::size_t>(i)] += pull[i];
    for (Index j = i; j < compiled.free_count(); ++j) {
      state.normal.row(i)[j] += others(i, j);
    }
  }
  FitResult result;
  fill_answer(data, compiled, state, options, result);
  return result;
}

}  // namespace calcispec::band_fit
