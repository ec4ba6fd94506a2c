// calcispec match: the references beside a spectrum, as a hit list.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "models/matching.hpp"
#include "pipelines/calibration.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/measured_library.hpp"
#include "pipelines/report/csv_cells.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

namespace calcispec::cli {

const CommandHelp& match_help() {
  static constexpr std::array options{
      text_option("library", "DIR", "measured references instead of the built-in band tables"),
      whole_number_option("top", "N", "hits to show (default: 5)", {1, 1000}),
      choice_option("format", "table|csv|json", "how to print (default: table)"),
      text_option("range", "FROM-TO", "part of the axis to compare, in 1/cm"),
      common::output,
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::recursive,
      common::include,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "match",
      "Compare spectra with the reference library: hit list with scores",
      "[options] INPUT...",
      "  calcispec match spectrum.txt\n"
      "  calcispec match --library my_library --format json exports/ -o hits.json\n",
      options,
      "explained: part of the signal that the reference alone explains, 0 to 1.\n"
      "slope r: correlation of first derivatives, blind to backgrounds; r: of the curves above\n"
      "their backgrounds; angle: between them as vectors, in degrees, 0 for the same curve.\n"
      "A reference is an answer only where its bands are there as the naming rule asks; without\n"
      "one the list says: none of these. A mixture is for calcispec analyze.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

struct Matched {
  std::string input;
  models::MatchResult result;
};

std::string match_table_of(const std::vector<Matched>& all, std::size_t top) {
  std::string out;
  for (const auto& entry : all) {
    const auto& result = entry.result;
    out += entry.input + "\n";
    if (!result.reason.empty()) {
      out += "  not determinable: " + result.reason + "\n";
      continue;
    }
    out += result.is_none ? "  none of these; the nearest are:\n" : "";
    out +=
        "  " + padded("reference", 28) + "answer  explained  slope r  r      angle  shift 1/cm\n";
    for (std::size_t i = 0; i < std::min(top, result.hits.size()); ++i) {
      const auto& hit = result.hits[i];
      out += "  " + padded(hit.id, 28) + padded(hit.is_named ? "yes" : "no", 8) +
             padded(fixed_text(hit.explained, 3), 11) +
             padded(fixed_text(hit.slope_correlation, 3), 9) +
             padded(fixed_text(hit.correlation, 3), 7) + padded(fixed_text(hit.angle_deg, 1), 7) +
             fixed_text(hit.shift_cm1, 1) + "\n";
    }
  }
  return out;
}

std::string match_csv_of(const std::vector<Matched>& all, std::size_t top) {
  std::string out =
      "input,rank,reference,answer,explained,slope_correlation,correlation,angle_deg,"
      "shift_1/cm,reason\n";
  for (const auto& entry : all) {
    const auto& result = entry.result;
    if (!result.reason.empty()) {
      out += csv_cell(entry.input) + ",,,no,,,,,," + csv_cell(result.reason) + "\n";
    }
    for (std::size_t i = 0; i < std::min(top, result.hits.size()); ++i) {
      const auto& hit = result.hits[i];
      out += csv_cell(entry.input) + "," + std::to_string(i + 1) + "," + hit.id + "," +
             (hit.is_named ? "yes" : "no") + "," + number_text(hit.explained) + "," +
             number_text(hit.slope_correlation) + "," + number_text(hit.correlation) + "," +
             number_text(hit.angle_deg) + "," + number_text(hit.shift_cm1) + ",\n";
    }
  }
  return out;
}

std::string match_json_of(const std::vector<Matched>& all, std::size_t top) {
  nlohmann::ordered_json out;
  out["schema"] = 1;
  out["spectra"] = nlohmann::ordered_json::array();
  for (const auto& entry : all) {
    const auto& result = entry.result;
    nlohmann::ordered_json row;
    row["input"] = entry.input;
    row["status"] = result.reason.empty() ? "ok" : "not_determinable";
    row["reason"] = result.reason;
    row["range"] = {result.from_cm1, result.to_cm1};
    row["none_of_these"] = result.is_none;
    row["hits"] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < std::min(top, result.hits.size()); ++i) {
      const auto& hit = result.hits[i];
      row["hits"].push_back({
          {"reference",         hit.id               },
          {"name",              hit.name             },
          {"answer",            hit.is_named         },
          {"explained",         hit.explained        },
          {"slope_correlation", hit.slope_correlation},
          {"correlation",       hit.correlation      },
          {"angle_deg",         hit.angle_deg        },
          {"shift_cm1",         hit.shift_cm1        }
      });
    }
    out["spectra"].push_back(std::move(row));
  }
  return out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

class Matcher {
 public:
  explicit Matcher(const Options& options) : read_(read_options(options)) {
    if (options.has("range")) {
      composition_.range_cm1 = parse_range(options.text("range"), "--range");
    }
    const auto folder = options.text("library");
    if (folder.empty()) {
      bands_ = models::builtin_library();
    } else if (is_measured_library(folder)) {
      measured_ = load_measured_library(folder, read_.reader_program);
    } else {
      bands_ = models::library_from_folder(folder);
    }
  }

  [[nodiscard]] Matched run(const std::string& input) const {
    const auto recording = load_single(input, read_);
    const models::CompositionInput spectrum{
        *recording.spectra.axis, recording.spectra.row(0), recording.technique, recording.mode};
    return {input,
            measured_ ? models::match_spectrum(spectrum, *measured_, composition_)
                      : models::match_spectrum(spectrum, bands_, composition_)};
  }

 private:
  io::ReadOptions read_;
  models::CompositionOptions composition_;
  models::ReferenceLibrary bands_;
  std::optional<models::MeasuredLibrary> measured_;
};

}  // namespace

int run_match(std::span<const std::string> arguments) {
  const auto options = parse_options(match_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  const Matcher matcher(*options);
  const auto list = find_inputs(*options);
  std::vector<Matched> all;
  std::size_t failed = 0;
  for (const auto& input : list.inputs) {
    check_interrupt();
    Matched entry{input.path, {}};
    entry.result.reason = input.fault;
    bool is_read = input.fault.empty();
    if (is_read) {
      try {
        entry = matcher.run(input.path);
      } catch (const Error& error) {
        is_read = false;
        entry.result.reason = error.what();
      }
    }
    if (!is_read) {
      ++failed;
      print_message(input.path + ": " + entry.result.reason);
    }
    all.push_back(std::move(entry));
  }
  const auto top = static_cast<std::size_t>(options->whole_number("top", 5));
  const auto format = options->text("format", "table");
  write_output(target,
               format == "json"  ? match_json_of(all, top)
               : format == "csv" ? match_csv_of(all, top)
                                 : match_table_of(all, top));
  if (failed == 0) {
    return exit_ok;
  }
  return failed == all.size() ? exit_nothing_processed : exit_some_failed;
}

}  // namespace calcispec::cli
