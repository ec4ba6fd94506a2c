// What lies beyond the ends of a spectrum, for windows that reach there.
#pragma once

#include <span>
#include <vector>

namespace calcispec {

/// y with `pad` points more at either end, on the lines through the first and last `pad` points.
void extend_by_lines(std::span<const double> y, std::size_t pad, std::vector<double>& out);
/// The same, the lines through `through` points.
void extend_by_lines_through(std::span<const double> y,
                             std::size_t through,
                             std::size_t pad,
                             std::vector<double>& out);

/// Mean over 2 * half + 1 points, the ends extended by lines. Cost: two additions a point.
void moving_average(std::span<const double> y, std::size_t half, std::span<double> out);

/// The same, the ends mirrored, the last point once more.
void mirrored_average(std::span<const double> y, std::size_t half, std::span<double> out);

/// The same, the ends extended by the lines through two points each.
void straight_average(std::span<const double> y, std::size_t half, std::vector<double>& out);

}  // namespace calcispec
