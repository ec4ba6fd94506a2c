#include "pipelines/study.hpp"

#include "core/error.hpp"
#include "models/csv_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

constexpr std::array subtypes{
    "dystrophic", "metastatic", "idiopathic", "iatrogenic", "calciphylaxis", "unknown"};

std::optional<double> day_of(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{
      std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) {
    return std::nullopt;
  }
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
}

struct Date {
  std::string text;
  double day = 0;
};

// The first date in a text; `whole`: nothing else may stand in it.
std::optional<Date> date_in(const std::string& text, bool whole) {
  static const std::regex dashed("(^|[^0-9])([0-9]{4})-?([0-9]{2})-?([0-9]{2})($|[^0-9])");
  std::smatch found;
  if (!std::regex_search(text, found, dashed)) {
    return std::nullopt;
  }
  if (whole && static_cast<std::size_t>(found.length()) != text.size()) {
    return std::nullopt;
  }
  const auto day = day_of(std::stoi(found[2]),
                          static_cast<unsigned>(std::stoi(found[3])),
                          static_cast<unsigned>(std::stoi(found[4])));
  if (!day) {
    return std::nullopt;
  }
  return Date{found[2].str() + "-" + found[3].str() + "-" + found[4].str(), *day};
}

class StudyReader {
 public:
  StudyReader(const models::CsvTable& table, fs::path folder)
      : table_(table), folder_(std::move(folder)) {}

  std::vector<StudyRow> read() {
    std::vector<StudyRow> out;
    for (Index row = 0; row < table_.rows(); ++row) {
      out.push_back(read_row(row));
    }
    return out;
  }

 private:
  [[nodiscard]] std::string text(Index row, const char* column) const {
    return table_.has(column) ? table_.text(row, column) : std::string();
  }

  [[nodiscard]] StudyRow read_row(Index row) const {
    StudyRow out;
    out.file = (folder_ / table_.text(row, "file")).string();
    out.patient = text(row, "patient");
    out.lesion = text(row, "lesion");
    out.site = text(row, "site");
    out.subtype = text(row, "subtype");
    out.specimen = text(row, "specimen");
    out.spot = text(row, "spot");
    out.group = text(row, "group");
    const bool is_known =
        out.subtype.empty() ||
        std::find(subtypes.begin(), subtypes.end(), out.subtype) != subtypes.end();
    if (!is_known) {
      throw Error(ErrorCode::bad_method,
                  "the subtype \"" + out.subtype +
                      "\" is not one of dystrophic, metastatic, idiopathic, iatrogenic, "
                      "calciphylaxis, unknown",
                  table_.place(row));
    }
    const auto date = text(row, "date");
    out.day = std::numeric_limits<double>::quiet_NaN();
    if (!date.empty()) {
      const auto found = date_in(date, true);
      if (!found) {
        throw Error(ErrorCode::bad_method,
                    "the date \"" + date + "\" is not written as YYYY-MM-DD",
                    table_.place(row));
      }
      out.date = found->text;
      out.day = found->day;
    }
    return out;
  }

  const models::CsvTable& table_;
  fs::path folder_;
};

struct Quantity {
  std::string id;
  std::string unit;
  double value = 0;
  double u = 0;
  bool is_named = true;  // of a phase: not only below its limit of detection
};

void add_shares(const models::Composition& composition, std::vector<Quantity>& out) {
  const std::string ending = composition.basis == models::CompositionBasis::weight_fraction
                                 ? "_weight_fraction"
                                 : "_signal_share";
  const auto add = [&](const std::string& id, const Estimate& share, bool is_named) {
    if (std::isfinite(share.value)) {
      out.push_back({id + ending, "1", share.value, share.u, is_named});
    }
  };
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      const bool is_named = entry.status == models::PhaseStatus::quantified ||
                            entry.status == models::PhaseStatus::ambiguous;
      add(entry.phase, entry.share, is_named);
    }
  }
  for (const auto& group : composition.groups) {
    add(group.name, group.share, true);
  }
}

std::vector<Quantity> quantities_of(const SpectrumAnalysis& entry) {
  std::vector<Quantity> out;
  for (const auto& marker : entry.markers) {
    if (marker.status == models::MarkerStatus::ok && std::isfinite(marker.value.value)) {
      out.push_back({marker.id, marker.unit, marker.value.value, marker.value.u});
    }
  }
  if (entry.composition && entry.composition->total.status == EstimateStatus::ok) {
    add_shares(*entry.composition, out);
  }
  return out;
}

struct Measured {
  const StudyRow* row = nullptr;
  double value = 0;
  double u = 0;
  std::string spot;
};

// Values by lesion and quantity.
class Gathering {
 public:
  using Lesion = std::pair<std::string, std::string>;

  void add(const StudyRow& row, const SpectrumAnalysis& entry) {
    for (const auto& quantity : quantities_of(entry)) {
      units_[quantity.id] = quantity.unit;
      if (quantity.is_named) {
        named_.insert(quantity.id);
      }
      // Spectra of one file are spots of their own unless the table names the spot.
      const auto spot = row.spot.empty() ? row.file + "#" + std::to_string(entry.index) : row.spot;
      values_[{row.patient, row.lesion}][quantity.id].push_back(
          {&row, quantity.value, quantity.u, spot});
    }
  }

  [[nodiscard]] std::vector<LesionSeries> series() const {
    std::vector<LesionSeries> out;
    for (const auto& [lesion, quantities] : values_) {
      LesionSeries own;
      own.patient = lesion.first;
      own.lesion = lesion.second;
      for (const auto& [id, values] : quantities) {
        auto trend = trend_of(id, values);
        if (trend.points.empty() || !named_.contains(id)) {
          continue;
        }
        const auto& first = trend.points.front().date;
        const auto& last = trend.points.back().date;
        own.first_date = own.first_date.empty() ? first : std::min(own.first_date, first);
        own.last_date = std::max(own.last_date, last);
        own.quantities.push_back(std::move(trend));
      }
      if (!own.quantities.empty()) {
        out.push_back(std::move(own));
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<GroupSummary> groups(const char* by,
                                                 std::string StudyRow::*name) const {
    std::map<std::pair<std::string, std::string>, std::vector<double>> means;
    for (const auto& [lesion, quantities] : values_) {
      for (const auto& [id, values] : quantities) {
        if (!named_.contains(id)) {
          continue;
        }
        std::map<std::string, std::map<std::string, std::vector<double>>> by_group;
        for (const auto& value : values) {
          if (!(value.row->*name).empty()) {
            const auto specimen = value.row->specimen + "@" + value.row->date;
            by_group[value.row->*name][specimen].push_back(value.value);
          }
        }
        for (const auto& [group, specimens] : by_group) {
          means[{group, id}].push_back(mean_of_means(specimens));
        }
      }
    }
    std::vector<GroupSummary> out;
    out.reserve(means.size());
    for (const auto& [key, values] : means) {
      out.push_back({by,
                     key.first,
                     key.second,
                     units_.at(key.second),
                     static_cast<Index>(values.size()),
                     models::group_mean(values)});
    }
    return out;
  }

 private:
  static double mean_of_means(const std::map<std::string, std::vector<double>>& specimens) {
    double total = 0;
    for (const auto& [specimen, values] : specimens) {
      double sum = 0;
      for (const double value : values) {
        sum += value;
      }
      total += sum / static_cast<double>(values.size());
    }
    return total / static_cast<double>(specimens.size());
  }

  [[nodiscard]] QuantityTrend trend_of(const std::string& id,
                                       const std::vector<Measured>& values) const {
    QuantityTrend out;
    out.id = id;
    out.unit = units_.at(id);
    std::vector<models::DatedValue> dated;
    for (const auto& value : values) {
      if (std::isfinite(value.row->day)) {
        dated.push_back({value.row->day, value.row->specimen, value.spot, value.value});
        out.points.push_back(
            {value.row->date, value.row->specimen, value.spot, value.value, value.u});
      }
    }
    std::stable_sort(out.points.begin(), out.points.end(), [](const auto& a, const auto& b) {
      return a.date < b.date;
    });
    out.trend = models::find_trend(std::move(dated));
    return out;
  }

  std::map<Lesion, std::map<std::string, std::vector<Measured>>> values_;
  std::map<std::string, std::string> units_;
  std::set<std::string> named_;  // in any spectrum of the study; the others are listed nowhere
};

}  // namespace

std::vector<StudyRow> load_study(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method, "the study table cannot be read", path);
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const models::CsvTable table(text, path);
  auto rows = StudyReader(table, fs::path(path).parent_path()).read();
  if (rows.empty()) {
    throw Error(ErrorCode::bad_method, "the study table has no rows", path);
  }
  return rows;
}

std::vector<StudyRow> rows_from_names(const std::vector<std::string>& files) {
  std::vector<StudyRow> out;
  for (const auto& file : files) {
    const auto found = date_in(fs::path(file).stem().string(), false);
    if (!found) {
      throw Error(ErrorCode::invalid_argument,
                  file +
                      ": its name holds no date (YYYY-MM-DD); name it so, or list the files with "
                      "their dates in a table (--study)");
    }
    StudyRow row;
    row.file = file;
    row.date = found->text;
    row.day = found->day;
    out.push_back(std::move(row));
  }
  return out;
}

SeriesRun run_series(const std::vector<StudyRow>& rows,
                     AnalysisRequest request,
                     const ProgressCallback& progress) {
  request.inputs.clear();
  std::map<std::string, const StudyRow*> by_file;
  for (const auto& row : rows) {
    if (!by_file.emplace(row.file, &row).second) {
      throw Error(ErrorCode::bad_method, "the file stands in the study table twice", row.file);
    }
    request.inputs.push_back(row.file);
  }
  const auto result = analyze(request, progress);
  SeriesRun out;
  Gathering gathering;
  for (const auto& entry : result.spectra) {
    if (entry.status == AnalysisStatus::ok) {
      gathering.add(*by_file.at(entry.input), entry);
      ++out.used;
    } else {
      out.left_aside.push_back(entry.input + ": " + entry.message);
    }
  }
  out.series = gathering.series();
  out.groups = gathering.groups("group", &StudyRow::group);
  auto of_subtypes = gathering.groups("subtype", &StudyRow::subtype);
  out.groups.insert(out.groups.end(), of_subtypes.begin(), of_subtypes.end());
  return out;
}

}  // namespace calcispec
