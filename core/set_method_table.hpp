// SetMethod: what a set method's file gives to the registry. Private to core.
#pragma once

#include "core/set_methods.hpp"

namespace calcispec {

/// The usable spectra of a set, all finite, to be changed in place.
struct SetCall {
  SpectraMatrix& spectra;
  const ParameterSet& parameters;
  std::span<const Index> rows;         // usable ones, rising
  const std::optional<MapGrid>& grid;  // of all rows of `spectra`
  Index jobs;
  std::span<MethodStatus> status;  // of all rows of `spectra`
};

struct SetMethod {
  MethodInfo info;
  Index least_points = 3;
  void (*run)(const SetCall& call);
  std::optional<SetReach> reach = std::nullopt;  // none: the whole set
};

}  // namespace calcispec
