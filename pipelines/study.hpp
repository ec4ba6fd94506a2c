// Studies: dated measurements of lesions become trends and group summaries.
#pragma once

#include "models/series.hpp"
#include "pipelines/analysis.hpp"

#include <string>
#include <vector>

namespace calcispec {

/// One file of a study. Subtype is what the clinic says; the program never infers it.
struct StudyRow {
  std::string file;
  std::string patient;
  std::string lesion;
  std::string site;
  std::string subtype;
  std::string date;  // "2026-03-09"; empty: none
  double day = 0;    // since 1970-01-01, NaN without a date
  std::string specimen;
  std::string spot;
  std::string group;
};

/// Reads the table; paths become relative to the folder of the table. Throws Error{bad_method} with
/// file:line for an unknown subtype, a date that is no YYYY-MM-DD, or a table without `file`.
std::vector<StudyRow> load_study(const std::string& path);

/// Rows of files whose names hold a date, YYYY-MM-DD or YYYYMMDD. Throws Error{invalid_argument}
/// that names the first without one.
std::vector<StudyRow> rows_from_names(const std::vector<std::string>& files);

struct SeriesPoint {
  std::string date;
  std::string specimen;
  std::string spot;
  double value = 0;
  double u = 0;
};

/// One marker or share of one lesion over time.
struct QuantityTrend {
  std::string id;    // "nu1_width", "apatite_signal_share"
  std::string unit;  // "1", "1/cm"
  models::Trend trend;
  std::vector<SeriesPoint> points;
};

struct LesionSeries {
  std::string patient;
  std::string lesion;
  std::string first_date;
  std::string last_date;
  std::vector<QuantityTrend> quantities;
};

/// Mean over lesions of one group or subtype; a lesion counts once, by the mean of its specimens.
struct GroupSummary {
  std::string by;  // "group" or "subtype"
  std::string name;
  std::string quantity;
  std::string unit;
  Index lesions = 0;
  Estimate mean;
};

struct SeriesRun {
  std::vector<LesionSeries> series;
  std::vector<GroupSummary> groups;
  std::vector<std::string> left_aside;  // "file: why": not read, refused
  Index used = 0;
};

/// Analyses every file of the rows. `request` says how; its inputs are replaced.
SeriesRun run_series(const std::vector<StudyRow>& rows,
                     AnalysisRequest request,
                     const ProgressCallback& progress);

}  // namespace calcispec
