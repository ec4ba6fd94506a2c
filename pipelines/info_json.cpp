#include "pipelines/info_json.hpp"

#include "core/parameter.hpp"
#include "pipelines/json_values_private.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

using Json = nlohmann::ordered_json;

struct Ends {
  double first = 0;
  double last = 0;
};

// In stored order.
Ends ends_of(std::span<const double> values, bool was_descending) {
  return was_descending ? Ends{values.back(), values.front()} : Ends{values.front(), values.back()};
}

// As it stands in the file, before any conversion.
io::StoredAxis stored_axis_of(const io::Recording& recording) {
  const auto& axis = *recording.spectra.axis;
  const auto ends = ends_of(axis.values(), axis.was_descending());
  return recording.stored_axis.value_or(io::StoredAxis{ends.first, ends.last, axis.unit()});
}

struct Summary {
  Index spectra = 0;
  Index points = -1;  // -1: varies
  double y_min = std::numeric_limits<double>::infinity();
  double y_max = -std::numeric_limits<double>::infinity();
};

Summary info_summary_of(const io::LoadedFile& file) {
  Summary out;
  out.points = file.recordings.front().spectra.points();
  for (const auto& recording : file.recordings) {
    out.spectra += recording.skim ? recording.skim->rows : recording.spectra.rows();
    out.points = recording.spectra.points() == out.points ? out.points : -1;
    if (recording.skim) {
      out.y_min = std::min(out.y_min, recording.skim->y_min);
      out.y_max = std::max(out.y_max, recording.skim->y_max);
      continue;
    }
    for (const double y : recording.spectra.values) {
      if (std::isfinite(y)) {
        out.y_min = std::min(out.y_min, y);
        out.y_max = std::max(out.y_max, y);
      }
    }
  }
  return out;
}

bool has_warning(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& row) {
    return row.severity != Severity::note;
  });
}

Json file_json(const FileInfo& info) {
  Json out;
  out["path"] = info.path;
  if (!info.file) {
    out["status"] = "failed";
    out["format"] = nullptr;
    out["message"] = info.fault;
    out["diagnostics"] = Json::array();
    return out;
  }
  const auto& file = *info.file;
  const auto& first = file.recordings.front();
  const auto& axis = *first.spectra.axis;
  const auto summary = info_summary_of(file);
  const auto x = stored_axis_of(first);
  const auto y = ends_of(first.spectra.row(0), axis.was_descending());
  const bool is_partial =
      std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [](const auto& row) {
        return row.code == "not_a_number" || row.code == "cut_off";
      });
  out["status"] = is_partial ? "partial" : "ok";
  out["format"] = file.format;
  out["message"] = has_warning(file.diagnostics) ? "see diagnostics" : "";
  out["diagnostics"] = diagnostics_json(file.diagnostics);
  out["n_spectra"] = summary.spectra;
  out["n_points"] = summary.points < 0 ? Json(nullptr) : Json(summary.points);
  out["x_first"] = x.first;
  out["x_last"] = x.last;
  out["x_unit"] = x.unit;
  out["y_unit"] = name_of(first.ordinate);
  out["y_min"] = number(summary.y_min);
  out["y_max"] = number(summary.y_max);
  out["y_first"] = number(y.first);
  out["y_last"] = number(y.last);
  out["technique"] = name_of(first.technique);
  out["mode"] = name_of(first.mode);
  out["blocks"] = Json::array();
  for (const auto& block : file.blocks) {
    out["blocks"].push_back({
        {"name",    block.name   },
        {"content", block.content},
        {"used",    block.is_used},
        {"reason",  block.reason }
    });
  }
  out["map"] = nullptr;
  if (first.map) {
    out["map"] = {
        {"nx",        first.map->nx               },
        {"ny",        first.map->ny               },
        {"step_x_um", number(first.map->step_x_um)},
        {"step_y_um", number(first.map->step_y_um)}
    };
  }
  out["metadata"] = Json::object();
  for (const auto& [key, value] : first.metadata) {
    out["metadata"][key] = value;
  }
  return out;
}

}  // namespace

std::string info_json(std::span<const FileInfo> files) {
  Json out;
  out["schema"] = 1;
  out["inputs"] = Json::array();
  for (const auto& file : files) {
    out["inputs"].push_back(file_json(file));
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string info_table(std::span<const FileInfo> files) {
  std::string out;
  for (const auto& info : files) {
    out += info.path + "\n";
    if (!info.file) {
      out += "  cannot be read: " + info.fault + "\n";
      continue;
    }
    const auto& file = *info.file;
    const auto& first = file.recordings.front();
    const auto& axis = *first.spectra.axis;
    const auto summary = info_summary_of(file);
    const auto x = stored_axis_of(first);
    out += "  format     " + file.format + "\n";
    out += "  spectra    " + std::to_string(summary.spectra) + " of " +
           (summary.points < 0 ? "varying" : std::to_string(summary.points)) + " points\n";
    out += "  axis       " + number_text(x.first) + " to " + number_text(x.last) + " " + x.unit +
           " (" + std::string(name_of(axis.kind())) +
           (first.stored_axis ? ", " + number_text(axis.front()) + " to " +
                                    number_text(axis.back()) + " " + axis.unit()
                              : "") +
           ")\n";
    out += "  ordinate   " + number_text(summary.y_min) + " to " + number_text(summary.y_max) +
           " (" + std::string(name_of(first.ordinate)) + ")\n";
    out += "  technique  " + std::string(name_of(first.technique)) +
           (first.technique == Technique::ftir ? ", mode " + std::string(name_of(first.mode))
                                               : std::string()) +
           "\n";
    for (const auto& block : file.blocks) {
      out += std::string(block.is_used ? "  block      " : "  not used   ") + block.name + " (" +
             block.content + "): " + block.reason + "\n";
    }
    for (const auto& row : file.diagnostics) {
      out += "  " + std::string(severity_name(row.severity)) + ": " + row.text + "\n";
    }
  }
  return out;
}

}  // namespace calcispec
