// The answer of a band mixture from its fitted model: areas, uncertainties, curves.
#pragma once

#include "core/band_model_private.hpp"

namespace calcispec::detail {

/// Robust size of the residual in units of the given sigma; 1 for normal noise of that sigma.
double median_size(const BandModel& model, std::span<const double> sigma);

/// `kept`: which of `bands` the model still holds; `dropped_variance`: of all, where some are not.
BandMixtureResult summarise(const BandModel& model,
                            std::span<const MixtureBand> bands,
                            const std::vector<std::size_t>& kept,
                            const std::vector<double>& dropped_variance,
                            const std::vector<double>& sigma);

BandMixtureResult empty_summary(std::span<const MixtureBand> bands,
                                const std::vector<double>& sigma,
                                MixtureStatus status);

}  // namespace calcispec::detail
