// calcispec series: dated measurements, trends with intervals.
#include "core/error.hpp"
#include "pipelines/cli/analysis_options.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/progress.hpp"
#include "pipelines/json_values_private.hpp"
#include "pipelines/report/csv_cells.hpp"
#include "pipelines/study.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

namespace calcispec::cli {

const CommandHelp& series_help() {
  static constexpr std::array options{
      text_option("study",
                  "TABLE.csv",
                  "columns file, patient, lesion, site, subtype, date, specimen, spot, group; all "
                  "but file may be left out"),
      choice_option("format", "table|csv|json", "how to print (default: table)"),
      common::output,
      common::force,
      text_option("library", "DIR", "folder of further reference bands, or of measured spectra"),
      flag_option("only-library", "use the references of --library alone"),
      list_option(
          "calibration",
          "FILE.toml",
          "weight fractions, calibrated markers (see calcispec calibrate); may be repeated"),
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::recursive,
      common::include,
      common::jobs,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "series",
      "Trends of dated measurements, with intervals",
      "[options] --study TABLE.csv | INPUT...",
      "  calcispec series --study study.csv\n"
      "  calcispec series lesion_2026-01-10.txt lesion_2026-03-02.txt lesion_2026-05-11.txt\n",
      options,
      "Without --study the dates are taken from the file names (YYYY-MM-DD). A lesion is a "
      "series;\n"
      "a line goes through the means of its specimens, so that what differs between specimens\n"
      "counts. A change is stated only with 4 days and specimens, where the slope leaves out 0 "
      "and\n"
      "the change exceeds the minimal detectable change. Subtypes are what the table says; the\n"
      "program never infers one.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

using Json = nlohmann::ordered_json;

std::string series_interval_text(const Estimate& estimate) {
  return std::isfinite(estimate.value)
             ? short_text(estimate.value) + " (" + short_text(estimate.lo95) + " to " +
                   short_text(estimate.hi95) + ")"
             : "-";
}

std::string series_name_of(const LesionSeries& series) {
  std::string out;
  if (!series.patient.empty()) {
    out += "patient " + series.patient;
  }
  if (!series.lesion.empty()) {
    out += (out.empty() ? "lesion " : ", lesion ") + series.lesion;
  }
  return out.empty() ? "all files" : out;
}

std::string series_table_of(const SeriesRun& run) {
  std::string out;
  for (const auto& series : run.series) {
    out += series_name_of(series) + ": " + series.first_date + " to " + series.last_date + "\n";
    out += "  " + padded("quantity", 34) + padded("slope per 30 days (95 %)", 32) +
           padded("Theil-Sen", 32) + padded("detectable", 12) + "statement\n";
    for (const auto& quantity : series.quantities) {
      const auto& trend = quantity.trend;
      const auto unit = quantity.unit == "1" ? std::string() : ", " + quantity.unit;
      out += "  " + padded(quantity.id + unit, 34) + padded(series_interval_text(trend.slope), 32) +
             padded(series_interval_text(trend.robust_slope), 32) +
             padded(short_text(trend.detectable), 12) + trend.reason + "\n";
    }
  }
  if (!run.groups.empty()) {
    out += "groups: mean over lesions (95 %)\n";
  }
  for (const auto& group : run.groups) {
    out +=
        "  " + padded(group.by + " " + group.name, 28) + padded(group.quantity, 34) +
        std::to_string(group.lesions) + (group.lesions == 1 ? " lesion   " : " lesions  ") +
        (std::isfinite(group.mean.value) ? series_interval_text(group.mean) : group.mean.reason) +
        "\n";
  }
  return out;
}

std::string series_csv_of(const SeriesRun& run) {
  std::string out =
      "patient,lesion,quantity,unit,days,specimens,slope_per_30_days,lo95,hi95,theil_sen,"
      "theil_sen_lo95,theil_sen_hi95,repeat_sd,spot_sd,specimen_sd,minimal_detectable_change,"
      "change,status,reason\n";
  for (const auto& series : run.series) {
    for (const auto& quantity : series.quantities) {
      const auto& trend = quantity.trend;
      out += csv_cell(series.patient) + "," + csv_cell(series.lesion) + "," + quantity.id + "," +
             quantity.unit + "," + std::to_string(trend.times) + "," +
             std::to_string(trend.specimens);
      for (const double value : {trend.slope.value,
                                 trend.slope.lo95,
                                 trend.slope.hi95,
                                 trend.robust_slope.value,
                                 trend.robust_slope.lo95,
                                 trend.robust_slope.hi95,
                                 trend.spread.repeat,
                                 trend.spread.spot,
                                 trend.spread.specimen,
                                 trend.detectable,
                                 trend.change}) {
        out += "," + csv_number(value);
      }
      out += "," + std::string(models::name_of(trend.status)) + ",\"" + trend.reason + "\"\n";
    }
  }
  return out;
}

Json series_estimate_json(const Estimate& estimate) {
  return {
      {"value",  number(estimate.value)},
      {"u",      number(estimate.u)    },
      {"lo95",   number(estimate.lo95) },
      {"hi95",   number(estimate.hi95) },
      {"reason", estimate.reason       }
  };
}

Json quantity_json(const QuantityTrend& quantity) {
  const auto& trend = quantity.trend;
  Json out;
  out["id"] = quantity.id;
  out["unit"] = quantity.unit;
  out["status"] = models::name_of(trend.status);
  out["reason"] = trend.reason;
  out["days"] = trend.times;
  out["specimens"] = trend.specimens;
  out["slope_per_30_days"] = series_estimate_json(trend.slope);
  out["theil_sen_per_30_days"] = series_estimate_json(trend.robust_slope);
  out["spread"] = {
      {"repeat",   number(trend.spread.repeat)  },
      {"spot",     number(trend.spread.spot)    },
      {"specimen", number(trend.spread.specimen)}
  };
  out["minimal_detectable_change"] = number(trend.detectable);
  out["change"] = number(trend.change);
  out["points"] = Json::array();
  for (const auto& point : quantity.points) {
    out["points"].push_back({
        {"date",     point.date         },
        {"specimen", point.specimen     },
        {"spot",     point.spot         },
        {"value",    number(point.value)},
        {"u",        number(point.u)    }
    });
  }
  return out;
}

std::string series_json_of(const SeriesRun& run) {
  Json out;
  out["schema"] = 1;
  out["notice"] = "For research use only. Not for diagnosis or treatment decisions.";
  out["series"] = Json::array();
  for (const auto& series : run.series) {
    Json row;
    row["patient"] = series.patient;
    row["lesion"] = series.lesion;
    row["first_date"] = series.first_date;
    row["last_date"] = series.last_date;
    row["quantities"] = Json::array();
    for (const auto& quantity : series.quantities) {
      row["quantities"].push_back(quantity_json(quantity));
    }
    out["series"].push_back(std::move(row));
  }
  out["groups"] = Json::array();
  for (const auto& group : run.groups) {
    Json row;
    row["by"] = group.by;
    row["name"] = group.name;
    row["quantity"] = group.quantity;
    row["unit"] = group.unit;
    row["n_lesions"] = group.lesions;
    row["mean"] = series_estimate_json(group.mean);
    out["groups"].push_back(std::move(row));
  }
  out["left_aside"] = run.left_aside;
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<StudyRow> series_rows_of(const Options& options) {
  if (options.has("study")) {
    if (!options.words().empty()) {
      throw Error(ErrorCode::invalid_argument, "--study lists the files; leave out other inputs");
    }
    return load_study(options.text("study"));
  }
  const auto list = find_inputs(options);
  for (const auto& input : list.inputs) {
    if (!input.fault.empty()) {
      print_message(input.path + ": " + input.fault);
    }
  }
  return rows_from_names(list.readable());
}

}  // namespace

int run_series(std::span<const std::string> arguments) {
  const auto options = parse_options(series_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  AnalysisRequest request;
  request.read = read_options(*options);
  request.jobs = options->whole_number("jobs", 0);
  request.library_folder = options->text("library");
  request.is_only_library = options->has("only-library");
  take_calibrations(*options, request);
  const auto rows = series_rows_of(*options);
  watch_interrupt();
  Progress progress("analysing spectra", options->has("quiet"));
  const auto run = calcispec::run_series(rows, std::move(request), [&](Index done, Index total) {
    progress.update(done, total);
    check_interrupt();
  });
  for (const auto& text : run.left_aside) {
    print_message("left aside: " + text);
  }
  const auto format = options->text("format", "table");
  write_output(target,
               format == "json"  ? series_json_of(run)
               : format == "csv" ? series_csv_of(run)
                                 : series_table_of(run));
  if (run.used == 0) {
    return exit_nothing_processed;
  }
  return run.left_aside.empty() ? exit_ok : exit_some_failed;
}

}  // namespace calcispec::cli
