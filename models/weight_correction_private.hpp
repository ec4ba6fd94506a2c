// WeightCorrection: learnt from standards, applied to fractions.
#pragma once

#include "models/response_private.hpp"

#include <Eigen/Core>

#include <span>

namespace calcispec::models::detail {

struct CorrectionTrial {
  LearntFactors factors;
  WeightCorrection correction;
  Eigen::MatrixXd predicted;  // standards x phases, each standard left out in turn
  double error = 0;           // root mean square of what `predicted` misses
};

/// Needs 6 standards and 2 phases or more, and standards whose errors left out are not all 0.
///
/// Model      truth = f + f X + error, f = fractions by the responses; every element of X has the
///            prior sd 0.05. Variance of a fraction: response_variance * phase_factor through the
///            closure to 1, constant_variance, and what X is not known to at f
/// Left out   each standard is predicted by responses, cross-talk, error model and mean of the
///            others; the error of the fractions and X are learnt in two rounds
/// Cost       O(standards^2 * phases^2) per round and step of the fit of the responses
CorrectionTrial learn_correction(std::span<const Standard* const> standards);

/// Root mean square of the errors that cross-talk of its prior sd would make in these standards.
double error_by_cross_talk(std::span<const Standard* const> standards,
                           const Eigen::VectorXd& log_response);

struct CorrectedFractions {
  Eigen::VectorXd value;  // >= 0, sum 1
  Eigen::VectorXd u;
};

/// `fractions` by the responses alone, sum 1; `excess` is variance of each, beyond that of the
/// standards, which widens alone: noise as the fit states it is too rough to draw by.
///
/// Prior      Student's t of 4 degrees of freedom about the mean of the standards
/// Far away   both steps fade with the square of the weight of Student's t: a pure substance keeps
///            its fraction of 1 within about 1 %
/// u          of the error of the fractions before they are drawn: what the prior gains is not
///            claimed
/// Cost       O(phases^3)
CorrectedFractions corrected(const WeightCorrection& correction,
                             const Eigen::VectorXd& fractions,
                             const Eigen::VectorXd& excess);

}  // namespace calcispec::models::detail
