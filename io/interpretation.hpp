// interpret(): what axis and ordinate of a text export mean, from its words, else from its range.
#pragma once

#include "io/text_spectra.hpp"

namespace calcispec::io {

struct Meaning {
  std::vector<double> x;  // in the unit below
  AxisKind axis_kind = AxisKind::other;
  std::string x_unit = "unknown";
  OrdinateKind ordinate = OrdinateKind::unknown;
  std::string y_unit;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
  std::optional<double> laser_nm;
  std::optional<StoredAxis> stored_axis;
};

/// Takes the axis out of `spectra`, whose ordinates were looked at; it rises or falls. Every guess
/// from a range and every contradiction with the user becomes a diagnostic. Throws
/// Error{unreadable_input} if the stated unit cannot hold for the range.
Meaning interpret(TextSpectra& spectra,
                  const std::string& path,
                  const ReadOptions& options,
                  Diagnostics& diagnostics);

/// The name of a table of numbers speaks of what stands beside spectra: baselines, errors, places.
bool names_something_else(const std::string& name);

}  // namespace calcispec::io
