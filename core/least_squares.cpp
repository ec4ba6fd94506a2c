#include "core/least_squares.hpp"

#include "core/decomposition.hpp"
#include "core/error.hpp"
#include "core/special_values_private.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

std::span<double> least_squares_span_of(VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}
std::span<const double> least_squares_span_of(const VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

VectorXd vector_of(const std::vector<double>& values, Index size, double otherwise) {
  if (values.empty()) {
    return VectorXd::Constant(size, otherwise);
  }
  return Eigen::Map<const VectorXd>(values.data(), size);
}

class Solver {
 public:
  Solver(const LeastSquaresProblem& problem, const LeastSquaresOptions& options)
      : problem_(problem), options_(options), count_(static_cast<Index>(problem.start.size())) {
    lower_ = vector_of(problem.lower, count_, -infinity);
    upper_ = vector_of(problem.upper, count_, infinity);
    parameters_ = vector_of(problem.start, count_, 0).cwiseMax(lower_).cwiseMin(upper_);
    residuals_.resize(problem.points);
    trial_residuals_.resize(problem.points);
    jacobian_.resize(problem.points, count_);
  }

  LeastSquaresResult run() {
    LeastSquaresResult result;
    if (problem_.points < count_ || count_ == 0 || !start()) {
      result.parameters = problem_.start;
      return result;
    }
    FitStatus status = FitStatus::iteration_limit;
    while (iterations_ < options_.max_iterations && status == FitStatus::iteration_limit) {
      ++iterations_;
      status = iterate();
    }
    fill(status, result);
    return result;
  }

 private:
  bool start() {
    if (!evaluate(parameters_, residuals_) || !fill_jacobian()) {
      return false;
    }
    square_ = residuals_.squaredNorm();
    damping_ = options_.initial_damping;
    return std::isfinite(square_);
  }

  bool evaluate(const VectorXd& at, VectorXd& residuals) {
    ++evaluations_;
    return problem_.evaluate(least_squares_span_of(at), least_squares_span_of(residuals), {}) &&
           residuals.allFinite();
  }

  bool fill_jacobian() {
    const std::span<double> flat(jacobian_.data(), static_cast<std::size_t>(jacobian_.size()));
    if (!problem_.evaluate(least_squares_span_of(std::as_const(parameters_)),
                           least_squares_span_of(residuals_),
                           flat) ||
        !jacobian_.allFinite()) {
      return false;
    }
    const VectorXd norms = jacobian_.colwise().norm();
    // The scale remembers large norms for some steps, so that a column that vanishes for a moment
    // does not let its parameter run away, but follows where norms fall by orders of magnitude.
    constexpr double memory = 0.7;
    scale_ = scale_.size() == 0 ? norms : (memory * scale_).cwiseMax(norms).eval();
    unit_ = (scale_.array() > 0).select(scale_, 1.0);
    gradient_ = jacobian_.transpose() * residuals_;
    is_factored_ = false;
    return true;
  }

  [[nodiscard]] bool is_stuck(Index i) const {
    return (parameters_[i] <= lower_[i] && gradient_[i] >= 0) ||
           (parameters_[i] >= upper_[i] && gradient_[i] <= 0);
  }

  void list_free() {
    free_.clear();
    for (Index i = 0; i < count_; ++i) {
      if (!is_stuck(i)) {
        free_.push_back(i);
      }
    }
  }

  // QR of the scaled columns that may move; damped steps then need only its R.
  void factorize() {
    const auto size = static_cast<Index>(free_.size());
    MatrixXd scaled(problem_.points, size);
    for (Index k = 0; k < size; ++k) {
      const Index i = free_[static_cast<std::size_t>(k)];
      scaled.col(k) = jacobian_.col(i) / unit_[i];
    }
    parts_ = pivoted_parts(scaled);
    projected_ = parts_.basis.adjoint() * residuals_;
  }

  // Parameter of the k-th column of the triangle.
  [[nodiscard]] Index pivoted(Index k) const {
    return free_[static_cast<std::size_t>(parts_.order[static_cast<std::size_t>(k)])];
  }

  // Least-squares answer of the damped problem for a right-hand side given in the frame of R.
  [[nodiscard]] VectorXd solve_damped(const VectorXd& projected) const {
    VectorXd step = VectorXd::Zero(count_);
    const auto size = static_cast<Index>(free_.size());
    const VectorXd solved =
        solve_triangle(damped_.triangle, -(damped_.basis.topRows(size).transpose() * projected));
    for (Index k = 0; k < size; ++k) {
      const Index i = pivoted(k);
      step[i] = solved[k] / unit_[i];
    }
    return step;
  }

  // Step of all parameters, its second-order part included; sides of the box stop it. False where
  // that part is so large that the linear model cannot be trusted.
  bool find_step(VectorXd& step) {
    if (!is_factored_) {
      list_free();
      factorize();
      is_factored_ = true;
    }
    const auto size = static_cast<Index>(free_.size());
    step = VectorXd::Zero(count_);
    if (size == 0) {
      return true;
    }
    MatrixXd stacked = MatrixXd::Zero(2 * size, size);
    stacked.topRows(size) = parts_.triangle;
    stacked.bottomRows(size).diagonal().setConstant(std::sqrt(damping_));
    damped_ = orthonormal_parts(stacked);
    const VectorXd velocity = solve_damped(projected_);
    const VectorXd acceleration = find_acceleration(velocity);
    const double ratio =
        2 * acceleration.cwiseProduct(unit_).norm() / velocity.cwiseProduct(unit_).norm();
    const bool is_trusted = ratio <= options_.acceleration_limit;
    step = velocity;
    if (is_trusted) {
      step += 0.5 * acceleration;
    }
    step = (parameters_ + step).cwiseMax(lower_).cwiseMin(upper_) - parameters_;
    return is_trusted || !(ratio > 0);
  }

  // Curvature of the model along the step, from one more evaluation close by.
  VectorXd find_acceleration(const VectorXd& velocity) {
    constexpr double part = 0.1;
    const VectorXd near = (parameters_ + part * velocity).cwiseMax(lower_).cwiseMin(upper_);
    if (!near.allFinite() || !evaluate(near, trial_residuals_)) {
      return VectorXd::Constant(count_, infinity);
    }
    const VectorXd moved = near - parameters_;
    const VectorXd second = 2 / (part * part) * (trial_residuals_ - residuals_ - jacobian_ * moved);
    return solve_damped((parts_.basis.adjoint() * second).eval());
  }

  FitStatus iterate() {
    VectorXd step;
    const bool is_trusted = find_step(step);
    const VectorXd scaled = step.cwiseProduct(unit_);
    const double predicted = -(2 * gradient_.dot(step) + (jacobian_ * step).squaredNorm());
    if (is_gradient_small()) {
      return FitStatus::converged;
    }
    const double size = parameters_.cwiseProduct(unit_).norm();
    const bool is_step_small =
        scaled.norm() <= options_.step_tolerance * (size + options_.step_tolerance);
    const VectorXd trial = parameters_ + step;
    const bool is_usable = is_trusted && step.allFinite() && evaluate(trial, trial_residuals_);
    const double decrease = is_usable ? square_ - trial_residuals_.squaredNorm() : -infinity;
    const bool is_decrease_small = std::abs(decrease) <= options_.function_tolerance * square_ &&
                                   predicted <= options_.function_tolerance * square_;
    if (decrease > 0) {
      accept(trial, decrease, predicted);
      if (!fill_jacobian()) {
        return FitStatus::stalled;
      }
    } else {
      damping_ = damping_ * growth_;
      growth_ *= 2;
    }
    if (is_decrease_small || (is_step_small && damping_ <= 1)) {
      return FitStatus::converged;
    }
    return damping_ > 1e20 ? FitStatus::stalled : FitStatus::iteration_limit;
  }

  void accept(const VectorXd& trial, double decrease, double predicted) {
    const double ratio = predicted > 0 ? decrease / predicted : 0.5;
    damping_ *= std::max(1.0 / 3, 1 - std::pow(2 * std::min(ratio, 1.0) - 1, 3));
    damping_ = std::max(damping_, 1e-16);
    growth_ = 2;
    parameters_ = trial;
    square_ -= decrease;
  }

  [[nodiscard]] bool is_gradient_small() const {
    if (square_ == 0) {
      return true;
    }
    double largest = 0;
    for (Index i = 0; i < count_; ++i) {
      if (!is_stuck(i)) {
        largest = std::max(largest, std::abs(gradient_[i]) / unit_[i]);
      }
    }
    return largest <= options_.gradient_tolerance * std::sqrt(square_);
  }

  void fill(FitStatus status, LeastSquaresResult& result) {
    result.parameters.assign(parameters_.data(), parameters_.data() + count_);
    result.sum_of_squares = residuals_.squaredNorm();
    result.iterations = iterations_;
    result.evaluations = evaluations_;
    free_.clear();
    for (Index i = 0; i < count_; ++i) {
      const bool is_at_bound = parameters_[i] <= lower_[i] || parameters_[i] >= upper_[i];
      result.is_at_bound.push_back(is_at_bound);
      if (is_at_bound) {
        status = status == FitStatus::converged ? FitStatus::at_bounds : status;
      } else {
        free_.push_back(i);
      }
    }
    result.status = status;
    fill_covariance(result);
  }

  void fill_covariance(LeastSquaresResult& result) {
    const auto total = static_cast<std::size_t>(count_);
    result.covariance.assign(total * total, 0.0);
    result.standard_errors.assign(total, not_a_number);
    if (free_.empty()) {
      return;
    }
    const double freedom = static_cast<double>(problem_.points - count_);
    const bool is_scaled = options_.standard_errors == StandardErrorKind::scaled;
    const double variance = is_scaled ? result.sum_of_squares / freedom : 1;
    unit_ = jacobian_.colwise().norm().transpose();
    unit_ = (unit_.array() > 0).select(unit_, 1.0);
    factorize();
    const auto size = static_cast<Index>(free_.size());
    const Index rank = parts_.rank(options_.singular_tolerance);
    const std::vector<bool> is_vague = find_vague(rank);
    const MatrixXd inverse =
        solve_triangle(parts_.triangle.topLeftCorner(rank, rank), MatrixXd::Identity(rank, rank));
    const MatrixXd product = variance * inverse * inverse.transpose();
    for (Index a = 0; a < size; ++a) {
      const Index i = pivoted(a);
      if (is_vague[static_cast<std::size_t>(a)]) {
        result.standard_errors[static_cast<std::size_t>(i)] = infinity;
        continue;
      }
      for (Index b = 0; b < rank; ++b) {
        const Index j = pivoted(b);
        if (!is_vague[static_cast<std::size_t>(b)]) {
          result.covariance[static_cast<std::size_t>(i * count_ + j)] =
              product(a, b) / (unit_[i] * unit_[j]);
        }
      }
      result.standard_errors[static_cast<std::size_t>(i)] =
          std::sqrt(result.covariance[static_cast<std::size_t>(i * count_ + i)]);
    }
  }

  // Pivoted columns that take part in a direction of no effect.
  [[nodiscard]] std::vector<bool> find_vague(Index rank) const {
    const Index size = parts_.triangle.cols();
    std::vector<bool> is_vague(static_cast<std::size_t>(size), false);
    if (rank == size) {
      return is_vague;
    }
    const MatrixXd null = solve_triangle(parts_.triangle.topLeftCorner(rank, rank),
                                         parts_.triangle.topRightCorner(rank, size - rank));
    for (Index a = 0; a < size; ++a) {
      is_vague[static_cast<std::size_t>(a)] = a >= rank || null.row(a).cwiseAbs().maxCoeff() > 1e-3;
    }
    return is_vague;
  }

  const LeastSquaresProblem& problem_;
  const LeastSquaresOptions& options_;
  Index count_ = 0;
  VectorXd lower_;
  VectorXd upper_;
  VectorXd parameters_;
  VectorXd residuals_;
  VectorXd trial_residuals_;
  MatrixXd jacobian_;
  VectorXd scale_;
  VectorXd unit_;
  VectorXd gradient_;
  std::vector<Index> free_;
  PivotedParts parts_;
  OrthonormalParts damped_;
  VectorXd projected_;
  bool is_factored_ = false;
  double square_ = 0;
  double damping_ = 0;
  double growth_ = 2;
  Index iterations_ = 0;
  Index evaluations_ = 0;
};

}  // namespace

std::string_view fit_status_name(FitStatus status) {
  switch (status) {
    case FitStatus::converged:
      return "converged";
    case FitStatus::at_bounds:
      return "at_bounds";
    case FitStatus::stalled:
      return "stalled";
    case FitStatus::iteration_limit:
      return "iteration_limit";
    case FitStatus::failed:
      return "failed";
    case FitStatus::not_fitted:
      return "not_fitted";
  }
  return "failed";
}

LeastSquaresResult minimize_least_squares(const LeastSquaresProblem& problem,
                                          const LeastSquaresOptions& options) {
  const std::size_t count = problem.start.size();
  require(static_cast<bool>(problem.evaluate), "a least-squares problem needs its residuals");
  require(problem.lower.empty() || problem.lower.size() == count,
          "lower bounds must be given for every parameter or none");
  require(problem.upper.empty() || problem.upper.size() == count,
          "upper bounds must be given for every parameter or none");
  for (std::size_t i = 0; i < count; ++i) {
    const double low = problem.lower.empty() ? -infinity : problem.lower[i];
    const double high = problem.upper.empty() ? infinity : problem.upper[i];
    require(low <= high, "a lower bound lies above its upper bound");
  }
  return Solver(problem, options).run();
}

}  // namespace calcispec
