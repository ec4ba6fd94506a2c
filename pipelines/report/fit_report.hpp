// Results of band fits as JSON (schema 1), CSV and tables for people.
#pragma once

#include "pipelines/band_fit.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

/// A value of one fitted band as all outputs name it: "center", "lorentz_share_height", ...
struct BandColumn {
  enum class Kind { plain, axis, ordinate, area };  // what its unit is made of
  std::string name;
  Kind kind = Kind::plain;
  Index parameter = -1;  // in the table of the shape; -1: derived
};

/// Center, height, fwhm and area, then the other parameters of the shape, then area_share and
/// asymmetry (of the half widths, unless the shape has a parameter of that name).
std::vector<BandColumn> band_columns(const BandShape& shape);
/// The value of a column in band `band` of a result.
FittedValue band_value(const SpectrumFit& entry, std::size_t band, const BandColumn& column);

/// One object per spectrum, each on a line of its own. NaN becomes null; a reason stands beside it.
std::string fit_json(const FitRun& run, bool has_covariance);

enum class CsvRows { by_band, by_spectrum };
/// One row per spectrum and band, or one per spectrum with the bands side by side.
std::string fit_csv(const FitRun& run, CsvRows rows);

/// A table per spectrum; of a map one table of medians and quartiles.
std::string fit_text(const FitRun& run);

}  // namespace calcispec
