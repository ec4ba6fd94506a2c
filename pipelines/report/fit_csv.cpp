// Band fits as CSV, bands below each other or side by side.
#include "pipelines/report/csv_cells.hpp"
#include "pipelines/report/fit_report.hpp"

#include <algorithm>

namespace calcispec {
namespace {

class CsvWriter {
 public:
  explicit CsvWriter(const FitRun& run) : run_(run), has_map_(!run.maps.empty()) { find_units(); }

  std::string by_band() {
    out_ = head() + ",band,shape";
    const auto columns = all_columns();
    for (const auto& column : columns) {
      put_heading(column, "");
    }
    out_ += ",at_bound" + std::string(cost_heading) + "\n";
    for (const auto& entry : run_.spectra) {
      const auto count = std::max<std::size_t>(1, entry.result.bands.size());
      for (std::size_t b = 0; b < count; ++b) {
        put_start(entry);
        put_band(entry, b, columns);
        put_costs(entry);
      }
    }
    return std::move(out_);
  }

  std::string by_spectrum() {
    out_ = head();
    for (const auto& band : run_.bands.model.bands) {
      for (const auto& column : band_columns(*band.shape)) {
        put_heading(column, band.id + "_");
      }
    }
    out_ += cost_heading;
    out_ += "\n";
    for (const auto& entry : run_.spectra) {
      put_start(entry);
      const auto& bands = run_.bands.model.bands;
      for (std::size_t b = 0; b < bands.size(); ++b) {
        for (const auto& column : band_columns(*bands[b].shape)) {
          put_value(b < entry.result.bands.size() ? band_value(entry, b, column) : FittedValue{});
        }
      }
      put_costs(entry);
    }
    return std::move(out_);
  }

 private:
  static constexpr const char* cost_heading =
      ",chi_square,reduced_chi_square,n_points,n_free,noise_sigma,noise_source,stderr_kind,"
      "residual_largest_sigma,residual_largest_at,residual_autocorrelation";

  [[nodiscard]] bool has_intervals() const { return run_.intervals.kind != IntervalKind::none; }

  // A unit that all spectra share; else the columns carry none.
  void find_units() {
    bool is_first = true;
    for (const auto& entry : run_.spectra) {
      if (!entry.recording) {
        continue;
      }
      const auto& axis = entry.recording->spectra.axis->unit();
      const auto kind = entry.recording->ordinate;
      const bool is_known = kind != OrdinateKind::unknown && kind != OrdinateKind::other;
      const std::string ordinate(is_known ? name_of(kind) : "");
      axis_unit_ = is_first || axis_unit_ == axis ? axis : "";
      ordinate_unit_ = is_first || ordinate_unit_ == ordinate ? ordinate : "";
      is_first = false;
    }
  }

  [[nodiscard]] std::string head() const {
    return std::string("input,index,id,status,message") +
           (has_map_ ? ",map_column,map_row,x_um,y_um" : "");
  }

  // Columns of every shape in the set, each once.
  [[nodiscard]] std::vector<BandColumn> all_columns() const {
    std::vector<BandColumn> out;
    add_columns(run_.bands.model, out);
    for (const auto& entry : run_.spectra) {
      if (entry.found) {
        add_columns(entry.found->model, out);
      }
    }
    return out;
  }

  static void add_columns(const BandModel& model, std::vector<BandColumn>& out) {
    for (const auto& band : model.bands) {
      for (auto& column : band_columns(*band.shape)) {
        const bool is_there = std::any_of(
            out.begin(), out.end(), [&](const auto& known) { return known.name == column.name; });
        if (!is_there) {
          out.push_back(std::move(column));
        }
      }
    }
  }

  void put_heading(const BandColumn& column, const std::string& prefix) {
    std::string unit;
    if (column.kind == BandColumn::Kind::ordinate || column.kind == BandColumn::Kind::area) {
      unit += ordinate_unit_.empty() ? "" : "_" + ordinate_unit_;
    }
    if (column.kind == BandColumn::Kind::axis || column.kind == BandColumn::Kind::area) {
      unit += axis_unit_.empty() ? "" : "_" + axis_unit_;
    }
    out_ += "," + csv_cell(prefix + column.name + unit) + "," +
            csv_cell(prefix + column.name + "_stderr" + unit);
    if (has_intervals()) {
      out_ += "," + csv_cell(prefix + column.name + "_lo95" + unit) + "," +
              csv_cell(prefix + column.name + "_hi95" + unit);
    }
  }

  void put_start(const SpectrumFit& entry) {
    out_ += csv_cell(entry.input) + "," + std::to_string(entry.index) + "," + csv_cell(entry.id) +
            "," + std::string(fit_status_name(entry.result.status)) + "," +
            csv_cell(entry.result.message);
    if (!has_map_) {
      return;
    }
    if (!entry.recording || !entry.recording->map) {
      out_ += ",,,,";
      return;
    }
    const auto& grid = *entry.recording->map;
    const Index column = entry.row % grid.nx;
    const Index row = entry.row / grid.nx;
    out_ += "," + std::to_string(column) + "," + std::to_string(row) + "," +
            csv_number(static_cast<double>(column) * grid.step_x_um) + "," +
            csv_number(static_cast<double>(row) * grid.step_y_um);
  }

  void put_value(const FittedValue& value) {
    out_ += "," + csv_number(value.value) + "," + csv_number(value.standard_error);
    if (has_intervals()) {
      out_ += "," + csv_number(value.interval.low) + "," + csv_number(value.interval.high);
    }
  }

  void put_band(const SpectrumFit& entry, std::size_t at, const std::vector<BandColumn>& columns) {
    if (at >= entry.result.bands.size()) {
      const std::size_t cells = has_intervals() ? 4 : 2;
      out_ += "," + std::string(1 + cells * columns.size() + 1, ',');
      return;
    }
    const auto& band = model_of(run_, entry).bands[at];
    out_ += "," + csv_cell(band.id) + "," + std::string(band.shape->name);
    const auto own = band_columns(*band.shape);
    std::string bounds;
    for (const auto& column : columns) {
      const auto found = std::find_if(
          own.begin(), own.end(), [&](const auto& mine) { return mine.name == column.name; });
      const bool is_there = found != own.end();
      const auto value = is_there ? band_value(entry, at, *found) : FittedValue{};
      put_value(value);
      if (is_there && found->parameter >= 0 && value.is_at_bound) {
        bounds += (bounds.empty() ? "" : " ") + column.name;
      }
    }
    out_ += "," + bounds;
  }

  void put_costs(const SpectrumFit& entry) {
    const auto& result = entry.result;
    out_ += "," + csv_number(result.chi_square) + "," + csv_number(result.reduced_chi_square) +
            "," + std::to_string(result.points) + "," + std::to_string(result.n_free) + "," +
            csv_number(result.noise_sigma) + "," + std::string(name_of(entry.noise)) + "," +
            (result.standard_errors == StandardErrorKind::absolute ? "absolute" : "scaled") + "," +
            csv_number(entry.residual.largest) + "," + csv_number(entry.residual.largest_at) + "," +
            csv_number(entry.residual.autocorrelation) + "\n";
  }

  const FitRun& run_;
  bool has_map_;
  std::string axis_unit_;
  std::string ordinate_unit_;
  std::string out_;
};

}  // namespace

std::string fit_csv(const FitRun& run, CsvRows rows) {
  CsvWriter writer(run);
  return rows == CsvRows::by_band ? writer.by_band() : writer.by_spectrum();
}

}  // namespace calcispec
