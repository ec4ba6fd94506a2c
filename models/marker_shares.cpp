// Markers that are parts of the mineral: precursors, whitlockite, other salts.
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"
#include "models/marker_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace calcispec::models::detail {
namespace {

constexpr double marker_shares_critical = 2.33;  // as the naming rule

using Ids = std::set<std::string>;

// Phases of the product whose formula holds phosphate or pyrophosphate.
const Ids& phosphates() {
  static const Ids ids = [] {
    const CsvTable table(embedded_file("phases.csv"), "phases.csv");
    Ids out;
    for (Index row = 0; row < table.rows(); ++row) {
      const auto& formula = table.text(row, "formula");
      if (formula.find("PO4") != std::string::npos || formula.find("P2O7") != std::string::npos) {
        out.insert(table.text(row, "id"));
      }
    }
    return out;
  }();
  return ids;
}

// A share of the signal and what it is known to.
struct Part {
  double share = 0;
  double u = 0;       // of shares that were named
  double hidden = 0;  // what those that were not named may hold, one sd
  bool is_named = false;
  std::string ambiguous;  // one band only, so it may be there
};

struct Sums {
  Part target;
  Part other;
};

void add(const std::string& name, const Estimate& share, PhaseStatus status, Part& part) {
  switch (status) {
    case PhaseStatus::quantified:
      part.is_named = true;
      part.share += share.value;
      part.u = std::hypot(part.u, share.u);
      return;
    case PhaseStatus::ambiguous:
      part.ambiguous += (part.ambiguous.empty() ? "" : ", ") + name;
      return;
    case PhaseStatus::below_lod:
      part.hidden = std::hypot(part.hidden, share.u);
      return;
    case PhaseStatus::not_determinable:
      return;
  }
}

// Minerals that are targets, and those of `whole` that are none.
Sums sums_of(const Composition& composition,
             const Ids& targets,
             bool (*is_whole)(const std::string&)) {
  Sums out;
  const auto put = [&](const std::string& id, const Estimate& share, PhaseStatus status) {
    if (targets.count(id) == 1) {
      add(id, share, status, out.target);
    } else if (is_whole(id)) {
      add(id, share, status, out.other);
    }
  };
  Ids grouped;
  for (const auto& group : composition.groups) {
    const bool is_mineral =
        std::any_of(composition.phases.begin(), composition.phases.end(), [&](const auto& entry) {
          return entry.phase == group.members.front();
        });
    grouped.insert(group.members.begin(), group.members.end());
    if (is_mineral) {
      put(group.members.front(), group.share, group.status);
    }
  }
  for (const auto& entry : composition.phases) {
    if (grouped.count(entry.phase) == 0) {
      put(entry.phase, entry.share, entry.status);
    }
  }
  return out;
}

// Target over target and other. The two errors are taken as one against the other, as they are
// where the two make up the whole.
void set_part(Marker& marker, const Sums& sums, const std::string& nothing) {
  const double whole = sums.target.share + sums.other.share;
  if (!(whole > 0)) {
    return refuse(marker, nothing);
  }
  if (!sums.target.ambiguous.empty()) {
    return refuse(marker, sums.target.ambiguous + " may be there, from one band only");
  }
  const double part = sums.target.share / whole;
  const double hidden =
      sums.target.hidden > 0 || sums.target.is_named ? sums.target.hidden : sums.other.u;
  const double u = std::hypot((1 - part) * sums.target.u + part * sums.other.u, hidden) / whole;
  set(marker, part, u);
  marker.value.hi95 = std::min(1.0, marker.value.hi95);
  if (!sums.target.is_named || part < marker_shares_critical * u) {
    marker.status = MarkerStatus::below_lod;
    marker.value.status = EstimateStatus::below_lod;
    marker.value.lo95 = 0;
    marker.value.reason = "nothing of it was named; the upper end says how much could hide";
  }
}

bool is_phosphate_id(const std::string& id) {
  return phosphates().count(id) == 1;
}
bool is_mineral(const std::string& /*id*/) {
  return true;
}

}  // namespace

bool evaluate_share_marker(const MarkerContext& context, Marker& marker) {
  const auto& composition = context.composition;
  if (marker.id == "precursor_index") {
    set_part(marker,
             sums_of(composition,
                     {"amorphous_calcium_phosphate", "octacalcium_phosphate", "brushite"},
                     is_phosphate_id),
             "no phosphate was named");
    return true;
  }
  if (marker.id == "whitlockite_share") {
    const auto tcp = std::find_if(composition.phases.begin(),
                                  composition.phases.end(),
                                  [](const auto& entry) { return entry.phase == "beta_tcp"; });
    const bool has_tcp = tcp != composition.phases.end() && tcp->status != PhaseStatus::below_lod;
    if (has_tcp) {
      refuse(marker, "beta-tricalcium phosphate may be there, which cannot be told from it");
    } else {
      set_part(marker,
               sums_of(composition, {"mg_whitlockite"}, is_phosphate_id),
               "no phosphate was named");
    }
    return true;
  }
  if (marker.id != "non_phosphate_share") {
    return false;
  }
  Ids others;
  for (const auto& entry : composition.phases) {
    if (!is_phosphate_id(entry.phase)) {
      others.insert(entry.phase);
    }
  }
  set_part(marker, sums_of(composition, others, is_mineral), "no mineral was named");
  return true;
}

}  // namespace calcispec::models::detail
