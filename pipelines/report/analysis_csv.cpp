// One CSV row per spectrum.
#include "pipelines/report/analysis_json.hpp"
#include "pipelines/report/csv_cells.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace calcispec {
namespace {

void add_unique(const std::string& id, std::vector<std::string>& ids) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    ids.push_back(id);
  }
}

struct Columns {
  std::vector<std::string> shares;  // groups, phases and matrix that have a number anywhere
  std::vector<std::string> markers;
};

Columns columns_of(const AnalysisResult& result) {
  Columns out;
  for (const auto& entry : result.spectra) {
    if (entry.composition) {
      for (const auto& group : entry.composition->groups) {
        add_unique(group.name, out.shares);
      }
      for (const auto* list : {&entry.composition->phases, &entry.composition->matrix}) {
        for (const auto& row : *list) {
          if (row.share.value > 0) {
            add_unique(row.phase, out.shares);
          }
        }
      }
    }
    for (const auto& marker : entry.markers) {
      add_unique(marker.id, out.markers);
    }
  }
  return out;
}

const Estimate* csv_share_of(const models::Composition& composition, const std::string& id) {
  for (const auto& group : composition.groups) {
    if (group.name == id) {
      return &group.share;
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& row : *list) {
      if (row.phase == id) {
        return &row.share;
      }
    }
  }
  return nullptr;
}

std::string csv_interval(const Estimate* estimate) {
  if (estimate == nullptr) {
    return ",,,";
  }
  return "," + csv_number(estimate->value) + "," + csv_number(estimate->lo95) + "," +
         csv_number(estimate->hi95);
}

bool has_weights(const SpectrumAnalysis& entry) {
  return entry.composition && entry.composition->basis == models::CompositionBasis::weight_fraction;
}

}  // namespace

std::string analysis_csv(const AnalysisResult& result) {
  const auto columns = columns_of(result);
  // One basis per column: shares are no weights.
  const bool is_weight = std::any_of(result.spectra.begin(), result.spectra.end(), has_weights);
  std::string out = "input,index,id,status,message,technique,mode,quality,axis_shift_1/cm";
  for (const auto& id : columns.shares) {
    for (const auto* ending :
         {is_weight ? "_weight_fraction" : "_signal_share", "_lo95", "_hi95"}) {
      out.append(",").append(id).append(ending);
    }
  }
  out += ",unexplained_signal_share,unexplained_flag";
  for (const auto& id : columns.markers) {
    for (const auto* ending : {"", "_lo95", "_hi95", "_status"}) {
      out.append(",").append(id).append(ending);
    }
  }
  out += "\n";
  for (const auto& entry : result.spectra) {
    const auto* composition = entry.composition ? &*entry.composition : nullptr;
    out += csv_cell(entry.input) + "," + std::to_string(entry.index) + "," + csv_cell(entry.id) +
           "," + std::string(name_of(entry.status)) + "," + csv_cell(entry.message) + "," +
           std::string(name_of(entry.technique)) + "," + std::string(name_of(entry.mode)) + "," +
           std::string(entry.status == AnalysisStatus::failed
                           ? std::string_view()
                           : models::name_of(entry.quality.verdict)) +
           "," + (composition == nullptr ? "" : csv_number(composition->axis.shift_cm1));
    for (const auto& id : columns.shares) {
      const bool is_other = composition == nullptr || has_weights(entry) != is_weight;
      out += csv_interval(is_other ? nullptr : csv_share_of(*composition, id));
    }
    out += "," + (composition == nullptr ? "" : csv_number(composition->unexplained.value)) + "," +
           (composition == nullptr          ? ""
            : composition->unexplained_flag ? "yes"
                                            : "no");
    for (const auto& id : columns.markers) {
      const auto found = std::find_if(entry.markers.begin(),
                                      entry.markers.end(),
                                      [&](const auto& marker) { return marker.id == id; });
      const bool is_there = found != entry.markers.end();
      out += csv_interval(is_there ? &found->value : nullptr) + "," +
             (is_there ? std::string(models::name_of(found->status)) : "");
    }
    out += "\n";
  }
  return out;
}

}  // namespace calcispec
