// Intervals by the bootstrap: the fit is repeated on spectra drawn about its answer.
#include "core/fit/draws_private.hpp"
#include "core/fit_joint.hpp"
#include "core/parallel.hpp"

#include <cmath>

namespace calcispec::band_fit {
namespace {

FitOptions short_fit(FitOptions options) {
  options.extra_starts = 0;
  options.wants_covariance = false;
  options.gate = 0;
  return options;
}

// Starts of all that has none by solving exactly: the mean over the answers.
BandModel started_at(const BandModel& model, std::span<const FitResult> results) {
  BandModel out = model;
  for (std::size_t b = 0; b < out.bands.size(); ++b) {
    for (std::size_t j = 0; j < out.bands[b].parameters.size(); ++j) {
      auto& own = out.bands[b].parameters[j];
      if (own.is_fixed || own.tie.band >= 0) {
        continue;
      }
      double sum = 0;
      for (const auto& result : results) {
        sum += result.bands[b].parameters[j].value;
      }
      own.start = sum / static_cast<double>(results.size());
    }
  }
  return out;
}

// Each draw of each spectrum has numbers of its own, so that none depends on the others.
std::uint64_t number_of(const IntervalOptions& options, Index draw, std::size_t spectrum) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  const auto own = static_cast<std::uint64_t>(draw) + 1;
  return (options.seed + spectrum * 0xd1342543de82ef95ULL) * golden + own;
}

double freedom_of(StandardErrorKind errors, Index points, Index n_free) {
  const auto freedom = static_cast<double>(points - n_free);
  return errors == StandardErrorKind::scaled && freedom >= 1
             ? freedom
             : std::numeric_limits<double>::infinity();
}

}  // namespace

void bootstrap_answer(const Spectrum& spectrum,
                      const FitOptions& fit,
                      const IntervalOptions& options,
                      FitResult& result) {
  const auto own = short_fit(fit);
  const SpectrumDraws draws(spectrum, own, options.bootstrap, result.reduced_chi_square, result);
  const auto model = started_at(spectrum.model, {&result, 1});
  ValueDraws values(spectrum.model, result, options.draws);
  std::vector<double> y(spectrum.y.size());
  for (Index k = 0; k < options.draws; ++k) {
    draws.draw(number_of(options, k, 0), y);
    values.keep(k, fit_bands(model, spectrum.x, y, spectrum.sigma, own));
  }
  values.put_intervals(
      options.level, freedom_of(result.standard_errors, result.points, result.n_free), result);
}

void bootstrap_joint(const JointModel& joint,
                     std::span<const JointSpectrum> spectra,
                     const FitOptions& fit,
                     const IntervalOptions& options,
                     Index jobs,
                     JointFitResult& result) {
  const auto own = short_fit(fit);
  auto model = joint;
  model.model = started_at(joint.model, result.spectra);
  std::vector<SpectrumDraws> draws;
  std::vector<ValueDraws> values;
  for (std::size_t s = 0; s < spectra.size(); ++s) {
    const Spectrum one{joint.model, spectra[s].x, spectra[s].y, spectra[s].sigma};
    draws.emplace_back(one, own, options.bootstrap, result.reduced_chi_square, result.spectra[s]);
    values.emplace_back(joint.model, result.spectra[s], options.draws);
  }
  parallel_for(options.draws, jobs, [&](Index k) {
    std::vector<std::vector<double>> y;
    std::vector<JointSpectrum> drawn(spectra.begin(), spectra.end());
    for (std::size_t s = 0; s < drawn.size(); ++s) {
      y.emplace_back(drawn[s].y.size());
      draws[s].draw(number_of(options, k, s), y[s]);
    }
    for (std::size_t s = 0; s < drawn.size(); ++s) {
      drawn[s].y = y[s];
    }
    const auto answer = fit_jointly(model, drawn, own, 1);
    if (answer.status == FitStatus::failed) {
      return;
    }
    for (std::size_t s = 0; s < drawn.size(); ++s) {
      values[s].keep(k, answer.spectra[s]);
    }
  });
  for (std::size_t s = 0; s < spectra.size(); ++s) {
    auto& one = result.spectra[s];
    values[s].put_intervals(
        options.level, freedom_of(one.standard_errors, result.points, result.n_free), one);
  }
}

}  // namespace calcispec::band_fit
