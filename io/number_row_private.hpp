// A row of numbers at once. Private to io.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace calcispec::io {

/// Fills `out` with the numbers of a line parted by single delimiters, point as decimal sign,
/// blanks around them allowed. False, and `out` not to be used, where anything else stands or the
/// count differs; a delimiter may end the line. The numbers are the nearest doubles, as
/// std::from_chars gives them.
bool parse_row(std::string_view line, char delimiter, std::span<double> out);

/// All numbers of a line parted by blanks, likewise; false, and `out` not to be used, where
/// anything else stands.
bool parse_parted(std::string_view line, std::vector<double>& out);

/// The line behind `cells` delimiters; nothing left: empty.
std::string_view behind_cells(std::string_view line, char delimiter, std::size_t cells);

}  // namespace calcispec::io
