// RuledOutPhases: what was tried and left, and what may come back.
#pragma once

#include "models/composition_private.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

namespace calcispec::models::detail {

class RuledOutPhases {
 public:
  void add(const JointModel& model, std::size_t p, const Phase& phase, Finding finding) {
    rows_.push_back({&phase, finding, share_uncertainty(model, p)});
  }
  void add(std::span<const RuledOut> rows) { rows_.insert(rows_.end(), rows.begin(), rows.end()); }

  /// By a fit; what a coarse look did not find may still be tried.
  [[nodiscard]] bool holds(const Phase& phase) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const RuledOut& row) {
      return row.phase == &phase && row.finding != Finding::absent;
    });
  }

  /// They may be tried anew.
  std::vector<const Phase*> take_redundant() {
    std::vector<const Phase*> out;
    std::erase_if(rows_, [&](const RuledOut& row) {
      const bool is_redundant = row.finding == Finding::redundant;
      if (is_redundant) {
        out.push_back(row.phase);
      }
      return is_redundant;
    });
    return out;
  }

  void forget(std::span<const Phase* const> phases) {
    std::erase_if(rows_, [&](const RuledOut& row) {
      return std::find(phases.begin(), phases.end(), row.phase) != phases.end();
    });
  }

  /// What went because this one held its strongest band may come again, once.
  void reopen_rivals_of(const Phase& gone, const Trials& trials) {
    std::erase_if(rows_, [&](const RuledOut& row) {
      const bool lost_it =
          row.finding == Finding::main_band_missing || row.finding == Finding::redundant;
      return lost_it && stand_at_one_place(*row.phase, gone, trials) &&
             reopened_.insert(row.phase).second;
    });
  }

  [[nodiscard]] bool was_reopened(const Phase& phase) const { return reopened_.contains(&phase); }
  [[nodiscard]] bool has_reopened() const { return !reopened_.empty(); }

  [[nodiscard]] std::span<const RuledOut> rows() const { return rows_; }

 private:
  std::vector<RuledOut> rows_;
  std::set<const Phase*> reopened_;
};

}  // namespace calcispec::models::detail
