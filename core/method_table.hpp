// CoreMethod: what a method's file gives to the chain. Private to core.
#pragma once

#include "core/chain.hpp"

#include <span>

namespace calcispec {

/// Spectra, all finite, to be changed in place. How many come in one call never changes a result.
struct MethodCall {
  const Axis& axis;
  const ParameterSet& parameters;
  std::span<double* const> rows;       // points values each
  std::span<double* const> baselines;  // the same for the family baseline; empty: not wanted
  std::span<MethodStatus> status;
  // Of penalised baselines: weights of the last solve, wanted where not empty; and weights to use
  // in one solve of every spectrum instead of the method's own.
  std::span<double* const> weights = {};
  std::span<const double> given_weights = {};

  [[nodiscard]] Index points() const { return axis.size(); }
  [[nodiscard]] Index count() const { return static_cast<Index>(status.size()); }
  [[nodiscard]] std::span<double> row(Index index) const {
    return {rows[static_cast<std::size_t>(index)], static_cast<std::size_t>(points())};
  }

  /// Takes the baseline off a spectrum of the family baseline, and hands it on where it is wanted.
  void give(Index index, std::span<const double> baseline) const {
    const auto y = row(index);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] -= baseline[i];
      if (!baselines.empty()) {
        baselines[static_cast<std::size_t>(index)][i] = baseline[i];
      }
    }
  }
};

struct CoreMethod {
  MethodInfo info;
  Index least_points = 3;
  void (*run)(const MethodCall& call);
};

/// All rows of the .def files, in order.
std::span<const CoreMethod> method_table();
/// nullptr if core has no such method.
const CoreMethod* find_core_row(std::string_view family, std::string_view name);

}  // namespace calcispec
