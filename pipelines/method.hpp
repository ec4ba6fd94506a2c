// Method: the recorded recipe of an analysis; built-in or from a TOML file.
#pragma once

#include "core/quantity.hpp"
#include "pipelines/step.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calcispec {

/// A method file: schema, name, technique, mode, [[step]] tables for conditioning, and the range of
/// the composition. `steps` condition the spectrum before the joint fit (despike, never baseline:
/// the fit has its own background); `display_baseline` is drawn in the report.
struct Method {
  std::string name;
  std::string title;
  Technique technique = Technique::unknown;  // unknown: any
  SamplingMode mode = SamplingMode::unknown;
  std::vector<Step> steps;
  std::vector<Step> display;  // steps whose baseline is drawn
  std::optional<std::pair<double, double>> range_cm1;
};

/// Names of the built-in methods, in order.
std::vector<std::string> builtin_method_names();
/// The commented TOML text of a built-in. Throws Error{bad_method} for an unknown name.
std::string_view builtin_method_text(std::string_view name);
/// The built-in for a technique and mode.
Method builtin_method(Technique technique, SamplingMode mode);
/// A built-in name or a file. Throws Error{bad_method} with file:line:column.
Method load_method(const std::string& name_or_path);
Method parse_method(std::string_view text, std::string_view path);

/// Fully resolved, canonical TOML text; method_sha256 is the hash of it.
std::string canonical_text(const Method& method);
std::string sha256_of(const Method& method);

}  // namespace calcispec
