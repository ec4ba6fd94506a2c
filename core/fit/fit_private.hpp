// The parts of a band fit: data, compiled model, evaluation, minimisation. Private to core.
#pragma once

#include "core/fit/broadener_private.hpp"
#include "core/fit_diagnostics.hpp"
#include "core/fit_intervals.hpp"
#include "core/kernels/bounded_step.hpp"
#include "core/kernels/profile.hpp"

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace calcispec::band_fit {

using kernels::AlignedDoubles;

/// The points that count, rising, padded with weight 0.
struct Data {
  Index points = 0;
  Index padded = 0;
  AlignedDoubles x;
  AlignedDoubles weight;  // 1 / sigma
  AlignedDoubles y;       // times weight
  double middle = 0;
  double half_range = 1;
  double spacing = 0;  // median distance of points
  double sigma = 0;    // median
  bool knows_sigma = false;
  std::shared_ptr<const Broadener> broadener;  // null: bands as they are
};

/// A Gaussian part's sigma; a profile depends on its square.
inline bool is_gauss_part(const ParameterInfo& info) {
  return info.name.starts_with("gauss_sigma");
}

/// A parameter of a band as ratio * theta[free] + offset; free -1: offset alone.
struct Link {
  Index free = -1;
  double ratio = 1;
  double offset = 0;
};

struct CompiledBand {
  const kernels::ShapeRow* row = nullptr;
  Index first = 0;  // of its links
  Index count = 0;
};

/// One column of the evaluation: a profile (parameter 0), a derivative, or a background function.
struct Column {
  Index band = -1;
  Index parameter = 0;
  Index free = -1;
  double ratio = 1;
};

/// theta = amounts, background coefficients, all others.
struct Compiled {
  std::vector<CompiledBand> bands;
  std::vector<Link> links;
  std::vector<FreeParameter> free;
  std::vector<double> start;  // NaN: automatic
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<Column> columns;  // profiles of all bands, background, derivatives
  Index amounts = 0;
  Index linear = 0;  // amounts + background
  FitBackground background = FitBackground::none;
  Index background_columns = 0;

  [[nodiscard]] Index free_count() const { return static_cast<Index>(free.size()); }
  [[nodiscard]] double value(Index link, std::span<const double> theta) const {
    const Link& l = links[static_cast<std::size_t>(link)];
    return l.free < 0 ? l.offset : l.ratio * theta[static_cast<std::size_t>(l.free)] + l.offset;
  }
  [[nodiscard]] bool is_band_column(Index column) const {
    return columns[static_cast<std::size_t>(column)].band >= 0;
  }
};

/// Throws for x that is not strictly monotonic or sizes that disagree.
void gather(const BandModel& model,
            std::span<const double> x,
            std::span<const double> y,
            std::span<const double> sigma,
            Data& data);
/// Throws Error{invalid_argument} with all faults of the model.
void compile(const BandModel& model, const Data& data, Compiled& compiled);
struct StartRule {
  double widest = 0.35;                            // of the range: no band starts wider
  const std::vector<double>* explained = nullptr;  // bands there count as explained already
};
/// Fills NaN starts of theta from the data: bands are placed where they explain most.
void find_starts(const Data& data,
                 const Compiled& compiled,
                 const StartRule& rule,
                 std::vector<double>& theta);

/// sum ((y - background) / sigma)^2 of the best background without bands.
double background_chi_square(const Data& data, const Compiled& compiled);

/// Background functions at t, unweighted.
void background_functions(FitBackground kind, double t, Index count, double* out);

/// A value of a band of amount 1.
using BandMeasure = double (*)(const kernels::ShapeRow& row, const double* parameters);

/// A pseudo-measurement: weight * (sum of part * measure over the bands - target) is one more
/// residual. It drags the minimum along the profile of that sum.
struct Pull {
  std::vector<double> part;  // per band; empty: nothing is pulled
  BandMeasure measure = nullptr;
  bool has_amount = true;  // the measure grows with the amount
  double target = 0;
  double weight = 0;
};

/// Values at a little more and a little less of one parameter.
struct Sides {
  std::array<double, kernels::most_shape_parameters> above{};
  std::array<double, kernels::most_shape_parameters> below{};
  double distance = 0;
};
/// About parameter j; one-sided at the ends of the table's range.
Sides sides_of(const CompiledBand& band,
               const std::array<double, kernels::most_shape_parameters>& parameters,
               Index j);

/// Slopes of the measures by parameter j >= 2, for amount 1, from both sides.
BandMeasures measure_slope(const CompiledBand& band,
                           const std::array<double, kernels::most_shape_parameters>& parameters,
                           Index j);

/// Everything known at one theta.
struct State {
  std::vector<double> theta;
  AlignedDoubles columns;  // padded_columns(count + 1) x padded points; y is the last one used
  AlignedDoubles gram;
  AlignedDoubles residual;
  double chi_square = 0;         // with that of the pull
  double pulled = 0;             // the sum that is pulled
  double pull_square = 0;        // its part of chi-square
  kernels::SmallMatrix normal;   // J'J over theta
  std::vector<double> gradient;  // J'r over theta, r = y - model: a step along it lowers chi-square
};

/// Columns, exact amounts and background, residual and normal equations for one theta.
class Evaluation {
 public:
  void prepare(const Data& data, const Compiled& compiled);
  /// The others of theta are kept, amounts and background are solved within their bounds. False if
  /// nothing finite comes out.
  bool evaluate(State& state);
  void set_pull(Pull pull) { pull_ = std::move(pull); }

 private:
  void measure_pulled();
  void add_pull_to_linear();
  void add_pulled_band(std::size_t b, State& state);
  void add_pull(State& state);
  void fill_columns(State& state);
  bool solve_linear(State& state);
  void fill_residual(State& state);
  void fill_normal(State& state);

  const Data* data_ = nullptr;
  const Compiled* compiled_ = nullptr;
  Index count_ = 0;  // columns, y included, padded
  Index y_column_ = 0;
  std::vector<double> values_;  // of the links
  AlignedDoubles background_;
  AlignedDoubles unused_;
  kernels::SmallMatrix linear_normal_;
  std::vector<double> linear_right_;
  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<char> held_;
  std::vector<double> step_;
  std::vector<double> factor_;
  std::vector<double> products_;
  kernels::BoundedStep solver_;
  Pull pull_;
  std::vector<double> unit_measures_;  // of the pulled bands, for amount 1
  std::vector<double> pull_row_;
  AlignedDoubles fine_;  // for the broadener
};

struct Minimum {
  FitStatus status = FitStatus::failed;
  Index iterations = 0;
};

/// Levenberg-Marquardt over the parameters that are not linear.
class Minimizer {
 public:
  void prepare(const Data& data, const Compiled& compiled);
  /// state.theta is the start and, with everything about it, the answer.
  Minimum run(State& state, const FitOptions& options);
  Evaluation& evaluation() { return evaluation_; }

 private:
  void limit_step(const State& state);
  void limit_band(const State& state, const CompiledBand& band);
  bool find_step(const State& state, double damping);
  [[nodiscard]] double predicted_decrease(const State& state) const;

  const Compiled* compiled_ = nullptr;
  double rounding_ = 0;  // of chi-square: smaller decreases mean nothing
  Evaluation evaluation_;
  State trial_;
  kernels::SmallMatrix damped_;
  kernels::BoundedStep solver_;
  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<char> held_;
  std::vector<double> step_;
};

/// Whether the first answer asks for further starts: misfit, a band lost or hardly determined.
bool is_ambiguous(const Data& data, const Compiled& compiled, const FitResult& result);
/// Keeps the best state; returns the number of starts tried.
Index search_further(const Data& data,
                     const Compiled& compiled,
                     const FitOptions& options,
                     Minimizer& minimizer,
                     State& best,
                     Minimum& minimum);

struct LossOutcome {
  Index iterations = 0;
  bool is_settled = false;  // the weights stay
  double error_factor = 1;  // of the standard errors that the weights alone would give
  double chi_square = 0;    // of the sigmas as given; robust losses only
};

/// From the answer by least squares to that of options.loss: the weights of `data` follow the
/// model.
LossOutcome reweight(const FitOptions& options,
                     Data& data,
                     const Compiled& compiled,
                     Minimizer& minimizer,
                     State& state);

/// The arguments of a fit.
struct Spectrum {
  const BandModel& model;
  std::span<const double> x;
  std::span<const double> y;
  std::span<const double> sigma;
};
/// Intervals from fits of spectra drawn about the answer.
void bootstrap_answer(const Spectrum& spectrum,
                      const FitOptions& fit,
                      const IntervalOptions& options,
                      FitResult& result);

/// The same of a joint fit, whose answer is `result`.
void bootstrap_joint(const JointModel& joint,
                     std::span<const JointSpectrum> spectra,
                     const FitOptions& fit,
                     const IntervalOptions& options,
                     Index jobs,
                     JointFitResult& result);

/// Intervals by profile likelihood: chi-square, made least over all else, grows by `growth`.
/// `extras` are those of the answer.
void profile_answer(const Data& data,
                    Compiled& compiled,
                    double growth,
                    std::span<const BandExtras> extras,
                    FitResult& result);

std::string_view message_of(FitStatus status);
/// All standard errors, and the covariance by the square.
void scale_errors(double factor, FitResult& result);

/// Covariance, errors, derived quantities, costs, message.
void fill_answer(const Data& data,
                 const Compiled& compiled,
                 const State& state,
                 const FitOptions& options,
                 FitResult& result);

}  // namespace calcispec::band_fit
