#include "core/fit_diagnostics.hpp"

#include "core/fit/asymmetry_private.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

// value of a parameter = ratio * free + constant; free -1: constant.
struct Root {
  Index free = -1;
  double ratio = 0;
};

class Extras {
 public:
  Extras(const BandModel& model, const FitResult& result) : model_(model), result_(result) {}

  std::vector<BandExtras> run() {
    std::vector<BandExtras> out(result_.bands.size());
    std::vector<std::vector<double>> slopes;
    double sum = 0;
    for (std::size_t b = 0; b < out.size(); ++b) {
      parameters_ = values_of(b);
      slopes.push_back(gradient(b, area_of));
      sum += result_.bands[b].area.value;
      fill_asymmetry(b, out[b].asymmetry);
    }
    fill_shares(slopes, sum, out);
    for (std::size_t b = 0; b < out.size(); ++b) {
      out[b].area_share.interval = result_.bands[b].area_share;
      out[b].asymmetry.interval = result_.bands[b].asymmetry;
    }
    return out;
  }

 private:
  using Measure = double (*)(const BandShape&, std::span<const double>);

  static double area_of(const BandShape& shape, std::span<const double> parameters) {
    return measure_band(shape, parameters).area;
  }

  [[nodiscard]] std::vector<double> values_of(std::size_t band) const {
    std::vector<double> out;
    for (const auto& value : result_.bands[band].parameters) {
      out.push_back(value.value);
    }
    return out;
  }

  [[nodiscard]] Root root_of(std::size_t band, std::size_t parameter) const {
    double ratio = 1;
    for (std::size_t step = 0; step <= model_.bands.size() * 8; ++step) {
      const auto& tie = model_.bands[band].parameters[parameter].tie;
      if (tie.band < 0) {
        break;
      }
      ratio *= tie.ratio;
      band = static_cast<std::size_t>(tie.band);
      parameter = static_cast<std::size_t>(tie.parameter);
    }
    for (std::size_t k = 0; k < result_.free.size(); ++k) {
      if (result_.free[k].band == static_cast<Index>(band) &&
          result_.free[k].parameter == static_cast<Index>(parameter)) {
        return {static_cast<Index>(k), ratio};
      }
    }
    return {};
  }

  // d measure / d free parameters.
  std::vector<double> gradient(std::size_t band, Measure measure) {
    std::vector<double> out(result_.free.size(), 0.0);
    if (result_.covariance.empty()) {
      return out;
    }
    for (std::size_t j = 0; j < parameters_.size(); ++j) {
      const Root root = root_of(band, j);
      if (root.free >= 0 && j != 1) {
        out[static_cast<std::size_t>(root.free)] += root.ratio * slope(band, j, measure);
      }
    }
    return out;
  }

  double slope(std::size_t band, std::size_t j, Measure measure) {
    const auto& shape = *model_.bands[band].shape;
    const auto& info = shape.parameters[j];
    const double middle = parameters_[j];
    const double step = 1e-5 * std::max(std::abs(middle), info.unit == "axis" ? 1e-2 : 1e-1);
    const double high = std::min(middle + step, info.maximum);
    const double low = std::max(middle - step, info.minimum);
    parameters_[j] = high;
    const double above = measure(shape, parameters_);
    parameters_[j] = low;
    const double below = measure(shape, parameters_);
    parameters_[j] = middle;
    return (above - below) / (high - low);
  }

  // Standard error of a value with this gradient.
  void put_error(const std::vector<double>& g, FittedValue& out) const {
    double variance = 0;
    for (std::size_t i = 0; i < g.size(); ++i) {
      for (std::size_t j = 0; j < g.size() && g[i] != 0; ++j) {
        variance += g[i] * g[j] * result_.covariance[i * g.size() + j];
      }
    }
    const double error = std::sqrt(std::max(0.0, variance));
    // What ties hold still moves by rounding only.
    const bool moves = error > 1e-9 * std::abs(out.value);
    out.reason = moves ? NoErrorReason::none : NoErrorReason::fixed;
    out.standard_error = moves ? error : not_a_number;
  }

  // Why an error of this band's size or shape cannot be had, if so.
  [[nodiscard]] static NoErrorReason obstacle(NoErrorReason reason) {
    return reason == NoErrorReason::fixed ? NoErrorReason::none : reason;
  }

  void fill_asymmetry(std::size_t band, FittedValue& out) {
    const auto& fitted = result_.bands[band];
    const auto& shape = *model_.bands[band].shape;
    if (!std::isfinite(fitted.fwhm.value)) {
      return;
    }
    out.value = 0;
    out.reason = NoErrorReason::fixed;
    if (band_fit::is_symmetric(shape, parameters_)) {
      return;
    }
    out.value = band_fit::asymmetry_of(shape, parameters_);
    out.reason = obstacle(fitted.fwhm.reason);
    if (out.reason == NoErrorReason::none) {
      put_error(gradient(band, band_fit::asymmetry_of), out);
    }
  }

  void fill_shares(const std::vector<std::vector<double>>& slopes,
                   double sum,
                   std::vector<BandExtras>& out) const {
    if (!(sum > 0)) {
      return;
    }
    std::vector<double> total(result_.free.size(), 0.0);
    auto spoiled = NoErrorReason::none;
    for (std::size_t b = 0; b < out.size(); ++b) {
      for (std::size_t k = 0; k < total.size(); ++k) {
        total[k] += slopes[b][k];
      }
      // A band of no area spoils nothing, whatever is said of its other parameters.
      const auto reason =
          result_.bands[b].area.value == 0 ? NoErrorReason::at_bound : result_.bands[b].area.reason;
      spoiled = reason == NoErrorReason::not_identifiable || reason == NoErrorReason::no_freedom ||
                        reason == NoErrorReason::not_requested
                    ? reason
                    : spoiled;
    }
    for (std::size_t b = 0; b < out.size(); ++b) {
      const auto& area = result_.bands[b].area;
      auto& share = out[b].area_share;
      share.value = area.value / sum;
      share.is_at_bound = area.is_at_bound;
      share.reason = spoiled != NoErrorReason::none ? spoiled : obstacle(area.reason);
      if (share.reason != NoErrorReason::none) {
        continue;
      }
      auto own = slopes[b];
      for (std::size_t k = 0; k < own.size(); ++k) {
        own[k] = (own[k] - share.value * total[k]) / sum;
      }
      put_error(own, share);
    }
    if (out.size() == 1) {  // 1 by definition; what is left of the difference is rounding
      out[0].area_share.reason = NoErrorReason::fixed;
      out[0].area_share.standard_error = not_a_number;
    }
  }

  const BandModel& model_;
  const FitResult& result_;
  std::vector<double> parameters_;  // of the band in work
};

}  // namespace

std::vector<BandExtras> band_extras(const BandModel& model, const FitResult& result) {
  return Extras(model, result).run();
}

ResidualChecks check_residual(const BandModel& model,
                              const FitResult& result,
                              std::span<const double> x,
                              std::span<const double> y,
                              std::span<const double> sigma) {
  ResidualChecks out;
  if (!std::isfinite(result.chi_square)) {
    return out;
  }
  std::vector<double> position;
  std::vector<double> value;
  std::vector<double> spread;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double s = sigma.empty() ? result.noise_sigma : sigma.size() == 1 ? sigma[0] : sigma[i];
    if (x[i] >= model.from && x[i] <= model.to && std::isfinite(y[i]) && s > 0 &&
        std::isfinite(s)) {
      position.push_back(x[i]);
      value.push_back(y[i]);
      spread.push_back(s);
    }
  }
  const auto curve = fitted_curve(model, result, position);
  double squares = 0;
  double products = 0;
  double before = 0;
  out.largest = 0;
  for (std::size_t i = 0; i < position.size(); ++i) {
    const double rest = (value[i] - curve[i]) / spread[i];
    squares += rest * rest;
    products += rest * before;
    before = rest;
    if (std::abs(rest) >= std::abs(out.largest)) {
      out.largest = rest;
      out.largest_at = position[i];
    }
  }
  out.autocorrelation = squares > 0 ? products / squares : 0;
  out.is_structured = out.autocorrelation * std::sqrt(static_cast<double>(position.size())) > 3;
  return out;
}

}  // namespace calcispec
