// What the Whittaker baselines share: the loop of solving and reweighting over lanes.
#pragma once

#include "core/kernels/whittaker.hpp"
#include "core/method_table.hpp"

#include <limits>

namespace calcispec::kernels {

using LaneMask = Eigen::Array<bool, lane_count, 1>;

/// Relative change of the weights per lane: |new - old| / |old|.
inline Pack weight_change(const Tile& before, const Tile& after) {
  Pack change = Pack::Zero();
  Pack size = Pack::Zero();
  for (std::size_t i = 0; i < before.size(); ++i) {
    change += (after[i] - before[i]).square();
    size += before[i].square();
  }
  return change.sqrt() / size.sqrt().max(std::numeric_limits<double>::epsilon());
}

/// Solves, reweights and stops per lane when the weights change by less than the tolerance or
/// `reweigh` gives up. reweigh(y, z, weights) writes new weights and returns the lanes that must
/// stop at once. A lane that has stopped keeps its weights, so its baseline no longer changes.
template <std::size_t order, typename Reweigh>
void run_reweighted(const MethodCall& call, const Reweigh& reweigh) {
  const double tolerance = call.parameters.real("tolerance");
  const Index limit = call.parameters.integer("max_iterations");
  thread_local DifferencePenalty<order> penalty;
  thread_local WhittakerScratch<order> scratch;
  thread_local Tile y;
  thread_local Tile z;
  thread_local Tile weights;
  thread_local Tile changed;
  penalty.make(call.points(), call.parameters.real("lambda"));
  pack_rows(call.rows, call.points(), y);
  weights.assign(y.size(), Pack::Ones());
  changed.resize(y.size());
  LaneMask is_active = LaneMask::Constant(true);
  LaneMask is_converged = LaneMask::Constant(false);
  for (Index iteration = 0; iteration <= limit; ++iteration) {
    solve_whittaker(penalty, weights, y, scratch, z);
    const LaneMask gives_up = reweigh(y, z, changed);
    const Pack change = weight_change(weights, changed);
    const LaneMask stops = gives_up || change < tolerance;
    is_converged = is_converged || (is_active && stops);
    is_active = is_active && !stops;
    if (!is_active.any()) {
      break;
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] = is_active.select(changed[i], weights[i]);
    }
  }
  unpack_rows(z, call.points(), call.baseline);
  for (std::size_t i = 0; i < call.rows.size(); ++i) {
    call.rows[i] -= call.baseline[i];
  }
  for (Index lane = 0; lane < call.count(); ++lane) {
    call.status[static_cast<std::size_t>(lane)] =
        is_converged[lane] ? MethodStatus::converged : MethodStatus::iteration_limit;
  }
}

/// The same with the order of the difference from the parameters.
template <typename Reweigh>
void run_reweighted_of_order(const MethodCall& call, const Reweigh& reweigh) {
  switch (call.parameters.integer("diff_order")) {
    case 1:
      return run_reweighted<1>(call, reweigh);
    case 2:
      return run_reweighted<2>(call, reweigh);
    case 3:
      return run_reweighted<3>(call, reweigh);
    default:
      return run_reweighted<4>(call, reweigh);
  }
}

}  // namespace calcispec::kernels
