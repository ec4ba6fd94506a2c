#include "pipelines/report/analysis_xlsx.hpp"

#include "core/error.hpp"

#include <cmath>
#include <initializer_list>
#include <utility>

#if defined(CALCISPEC_HAS_XLSX)
#include <xlsxwriter.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>
#endif

namespace calcispec {

std::string guarded_cell(std::string text) {
  constexpr std::string_view openers = "=+-@\t\r";
  if (!text.empty() && openers.find(text.front()) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  return text;
}

#if defined(CALCISPEC_HAS_XLSX)

namespace {

// The library writes to a path alone; where the bytes go is for the caller.
class TemporaryFile {
 public:
  TemporaryFile() {
    path_ = (std::filesystem::temp_directory_path() / "calcispec_XXXXXX").string();
    const int file = mkstemp(path_.data());
    if (file < 0) {
      throw Error(ErrorCode::output_failed, "no temporary file can be made there", path_);
    }
    close(file);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A workbook that is closed, and so written, exactly once.
class Workbook {
 public:
  explicit Workbook(const std::string& path) : path_(path), book_(workbook_new(path.c_str())) {
    if (book_ == nullptr) {
      throw Error(ErrorCode::output_failed, "cannot be written: out of memory", path_);
    }
    lxw_doc_properties properties{};
    char title[] = "calcispec results";
    properties.title = title;
    properties.created = 315532800;  // 1980-01-01: no clock in the file
    workbook_set_properties(book_, &properties);
    bold_ = workbook_add_format(book_);
    format_set_bold(bold_);
  }
  Workbook(const Workbook&) = delete;
  Workbook& operator=(const Workbook&) = delete;
  ~Workbook() {
    if (book_ != nullptr) {
      lxw_workbook_free(book_);
    }
  }

  void close() {
    auto* book = book_;
    book_ = nullptr;  // freed by workbook_close, whatever it returns
    const auto error = workbook_close(book);
    if (error != LXW_NO_ERROR) {
      throw Error(ErrorCode::output_failed,
                  std::string("cannot be written: ") + lxw_strerror(error),
                  path_);
    }
  }

  lxw_worksheet* add_sheet(const char* name) { return workbook_add_worksheet(book_, name); }
  [[nodiscard]] lxw_format* bold() const { return bold_; }

 private:
  std::string path_;
  lxw_workbook* book_ = nullptr;
  lxw_format* bold_ = nullptr;
};

// A table that grows row by row, cell by cell.
class Sheet {
 public:
  Sheet(Workbook& book, const char* name, std::initializer_list<const char*> columns)
      : sheet_(book.add_sheet(name)), columns_(static_cast<lxw_col_t>(columns.size())) {
    for (const auto* title : columns) {
      worksheet_write_string(sheet_, 0, column_++, title, book.bold());
    }
    worksheet_set_column(sheet_, 0, 1, 28, nullptr);
    worksheet_set_column(sheet_, 2, static_cast<lxw_col_t>(columns_ - 1), 16, nullptr);
    worksheet_freeze_panes(sheet_, 1, 0);
  }

  void start_row() {
    ++row_;
    column_ = 0;
  }
  void add(const std::string& text) {
    constexpr std::size_t most_letters = 32000;  // the format's own limit is 32767
    const auto shown = guarded_cell(text.substr(0, most_letters));
    worksheet_write_string(sheet_, row_, column_++, shown.c_str(), nullptr);
  }
  void add(std::string_view text) { add(std::string(text)); }
  void add(double value) {
    if (std::isfinite(value)) {
      worksheet_write_number(sheet_, row_, column_, value, nullptr);
    }
    ++column_;
  }
  void add(const Estimate& estimate) {
    add(estimate.value);
    add(estimate.u);
    add(estimate.lo95);
    add(estimate.hi95);
  }
  void finish() { worksheet_autofilter(sheet_, 0, 0, row_, static_cast<lxw_col_t>(columns_ - 1)); }

 private:
  lxw_worksheet* sheet_;
  lxw_col_t columns_;
  lxw_row_t row_ = 0;
  lxw_col_t column_ = 0;
};

// The largest share, for a quick look.
std::pair<std::string, const Estimate*> main_part(const models::Composition& composition) {
  std::pair<std::string, const Estimate*> out{"", nullptr};
  const auto consider = [&](const std::string& name, const Estimate& share) {
    if (share.value > 0 && (out.second == nullptr || share.value > out.second->value)) {
      out = {name, &share};
    }
  };
  for (const auto& group : composition.groups) {
    consider(group.name, group.share);
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      consider(entry.name, entry.share);
    }
  }
  return out;
}

void add_spectra(const AnalysisResult& result, Workbook& book) {
  Sheet sheet(book,
              "spectra",
              {"spectrum",
               "input",
               "index",
               "status",
               "message",
               "technique",
               "mode",
               "quality",
               "axis shift 1/cm",
               "main part",
               "signal share",
               "u",
               "lo95",
               "hi95",
               "unexplained signal share",
               "unexplained band"});
  for (const auto& entry : result.spectra) {
    sheet.start_row();
    sheet.add(entry.id);
    sheet.add(entry.input);
    sheet.add(static_cast<double>(entry.index));
    sheet.add(name_of(entry.status));
    sheet.add(entry.message);
    sheet.add(name_of(entry.technique));
    sheet.add(name_of(entry.mode));
    sheet.add(entry.status == AnalysisStatus::failed ? std::string_view()
                                                     : models::name_of(entry.quality.verdict));
    if (!entry.composition) {
      continue;
    }
    sheet.add(entry.composition->axis.shift_cm1);
    const auto [name, share] = main_part(*entry.composition);
    sheet.add(name);
    sheet.add(share == nullptr ? Estimate{} : *share);
    sheet.add(entry.composition->unexplained.value);
    sheet.add(std::string_view(entry.composition->unexplained_flag ? "yes" : "no"));
  }
  sheet.finish();
}

void add_phases(const AnalysisResult& result, Workbook& book) {
  Sheet sheet(book,
              "phases",
              {"spectrum",
               "phase",
               "role",
               "signal share",
               "u",
               "lo95",
               "hi95",
               "LOD",
               "status",
               "reason",
               "validated on"});
  const auto row = [&](const SpectrumAnalysis& entry,
                       const std::string& phase,
                       std::string_view role,
                       const Estimate& share) {
    sheet.start_row();
    sheet.add(entry.id);
    sheet.add(phase);
    sheet.add(role);
    sheet.add(share);
  };
  for (const auto& entry : result.spectra) {
    if (!entry.composition) {
      continue;
    }
    const auto& composition = *entry.composition;
    for (const auto& group : composition.groups) {
      row(entry, group.name, "group", group.share);
      sheet.add(std::nan(""));
      sheet.add(models::name_of(group.status));
      std::string members;
      for (const auto& id : group.members) {
        members += (members.empty() ? "not told apart: " : ", ") + id;
      }
      sheet.add(members);
    }
    for (const auto* list : {&composition.phases, &composition.matrix}) {
      for (const auto& phase : *list) {
        row(entry, phase.phase, list == &composition.phases ? "mineral" : "matrix", phase.share);
        sheet.add(phase.lod);
        sheet.add(models::name_of(phase.status));
        sheet.add(phase.share.reason);
        sheet.add(static_cast<double>(phase.validated_on));
      }
    }
    row(entry, "unexplained", "unexplained", composition.unexplained);
  }
  sheet.finish();
}

void add_markers(const AnalysisResult& result, Workbook& book) {
  Sheet sheet(book,
              "markers",
              {"spectrum",
               "marker",
               "value",
               "u",
               "lo95",
               "hi95",
               "unit",
               "status",
               "reason",
               "definition",
               "calibration",
               "grade"});
  for (const auto& entry : result.spectra) {
    for (const auto& marker : entry.markers) {
      sheet.start_row();
      sheet.add(entry.id);
      sheet.add(marker.id);
      sheet.add(marker.value);
      sheet.add(marker.unit);
      sheet.add(models::name_of(marker.status));
      for (const auto* text :
           {&marker.value.reason, &marker.definition, &marker.calibration, &marker.grade}) {
        sheet.add(*text);
      }
    }
  }
  sheet.finish();
}

void add_provenance(const AnalysisResult& result, Workbook& book) {
  Sheet sheet(book,
              "provenance",
              {"spectrum",
               "input",
               "input SHA-256",
               "format",
               "method",
               "method SHA-256",
               "steps",
               "references SHA-256",
               "program",
               "version",
               "CPU level",
               "notice"});
  for (const auto& entry : result.spectra) {
    const auto& p = entry.provenance;
    sheet.start_row();
    for (const auto* text : {&entry.id,
                             &entry.input,
                             &p.input_sha256,
                             &entry.format,
                             &p.method_name,
                             &p.method_sha256,
                             &p.steps,
                             &p.library_sha256,
                             &p.program,
                             &p.version,
                             &p.cpu_level}) {
      sheet.add(*text);
    }
    sheet.add(std::string_view(
        "For research use only. Not for diagnosis or treatment decisions. Shares of the signal, "
        "not of the weight."));
  }
  sheet.finish();
}

}  // namespace

bool has_xlsx() {
  return true;
}

std::string analysis_xlsx(const AnalysisResult& result) {
  const TemporaryFile file;
  Workbook book(file.path());
  add_spectra(result, book);
  add_phases(result, book);
  add_markers(result, book);
  add_provenance(result, book);
  book.close();
  std::ifstream stream(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

#else

bool has_xlsx() {
  return false;
}

std::string analysis_xlsx(const AnalysisResult& /*result*/) {
  throw Error(ErrorCode::invalid_argument,
              "this build writes no .xlsx, for libxlsxwriter was missing; install "
              "libxlsxwriter-dev and build again, or use --csv",
              "--xlsx");
}

#endif

}  // namespace calcispec
