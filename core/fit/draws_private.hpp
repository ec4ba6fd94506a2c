// Spectra drawn about the answer of a fit, and intervals of the values fitted to them. Private to
// core.
#pragma once

#include "core/fit/fit_private.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace calcispec::band_fit {

/// Noise about one fitted curve.
class SpectrumDraws {
 public:
  /// `misfit`: chi-square / (n - p) that scales the noise where errors are scaled; the squared
  /// noise itself where no sigma is given.
  SpectrumDraws(const Spectrum& spectrum,
                const FitOptions& fit,
                BootstrapKind kind,
                double misfit,
                const FitResult& result);

  /// Points outside the range stay as they are. The same number gives the same spectrum, whatever
  /// was drawn before.
  void draw(std::uint64_t number, std::span<double> y) const;

 private:
  [[nodiscard]] bool is_inside(std::size_t i) const {
    return spectrum_.x[i] >= spectrum_.model.from && spectrum_.x[i] <= spectrum_.model.to;
  }
  [[nodiscard]] double sigma_at(std::size_t i) const {
    const auto& sigma = spectrum_.sigma;
    return sigma.empty() ? noise_ : sigma.size() == 1 ? sigma[0] : sigma[i];
  }
  void fill_curve(const FitResult& result);
  void fill_residuals(Index n_free);

  Spectrum spectrum_;
  bool is_poisson_ = false;
  BootstrapKind kind_;
  double noise_ = 0;     // where no sigma is given
  double widening_ = 1;  // of the given sigma
  std::vector<double> curve_;
  std::vector<double> residuals_;
};

/// Values of one result over all draws.
class ValueDraws {
 public:
  ValueDraws(const BandModel& model, const FitResult& result, Index draws);

  /// One writer per draw, in any order.
  void keep(Index draw, const FitResult& answer);

  /// Bias-corrected percentile intervals; `freedom` of the scale of the noise, infinity if it is
  /// known.
  ///
  /// Model      the quantiles at Phi(2 z0 -+ t): z0 is the normal quantile of the share of draws
  ///            below the answer, t the quantile of Student at the level (expanded percentiles).
  ///            The acceleration of BCa is left out: it is a sixth of the skewness of the score,
  ///            and that of normal noise has none. At a bound, where draws pile up, z0 is 0.
  ///            Quantiles divide draws + 1 evenly
  /// Status     failed if fewer than 95 % of the draws gave an answer
  /// Source     Efron, J. Am. Stat. Assoc. 82 (1987) 171; Hesterberg, Am. Stat. 69 (2015) 371;
  ///            Davison & Hinkley, Bootstrap Methods and their Application (1997) 5.2, 5.3
  void put_intervals(double level, double freedom, FitResult& result);

 private:
  const BandModel& model_;
  Index draws_;
  std::vector<std::vector<double>> values_;  // per value, per draw; NaN: no answer
};

}  // namespace calcispec::band_fit
