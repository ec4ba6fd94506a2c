#include "core/fit.hpp"

#include "core/error.hpp"
#include "core/fit/fit_private.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace calcispec::band_fit {

std::string_view message_of(FitStatus status) {
  switch (status) {
    case FitStatus::converged:
      return "a minimum inside all bounds";
    case FitStatus::at_bounds:
      return "a minimum with at least one parameter at its bound";
    case FitStatus::stalled:
      return "no step lowers chi-square further; the surface is too flat or too rough here";
    case FitStatus::iteration_limit:
      return "stopped at the limit of iterations; the values are the best found";
    case FitStatus::failed:
      return "no finite value of the model near the start";
    case FitStatus::not_fitted:
      return "no signal above noise in the range";
  }
  return "left out";
}

void scale_errors(double factor, FitResult& result) {
  const auto scale = [factor](FittedValue& value) { value.standard_error *= factor; };
  for (auto& band : result.bands) {
    std::for_each(band.parameters.begin(), band.parameters.end(), scale);
    scale(band.height);
    scale(band.fwhm);
    scale(band.area);
  }
  std::for_each(result.background.begin(), result.background.end(), scale);
  for (double& value : result.covariance) {
    value *= factor * factor;
  }
}

}  // namespace calcispec::band_fit

namespace calcispec {
namespace {

using band_fit::State;

/// Belongs to the thread; buffers keep their size from fit to fit.
struct Workspace {
  band_fit::Data data;
  band_fit::Compiled compiled;
  band_fit::Minimizer minimizer;
  State state;
};

Workspace& workspace() {
  thread_local Workspace own;
  return own;
}

FitResult failed(const band_fit::Compiled& compiled, std::string message) {
  FitResult result;
  result.message = std::move(message);
  result.n_free = compiled.free_count();
  result.free = compiled.free;
  for (const auto& band : compiled.bands) {
    result.bands.emplace_back().parameters.resize(static_cast<std::size_t>(band.count));
  }
  result.background.resize(static_cast<std::size_t>(compiled.background_columns));
  return result;
}

// Into the box; a Gaussian part starts above 0, where its slope vanishes.
void put_inside(const band_fit::Compiled& compiled,
                double width_floor,
                std::vector<double>& theta) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    theta[i] = std::clamp(theta[i], compiled.lower[i], compiled.upper[i]);
    const auto& owner = compiled.free[i];
    if (theta[i] == 0 && owner.band >= 0) {
      const auto& row = *compiled.bands[static_cast<std::size_t>(owner.band)].row;
      const auto& info = row.info.parameters[static_cast<std::size_t>(owner.parameter)];
      if (band_fit::is_gauss_part(info)) {
        theta[i] = std::min(compiled.upper[i], width_floor);
      }
    }
  }
}

// No more than background and noise, judged by chi-square of the background alone.
bool is_empty(const band_fit::Data& data, const band_fit::Compiled& compiled, double gate) {
  const auto freedom = static_cast<double>(data.points - compiled.background_columns);
  return freedom > 0 &&
         band_fit::background_chi_square(data, compiled) <= freedom + gate * std::sqrt(2 * freedom);
}

FitResult left_out(const band_fit::Data& data, const band_fit::Compiled& compiled) {
  FitResult result = failed(compiled, std::string(band_fit::message_of(FitStatus::not_fitted)));
  result.status = FitStatus::not_fitted;
  result.points = data.points;
  result.noise_sigma = data.sigma;
  return result;
}

bool is_any_at_bound(const FitResult& result) {
  bool found = false;
  for (const auto& band : result.bands) {
    for (const auto& value : band.parameters) {
      found = found || value.is_at_bound;
    }
  }
  return found;
}

}  // namespace

Band Band::make(std::string id, const BandShape& shape) {
  Band band;
  band.id = std::move(id);
  band.shape = &shape;
  band.parameters.resize(shape.parameters.size());
  return band;
}

BandParameter& Band::parameter(std::string_view name) {
  if (shape == nullptr) {
    throw Error(ErrorCode::invalid_argument, "a band without a shape has no parameters");
  }
  const Index index = shape->parameter_index(name);
  require(
      index >= 0,
      "the shape " + std::string(shape->name) + " has no parameter '" + std::string(name) + "'");
  return parameters[static_cast<std::size_t>(index)];
}

std::string_view no_error_text(NoErrorReason reason) {
  switch (reason) {
    case NoErrorReason::none:
      return "";
    case NoErrorReason::fixed:
      return "held fixed";
    case NoErrorReason::at_bound:
      return "at its bound: the curvature there gives no standard error";
    case NoErrorReason::not_identifiable:
      return "not identifiable: the data do not tell it apart from the other parameters";
    case NoErrorReason::not_requested:
      return "no covariance was asked for";
    case NoErrorReason::no_freedom:
      return "no more points than parameters: the scatter cannot be judged";
  }
  return "";
}

std::string_view interval_note_text(IntervalNote note) {
  switch (note) {
    case IntervalNote::none:
      return "";
    case IntervalNote::not_requested:
      return "no interval was asked for";
    case IntervalNote::ends_at_bound:
      return "ends at the bound of the parameter";
    case IntervalNote::open:
      return "the data do not limit it on this side";
    case IntervalNote::fixed:
      return "held fixed";
    case IntervalNote::side_minimum:
      return "a lower chi-square was met on the way: the answer is a side minimum; give other "
             "starts or more of them";
    case IntervalNote::failed:
      return "too many of the fits it needs failed";
  }
  return "";
}

std::string_view fit_loss_name(FitLoss loss) {
  switch (loss) {
    case FitLoss::least_squares:
      return "least_squares";
    case FitLoss::huber:
      return "huber";
    case FitLoss::cauchy:
      return "cauchy";
    case FitLoss::poisson:
      return "poisson";
  }
  return "least_squares";
}

namespace {

// Squares first, whose answer is the start; then the loss that is asked for.
void apply_loss(const FitOptions& options, Workspace& own, FitResult& result) {
  const auto outcome =
      band_fit::reweight(options, own.data, own.compiled, own.minimizer, own.state);
  const auto starts = result.starts;
  const auto iterations = result.iterations + outcome.iterations;
  const auto status = result.status;
  result = {};
  band_fit::fill_answer(own.data, own.compiled, own.state, options, result);
  result.starts = starts;
  result.iterations = iterations;
  result.status = outcome.is_settled ? status : FitStatus::iteration_limit;
  if (options.loss != FitLoss::poisson) {
    band_fit::scale_errors(outcome.error_factor, result);
    result.chi_square = outcome.chi_square;
    result.reduced_chi_square =
        outcome.chi_square / static_cast<double>(result.points - result.n_free);
  }
}

// Standard deviations to begin with; empty if the values are no counts.
std::vector<double> sigma_of_counts(std::span<const double> y) {
  std::vector<double> out;
  for (const double value : y) {
    if (value < 0) {
      return {};
    }
    out.push_back(std::sqrt(std::max(value, 1.0)));
  }
  return out;
}

}  // namespace

FitResult fit_bands(const BandModel& model,
                    std::span<const double> x,
                    std::span<const double> y,
                    std::span<const double> sigma,
                    const FitOptions& options) {
  std::vector<double> of_counts;
  if (options.loss == FitLoss::poisson) {
    of_counts = sigma_of_counts(y);
    require(of_counts.size() == y.size(),
            "the likelihood of counts needs values that are not below 0; take another loss");
    sigma = of_counts;
  }
  const bool is_robust = options.loss == FitLoss::huber || options.loss == FitLoss::cauchy;
  require(!is_robust || !sigma.empty(), "a robust loss needs the sigma of the points");
  Workspace& own = workspace();
  band_fit::gather(model, x, y, sigma, own.data);
  band_fit::compile(model, own.data, own.compiled);
  const auto free = own.compiled.free_count();
  if (own.data.points == 0 || own.data.points < free || free == 0) {
    return failed(own.compiled,
                  free == 0 ? "nothing to fit: every parameter is fixed"
                            : std::to_string(own.data.points) + " usable points cannot hold " +
                                  std::to_string(free) + " free parameters");
  }
  if (own.data.knows_sigma && options.gate > 0 && is_empty(own.data, own.compiled, options.gate)) {
    return left_out(own.data, own.compiled);
  }
  const bool is_placed = std::any_of(own.compiled.start.begin() + own.compiled.linear,
                                     own.compiled.start.end(),
                                     [](double v) { return std::isnan(v); });
  own.state.theta = own.compiled.start;
  band_fit::find_starts(own.data, own.compiled, {}, own.state.theta);
  put_inside(own.compiled, own.data.spacing, own.state.theta);
  own.minimizer.prepare(own.data, own.compiled);
  band_fit::Minimum minimum = own.minimizer.run(own.state, options);
  if (minimum.status == FitStatus::failed) {
    return failed(own.compiled, std::string(band_fit::message_of(FitStatus::failed)));
  }
  FitResult result;
  result.starts = 1;
  band_fit::fill_answer(own.data, own.compiled, own.state, options, result);
  const bool is_wanted =
      (options.further_starts == FurtherStarts::doubtful_or_placed && is_placed) ||
      band_fit::is_ambiguous(own.data, own.compiled, result);
  if (options.extra_starts > 0 && is_wanted) {
    result = {};
    result.starts = 1 + band_fit::search_further(
                            own.data, own.compiled, options, own.minimizer, own.state, minimum);
    band_fit::fill_answer(own.data, own.compiled, own.state, options, result);
  }
  result.status = minimum.status;
  result.iterations = minimum.iterations;
  if (options.loss != FitLoss::least_squares) {
    apply_loss(options, own, result);
  }
  if (result.status == FitStatus::converged && is_any_at_bound(result)) {
    result.status = FitStatus::at_bounds;
  }
  result.message = band_fit::message_of(result.status);
  return result;
}

std::vector<FitResult> fit_bands(const BandModel& model,
                                 const SpectraMatrix& spectra,
                                 std::span<const double> sigma,
                                 const FitOptions& options,
                                 Index jobs) {
  const auto points = static_cast<std::size_t>(spectra.points());
  const bool is_per_element = sigma.size() > 1 && sigma.size() == spectra.values.size();
  std::vector<FitResult> results(static_cast<std::size_t>(spectra.rows()));
  parallel_for(spectra.rows(), jobs, [&](Index row) {
    const auto at = static_cast<std::size_t>(row);
    const auto own = is_per_element ? sigma.subspan(at * points, points) : sigma;
    results[at] = fit_bands(model, spectra.axis->values(), spectra.row(row), own, options);
  });
  return results;
}

namespace {

void broadened_band(const BandModel& model,
                    std::size_t band,
                    const std::vector<double>& parameters,
                    std::span<const double> x,
                    std::vector<double>& curve) {
  const auto& row = kernels::row_of(*model.bands[band].shape);
  const auto points = kernels::padded(static_cast<Index>(x.size()));
  const kernels::AlignedDoubles weight(static_cast<std::size_t>(points), parameters[0]);
  kernels::AlignedDoubles scratch;
  kernels::AlignedDoubles values(static_cast<std::size_t>(points));
  double unused = 0;
  std::array<double*, kernels::most_shape_parameters> columns{};
  columns.fill(&unused);
  columns[0] = values.data();
  const auto broadener = band_fit::broadener_for(model.broadening, x);
  broadener->evaluate(row,
                      {x.data(), weight.data(), points, parameters.data(), columns.data()},
                      static_cast<Index>(parameters.size()),
                      &unused,
                      scratch);
  std::copy_n(values.begin(), curve.size(), curve.begin());
}

}  // namespace

std::vector<double> fitted_band(const BandModel& model,
                                const FitResult& result,
                                Index band,
                                std::span<const double> x) {
  const auto at = static_cast<std::size_t>(band);
  require(band >= 0 && at < model.bands.size() && at < result.bands.size(),
          "the fit has no band of that number");
  std::vector<double> parameters;
  for (const auto& value : result.bands[at].parameters) {
    parameters.push_back(value.value);
  }
  std::vector<double> curve(x.size());
  if (model.broadening.kind == BroadeningKind::none || x.empty()) {
    evaluate_band(*model.bands[at].shape, parameters, x, curve);
    return curve;
  }
  const bool is_falling = x.front() > x.back();
  std::vector<double> rising(x.begin(), x.end());
  if (is_falling) {
    std::reverse(rising.begin(), rising.end());
  }
  broadened_band(model, at, parameters, rising, curve);
  if (is_falling) {
    std::reverse(curve.begin(), curve.end());
  }
  return curve;
}

std::vector<double> fitted_background(const BandModel& model,
                                      const FitResult& result,
                                      std::span<const double> x) {
  std::vector<double> curve(x.size(), 0.0);
  std::vector<double> functions(result.background.size());
  for (std::size_t i = 0; i < x.size() && !functions.empty(); ++i) {
    const double t = (x[i] - result.background_middle) / result.background_half_range;
    band_fit::background_functions(
        model.background, t, static_cast<Index>(functions.size()), functions.data());
    for (std::size_t k = 0; k < functions.size(); ++k) {
      curve[i] += result.background[k].value * functions[k];
    }
  }
  return curve;
}

std::vector<double> fitted_curve(const BandModel& model,
                                 const FitResult& result,
                                 std::span<const double> x) {
  std::vector<double> curve = fitted_background(model, result, x);
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto band = fitted_band(model, result, static_cast<Index>(b), x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      curve[i] += band[i];
    }
  }
  return curve;
}

}  // namespace calcispec
