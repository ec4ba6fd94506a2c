// What learning responses, correcting fractions and applying both have in common.
#pragma once

#include "models/response_calibration.hpp"

#include <Eigen/Core>

#include <span>
#include <vector>

namespace calcispec::models::detail {

/// amount / response, sum 1; zeros where nothing is there.
Eigen::VectorXd fractions_of(const std::vector<double>& amounts,
                             const Eigen::VectorXd& log_response);

/// d fraction_i / d log_response_j
Eigen::MatrixXd slopes_of(const Eigen::VectorXd& fractions);

/// Areas that phases of these heights would have in the shape of the standards; see
/// ResponseCalibration::height_per_area, here in the order of `fit.ids`.
MeasuredFit by_height(MeasuredFit fit, std::span<const double> standards);

struct LearntFactors {
  Eigen::VectorXd log_response;  // mean 0
  Eigen::MatrixXd covariance;
};

/// `error` is that of a fraction. Gauss-Newton with halved steps; the prior makes it regular.
LearntFactors learn_factors(std::span<const Standard* const> standards, double error);

/// Of each fraction, from the noise of the amounts.
Eigen::VectorXd noise_variance(const MeasuredFit& fit, const Eigen::VectorXd& fractions);

}  // namespace calcispec::models::detail
