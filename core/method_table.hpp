// CoreMethod: what a method's file gives to the chain. Private to core.
#pragma once

#include "core/chain.hpp"

#include <span>

namespace calcispec {

/// A block of at most kernels::lane_count spectra, all finite, to be changed in place.
struct MethodCall {
  const Axis& axis;
  const ParameterSet& parameters;
  std::span<double> rows;      // row-major, rows x points
  std::span<double> baseline;  // same shape, for methods of the family baseline
  std::span<MethodStatus> status;

  [[nodiscard]] Index points() const { return axis.size(); }
  [[nodiscard]] Index count() const { return static_cast<Index>(status.size()); }
  [[nodiscard]] std::span<double> row(Index index) const {
    return rows.subspan(static_cast<std::size_t>(index * points()),
                        static_cast<std::size_t>(points()));
  }
};

struct CoreMethod {
  MethodInfo info;
  Index least_points = 3;
  void (*run)(const MethodCall& call);
};

/// All rows of the .def files, in order.
std::span<const CoreMethod> method_table();

}  // namespace calcispec
