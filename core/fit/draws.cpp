#include "core/fit/draws_private.hpp"
#include "core/fit_diagnostics.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace calcispec::band_fit {
namespace {

constexpr double most_failed = 0.05;  // of the draws

// The same numbers with every standard library.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : random_(seed) {}

  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }
  double normal() {
    return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
  }
  std::size_t index(std::size_t count) {
    return std::min(count - 1, static_cast<std::size_t>(uniform() * static_cast<double>(count)));
  }
  // Products of uniform numbers, in parts whose exponential does not vanish.
  double poisson(double mean) {
    double count = 0;
    while (mean > 0) {
      const double part = std::min(mean, 500.0);
      mean -= part;
      const double floor = std::exp(-part);
      double product = uniform();
      while (product > floor) {
        ++count;
        product *= uniform();
      }
    }
    return count;
  }

 private:
  std::mt19937_64 random_;
};

// Calls visit(value, interval) for all values of a result in one order.
template <typename Result, typename Visit>
void visit_values(Result& result, const Visit& visit) {
  for (auto& band : result.bands) {
    for (auto& value : band.parameters) {
      visit(value, value.interval);
    }
    visit(band.height, band.height.interval);
    visit(band.fwhm, band.fwhm.interval);
    visit(band.area, band.area.interval);
  }
  for (auto& value : result.background) {
    visit(value, value.interval);
  }
}

double normal_probability(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

// Of sorted values.
double quantile(const std::vector<double>& values, double part) {
  const auto last = static_cast<double>(values.size() - 1);
  const double at = std::clamp(part * static_cast<double>(values.size() + 1) - 1, 0.0, last);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

// Normal quantile of the share of draws below the answer, of sorted draws.
double bias_of(const std::vector<double>& drawn, double value) {
  const auto [first, last] = std::equal_range(drawn.begin(), drawn.end(), value);
  const auto below = static_cast<double>(first - drawn.begin());
  const auto same = static_cast<double>(last - first);
  const auto count = static_cast<double>(drawn.size());
  const double least = 1 / (count + 1);
  return student_quantile(std::clamp((below + 0.5 * same) / count, least, 1 - least), infinity);
}

FitInterval draws_interval_of(std::vector<double>& drawn, const FittedValue& value, double t) {
  std::sort(drawn.begin(), drawn.end());
  const double z0 = value.is_at_bound ? 0 : bias_of(drawn, value.value);
  FitInterval out{quantile(drawn, normal_probability(2 * z0 - t)),
                  quantile(drawn, normal_probability(2 * z0 + t)),
                  IntervalNote::none};
  const auto last = drawn.size() - 1;
  const bool is_piled_up = (out.low == drawn[0] && drawn[1] == drawn[0]) ||
                           (out.high == drawn[last] && drawn[last - 1] == drawn[last]);
  if (is_piled_up) {
    out.note = IntervalNote::ends_at_bound;
  }
  return out;
}

}  // namespace

SpectrumDraws::SpectrumDraws(const Spectrum& spectrum,
                             const FitOptions& fit,
                             BootstrapKind kind,
                             double misfit,
                             const FitResult& result)
    : spectrum_(spectrum), is_poisson_(fit.loss == FitLoss::poisson), kind_(kind) {
  if (spectrum.sigma.empty()) {
    noise_ = std::sqrt(misfit);
  } else if (result.standard_errors == StandardErrorKind::scaled) {
    widening_ = std::sqrt(misfit);
  }
  fill_curve(result);
  fill_residuals(result.n_free);
}

void SpectrumDraws::fill_curve(const FitResult& result) {
  std::vector<double> inside;
  for (std::size_t i = 0; i < spectrum_.x.size(); ++i) {
    if (is_inside(i)) {
      inside.push_back(spectrum_.x[i]);
    }
  }
  const auto values = fitted_curve(spectrum_.model, result, inside);
  curve_.assign(spectrum_.x.size(), 0.0);  // outside nothing is drawn
  std::size_t next = 0;
  for (std::size_t i = 0; i < curve_.size(); ++i) {
    curve_[i] = is_inside(i) ? values[next++] : 0;
  }
}

void SpectrumDraws::fill_residuals(Index n_free) {
  double sum = 0;
  for (std::size_t i = 0; i < curve_.size(); ++i) {
    const double z = (spectrum_.y[i] - curve_[i]) / sigma_at(i);
    if (is_inside(i) && std::isfinite(z)) {
      residuals_.push_back(z);
      sum += z;
    }
  }
  const auto n = static_cast<double>(residuals_.size());
  const double factor = std::sqrt(n / std::max(1.0, n - static_cast<double>(n_free)));
  for (double& z : residuals_) {
    z = factor * (z - sum / n);
  }
}

void SpectrumDraws::draw(std::uint64_t number, std::span<double> y) const {
  Noise noise(number);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!is_inside(i) || !std::isfinite(spectrum_.y[i])) {
      y[i] = spectrum_.y[i];
    } else if (is_poisson_) {
      y[i] = noise.poisson(curve_[i]);
    } else {
      const double z = kind_ == BootstrapKind::residual ? residuals_[noise.index(residuals_.size())]
                                                        : widening_ * noise.normal();
      y[i] = curve_[i] + sigma_at(i) * z;
    }
  }
}

ValueDraws::ValueDraws(const BandModel& model, const FitResult& result, Index draws)
    : model_(model), draws_(draws) {
  std::size_t count = 2 * result.bands.size();
  visit_values(result, [&](const FittedValue&, const FitInterval&) { ++count; });
  values_.assign(count, std::vector<double>(static_cast<std::size_t>(draws), not_a_number));
}

void ValueDraws::keep(Index draw, const FitResult& answer) {
  if (answer.status == FitStatus::failed) {
    return;
  }
  const auto at = static_cast<std::size_t>(draw);
  std::size_t next = 0;
  visit_values(answer, [&](const FittedValue& value, const FitInterval&) {
    values_[next++][at] = value.value;
  });
  for (const auto& extra : band_extras(model_, answer)) {
    values_[next++][at] = extra.area_share.value;
    values_[next++][at] = extra.asymmetry.value;
  }
}

void ValueDraws::put_intervals(double level, double freedom, FitResult& result) {
  const auto wanted = (1 - most_failed) * static_cast<double>(draws_);
  const double t = student_quantile(0.5 + 0.5 * level, freedom);
  std::size_t next = 0;
  const auto put = [&](const FittedValue& value, FitInterval& interval) {
    auto& drawn = values_[next++];
    interval = {};
    const auto end =
        std::remove_if(drawn.begin(), drawn.end(), [](double v) { return !std::isfinite(v); });
    drawn.erase(end, drawn.end());
    if (value.reason == NoErrorReason::fixed) {
      interval.note = IntervalNote::fixed;
    } else if (static_cast<double>(drawn.size()) < wanted || !std::isfinite(value.value)) {
      interval.note = IntervalNote::failed;
    } else {
      interval = draws_interval_of(drawn, value, t);
    }
  };
  visit_values(result, put);
  const auto extras = band_extras(model_, result);
  for (std::size_t b = 0; b < result.bands.size(); ++b) {
    put(extras[b].area_share, result.bands[b].area_share);
    put(extras[b].asymmetry, result.bands[b].asymmetry);
  }
}

}  // namespace calcispec::band_fit
