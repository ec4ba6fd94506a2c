// Intervals by the bootstrap: the fit is repeated on spectra drawn about its answer.
#include "core/fit/fit_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace calcispec::band_fit {
namespace {

constexpr double most_failed = 0.05;  // of the draws

// The same numbers with every standard library.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}

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
      double product = uniform();
      for (const double floor = std::exp(-part); product > floor; product *= uniform()) {
        ++count;
      }
    }
    return count;
  }

 private:
  std::mt19937_64 random_;
};

// Calls visit(value) for all values of a result in one order.
template <typename Result, typename Visit>
void visit_values(Result& result, const Visit& visit) {
  for (auto& band : result.bands) {
    for (auto& value : band.parameters) {
      visit(value);
    }
    visit(band.height);
    visit(band.fwhm);
    visit(band.area);
  }
  for (auto& value : result.background) {
    visit(value);
  }
}

BandModel started_at(const BandModel& model, const FitResult& result) {
  BandModel out = model;
  for (std::size_t b = 0; b < out.bands.size(); ++b) {
    for (std::size_t j = 0; j < out.bands[b].parameters.size(); ++j) {
      auto& own = out.bands[b].parameters[j];
      if (!own.is_fixed && own.tie.band < 0) {
        own.start = result.bands[b].parameters[j].value;
      }
    }
  }
  return out;
}

double quantile(std::vector<double>& values, double part) {
  const double at = part * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

class Bootstrap {
 public:
  Bootstrap(const Spectrum& spectrum,
            const FitOptions& fit,
            const IntervalOptions& options,
            FitResult& result)
      : spectrum_(spectrum), fit_(fit), options_(options), result_(result) {
    fit_.extra_starts = 0;
    fit_.wants_covariance = false;
    fit_.gate = 0;
  }

  void run() {
    prepare();
    const BandModel model = started_at(spectrum_.model, result_);
    std::vector<double> y(spectrum_.y.size());
    for (Index k = 0; k < options_.draws; ++k) {
      draw(k, y);
      auto answer = fit_bands(model, spectrum_.x, y, spectrum_.sigma, fit_);
      if (answer.status == FitStatus::failed) {
        continue;
      }
      std::size_t at = 0;
      visit_values(answer, [&](const FittedValue& value) { values_[at++].push_back(value.value); });
      ++answers_;
    }
    put_intervals();
  }

 private:
  [[nodiscard]] double sigma_at(std::size_t i) const {
    const auto& sigma = spectrum_.sigma;
    return sigma.empty() ? result_.noise_sigma : sigma.size() == 1 ? sigma[0] : sigma[i];
  }

  void prepare() {
    const auto& model = spectrum_.model;
    const auto x = spectrum_.x;
    std::vector<double> inside;
    for (const double at : x) {
      if (at >= model.from && at <= model.to) {
        inside.push_back(at);
      }
    }
    const auto values = fitted_curve(model, result_, inside);
    curve_.assign(x.size(), 0.0);  // outside nothing is drawn
    std::size_t next = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] >= model.from && x[i] <= model.to) {
        curve_[i] = values[next++];
      }
    }
    const bool is_scaled =
        result_.standard_errors == StandardErrorKind::scaled && !spectrum_.sigma.empty();
    widening_ = is_scaled ? std::sqrt(result_.reduced_chi_square) : 1;
    double sum = 0;
    for (std::size_t i = 0; i < curve_.size(); ++i) {
      const double z = (spectrum_.y[i] - curve_[i]) / sigma_at(i);
      const bool counts =
          spectrum_.x[i] >= model.from && spectrum_.x[i] <= model.to && std::isfinite(z);
      if (counts) {
        residuals_.push_back(z);
        sum += z;
      }
    }
    const auto n = static_cast<double>(residuals_.size());
    const double factor = std::sqrt(n / std::max(1.0, n - static_cast<double>(result_.n_free)));
    for (double& z : residuals_) {
      z = factor * (z - sum / n);
    }
    std::size_t count = 0;
    visit_values(result_, [&](const FittedValue& /*value*/) { ++count; });
    values_.resize(count);
  }

  // Each draw has numbers of its own, so that it does not depend on the others.
  void draw(Index number, std::vector<double>& y) const {
    const auto own = static_cast<std::uint64_t>(number) + 1;
    Draws draws(options_.seed * 0x9e3779b97f4a7c15ULL + own);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double x = spectrum_.x[i];
      const bool is_inside = x >= spectrum_.model.from && x <= spectrum_.model.to;
      if (!is_inside || !std::isfinite(spectrum_.y[i])) {
        y[i] = spectrum_.y[i];
      } else if (fit_.loss == FitLoss::poisson) {
        y[i] = draws.poisson(curve_[i]);
      } else {
        const double z = options_.bootstrap == BootstrapKind::residual
                             ? residuals_[draws.index(residuals_.size())]
                             : widening_ * draws.normal();
        y[i] = curve_[i] + sigma_at(i) * z;
      }
    }
  }

  void put_intervals() {
    const auto wanted = (1 - most_failed) * static_cast<double>(options_.draws);
    const bool is_enough = static_cast<double>(answers_) >= wanted;
    std::size_t at = 0;
    visit_values(result_, [&](FittedValue& value) {
      auto& drawn = values_[at++];
      value.interval = {};
      std::sort(drawn.begin(), drawn.end());
      if (value.reason == NoErrorReason::fixed) {
        value.interval.note = IntervalNote::fixed;
      } else if (!is_enough || !std::isfinite(drawn.front()) || !std::isfinite(drawn.back())) {
        value.interval.note = IntervalNote::failed;
      } else {
        const double tail = 0.5 * (1 - options_.level);
        value.interval = {quantile(drawn, tail), quantile(drawn, 1 - tail), IntervalNote::none};
      }
    });
  }

  const Spectrum& spectrum_;
  FitOptions fit_;
  const IntervalOptions& options_;
  FitResult& result_;
  std::vector<double> curve_;
  std::vector<double> residuals_;
  double widening_ = 1;
  Index answers_ = 0;
  std::vector<std::vector<double>> values_;
};

}  // namespace

void bootstrap_answer(const Spectrum& spectrum,
                      const FitOptions& fit,
                      const IntervalOptions& options,
                      FitResult& result) {
  Bootstrap(spectrum, fit, options, result).run();
}

}  // namespace calcispec::band_fit
