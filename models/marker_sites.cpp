// Sites of carbonate: shares of the A, B and labile bands of nu2 CO3.
#include "core/noise.hpp"
#include "models/marker_private.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace calcispec::models::detail {
namespace {

using Eigen::VectorXd;

// Labile, B and A, Rey 1989; seen there as 866, 871 and 878 1/cm.
constexpr std::array site_positions{866.0, 871.0, 878.0};
constexpr double position_sd = 0.75;  // 1/cm; half the reach of Rey 1989
constexpr double usual_width = 9;     // 1/cm, observed, apatites of tissue
constexpr double width_sd = 2.5;
constexpr double from_cm1 = 845;
constexpr double to_cm1 = 900;
constexpr double most_step_cm1 = 2.5;
constexpr double most_u = 0.25;  // of a share; more says nothing
// Heights, a line, positions, width.
constexpr Index unknowns = 9;
constexpr Index first_position = 5;
constexpr Index width_at = 8;

using Unknowns = Eigen::Matrix<double, unknowns, 1>;
using Normal = Eigen::Matrix<double, unknowns, unknowns>;
using Slopes = Eigen::Matrix<double, Eigen::Dynamic, unknowns>;

struct Points {
  VectorXd x;
  VectorXd y;
  double noise = 0;
};

Points cut(const CompositionInput& input) {
  std::vector<double> x;
  std::vector<double> y;
  const auto axis = input.axis.values();
  for (std::size_t i = 0; i < axis.size(); ++i) {
    if (axis[i] >= from_cm1 && axis[i] <= to_cm1) {
      x.push_back(axis[i]);
      y.push_back(input.y[i]);
    }
  }
  Points out;
  out.x = Eigen::Map<const VectorXd>(x.data(), static_cast<Index>(x.size()));
  out.y = Eigen::Map<const VectorXd>(y.data(), static_cast<Index>(y.size()));
  out.noise = independent_noise(input.y);
  return out;
}

struct Fit {
  Unknowns at = Unknowns::Zero();
  Normal covariance = Normal::Zero();
  double variance = 0;  // of a point
};

// Residuals and their slopes by the unknowns.
void linearise(const Points& points, const Unknowns& at, VectorXd& rest, Slopes& slopes) {
  rest.resize(points.x.size());
  slopes.resize(points.x.size(), unknowns);
  const double width = at[width_at];
  for (Index i = 0; i < points.x.size(); ++i) {
    const double t = (points.x[i] - 0.5 * (from_cm1 + to_cm1)) / (0.5 * (to_cm1 - from_cm1));
    double model = at[3] + at[4] * t;
    slopes(i, 3) = 1;
    slopes(i, 4) = t;
    slopes(i, width_at) = 0;
    for (Index k = 0; k < 3; ++k) {
      const double u = (points.x[i] - at[first_position + k]) / width;
      const double shape = std::exp(-4 * std::numbers::ln2 * u * u);
      const double steep = 8 * std::numbers::ln2 * u * shape * at[k] / width;
      slopes(i, k) = shape;
      slopes(i, first_position + k) = steep;
      slopes(i, width_at) += steep * u;
      model += at[k] * shape;
    }
    rest[i] = points.y[i] - model;
  }
}

// Least squares with what is known of places and width beforehand, by Levenberg and Marquardt.
Fit fit_sites(const Points& points, double shift) {
  Fit fit;
  Unknowns known = Unknowns::Zero();
  Unknowns precision = Unknowns::Zero();
  for (Index k = 0; k < 3; ++k) {
    known[first_position + k] = site_positions[static_cast<std::size_t>(k)] + shift;
    precision[first_position + k] = 1 / (position_sd * position_sd);
  }
  known[width_at] = usual_width;
  precision[width_at] = 1 / (width_sd * width_sd);
  fit.at = known;
  const double top = points.y.maxCoeff() - points.y.minCoeff();
  fit.at.head(3).setConstant(0.3 * top);
  fit.at[3] = points.y.minCoeff();
  VectorXd rest;
  Slopes slopes;
  const auto freedom = static_cast<double>(points.x.size() - unknowns);
  const auto cost_at = [&](const Unknowns& at) {
    linearise(points, at, rest, slopes);
    return rest.squaredNorm() / fit.variance + (at - known).cwiseAbs2().dot(precision);
  };
  fit.variance = std::max(1e-30, 1e-4 * top * top);
  // The noise is known at the end only: what is left says more than the neighbours do.
  constexpr int rounds = 3;
  constexpr int steps = 15;
  constexpr double settled = 1e-10;  // of the cost
  for (int round = 0; round < rounds; ++round) {
    double damping = 1e-3;
    double cost = cost_at(fit.at);
    for (int step = 0; step < steps; ++step) {
      Normal normal = slopes.transpose() * slopes / fit.variance;
      normal.diagonal() += precision;
      const Unknowns gradient =
          slopes.transpose() * rest / fit.variance + precision.cwiseProduct(known - fit.at);
      normal.diagonal() *= 1 + damping;
      Unknowns trial = fit.at + normal.ldlt().solve(gradient);
      trial[width_at] = std::clamp(trial[width_at], 3.0, 25.0);
      const double next = cost_at(trial);
      if (next <= cost) {
        const bool is_settled = cost - next <= settled * cost;
        fit.at = trial;
        cost = next;
        damping *= 0.2;
        if (is_settled) {
          break;
        }
      } else {
        cost_at(fit.at);
        damping *= 5;
      }
    }
    linearise(points, fit.at, rest, slopes);
    fit.variance = std::max({points.noise * points.noise, rest.squaredNorm() / freedom, 1e-30});
  }
  Normal normal = slopes.transpose() * slopes / fit.variance;
  normal.diagonal() += precision;
  fit.covariance = normal.inverse();
  return fit;
}

void set_share(const Fit& fit, Index site, Marker& marker) {
  const double sum = fit.at.head(3).sum();
  VectorXd by_height = VectorXd::Ones(3);
  const double sum_u = std::sqrt(by_height.dot(fit.covariance.topLeftCorner(3, 3) * by_height));
  if (!(sum > 5 * sum_u)) {
    return refuse(marker, "nu2 CO3 does not stand out of the noise");
  }
  const double share = fit.at[site] / sum;
  VectorXd slope = VectorXd::Constant(3, -share / sum);
  slope[site] += 1 / sum;
  const double u = std::sqrt(slope.dot(fit.covariance.topLeftCorner(3, 3) * slope));
  if (!(u < most_u)) {
    return refuse(marker, "the bands of nu2 CO3 overlap too much for this noise");
  }
  set(marker, share, u);
  marker.value.value = std::clamp(share, 0.0, 1.0);
  marker.value.lo95 = std::clamp(marker.value.lo95, 0.0, 1.0);
  marker.value.hi95 = std::clamp(marker.value.hi95, 0.0, 1.0);
  if (share < 2.33 * u) {  // critical level
    marker.status = MarkerStatus::below_lod;
    marker.value.status = EstimateStatus::below_lod;
    marker.value.reason = "not above the critical level";
  }
}

// Others with a band at nu2 CO3: carbonates, and P-OH of the acid phosphates at 870 to 875.
std::string rival_of(const Composition& composition) {
  static constexpr std::array rivals{"calcite",
                                     "aragonite",
                                     "vaterite",
                                     "dolomite",
                                     "magnesite",
                                     "amorphous_calcium_carbonate",
                                     "brushite",
                                     "monetite",
                                     "octacalcium_phosphate"};
  for (const auto& entry : composition.phases) {
    const bool is_there =
        entry.status == PhaseStatus::quantified || entry.status == PhaseStatus::ambiguous;
    if (is_there && std::find(rivals.begin(), rivals.end(), entry.phase) != rivals.end()) {
      return entry.name;
    }
  }
  return {};
}

}  // namespace

bool evaluate_site_marker(const MarkerContext& context, Marker& marker) {
  const bool is_a = marker.id == "carbonate_a_share";
  if (!is_a && marker.id != "carbonate_labile_share") {
    return false;
  }
  if (context.input.mode != SamplingMode::transmission) {
    refuse(marker, "defined for transmission: the optics of ATR move the bands it tells apart");
    return true;
  }
  const auto rival = rival_of(context.composition);
  if (!rival.empty()) {
    refuse(marker, rival + " has a band at nu2 CO3 too");
    return true;
  }
  const auto points = cut(context.input);
  const bool is_fine =
      points.x.size() > 20 &&
      (points.x[points.x.size() - 1] - points.x[0]) / static_cast<double>(points.x.size() - 1) <
          most_step_cm1 &&
      points.x[0] < from_cm1 + 5 && points.x[points.x.size() - 1] > to_cm1 - 5;
  if (!is_fine) {
    refuse(marker, "845 to 900 1/cm must be measured with points at most 2.5 1/cm apart");
    return true;
  }
  const auto& axis = context.composition.axis;
  set_share(fit_sites(points, axis.checked ? axis.shift_cm1 : 0), is_a ? 2 : 0, marker);
  return true;
}

}  // namespace calcispec::models::detail
