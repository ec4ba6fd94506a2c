// Set methods: steps whose answer for one spectrum depends on the others of the set.
#pragma once

#include "core/chain.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace calcispec {

/// Every set method of core, in registry order. They stand beside core_methods(), not among them:
/// what they give changes with the spectra that come along, so that a set must be run whole.
CALCISPEC_API std::span<const MethodInfo> set_methods();
/// nullptr if there is no such set method.
CALCISPEC_API const MethodInfo* find_set_method(std::string_view family, std::string_view name);

/// How far the answer for a spectrum depends on others: on so many lines of a map to either side,
/// or without a map on so many spectra.
struct SetReach {
  Index lines = 0;
  Index spectra = 0;
};
/// Nothing where it depends on the whole set, or there is no such set method.
CALCISPEC_API std::optional<SetReach> reach_of_set_method(std::string_view family,
                                                          std::string_view name);

/// Runs a set method in place. Rows with NaN or infinities take no part, become NaN and get the
/// status not_finite; to a baseline a NaN is a gap. The number of threads never changes a result.
/// `grid`: where the spectra lie, if they are a map. `baseline`: what a baseline took off, gaps and
/// hidden regions included; left alone by other families. Throws Error{bad_method} for an unknown
/// method, and where the set as a whole cannot be done.
CALCISPEC_API std::vector<MethodStatus> run_set_method(const ChainStep& step,
                                                       SpectraMatrix& spectra,
                                                       const std::optional<MapGrid>& grid,
                                                       Index jobs,
                                                       SpectraMatrix* baseline = nullptr);

}  // namespace calcispec
