// learn_response: responses, errors and cross-talk from standards.
#include "core/decomposition.hpp"
#include "core/error.hpp"
#include "models/response_private.hpp"
#include "models/weight_correction_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double prior_sd = 1;        // of a logarithm of a response
constexpr double first_error = 0.03;  // of a weight fraction, until the data tell
constexpr double least_learnt_freedom = 2;
constexpr std::size_t fewest_corrected = 6;  // standards; fewer cannot show whether it pays
constexpr double least_part = 0.75;          // of the error that cross-talk would make
// Heights are tried where shapes differ by more than that, and taken where the error of standards
// left out falls to that part.
constexpr double least_shape_spread = 0.02;
constexpr double most_of_error = 0.9;

void check_response_calibration(std::span<const Standard> standards) {
  require(standards.size() >= 3, "a calibration needs at least 3 standards that can be fitted");
  const auto& ids = standards.front().fit.ids;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool is_somewhere = std::any_of(
        standards.begin(), standards.end(), [&](const auto& row) { return row.fractions[i] > 0; });
    require(is_somewhere,
            "no standard holds " + ids[i] +
                ", so its response cannot be learnt; add one, or take "
                "the reference out of the library");
  }
}

}  // namespace

VectorXd detail::fractions_of(const std::vector<double>& amounts, const VectorXd& log_response) {
  VectorXd out(log_response.size());
  for (Index i = 0; i < out.size(); ++i) {
    out[i] = amounts[static_cast<std::size_t>(i)] * std::exp(-log_response[i]);
  }
  const double sum = out.sum();
  return sum > 0 ? VectorXd(out / sum) : out;
}

// d fraction_i / d log_response_j
MatrixXd detail::slopes_of(const VectorXd& fractions) {
  MatrixXd out = fractions * fractions.transpose();
  out.diagonal() -= fractions;
  return out;
}

detail::LearntFactors detail::learn_factors(std::span<const Standard* const> standards,
                                            double error) {
  const auto count = static_cast<Index>(standards.front()->fractions.size());
  const auto cost_and_system = [&](const VectorXd& at, MatrixXd& normal, VectorXd& gradient) {
    normal = MatrixXd::Identity(count, count) / (prior_sd * prior_sd);
    gradient = -at / (prior_sd * prior_sd);
    double cost = at.squaredNorm() / (prior_sd * prior_sd);
    for (const auto* standard : standards) {
      const VectorXd fractions = fractions_of(standard->fit.amounts, at);
      const Eigen::Map<const VectorXd> truth(standard->fractions.data(), count);
      const VectorXd miss = (truth - fractions) / error;
      const MatrixXd slopes = slopes_of(fractions) / error;
      normal += slopes.transpose() * slopes;
      gradient += slopes.transpose() * miss;
      cost += miss.squaredNorm();
    }
    return cost;
  };
  LearntFactors out;
  out.log_response = VectorXd::Zero(count);
  MatrixXd normal;
  VectorXd gradient;
  double cost = cost_and_system(out.log_response, normal, gradient);
  for (int round = 0; round < 100; ++round) {
    VectorXd step = solve_symmetric(normal, gradient);
    double next = 0;
    VectorXd trial;
    MatrixXd trial_normal;
    VectorXd trial_gradient;
    for (int halving = 0; halving < 20; ++halving) {
      trial = out.log_response + step;
      next = cost_and_system(trial, trial_normal, trial_gradient);
      if (next <= cost) {
        break;
      }
      step *= 0.5;
    }
    if (!(next <= cost)) {
      break;
    }
    const double gain = cost - next;
    out.log_response = trial;
    normal = trial_normal;
    gradient = trial_gradient;
    cost = next;
    if (gain <= 1e-12 * cost) {
      break;
    }
  }
  out.log_response.array() -= out.log_response.mean();
  // Only ratios count: the common factor, which nothing tells, is taken off.
  const MatrixXd ratios = MatrixXd::Identity(count, count) -
                          MatrixXd::Constant(count, count, 1 / static_cast<double>(count));
  out.covariance = ratios * solve_symmetric(normal, ratios);
  return out;
}

VectorXd detail::noise_variance(const MeasuredFit& fit, const VectorXd& fractions) {
  const auto count = fractions.size();
  MatrixXd slopes = -slopes_of(fractions);  // by relative change of an amount
  for (Index j = 0; j < count; ++j) {
    const double amount = fit.amounts[static_cast<std::size_t>(j)];
    slopes.col(j) *= amount > 0 ? 1 / amount : 0;
  }
  const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> covariance(
      fit.covariance.data(), count, count);
  return (slopes * covariance * slopes.transpose()).diagonal();
}

MeasuredFit detail::by_height(MeasuredFit fit, std::span<const double> standards) {
  const auto count = fit.ids.size();
  std::vector<double> factor(count, 1.0);
  for (std::size_t i = 0; i < std::min(standards.size(), fit.height_per_area.size()); ++i) {
    if (standards[i] > 0 && fit.height_per_area[i] > 0) {
      factor[i] = fit.height_per_area[i] / standards[i];
      fit.covariance[i * count + i] += std::pow(fit.amounts[i] * fit.height_per_area_u[i], 2);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    fit.amounts[i] *= factor[i];
    for (std::size_t j = 0; j < count; ++j) {
      fit.covariance[i * count + j] *= factor[i] * factor[j];
    }
  }
  return fit;
}

namespace {

LearntResponse learn_as_measured(std::span<const Standard> standards) {
  LearntResponse out;
  auto& calibration = out.calibration;
  calibration.phases = standards.front().fit.ids;
  const auto count = static_cast<Index>(calibration.phases.size());
  std::vector<const Standard*> all;
  for (const auto& standard : standards) {
    all.push_back(&standard);
  }
  double error = first_error;
  double square = 0;
  double noise = 0;
  for (int round = 0; round < 2; ++round) {
    out.left_out.clear();
    square = 0;
    noise = 0;
    for (std::size_t k = 0; k < all.size(); ++k) {
      auto others = all;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
      const auto learnt = detail::learn_factors(others, error);
      const VectorXd predicted = detail::fractions_of(all[k]->fit.amounts, learnt.log_response);
      noise += detail::noise_variance(all[k]->fit, predicted).sum();
      for (Index i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double truth = all[k]->fractions[at];
        square += (predicted[i] - truth) * (predicted[i] - truth);
        out.left_out.push_back({all[k]->file, calibration.phases[at], truth, predicted[i]});
      }
    }
    error = std::sqrt(square / static_cast<double>(all.size() * calibration.phases.size()));
  }
  const auto learnt = detail::learn_factors(all, error);
  calibration.error = error;
  out.uncorrected_error = error;
  const auto values = static_cast<double>(all.size()) * static_cast<double>(count);
  calibration.noise = std::min(error, std::sqrt(noise / values));
  calibration.freedom =
      std::max(least_learnt_freedom,
               static_cast<double>((static_cast<Index>(all.size()) - 1) * (count - 1)));
  calibration.log_response.assign(learnt.log_response.data(), learnt.log_response.data() + count);
  calibration.covariance.assign(learnt.covariance.data(), learnt.covariance.data() + count * count);
  calibration.standards = static_cast<Index>(all.size());
  for (std::size_t i = 0; i < calibration.phases.size(); ++i) {
    const auto [low, high] =
        std::minmax_element(all.begin(), all.end(), [&](const auto* a, const auto* b) {
          return a->fractions[i] < b->fractions[i];
        });
    calibration.lowest.push_back((*low)->fractions[i]);
    calibration.highest.push_back((*high)->fractions[i]);
  }
  return out;
}

// Of the logarithm of the highest point over the area, among the standards that hold a phase; 0
// where that is not known of all.
struct ShapeSpread {
  double mean = 0;
  double sd = 0;
};

ShapeSpread shape_spread(std::span<const Standard> standards, std::size_t phase) {
  double sum = 0;
  double square = 0;
  double count = 0;
  for (const auto& standard : standards) {
    const auto& factors = standard.fit.height_per_area;
    if (phase >= factors.size()) {
      return {};
    }
    if (standard.fit.amounts[phase] > 0) {
      if (!(factors[phase] > 0)) {
        return {};
      }
      const double value = std::log(factors[phase]);
      sum += value;
      square += value * value;
      ++count;
    }
  }
  if (count < 3) {
    return {};
  }
  return {sum / count, std::sqrt(std::max(0.0, (square - sum * sum / count) / (count - 1)))};
}

LearntResponse learn_by_height(std::span<const Standard> standards,
                               const std::vector<double>& height_per_area) {
  std::vector<Standard> measured(standards.begin(), standards.end());
  for (auto& standard : measured) {
    standard.fit = detail::by_height(std::move(standard.fit), height_per_area);
  }
  auto out = learn_as_measured(measured);
  out.calibration.height_per_area = height_per_area;
  return out;
}

}  // namespace

LearntResponse learn_response(std::span<const Standard> standards) {
  check_response_calibration(standards);
  auto best = learn_as_measured(standards);
  const auto count = best.calibration.phases.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto spread = shape_spread(standards, i);
    if (spread.sd < least_shape_spread) {
      continue;
    }
    auto height_per_area = best.calibration.height_per_area;
    height_per_area.resize(count, 0.0);
    height_per_area[i] = std::exp(spread.mean);
    auto trial = learn_by_height(standards, height_per_area);
    if (trial.calibration.error < most_of_error * best.calibration.error) {
      best = std::move(trial);
    }
  }
  return best;
}

LearntResponse learn_measured_response(std::span<const Standard> standards) {
  auto out = learn_response(standards);
  auto& calibration = out.calibration;
  const auto count = static_cast<Index>(calibration.phases.size());
  if (standards.size() < fewest_corrected || count < 2) {
    return out;
  }
  std::vector<const Standard*> all;
  for (const auto& standard : standards) {
    all.push_back(&standard);
  }
  const Eigen::Map<const VectorXd> log_response(calibration.log_response.data(), count);
  const double expected = detail::error_by_cross_talk(all, log_response);
  if (!(calibration.error >= least_part * expected)) {
    return out;
  }
  const auto trial = detail::learn_correction(all);
  if (!(trial.error < calibration.error)) {
    return out;
  }
  calibration.correction = trial.correction;
  calibration.error = trial.error;
  calibration.noise = std::min(calibration.noise, trial.error);
  calibration.log_response.assign(trial.factors.log_response.data(),
                                  trial.factors.log_response.data() + count);
  calibration.covariance.assign(trial.factors.covariance.data(),
                                trial.factors.covariance.data() + count * count);
  for (std::size_t k = 0; k < out.left_out.size(); ++k) {
    out.left_out[k].predicted =
        trial.predicted(static_cast<Index>(k) / count, static_cast<Index>(k) % count);
  }
  return out;
}

}  // namespace calcispec::models
