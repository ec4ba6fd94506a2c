// Numbers that stand for no number and no bound. Private to core.
#pragma once

#include <limits>

namespace calcispec {

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_given = not_a_number;  // default of a parameter that may be left out

}  // namespace calcispec
