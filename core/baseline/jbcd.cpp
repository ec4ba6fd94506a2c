// Baseline and noise-free signal found together, the baseline near the opening (JBCD).
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/penalized_solve.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo weight_parameter_jbcd(std::string_view name,
                                              double standard,
                                              std::string_view help) {
  return {.name = name, .minimum = 0, .maximum = 1e12, .standard = standard, .help = help};
}
constexpr ParameterInfo jbcd_order_parameter{.name = "diff_order",
                                             .type = ParameterType::integer,
                                             .minimum = 1,
                                             .maximum = 4,
                                             .standard = 1,
                                             .help = "order of the differences that are penalised"};
constexpr ParameterInfo jbcd_iterations_parameter{.name = "max_iterations",
                                                  .aliases = "max_iter",
                                                  .type = ParameterType::integer,
                                                  .minimum = 0,
                                                  .maximum = 10000,
                                                  .standard = 20,
                                                  .help = "most rounds"};
constexpr ParameterInfo signal_tolerance_parameter{
    .name = "tolerance",
    .aliases = "tol",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-2,
    .help = "relative change of the signal below which to stop"};
constexpr ParameterInfo baseline_tolerance_parameter{
    .name = "baseline_tolerance",
    .aliases = "tol_2",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-3,
    .help = "relative change of the baseline below which to stop as well"};
constexpr ParameterInfo robust_parameter{
    .name = "robust_opening",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 1,
    .help = "opening without its steps, as mor has it, instead of the plain one"};
constexpr std::array jbcd_parameters{
    half_window_parameter,
    weight_parameter_jbcd("alpha", 0.1, "how near the baseline keeps to the opening"),
    weight_parameter_jbcd("beta", 10, "stiffness of the baseline"),
    weight_parameter_jbcd("gamma", 1, "stiffness of the signal"),
    weight_parameter_jbcd("beta_mult", 1.1, "factor on beta from one round to the next"),
    weight_parameter_jbcd("gamma_mult", 0.909, "factor on gamma from one round to the next"),
    jbcd_order_parameter,
    jbcd_iterations_parameter,
    signal_tolerance_parameter,
    baseline_tolerance_parameter,
    robust_parameter};

class JbcdRun {
 public:
  explicit JbcdRun(const MethodCall& call)
      : given_(call.parameters),
        points_(static_cast<std::size_t>(call.points())),
        signal_solver_(points_, given_.integer("diff_order")),
        baseline_solver_(points_, given_.integer("diff_order")),
        opened_(points_),
        baseline_(points_),
        signal_(points_),
        next_baseline_(points_),
        next_signal_(points_) {}

  MethodStatus run_one(std::span<const double> y) {
    find_opening(y);
    baseline_ = opened_;
    std::copy(y.begin(), y.end(), signal_.begin());
    const double alpha = given_.real("alpha");
    double beta = given_.real("beta");
    double gamma = given_.real("gamma");
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      signal_solver_.factor(1, gamma);
      baseline_solver_.factor(1 + 2 * alpha, 2 * beta);
      for (std::size_t i = 0; i < points_; ++i) {
        next_signal_[i] = y[i] - baseline_[i];
      }
      signal_solver_.solve(next_signal_, next_signal_);
      for (std::size_t i = 0; i < points_; ++i) {
        next_baseline_[i] = y[i] - next_signal_[i] + 2 * alpha * opened_[i];
      }
      baseline_solver_.solve(next_baseline_, next_baseline_);
      const bool is_settled =
          relative_change(signal_, next_signal_) < given_.real("tolerance") &&
          relative_change(baseline_, next_baseline_) < given_.real("baseline_tolerance");
      std::swap(signal_, next_signal_);
      std::swap(baseline_, next_baseline_);
      if (is_settled) {
        return MethodStatus::converged;
      }
      beta *= given_.real("beta_mult");
      gamma *= given_.real("gamma_mult");
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  void find_opening(std::span<const double> y) {
    const auto half = half_window_of(given_, y, extremes_);
    extremes_.open(y, half, opened_);
    if (given_.flag("robust_opening")) {
      extremes_.erode(opened_, half, signal_);
      extremes_.dilate(opened_, half, baseline_);
      for (std::size_t i = 0; i < points_; ++i) {
        opened_[i] = std::min(opened_[i], 0.5 * (signal_[i] + baseline_[i]));
      }
    }
  }

  const ParameterSet& given_;
  std::size_t points_;
  MovingExtremes extremes_;
  PenalizedSolver signal_solver_;
  PenalizedSolver baseline_solver_;
  std::vector<double> opened_;
  std::vector<double> baseline_;
  std::vector<double> signal_;
  std::vector<double> next_baseline_;
  std::vector<double> next_signal_;
};

/// Model      minimise |y - x - b|^2 / 2 + alpha |b - opening|^2 + beta |D b|^2 + gamma |D x|^2 / 2
///            by turns in the signal x and the baseline b; beta grows and gamma shrinks each round
/// Status     converged | iteration_limit
/// Cost       O(points) a round, with the automatic half window times the windows tried
/// Source     Liu et al., Appl. Spectrosc. 69 (2015) 1013
void run_jbcd(const MethodCall& call) {
  JbcdRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_jbcd() {
  return {
      {"baseline",
       "jbcd", "baseline and noise-free signal together",
       "Liu et al., Appl. Spectrosc. 69 (2015) 1013", jbcd_parameters},
      6,
      run_jbcd
  };
}

}  // namespace calcispec
