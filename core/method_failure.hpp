// What a method does with spectra that it cannot do: not numbers, and a status. Private to core.
#pragma once

#include "core/method_table.hpp"

#include <algorithm>
#include <limits>

namespace calcispec {

/// No spectrum of the call can be done with these parameters.
inline void fail_all(const MethodCall& call) {
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
    call.status[static_cast<std::size_t>(r)] = MethodStatus::failed;
  }
}

}  // namespace calcispec
