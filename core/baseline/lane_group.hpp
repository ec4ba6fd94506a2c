// LaneGroup: spectra take seats in the lanes, and the next one moves in where one has finished.
#pragma once

#include "core/kernels/tile.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace calcispec::kernels {

/// Packing of a call's spectra into lanes. A lane without a spectrum repeats the first one, so that
/// its numbers are finite; they are never looked at.
class LaneGroup {
 public:
  struct Seat {
    Index row = -1;    // spectrum in this lane
    Index solves = 0;  // 0: it has just moved in
  };

  explicit LaneGroup(const MethodCall& call) : call_(call) {}

  [[nodiscard]] Index active() const { return active_; }
  Seat& seat(Index lane) { return seats_[static_cast<std::size_t>(lane)]; }

  /// The first spectra; calls load(lane, y) for each lane.
  template <typename Load>
  void fill(Tile& y, const Load& load) {
    for (Index lane = 0; lane < lane_count; ++lane) {
      const bool is_used = next_ < call_.count();
      const double* from = call_.rows[static_cast<std::size_t>(is_used ? next_ : 0)];
      seat(lane) = {is_used ? next_++ : -1, 0};
      active_ += is_used ? 1 : 0;
      move_in(y, lane, from, load);
    }
  }

  struct Tiles {
    Tile& y;
    Tile& baseline;
    Tile& weights;  // of the solve that gave the baseline
  };

  /// Gives the baseline of a lane and lets the next spectrum in, if there is one.
  template <typename Load>
  void finish(Index lane, MethodStatus status, const Tiles& tiles, const Load& load) {
    auto& own = seat(lane);
    const auto row = static_cast<std::size_t>(own.row);
    call_.status[row] = status;
    for (Index p = 0; p < call_.points(); ++p) {
      const double z = lane_at(tiles.baseline, p, lane);
      call_.rows[row][p] = lane_at(tiles.y, p, lane) - z;
      if (!call_.baselines.empty()) {
        call_.baselines[row][p] = z;
      }
      if (!call_.weights.empty()) {
        call_.weights[row][p] = lane_at(tiles.weights, p, lane);
      }
    }
    own = {};
    if (next_ == call_.count()) {
      --active_;
      return;
    }
    own.row = next_++;
    move_in(tiles.y, lane, call_.rows[static_cast<std::size_t>(own.row)], load);
  }

 private:
  template <typename Load>
  void move_in(Tile& y, Index lane, const double* from, const Load& load) {
    for (Index p = 0; p < call_.points(); ++p) {
      lane_at(y, p, lane) = from[p];
    }
    load(lane, std::span<const double>(from, static_cast<std::size_t>(call_.points())));
  }

  const MethodCall& call_;
  Index next_ = 0;    // first spectrum that has no lane yet
  Index active_ = 0;  // lanes with a spectrum
  std::array<Seat, static_cast<std::size_t>(lane_count)> seats_{};
};

}  // namespace calcispec::kernels
