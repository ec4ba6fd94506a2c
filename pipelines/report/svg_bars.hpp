// Small pictures of numbers: shares as a bar, a value with its interval, a map of pixels.
#pragma once

#include "models/marker.hpp"
#include "pipelines/report/map_values.hpp"

#include <string>

namespace calcispec {

/// All shares as one bar, unexplained last; empty without a composition.
std::string composition_svg(const models::Composition& composition);

/// A share from 0 to 1 as a bar with its 95 % interval, for a table cell.
std::string share_svg(const Estimate& share, std::string_view color);

/// A marker with its 95 % interval against its reference range, for a table cell; empty without
/// one.
std::string marker_svg(const models::Marker& marker);

/// A map in viridis with a colour bar; missing pixels grey.
std::string map_svg(const MapValues& map);

/// Red, green, blue of viridis at 0 to 1.
std::string viridis(double part);

}  // namespace calcispec
