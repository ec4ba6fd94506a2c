#include "models/response_calibration.hpp"

#include "models/composition_private.hpp"
#include "models/response_private.hpp"
#include "models/series.hpp"
#include "models/weight_correction_private.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace calcispec::models {
namespace {

using Eigen::VectorXd;

constexpr double critical_factor = 2.33;  // 1 % false alarms
constexpr double least_freedom = 2;
constexpr double extrapolation = 0.1;  // of weight fraction beyond the standards

std::string mismatch(const MeasuredFit& fit, const ResponseCalibration& calibration) {
  for (const auto& phase : calibration.phases) {
    if (std::find(fit.ids.begin(), fit.ids.end(), phase) == fit.ids.end()) {
      return "the calibration " + calibration.id + " holds " + phase +
             ", which the library has not got for this technique and sampling mode";
    }
  }
  for (std::size_t i = 0; i < calibration.height_per_area.size(); ++i) {
    const auto at = static_cast<std::size_t>(
        std::find(fit.ids.begin(), fit.ids.end(), calibration.phases[i]) - fit.ids.begin());
    const bool has_height = at < fit.height_per_area.size() && fit.height_per_area[at] > 0;
    if (calibration.height_per_area[i] > 0 && fit.amounts[at] > 0 && !has_height) {
      return "the calibration " + calibration.id + " measures " + calibration.phases[i] +
             " by the height of its bands, which is not known here";
    }
  }
  return fit.ids.size() == calibration.phases.size()
             ? std::string()
             : "the library holds references that the calibration " + calibration.id +
                   " does not know";
}

// In the order of the calibration, as its correction needs them.
MeasuredFit ordered(const MeasuredFit& fit, const std::vector<std::size_t>& row) {
  const auto count = row.size();
  MeasuredFit out;
  out.amounts.resize(count);
  out.covariance.resize(count * count);
  for (std::size_t i = 0; i < count; ++i) {
    out.amounts[row[i]] = fit.amounts[i];
    for (std::size_t j = 0; j < count; ++j) {
      out.covariance[row[i] * count + row[j]] = fit.covariance[i * count + j];
    }
  }
  return out;
}

// Per phase of the calibration.
std::vector<Estimate> corrected_estimates(const MeasuredFit& fit,
                                          const ResponseCalibration& calibration) {
  const auto count = static_cast<Index>(calibration.phases.size());
  const Eigen::Map<const VectorXd> log_response(calibration.log_response.data(), count);
  const VectorXd fractions = detail::fractions_of(fit.amounts, log_response);
  const VectorXd noise = detail::noise_variance(fit, fractions);
  const double known = std::pow(calibration.correction->noise, 2);
  const double mean = noise.mean();
  const double part = mean > known ? 1 - known / mean : 0;
  const auto weights = detail::corrected(*calibration.correction, fractions, part * noise);
  const double factor = normal_95 * student_factor(std::max(calibration.freedom, least_freedom));
  std::vector<Estimate> out;
  for (Index i = 0; i < count; ++i) {
    const double value = weights.value[i];
    const double reach = factor * weights.u[i];
    out.push_back({value,
                   weights.u[i],
                   std::max(0.0, value - reach),
                   std::min(1.0, value + reach),
                   EstimateStatus::ok,
                   ""});
  }
  return out;
}

// Per phase of the fit, where responses are all that was learnt.
std::vector<Estimate> plain_estimates(const MeasuredFit& fit,
                                      const VectorXd& log_response,
                                      const ResponseCalibration& calibration) {
  const VectorXd fractions = detail::fractions_of(fit.amounts, log_response);
  const VectorXd noise = detail::noise_variance(fit, fractions);
  std::vector<Estimate> out;
  for (Index i = 0; i < fractions.size(); ++i) {
    const double more = noise[i] - calibration.noise * calibration.noise;
    const double u = std::sqrt(calibration.error * calibration.error + std::max(0.0, more));
    const double reach = u * student_factor(std::max(calibration.freedom, least_freedom));
    Estimate entry{fractions[i], u, 0, 0, EstimateStatus::ok, ""};
    std::tie(entry.lo95, entry.hi95) = detail::share_interval(entry.value, reach);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace

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
  const VectorXd variance = detail::noise_variance(fit, shares);
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
  std::vector<double> height_per_area(calibration.height_per_area.size());
  std::vector<std::size_t> row(fit.ids.size());
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    const auto found = std::find(calibration.phases.begin(), calibration.phases.end(), fit.ids[i]);
    row[i] = static_cast<std::size_t>(found - calibration.phases.begin());
    log_response[static_cast<Index>(i)] = calibration.log_response[row[i]];
    if (!height_per_area.empty()) {
      height_per_area[i] = calibration.height_per_area[row[i]];
    }
  }
  const auto measured = detail::by_height(fit, height_per_area);
  const auto estimates = calibration.correction
                             ? corrected_estimates(ordered(measured, row), calibration)
                             : plain_estimates(measured, log_response, calibration);
  for (std::size_t i = 0; i < fit.ids.size(); ++i) {
    auto& entry = out.phases[i];
    entry.share = estimates[calibration.correction ? row[i] : i];
    const double value = entry.share.value;
    const double u = entry.share.u;
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
