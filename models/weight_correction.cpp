#include "core/decomposition.hpp"
#include "models/weight_correction_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec::models::detail {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Standards = std::span<const Standard* const>;

// All of these are choices of ours, tried on the powders of docs/validation.md and on simulated
// standards; none is a constant of the literature.
constexpr double cross_talk_sd = 0.05;        // of the part of a reference read as another
constexpr double error_before_data = 0.03;    // of a fraction
constexpr double least_error = 1e-6;          // of a fraction: keeps the cross-talk finite
constexpr double phase_factor_prior = 4;      // standards' worth of a factor of 1
constexpr double least_variance_part = 0.01;  // of the mean square of the errors
constexpr double least_fraction = 0.01;       // where the error of a response is taken
constexpr double least_spread = 0.05;         // sd of samples about the mean of the standards
constexpr double prior_freedom = 4;           // of Student's t
constexpr int prior_rounds = 8;
constexpr int error_rounds = 2;
constexpr int weight_rounds = 3;

MatrixXd closure(Index count) {
  return MatrixXd::Identity(count, count) -
         MatrixXd::Constant(count, count, 1 / static_cast<double>(count));
}

VectorXd closed(const VectorXd& fractions) {
  const VectorXd positive = fractions.cwiseMax(0.0);
  const double sum = positive.sum();
  return sum > 0 ? VectorXd(positive / sum) : positive;
}

// Standards x phases.
MatrixXd readings_of(Standards standards, const VectorXd& log_response) {
  MatrixXd out(static_cast<Index>(standards.size()), log_response.size());
  for (Index k = 0; k < out.rows(); ++k) {
    out.row(k) = fractions_of(standards[static_cast<std::size_t>(k)]->fit.amounts, log_response);
  }
  return out;
}

MatrixXd truths_of(Standards standards) {
  const auto count = static_cast<Index>(standards.front()->fractions.size());
  MatrixXd out(static_cast<Index>(standards.size()), count);
  for (Index k = 0; k < out.rows(); ++k) {
    out.row(k) =
        Eigen::Map<const VectorXd>(standards[static_cast<std::size_t>(k)]->fractions.data(), count);
  }
  return out;
}

MatrixXd without_row(const MatrixXd& rows, Index left_out) {
  MatrixXd out(rows.rows() - 1, rows.cols());
  out.topRows(left_out) = rows.topRows(left_out);
  out.bottomRows(out.rows() - left_out) = rows.bottomRows(out.rows() - left_out);
  return out;
}

// Of each column of the cross-talk, once standards of these readings are known within `error`.
MatrixXd cross_talk_covariance(const MatrixXd& readings, double error) {
  const auto count = readings.cols();
  MatrixXd precision = MatrixXd::Identity(count, count) / (cross_talk_sd * cross_talk_sd);
  precision += readings.transpose() * readings / (error * error);
  return solve_symmetric(precision, MatrixXd::Identity(count, count));
}

struct Population {
  VectorXd mean;
  VectorXd variance;

  // About phases - 1 for a sample of the population.
  [[nodiscard]] double distance(const VectorXd& fractions) const {
    const auto count = static_cast<double>(fractions.size());
    const VectorXd away = fractions - mean;
    return away.cwiseAbs2().cwiseQuotient(variance).sum() * (count - 1) / count;
  }

  // Of the variance at that distance, by Student's t.
  [[nodiscard]] double growth(const VectorXd& fractions) const {
    const auto freedom = static_cast<double>(fractions.size() - 1);
    return (prior_freedom + distance(fractions)) / (prior_freedom + freedom);
  }

  // 1 where the standards are, little where no standard was: there a correction is a guess. The
  // weight of Student's t alone would fade too slowly for a pure substance; it is squared.
  [[nodiscard]] double nearness(const VectorXd& fractions) const {
    return std::min(1.0, 1 / std::pow(growth(fractions), 2));
  }
};

// A phase's own variance is shrunk half way to that of all, as few standards tell it badly, and
// doubled: what is to be measured spreads wider than the standards.
Population population_of(const MatrixXd& truths) {
  Population out;
  out.mean = truths.colwise().mean();
  const auto freedom = static_cast<double>(truths.rows() - 1);
  const VectorXd own = (truths.rowwise() - out.mean.transpose()).colwise().squaredNorm() / freedom;
  out.variance = (own.array() + own.mean()).max(least_spread * least_spread);
  return out;
}

struct Corrector {
  LearntFactors factors;
  MatrixXd readings;
  MatrixXd cross_talk;
  MatrixXd covariance;
};

VectorXd without_cross_talk(const VectorXd& fractions,
                            const MatrixXd& cross_talk,
                            const Population& population) {
  return closed(fractions + population.nearness(fractions) * cross_talk.transpose() * fractions);
}

Corrector learn_corrector(Standards standards, double error) {
  Corrector out;
  out.factors = learn_factors(standards, error);
  out.readings = readings_of(standards, out.factors.log_response);
  out.covariance = cross_talk_covariance(out.readings, error);
  const MatrixXd missed = truths_of(standards) - out.readings;
  out.cross_talk = out.covariance * (out.readings.transpose() * missed) / (error * error);
  return out;
}

// Fractions of every standard as the others tell them; `error` becomes their root mean square.
MatrixXd predict_left_out(Standards standards, const MatrixXd& truths, double& error) {
  MatrixXd out(truths.rows(), truths.cols());
  for (int round = 0; round < error_rounds; ++round) {
    for (Index k = 0; k < out.rows(); ++k) {
      std::vector<const Standard*> others(standards.begin(), standards.end());
      others.erase(others.begin() + k);
      const auto corrector = learn_corrector(others, error);
      const auto& amounts = standards[static_cast<std::size_t>(k)]->fit.amounts;
      out.row(k) = without_cross_talk(fractions_of(amounts, corrector.factors.log_response),
                                      corrector.cross_talk,
                                      population_of(truths_of(others)));
    }
    const double square = (out - truths).squaredNorm();
    error = std::max(least_error, std::sqrt(square / static_cast<double>(truths.size())));
  }
  return out;
}

struct ErrorModel {
  double response_variance = 0;
  double constant_variance = 0;
  VectorXd phase_factor;
};

// Least squares of two columns with coefficients >= 0.
std::array<double, 2> solve_pair(const MatrixXd& columns, const VectorXd& values) {
  const Eigen::Matrix2d normal = columns.transpose() * columns;
  const Eigen::Vector2d right = columns.transpose() * values;
  const double determinant = normal.determinant();
  if (determinant > 1e-12 * normal(0, 0) * normal(1, 1)) {
    const double first = (right[0] * normal(1, 1) - right[1] * normal(0, 1)) / determinant;
    const double second = (right[1] * normal(0, 0) - right[0] * normal(0, 1)) / determinant;
    if (first >= 0 && second >= 0) {
      return {first, second};
    }
  }
  const auto alone = [&](Index i) { return normal(i, i) > 0 ? right[i] / normal(i, i) : 0; };
  return alone(0) * right[0] > alone(1) * right[1] ? std::array{std::max(0.0, alone(0)), 0.0}
                                                   : std::array{0.0, std::max(0.0, alone(1))};
}

// Rows of both are standards. The squares of the errors have a spread that goes with their size, so
// they are weighed by what is expected of them.
ErrorModel learn_errors(const MatrixXd& missed, const MatrixXd& fractions) {
  const auto count = missed.cols();
  const auto standards = static_cast<double>(missed.rows());
  MatrixXd columns(missed.size(), 2);
  for (Index k = 0; k < missed.rows(); ++k) {
    const MatrixXd slopes = slopes_of(fractions.row(k));
    columns.block(k * count, 0, count, 1) = slopes.rowwise().squaredNorm();
  }
  columns.col(1).setConstant(1 - 1 / static_cast<double>(count));
  const RowMajor by_standard = missed.cwiseAbs2();
  const Eigen::Map<const VectorXd> squares(by_standard.data(), missed.size());
  const double least = std::max(least_variance_part * squares.mean(), least_error * least_error);
  VectorXd expected = VectorXd::Constant(missed.size(), 0.5 * squares.mean());
  if (const double mean = columns.col(0).mean(); mean > 0) {
    expected += 0.5 * squares.mean() / mean * columns.col(0);
  }
  std::array<double, 2> part{};
  for (int round = 0; round <= weight_rounds; ++round) {
    expected = expected.cwiseMax(least);
    part =
        solve_pair(expected.cwiseInverse().asDiagonal() * columns, squares.cwiseQuotient(expected));
    expected = columns * Eigen::Map<const Eigen::Vector2d>(part.data());
  }
  expected = expected.cwiseMax(least);
  ErrorModel out{part[0], std::max(part[1], least), VectorXd::Constant(count, phase_factor_prior)};
  for (Index row = 0; row < squares.size(); ++row) {
    out.phase_factor[row % count] += squares[row] / expected[row];
  }
  out.phase_factor /= standards + phase_factor_prior;
  return out;
}

// At fractions of a sum of 1; `unknown` is a variance that all have alike.
MatrixXd error_covariance(const ErrorModel& errors, const VectorXd& fractions, double unknown) {
  const MatrixXd slopes = slopes_of(closed(fractions.cwiseMax(least_fraction)));
  const VectorXd variance = errors.response_variance * errors.phase_factor;
  return slopes * variance.asDiagonal() * slopes.transpose() +
         (errors.constant_variance + unknown) * closure(fractions.size());
}

// Student's t as a normal distribution whose variance is what the distance makes likely.
VectorXd drawn(const VectorXd& fractions, const MatrixXd& error, const Population& population) {
  const auto count = fractions.size();
  const MatrixXd sums = closure(count);
  // What changes the sum is not asked for; a variance of 1 makes the system regular.
  const MatrixXd known = error + MatrixXd::Identity(count, count) - sums;
  VectorXd out = fractions;
  for (int round = 0; round < prior_rounds; ++round) {
    const MatrixXd spread =
        sums * (population.growth(out) * population.variance).asDiagonal() * sums;
    out = population.mean + spread * solve_symmetric(spread + known, fractions - population.mean);
  }
  return closed(fractions + population.nearness(fractions) * (out - fractions));
}

double unknown_at(const VectorXd& fractions, const MatrixXd& covariance) {
  return fractions.dot(covariance * fractions);
}

double largest_noise(Standards standards, const MatrixXd& readings) {
  double variance = 0;
  for (Index k = 0; k < readings.rows(); ++k) {
    const auto& fit = standards[static_cast<std::size_t>(k)]->fit;
    variance = std::max(variance, noise_variance(fit, readings.row(k)).mean());
  }
  return std::sqrt(variance);
}

std::vector<double> listed(const MatrixXd& values) {
  const RowMajor rows = values;
  return {rows.data(), rows.data() + rows.size()};
}

}  // namespace

double error_by_cross_talk(Standards standards, const VectorXd& log_response) {
  const MatrixXd readings = readings_of(standards, log_response);
  const auto count = static_cast<double>(readings.cols());
  return cross_talk_sd * std::sqrt(readings.rowwise().squaredNorm().mean() * (count - 1) / count);
}

CorrectionTrial learn_correction(Standards standards) {
  CorrectionTrial out;
  const MatrixXd truths = truths_of(standards);
  double error = error_before_data;
  const MatrixXd left_out = predict_left_out(standards, truths, error);
  const auto corrector = learn_corrector(standards, error);
  VectorXd unknown(truths.rows());
  for (Index k = 0; k < truths.rows(); ++k) {
    const auto& readings = corrector.readings;
    unknown[k] =
        unknown_at(readings.row(k), cross_talk_covariance(without_row(readings, k), error));
  }
  const double shown = unknown.mean();
  out.predicted.resizeLike(truths);
  for (Index k = 0; k < truths.rows(); ++k) {
    const MatrixXd others = without_row(truths, k);
    const MatrixXd others_left_out = without_row(left_out, k);
    const auto errors = learn_errors(others_left_out - others, others_left_out);
    const VectorXd fractions = left_out.row(k);
    out.predicted.row(k) =
        drawn(fractions,
              error_covariance(errors, fractions, std::max(0.0, unknown[k] - shown)),
              population_of(others));
  }
  out.error =
      std::sqrt((out.predicted - truths).squaredNorm() / static_cast<double>(truths.size()));
  const auto errors = learn_errors(left_out - truths, left_out);
  const auto population = population_of(truths);
  out.factors = corrector.factors;
  out.correction.cross_talk = listed(corrector.cross_talk);
  out.correction.cross_talk_covariance = listed(corrector.covariance);
  out.correction.cross_talk_shown = shown;
  out.correction.response_variance = errors.response_variance;
  out.correction.constant_variance = errors.constant_variance;
  out.correction.noise = largest_noise(standards, corrector.readings);
  out.correction.phase_factor = listed(errors.phase_factor);
  out.correction.mean = listed(population.mean);
  out.correction.variance = listed(population.variance);
  return out;
}

CorrectedFractions corrected(const WeightCorrection& correction,
                             const VectorXd& fractions,
                             const VectorXd& excess) {
  const auto count = fractions.size();
  const auto vector = [&](const std::vector<double>& values) {
    return Eigen::Map<const VectorXd>(values.data(), count);
  };
  const Eigen::Map<const RowMajor> cross_talk(correction.cross_talk.data(), count, count);
  const Eigen::Map<const RowMajor> covariance(
      correction.cross_talk_covariance.data(), count, count);
  const Population population{vector(correction.mean), vector(correction.variance)};
  const VectorXd read = without_cross_talk(fractions, cross_talk, population);
  const double unknown = unknown_at(fractions, covariance) - correction.cross_talk_shown;
  const ErrorModel errors{
      correction.response_variance, correction.constant_variance, vector(correction.phase_factor)};
  const MatrixXd error = error_covariance(errors, read, std::max(0.0, unknown));
  CorrectedFractions out;
  out.value = drawn(read, error, population);
  out.u = (error.diagonal() + excess).cwiseMax(0.0).cwiseSqrt();
  return out;
}

}  // namespace calcispec::models::detail
