// calcispec components: patterns of a map without references, and what they look like.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/file.hpp"
#include "models/map_patterns.hpp"
#include "models/matching.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/report/csv_cells.hpp"
#include "pipelines/step.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace calcispec::cli {

const CommandHelp& components_help() {
  static constexpr std::array options{
      choice_option("algorithm",
                    "mcr|pca|kmeans",
                    "resolved curves (default), principal components, or clusters of their scores"),
      whole_number_option("count", "N", "components or clusters (default: 3)", {1, 50}),
      text_option("steps",
                  "TEXT",
                  "conditioning before (default: \"despike.median | baseline.arpls\"; FT-IR: "
                  "\"baseline.arpls\")"),
      text_option("range", "FROM-TO", "part of the axis to use, in 1/cm (default: all)"),
      choice_option("format", "table|csv|json", "how to print (default: table)"),
      common::output,
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::jobs,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "components",
      "Find the patterns of a map without references, and match them with the library",
      "[options] MAP",
      "  calcispec components map.txt\n"
      "  calcispec components map.txt --algorithm kmeans --count 4 --format csv -o clusters.csv\n",
      options,
      "Curves (mcr) and amounts are not below 0; they are not unique where no spectrum is pure.\n"
      "Curves and the means of clusters are compared with the band tables as by calcispec match;\n"
      "principal components are no spectra and are not. Shares of phases with intervals are what\n"
      "calcispec analyze gives.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

struct Component {
  double explained = 0;  // of the variance (pca), of all amounts (mcr), of the spectra (kmeans)
  std::vector<double> curve;  // loading, resolved curve, mean spectrum
  std::optional<models::MatchResult> match;
};

struct Answer {
  std::string input;
  std::string algorithm;
  AxisPtr axis;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
  std::optional<MapGrid> map;
  std::vector<Index> rows;  // spectra used
  Index total = 0;
  std::vector<Component> components;
  std::vector<double> values;  // rows x columns: scores, amounts, or the cluster from 1 on
  Index columns = 0;
  double unexplained = std::nan("");
};

io::Recording condition(const Options& options, const std::string& input) {
  auto file = io::load(input, read_options(options));
  auto recording = std::move(file.recordings.front());
  Diagnostics diagnostics;
  const Index jobs = options.whole_number("jobs", 0);
  std::string text =
      options.text("steps",
                   recording.technique == Technique::raman ? "despike.median | baseline.arpls"
                                                           : "baseline.arpls");
  if (recording.technique == Technique::ftir && recording.ordinate == OrdinateKind::transmittance) {
    text = "convert.absorbance | " + text;
  }
  if (options.has("range")) {
    const auto range = parse_range(options.text("range"), "--range");
    text =
        "crop from=" + number_text(range.first) + " to=" + number_text(range.second) + " | " + text;
  }
  run_steps(parse_steps(text), jobs, recording, nullptr, diagnostics);
  return recording;
}

// Spectra without gaps; those with any are left out.
SpectraMatrix complete_rows(const SpectraMatrix& all, std::vector<Index>& rows) {
  auto out = SpectraMatrix::make(all.axis, 0);
  for (Index r = 0; r < all.rows(); ++r) {
    const auto row = all.row(r);
    if (std::all_of(row.begin(), row.end(), [](double y) { return std::isfinite(y); })) {
      rows.push_back(r);
      out.values.insert(out.values.end(), row.begin(), row.end());
    }
  }
  return out;
}

std::vector<double> slice(const std::vector<double>& values, Index index, Index length) {
  const auto first = values.begin() + index * length;
  return {first, first + length};
}

void find_pca(const SpectraMatrix& spectra, Index count, Answer& answer) {
  auto found = models::principal_components(spectra, count);
  for (Index k = 0; k < count; ++k) {
    answer.components.push_back({found.explained[static_cast<std::size_t>(k)],
                                 slice(found.loadings, k, spectra.points()),
                                 std::nullopt});
  }
  answer.values = std::move(found.scores);
  answer.columns = count;
}

void find_mcr(const SpectraMatrix& spectra, Index count, Index jobs, Answer& answer) {
  auto found = models::resolve_curves(spectra, count, jobs);
  double whole = 0;
  std::vector<double> sums(static_cast<std::size_t>(count), 0.0);
  for (std::size_t i = 0; i < found.amounts.size(); ++i) {
    sums[i % sums.size()] += found.amounts[i];
    whole += found.amounts[i];
  }
  for (Index k = 0; k < count; ++k) {
    answer.components.push_back({whole > 0 ? sums[static_cast<std::size_t>(k)] / whole : 0,
                                 slice(found.curves, k, spectra.points()),
                                 std::nullopt});
  }
  answer.unexplained = found.unexplained;
  answer.values = std::move(found.amounts);
  answer.columns = count;
}

// Clusters of the scores of as many components, so that noise does not decide.
void find_kmeans(const SpectraMatrix& spectra, Index count, Answer& answer) {
  const Index dimensions = std::min(count, std::min(spectra.rows() - 1, spectra.points()));
  const auto components = models::principal_components(spectra, dimensions);
  const auto found = models::find_clusters(components.scores, dimensions, count);
  const auto points = static_cast<std::size_t>(spectra.points());
  for (Index k = 0; k < count; ++k) {
    Component component;
    component.curve.assign(points, 0.0);
    double members = 0;
    for (Index r = 0; r < spectra.rows(); ++r) {
      if (found.member[static_cast<std::size_t>(r)] != k) {
        continue;
      }
      ++members;
      for (std::size_t i = 0; i < points; ++i) {
        component.curve[i] += spectra.row(r)[i];
      }
    }
    for (double& y : component.curve) {
      y /= std::max(1.0, members);
    }
    component.explained = members / static_cast<double>(spectra.rows());
    answer.components.push_back(std::move(component));
  }
  for (const auto member : found.member) {
    answer.values.push_back(static_cast<double>(member + 1));
  }
  answer.columns = 1;
}

Answer answer_of(const Options& options, const std::string& input) {
  const auto recording = condition(options, input);
  Answer answer;
  answer.input = input;
  answer.algorithm = options.text("algorithm", "mcr");
  answer.axis = recording.spectra.axis;
  answer.technique = recording.technique;
  answer.mode = recording.mode;
  answer.map = recording.map;
  answer.total = recording.spectra.rows();
  const auto spectra = complete_rows(recording.spectra, answer.rows);
  const Index count = options.whole_number("count", 3);
  if (spectra.rows() < 2) {
    throw Error(ErrorCode::invalid_argument,
                "components need a map: two spectra or more without gaps; the file holds " +
                    std::to_string(spectra.rows()),
                input);
  }
  if (answer.algorithm == "pca") {
    find_pca(spectra, count, answer);
    return answer;
  }
  if (answer.algorithm == "kmeans") {
    find_kmeans(spectra, count, answer);
  } else {
    find_mcr(spectra, count, options.whole_number("jobs", 0), answer);
  }
  const auto library = models::builtin_library();
  for (auto& component : answer.components) {
    component.match = models::match_spectrum(
        {*answer.axis, component.curve, answer.technique, answer.mode}, library, {});
  }
  return answer;
}

std::string hits_of(const Component& component) {
  if (!component.match) {
    return "-";
  }
  if (!component.match->reason.empty()) {
    return component.match->reason;
  }
  std::string out;
  for (const auto& hit : component.match->hits) {
    if (hit.is_named && out.size() < 60) {
      out +=
          (out.empty() ? "" : ", ") + hit.id + " (r " + fixed_text(hit.slope_correlation, 2) + ")";
    }
  }
  return out.empty() ? "none of the references" : out;
}

std::string components_table_of(const Answer& answer) {
  std::string out = answer.input + ": " + std::to_string(answer.rows.size()) + " of " +
                    std::to_string(answer.total) + " spectra, " + answer.algorithm + "\n";
  out += "  " + padded("component", 11) + padded("share", 8) + "looks like\n";
  for (std::size_t k = 0; k < answer.components.size(); ++k) {
    out += "  " + padded(std::to_string(k + 1), 11) +
           padded(fixed_text(answer.components[k].explained, 4), 8) +
           hits_of(answer.components[k]) + "\n";
  }
  if (std::isfinite(answer.unexplained)) {
    out += "  left unexplained: " + fixed_text(100 * answer.unexplained, 2) +
           " % (root mean square)\n";
  }
  return out;
}

std::string components_csv_of(const Answer& answer) {
  std::string out = "index,x,y";
  for (Index k = 0; k < answer.columns; ++k) {
    out += answer.algorithm == "kmeans" ? ",cluster" : ",component_" + std::to_string(k + 1);
  }
  out += "\n";
  for (std::size_t r = 0; r < answer.rows.size(); ++r) {
    const Index index = answer.rows[r];
    out += std::to_string(index);
    out += answer.map ? "," + std::to_string(index % answer.map->nx) + "," +
                            std::to_string(index / answer.map->nx)
                      : ",,";
    for (Index k = 0; k < answer.columns; ++k) {
      out += "," + csv_number(answer.values[r * static_cast<std::size_t>(answer.columns) +
                                            static_cast<std::size_t>(k)]);
    }
    out += "\n";
  }
  return out;
}

std::string components_json_of(const Answer& answer) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["schema"] = 1;
  out["input"] = answer.input;
  out["algorithm"] = answer.algorithm;
  out["n_spectra"] = answer.total;
  out["used"] = answer.rows;
  out["map"] = answer.map ? Json{{"nx", answer.map->nx}, {"ny", answer.map->ny}} : Json(nullptr);
  out["axis"] = std::vector<double>(answer.axis->values().begin(), answer.axis->values().end());
  out["unexplained"] = std::isfinite(answer.unexplained) ? Json(answer.unexplained) : Json(nullptr);
  out["components"] = Json::array();
  for (const auto& component : answer.components) {
    Json row;
    row["share"] = component.explained;
    row["curve"] = component.curve;
    row["hits"] = Json::array();
    if (component.match) {
      for (const auto& hit : component.match->hits) {
        if (hit.is_named) {
          row["hits"].push_back({
              {"reference",         hit.id               },
              {"slope_correlation", hit.slope_correlation}
          });
        }
      }
    }
    out["components"].push_back(std::move(row));
  }
  out["values"] = Json::array();
  for (std::size_t r = 0; r < answer.rows.size(); ++r) {
    out["values"].push_back(slice(answer.values, static_cast<Index>(r), answer.columns));
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_components(std::span<const std::string> arguments) {
  const auto options = parse_options(components_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  if (options->words().size() != 1) {
    throw Error(ErrorCode::invalid_argument,
                "components takes one map; several are several runs, as each has its own patterns");
  }
  watch_interrupt();
  const auto answer = answer_of(*options, options->words().front());
  const auto format = options->text("format", "table");
  write_output(target,
               format == "json"  ? components_json_of(answer)
               : format == "csv" ? components_csv_of(answer)
                                 : components_table_of(answer));
  return exit_ok;
}

}  // namespace calcispec::cli
