#include "models/response_calibration.hpp"

#include "core/error.hpp"
#include "models/composition_private.hpp"
#include "models/series.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace calcispec::models {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double critical_factor = 2.33;  // 1 % false alarms
constexpr double prior_sd = 1;            // of a logarithm of a response
constexpr double first_error = 0.03;      // of a weight fraction, until the data tell
constexpr double least_freedom = 2;
constexpr double extrapolation = 0.1;  // of weight fraction beyond the standards

VectorXd fractions_of(const std::vector<double>& amounts, const VectorXd& log_response) {
  VectorXd out(log_response.size());
  for (Index i = 0; i < out.size(); ++i) {
    out[i] = amounts[static_cast<std::size_t>(i)] * std::exp(-log_response[i]);
  }
  const double sum = out.sum();
  return sum > 0 ? VectorXd(out / sum) : out;
}

// d fraction_i / d log_response_j
MatrixXd slopes_of(const VectorXd& fractions) {
  MatrixXd out = fractions * fractions.transpose();
  out.diagonal() -= fractions;
  return out;
}

struct Learnt {
  VectorXd log_response;
  MatrixXd covariance;
};

// Gauss-Newton with halved steps; the prior makes the system regular.
Learnt learn(std::span<const Standard* const> standards, double error) {
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
  Learnt out;
  out.log_response = VectorXd::Zero(count);
  MatrixXd normal;
  VectorXd gradient;
  double cost = cost_and_system(out.log_response, normal, gradient);
  for (int round = 0; round < 100; ++round) {
    VectorXd step = normal.ldlt().solve(gradient);
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
  out.covariance = ratios * normal.ldlt().solve(ratios);
  return out;
}

// Variance of each fraction from the noise of the amounts.
VectorXd noise_variance(const MeasuredFit& fit, const VectorXd& fractions) {
  const auto count = fractions.size();
  MatrixXd slopes = MatrixXd::Zero(count, count);  // by relative change of an amount
  slopes = -slopes_of(fractions);
  for (Index j = 0; j < count; ++j) {
    const double amount = fit.amounts[static_cast<std::size_t>(j)];
    slopes.col(j) *= amount > 0 ? 1 / amount : 0;
  }
  const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> covariance(
      fit.covariance.data(), count, count);
  return (slopes * covariance * slopes.transpose()).diagonal();
}

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

std::string mismatch(const MeasuredFit& fit, const ResponseCalibration& calibration) {
  for (const auto& phase : calibration.phases) {
    if (std::find(fit.ids.begin(), fit.ids.end(), phase) == fit.ids.end()) {
      return "the calibration " + calibration.id + " holds " + phase +
             ", which the library has not got for this technique and sampling mode";
    }
  }
  return fit.ids.size() == calibration.phases.size()
             ? std::string()
             : "the library holds references that the calibration " + calibration.id +
                   " does not know";
}

}  // namespace

LearntResponse learn_response(std::span<const Standard> standards) {
  check_response_calibration(standards);
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
      const auto learnt = learn(others, error);
      const VectorXd predicted = fractions_of(all[k]->fit.amounts, learnt.log_response);
      noise += noise_variance(all[k]->fit, predicted).sum();
      for (Index i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double truth = all[k]->fractions[at];
        square += (predicted[i] - truth) * (predicted[i] - truth);
        out.left_out.push_back({all[k]->file, calibration.phases[at], truth, predicted[i]});
      }
    }
    error = std::sqrt(square / static_cast<double>(all.size() * calibration.phases.size()));
  }
  const auto learnt = learn(all, error);
  calibration.error = error;
  const auto values = static_cast<double>(all.size()) * static_cast<double>(count);
  calibration.noise = std::min(error, std::sqrt(noise / values));
  calibration.freedom = std::max(
      least_freedom, static_cast<double>((static_cast<Index>(all.size()) - 1) * (count - 1)));
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

Composition shares_of(const MeasuredFit& fit) {
  Composition out;
  out.total.reason = fit.reason;
  out.unexplained.reason = "not measured with the user's own references";
  out.from_cm1 = fit.from_cm1;
  out.to_cm1 = fit.to_cm1;
  out.axis = fit.axis;
  out.condition_number = fit.condition_number;
  out.noise_sigma = fit.noise_sigma;
  out.curves = fit.curves;
  if (!fit.reason.empty()) {
    return out;
  }
  out.unexplained_bands = fit.unexplained;
  out.unexplained_flag = !fit.unexplained.empty();
  double total = 0;
  bool is_found = false;  // anything beyond chance
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    total += fit.amounts[i] * fit.areas[i];
    const double variance = fit.covariance[i * fit.ids.size() + i];
    is_found = is_found || fit.amounts[i] > critical_factor * std::sqrt(variance);
  }
  if (!(total > 0) || !is_found) {
    out.total.reason = "nothing of the references was found";
    return out;
  }
  VectorXd shares(static_cast<Index>(fit.ids.size()));
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    shares[static_cast<Index>(i)] = fit.amounts[i] * fit.areas[i] / total;
  }
  const VectorXd variance = noise_variance(fit, shares);
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    PhaseShare entry;
    entry.phase = fit.ids[i];
    entry.name = fit.ids[i];
    entry.share.value = shares[static_cast<Index>(i)];
    entry.share.u = std::sqrt(std::max(0.0, variance[static_cast<Index>(i)]));
    entry.share.status = EstimateStatus::ok;
    std::tie(entry.share.lo95, entry.share.hi95) =
        detail::share_interval(entry.share.value, entry.share.u);
    entry.lod = 3.3 * entry.share.u;
    entry.status = entry.share.value > critical_factor * entry.share.u ? PhaseStatus::quantified
                                                                       : PhaseStatus::below_lod;
    out.phases.push_back(std::move(entry));
  }
  out.total = Estimate{1, 0, 1, 1, EstimateStatus::ok, ""};
  return out;
}

Composition weight_fractions(const MeasuredFit& fit, const ResponseCalibration& calibration) {
  auto out = shares_of(fit);
  out.basis = CompositionBasis::weight_fraction;
  out.calibration_id = calibration.id;
  out.calibration_status = CalibrationStatus::user;
  const auto reason = fit.reason.empty() ? mismatch(fit, calibration) : fit.reason;
  if (!reason.empty() || out.total.status != EstimateStatus::ok) {
    out.total = Estimate{};
    out.total.reason = reason.empty() ? "nothing of the references was found" : reason;
    out.phases.clear();
    return out;
  }
  VectorXd log_response(static_cast<Index>(fit.ids.size()));
  std::vector<std::size_t> row(fit.ids.size());
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    const auto found = std::find(calibration.phases.begin(), calibration.phases.end(), fit.ids[i]);
    row[i] = static_cast<std::size_t>(found - calibration.phases.begin());
    log_response[static_cast<Index>(i)] = calibration.log_response[row[i]];
  }
  const VectorXd fractions = fractions_of(fit.amounts, log_response);
  const VectorXd noise = noise_variance(fit, fractions);
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    auto& entry = out.phases[i];
    const double more = noise[static_cast<Index>(i)] - calibration.noise * calibration.noise;
    const double u = std::sqrt(calibration.error * calibration.error + std::max(0.0, more));
    const double reach = u * student_factor(std::max(calibration.freedom, least_freedom));
    const double value = fractions[static_cast<Index>(i)];
    entry.share = Estimate{value, u, 0, 0, EstimateStatus::ok, ""};
    std::tie(entry.share.lo95, entry.share.hi95) = detail::share_interval(value, reach);
    entry.lod = 3.3 * u;
    entry.status = value > critical_factor * u ? PhaseStatus::quantified : PhaseStatus::below_lod;
    const bool is_outside = value > calibration.highest[row[i]] + extrapolation ||
                            value < calibration.lowest[row[i]] - extrapolation;
    if (is_outside) {
      entry.share.reason = "outside the standards, which hold from " +
                           std::to_string(calibration.lowest[row[i]]) + " to " +
                           std::to_string(calibration.highest[row[i]]);
    }
  }
  return out;
}

}  // namespace calcispec::models
