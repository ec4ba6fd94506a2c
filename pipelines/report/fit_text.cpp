// Band fits as tables for people.
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/fit_report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace calcispec {
namespace {

using Table = std::vector<std::vector<std::string>>;

std::string fit_fixed(double value, int digits) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits)
          .ptr;
  return {text.data(), end};
}

// Significant digits, without trailing zeros: "864.5", "0.6".
std::string digits_text(double value, int digits) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(
          text.data(), text.data() + text.size(), value, std::chars_format::general, digits)
          .ptr;
  return {text.data(), end};
}

// "960.12 ± 0.03": the error with two digits, the value to the same place.
std::string value_text(const FittedValue& value, double scale = 1) {
  const double number = scale * value.value;
  const double error = scale * value.standard_error;
  if (!std::isfinite(number)) {
    return "-";
  }
  if (!std::isfinite(error)) {
    const auto* mark = value.is_at_bound                                 ? " (bound)"
                       : value.reason == NoErrorReason::fixed            ? " (held)"
                       : value.reason == NoErrorReason::not_identifiable ? " ± ?"
                                                                         : "";
    return digits_text(number, 6) + mark;
  }
  const int place = static_cast<int>(std::floor(std::log10(error))) - 1;
  if (place < -6 || place > 3) {
    return short_number(number) + " ± " + short_number(error);
  }
  const double unit = std::pow(10.0, place);
  const auto rounded = [&](double number_or_error) {
    return place > 0 ? fit_fixed(unit * std::round(number_or_error / unit), 0)
                     : fit_fixed(number_or_error, -place);
  };
  return rounded(number) + " ± " + rounded(error);
}

// Characters as a terminal shows them: continuation bytes of UTF-8 take no room.
std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Columns parted by two blanks; the first is left-aligned.
std::string set_table(const Table& table) {
  std::vector<std::size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], shown_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : table) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - shown_width(row[i]), ' ');
      line += (i == 0 ? row[i] + pad : pad + row[i]) + (i + 1 < row.size() ? "  " : "");
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

// The shape's own parameters beside the common four: "lorentz_share_height 0.62 ± 0.03".
std::string form_text(const SpectrumFit& entry, std::size_t band, const BandShape& shape) {
  std::string out;
  for (const auto& column : band_columns(shape)) {
    const bool is_own = column.parameter > 0 && column.name != "center" && column.name != "fwhm" &&
                        column.name != "height" && column.name != "area";
    if (is_own) {
      out += (out.empty() ? "" : ", ") + column.name + " " +
             value_text(band_value(entry, band, column));
    }
  }
  const auto& asymmetry = entry.extras[band].asymmetry;
  if (asymmetry.reason != NoErrorReason::fixed && shape.parameter_index("asymmetry") < 0) {
    out += (out.empty() ? "" : ", ") + std::string("asymmetry ") + value_text(asymmetry);
  }
  return out.empty() ? std::string(shape.name) : out;
}

std::string residual_text(const SpectrumFit& entry) {
  const auto& residual = entry.residual;
  std::string out = "  residual: largest " + fit_fixed(residual.largest, 1) + " sigma at " +
                    fit_fixed(residual.largest_at, 1) + ", neighbours correlate by " +
                    fit_fixed(residual.autocorrelation, 2);
  return out + (residual.is_structured ? ": the model misses something here\n" : "\n");
}

std::string fit_line(const FitResult& result, NoiseSource noise) {
  const auto* source = noise == NoiseSource::counts      ? "that of counts"
                       : noise == NoiseSource::given     ? "given"
                       : noise == NoiseSource::estimated ? "estimated from neighbouring points"
                                                         : "from the residual";
  return "  " + std::string(fit_status_name(result.status)) + ": " + result.message + "\n" +
         "  chi-square/(n - p) " + fit_fixed(result.reduced_chi_square, 2) + ", " +
         std::to_string(result.points) + " points, " + std::to_string(result.n_free) +
         " free; noise " + short_number(result.noise_sigma) + " (" + source +
         "); errors 1 sigma, " +
         (result.standard_errors == StandardErrorKind::absolute ? "from the noise"
                                                                : "scaled by the misfit") +
         "\n";
}

// "958.9 to 961.2"; an end at a bound is marked, one that is not limited is a sign of infinity.
std::string fit_interval_text(const FittedValue& value, double scale = 1) {
  const auto& interval = value.interval;
  if (std::isnan(interval.low) || std::isnan(interval.high)) {
    return interval.note == IntervalNote::fixed ? "held" : "-";
  }
  const auto end_text = [scale](double end) {
    return std::isfinite(end) ? digits_text(scale * end, 6) : std::string(end < 0 ? "-∞" : "∞");
  };
  return end_text(interval.low) + " to " + end_text(interval.high) +
         (interval.note == IntervalNote::ends_at_bound ? " (bound)" : "");
}

std::string intervals_text(const FitRun& run, const SpectrumFit& entry) {
  Table table{
      {"band", "center", "height", "fwhm", "area"}
  };
  const bool has_shares = entry.result.bands.size() > 1;
  if (has_shares) {
    table[0].push_back("share/%");
  }
  std::string remark;
  for (std::size_t b = 0; b < entry.result.bands.size(); ++b) {
    const auto& fitted = entry.result.bands[b];
    std::vector<std::string> row{model_of(run, entry).bands[b].id};
    for (const auto* value : {&fitted.parameters[1], &fitted.height, &fitted.fwhm, &fitted.area}) {
      row.push_back(fit_interval_text(*value));
      const auto note = value->interval.note;
      if (note == IntervalNote::side_minimum || note == IntervalNote::failed) {
        remark = interval_note_text(note);
      }
    }
    if (has_shares) {
      row.push_back(fit_interval_text(entry.extras[b].area_share, 100));
    }
    table.push_back(std::move(row));
  }
  return "  95 % intervals, " + std::string(interval_kind_name(run.intervals.kind)) + ":\n" +
         set_table(table) + (remark.empty() ? "" : "  " + remark + "\n");
}

std::string spectrum_text(const FitRun& run, const SpectrumFit& entry) {
  std::string out = entry.id + "\n";
  const auto& result = entry.result;
  if (!std::isfinite(result.chi_square)) {
    return out + "  " + std::string(fit_status_name(result.status)) + ": " + result.message + "\n";
  }
  out += fit_line(result, entry.noise);
  out += entry.found ? "  " + found_bands_text(*entry.found) + "\n" : "";
  const auto& unit = entry.recording->spectra.axis->unit();
  Table table{
      {"band", "center " + unit, "height", "fwhm " + unit, "area", "area share %", "form"}
  };
  for (std::size_t b = 0; b < result.bands.size(); ++b) {
    const auto& band = model_of(run, entry).bands[b];
    const auto& fitted = result.bands[b];
    table.push_back({band.id,
                     value_text(fitted.parameters[1]),
                     value_text(fitted.height),
                     value_text(fitted.fwhm),
                     value_text(fitted.area),
                     value_text(entry.extras[b].area_share, 100),
                     form_text(entry, b, *band.shape)});
  }
  out += set_table(table);
  if (run.intervals.kind != IntervalKind::none) {
    out += intervals_text(run, entry);
  }
  out += residual_text(entry);
  for (const auto& row : entry.diagnostics) {
    if (row.severity != Severity::note) {
      out += "  " + std::string(severity_name(row.severity)) + ": " + row.text + "\n";
    }
  }
  return out;
}

// What holds for all spectra; empty where each was fitted alone as it is.
std::string head_text(const FitRun& run) {
  std::string out;
  if (run.joint) {
    const auto& joint = *run.joint;
    out += std::to_string(joint.spectra) + " spectra fitted jointly, " +
           std::string(fit_status_name(joint.status)) + ": " + joint.message +
           "\n  chi-square/(n - p) " + fit_fixed(joint.reduced_chi_square, 2) + ", " +
           std::to_string(joint.points) + " points, " + std::to_string(joint.n_free) + " free, " +
           std::to_string(joint.shared.size()) + " of them shared\n";
    for (std::size_t b = 0; b < joint.ratios.size(); ++b) {
      out += (b == 0 ? "  ratios " : " : ") + digits_text(joint.ratios[b], 4);
    }
    out += joint.ratios.empty() ? "" : "\n";
  }
  const auto broadening = broadening_text(run.bands.model.broadening);
  if (!broadening.empty()) {
    out += "bands before their broadening by the instrument (" + broadening + ")\n";
  }
  return out;
}

double quantile(const std::vector<double>& sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

std::string fit_counts_text(const FitRun& run, std::size_t first, std::size_t last) {
  std::string out;
  for (const auto status : {FitStatus::converged,
                            FitStatus::at_bounds,
                            FitStatus::stalled,
                            FitStatus::iteration_limit,
                            FitStatus::failed,
                            FitStatus::not_fitted}) {
    std::size_t count = 0;
    for (std::size_t i = first; i < last; ++i) {
      count += run.spectra[i].result.status == status ? 1U : 0U;
    }
    if (count > 0) {
      out += (out.empty() ? "" : ", ") + std::to_string(count) + " " +
             std::string(fit_status_name(status));
    }
  }
  return out;
}

// Spectra that belong to the map; at least one.
std::size_t pixels_of(const FitRun& run, const MapInfo& map) {
  const auto& recording = run.spectra[static_cast<std::size_t>(map.first)].recording;
  return static_cast<std::size_t>(std::max<Index>(1, recording->spectra.rows()));
}

std::string map_text(const FitRun& run, const MapInfo& map) {
  const auto first = static_cast<std::size_t>(map.first);
  const auto last = first + pixels_of(run, map);
  std::string out = map.input + "\n  map " + std::to_string(map.grid.nx) + " x " +
                    std::to_string(map.grid.ny) + ": " + fit_counts_text(run, first, last) +
                    "\n  medians and quartiles of the fitted pixels; --format csv has them all\n";
  const auto& found = run.spectra[first].found;
  out += found ? "  " + found_bands_text(*found) + "\n" : "";
  Table table{
      {"band", "value", "median", "lower quartile", "upper quartile", "median stderr", "pixels"}
  };
  const auto& bands = model_of(run, run.spectra[first]).bands;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    for (const auto& column : band_columns(*bands[b].shape)) {
      std::vector<double> values;
      std::vector<double> errors;
      for (std::size_t i = first; i < last; ++i) {
        const auto value = band_value(run.spectra[i], b, column);
        if (std::isfinite(value.value) && value.reason != NoErrorReason::fixed) {
          values.push_back(value.value);
        }
        if (std::isfinite(value.standard_error)) {
          errors.push_back(value.standard_error);
        }
      }
      if (values.empty()) {
        continue;
      }
      std::sort(values.begin(), values.end());
      std::sort(errors.begin(), errors.end());
      table.push_back({bands[b].id,
                       column.name,
                       digits_text(quantile(values, 0.5), 5),
                       digits_text(quantile(values, 0.25), 5),
                       digits_text(quantile(values, 0.75), 5),
                       errors.empty() ? "-" : short_number(quantile(errors, 0.5)),
                       std::to_string(values.size())});
    }
  }
  return out + set_table(table);
}

}  // namespace

std::string fit_text(const FitRun& run) {
  std::string out = head_text(run);
  std::size_t at = 0;
  std::size_t next_map = 0;
  while (at < run.spectra.size()) {
    out += out.empty() ? "" : "\n";
    const bool is_map =
        next_map < run.maps.size() && static_cast<std::size_t>(run.maps[next_map].first) == at;
    if (is_map) {
      const auto& map = run.maps[next_map++];
      out += map_text(run, map);
      at += pixels_of(run, map);
    } else {
      out += spectrum_text(run, run.spectra[at]);
      ++at;
    }
  }
  return out;
}

}  // namespace calcispec
