// Ordinates and pairs of JCAMP-DX tables in all their number forms.
#pragma once

#include "core/export.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calcispec::io {

/// Ordinates of an (X++(Y..Y)) table, not yet scaled.
struct JcampOrdinates {
  std::vector<double> y;  // NaN where the file says "?"
  /// Index of the first ordinate of a line and the abscissa written there (rounded, unscaled).
  std::vector<std::pair<Index, double>> line_starts;
  std::vector<Index> failed_checks;  // lines whose check point does not repeat the ordinate before
  Index bad_line = -1;               // first line that is no table line, -1: none
};

/// Decodes AFFN, PAC, SQZ, DIF and DUP, mixed freely. A check point after differences is compared
/// and dropped. Stops at the first line that is none of these.
JcampOrdinates decode_jcamp_ordinates(const std::vector<std::string_view>& lines);

/// Pairs of an (XY..XY) table or of the tuples "(x, y, ..." of assignments; y is 1 where only x is
/// given. `bad_line` as above.
struct JcampPairs {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<Index> lines;
  Index bad_line = -1;
};
JcampPairs decode_jcamp_pairs(const std::vector<std::string_view>& lines);

}  // namespace calcispec::io
