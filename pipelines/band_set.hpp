// BandSet: the recipe of a band fit: bands, background, range and noise; built-in or from TOML.
#pragma once

#include "core/fit_joint.hpp"
#include "core/quantity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

/// A bands file: [range], [background], [broadening], [noise] and one [[band]] table per band,
/// whose keys are the parameters of its shape, each with `<name>_range`; `tie` and `fixed` bind
/// them, `shared` gives them one value in all spectra of a run.
struct BandSet {
  std::string name;
  std::string title;
  std::string sha256;                        // of the text
  Technique technique = Technique::unknown;  // unknown: any
  BandModel model;
  std::optional<double> sigma;  // nothing: estimated for every spectrum
  /// With either, all spectra of a run are fitted jointly.
  std::vector<SharedParameter> shared;
  bool shares_ratios = false;

  [[nodiscard]] bool is_joint() const { return shares_ratios || !shared.empty(); }
};

/// Names of the built-in sets, in order.
std::vector<std::string> builtin_band_set_names();
/// The commented TOML text of a built-in. Throws Error{bad_method} for an unknown name.
std::string_view builtin_band_set_text(std::string_view name);
/// The text of a built-in or of a file (a name that holds / or ends in .toml). Throws
/// Error{bad_method}.
std::string band_set_text(const std::string& name_or_path);
/// A built-in name or a file. Throws Error{bad_method} with file:line:column, all faults at once.
BandSet load_band_set(const std::string& name_or_path);
/// What the command line changes: "spline:4", "gauss:4" or "sinc:0.25:happ_genzel", and
/// "position,width,ratio". Throw Error{invalid_argument} naming the option.
void set_background(std::string_view text, BandModel& model);
void set_broadening(std::string_view text, BandModel& model);
void set_shared(std::string_view text, BandSet& set);
BandSet parse_band_set(std::string_view text, std::string_view path);

}  // namespace calcispec
