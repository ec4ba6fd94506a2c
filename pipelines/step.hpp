// Step: a named operation on spectra as method files and --steps write it; one registry of them.
#pragma once

#include "core/parameter.hpp"
#include "io/format.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

/// A step with checked parameters. "baseline.arpls lambda=100000 ..." is its canonical text.
struct Step {
  std::string name;
  ParameterSet parameters;

  /// "baseline" and "arpls" of "baseline.arpls"; a step of models, "crop", has no family.
  [[nodiscard]] std::string_view family() const;
  [[nodiscard]] std::string_view method() const;
};

/// What runs a step: core's chain or models'. Steps of core are in the table by their family.
struct StepInfo {
  std::string name;  // "baseline.arpls", "crop"
  MethodInfo info;
};

/// Every step, core methods first, in registry order.
std::span<const StepInfo> step_table();

/// "despike.median window=7 | baseline.arpls lambda=1e5". Throws Error{bad_method} listing every
/// fault, each with its place in the text.
std::vector<Step> parse_steps(std::string_view text);

/// One step from its name and parameters as given (method files). Throws Error{bad_method}.
Step make_step(std::string_view name,
               std::span<const GivenParameter> given,
               std::string_view place);

std::string canonical_text(std::span<const Step> steps);

/// Runs the steps on a recording; `baseline` (may be null) takes the last baseline step's
/// background. Appends to diagnostics what failed for which spectrum (those rows become NaN).
void run_steps(std::span<const Step> steps,
               Index jobs,
               io::Recording& recording,
               SpectraMatrix* baseline,
               Diagnostics& diagnostics);

}  // namespace calcispec
