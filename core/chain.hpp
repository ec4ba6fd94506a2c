// run_chain: an ordered list of core steps over a SpectraMatrix, tiles and threads inside.
#pragma once

#include "core/parameter.hpp"
#include "core/spectra_matrix.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// How a method ended for one spectrum.
enum class MethodStatus { converged, iteration_limit, not_finite, too_short, failed };

struct ChainStep {
  std::string family;  // "baseline"
  std::string method;  // "arpls"
  ParameterSet parameters;
};

struct ChainResult {
  SpectraMatrix spectra;                  // after the last step; NaN rows where a step failed
  std::optional<SpectraMatrix> baseline;  // of the last baseline step, if there was one
  std::vector<std::vector<MethodStatus>> status;  // [step][spectrum]
};

/// Every method of core, in registry order: baseline, smooth, despike, normalize, ...
CALCISPEC_API std::span<const MethodInfo> core_methods();
/// nullptr if core has no such method.
CALCISPEC_API const MethodInfo* find_core_method(std::string_view family, std::string_view name);

/// Runs the steps in order. A spectrum's result is bitwise the same alone, in any batch, in any
/// order and with any number of threads. Rows with NaN or infinities come back NaN with status
/// not_finite; a baseline alone bridges NaN, its spectrum keeps NaN at those points and no others.
/// Throws Error{bad_method} for an unknown step. jobs = 0: usable cores. The steps work in place:
/// move the spectra in where they are not needed afterwards, and leave the baseline out where it is
/// not looked at; new memory costs as much as a filter.
CALCISPEC_API ChainResult run_chain(SpectraMatrix spectra,
                                    std::span<const ChainStep> steps,
                                    Index jobs,
                                    bool keeps_baseline = true);

}  // namespace calcispec
