// Band fits as JSON, and the columns that all outputs share.
#include "core/build_info.hpp"
#include "pipelines/json_values_private.hpp"
#include "pipelines/report/fit_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

using Json = nlohmann::ordered_json;

void put_interval(const FitInterval& interval, const FitResult& result, Json& out) {
  out["lo95"] = number(interval.low);
  out["hi95"] = number(interval.high);
  const bool is_whole = std::isfinite(interval.low) && std::isfinite(interval.high);
  if (!std::isfinite(result.chi_square)) {
    out["interval_reason"] = result.message;
  } else if (interval.note == IntervalNote::not_requested) {
    out["interval_reason"] = "no interval is made of this value";
  } else if (!is_whole || interval.note != IntervalNote::none) {
    out["interval_reason"] = interval_note_text(interval.note);
  }
}

// A missing value without a reason of its own comes from a spectrum that was not fitted.
Json fit_value_json(const FittedValue& value, const FitResult& result, IntervalKind intervals) {
  Json out;
  out["value"] = number(value.value);
  const bool has_error = std::isfinite(value.standard_error);
  out["stderr"] = has_error ? Json(value.standard_error) : Json(nullptr);
  out["at_bound"] = value.is_at_bound;
  if (!std::isfinite(value.value)) {
    out["reason"] = std::isfinite(result.chi_square) ? "no value for this band" : result.message;
  } else if (!has_error) {
    out["reason"] = no_error_text(value.reason);
  }
  if (intervals != IntervalKind::none) {
    put_interval(value.interval, result, out);
  }
  return out;
}

Json fit_bands_json(const FitRun& run, const SpectrumFit& entry) {
  auto out = Json::array();
  const auto& bands = model_of(run, entry).bands;
  for (std::size_t b = 0; b < bands.size() && b < entry.result.bands.size(); ++b) {
    Json row;
    row["id"] = bands[b].id;
    row["shape"] = bands[b].shape->name;
    for (const auto& column : band_columns(*bands[b].shape)) {
      row[column.name] =
          fit_value_json(band_value(entry, b, column), entry.result, run.intervals.kind);
    }
    out.push_back(std::move(row));
  }
  return out;
}

std::string_view background_name(FitBackground background) {
  switch (background) {
    case FitBackground::none:
      return "none";
    case FitBackground::polynomial:
      return "polynomial";
    case FitBackground::legendre:
      return "legendre";
    case FitBackground::spline:
      return "spline";
  }
  return "none";
}

Json background_json(const FitRun& run, const FitResult& result) {
  Json out;
  out["kind"] = background_name(run.bands.model.background);
  out["middle"] = number(result.background_middle);
  out["half_range"] = number(result.background_half_range);
  out["coefficients"] = Json::array();
  for (const auto& value : result.background) {
    out["coefficients"].push_back(fit_value_json(value, result, run.intervals.kind));
  }
  return out;
}

std::string parameter_name(const BandModel& model, const FreeParameter& free) {
  if (free.band < 0) {
    return "background." + std::to_string(free.parameter);
  }
  const auto& band = model.bands[static_cast<std::size_t>(free.band)];
  for (const auto& column : band_columns(*band.shape)) {
    if (column.parameter == free.parameter) {
      return band.id + "." + column.name;
    }
  }
  return band.id;
}

Json covariance_json(const BandModel& model, const FitResult& result) {
  Json out;
  out["parameters"] = Json::array();
  out["matrix"] = Json::array();
  const auto count = result.free.size();
  for (std::size_t i = 0; i < count; ++i) {
    out["parameters"].push_back(parameter_name(model, result.free[i]));
    if (result.covariance.size() == count * count) {
      const auto* row = result.covariance.data() + i * count;
      out["matrix"].push_back(std::vector<double>(row, row + count));
    }
  }
  if (out["matrix"].empty()) {
    out["matrix"] = nullptr;
    out["reason"] = result.message;
  }
  return out;
}

Json joint_json(const FitRun& run) {
  const auto& joint = *run.joint;
  const auto& model = run.bands.model;
  Json out;
  out["status"] = fit_status_name(joint.status);
  out["message"] = joint.message;
  out["n_spectra"] = joint.spectra;
  out["chi_square"] = number(joint.chi_square);
  out["reduced_chi_square"] = number(joint.reduced_chi_square);
  out["aic"] = number(joint.aic);
  out["bic"] = number(joint.bic);
  out["n_points"] = joint.points;
  out["n_free"] = joint.n_free;
  out["shared"] = Json::array();
  out["covariance"] = Json::array();
  const auto count = joint.shared.size();
  for (std::size_t i = 0; i < count; ++i) {
    out["shared"].push_back(parameter_name(model, joint.shared[i]));
    const auto* row = joint.covariance.data() + i * count;
    out["covariance"].push_back(std::vector<double>(row, row + count));
  }
  if (!joint.ratios.empty()) {
    out["ratios"] = Json::object();
    for (std::size_t b = 0; b < joint.ratios.size(); ++b) {
      out["ratios"][model.bands[b].id] = number(joint.ratios[b]);
    }
  }
  return out;
}

Json residual_json(const ResidualChecks& residual, const std::string& message) {
  Json out;
  out["largest_sigma"] = number(residual.largest);
  out["largest_at"] = number(residual.largest_at);
  out["autocorrelation"] = number(residual.autocorrelation);
  out["structured"] = residual.is_structured;
  if (!std::isfinite(residual.largest)) {
    out["reason"] = message;
  }
  return out;
}

void put_costs(const SpectrumFit& entry, Json& out) {
  const auto& result = entry.result;
  out["chi_square"] = number(result.chi_square);
  out["reduced_chi_square"] = number(result.reduced_chi_square);
  out["n_points"] = result.points;
  out["n_free"] = result.n_free;
  out["iterations"] = result.iterations;
  out["starts"] = result.starts;
  out["aic"] = number(result.aic);
  out["bic"] = number(result.bic);
  out["noise_sigma"] = number(result.noise_sigma);
  out["noise_source"] = name_of(entry.noise);
  out["stderr_kind"] =
      result.standard_errors == StandardErrorKind::absolute ? "absolute" : "scaled";
  if (!std::isfinite(result.chi_square)) {
    out["reason"] = result.message;
  } else if (!std::isfinite(result.reduced_chi_square)) {
    out["reason"] = no_error_text(NoErrorReason::no_freedom);
  }
}

Json map_json(const SpectrumFit& entry) {
  if (!entry.recording || !entry.recording->map) {
    return nullptr;
  }
  const auto& grid = *entry.recording->map;
  const Index column = entry.row % grid.nx;
  const Index row = entry.row / grid.nx;
  return {
      {"column", column                                              },
      {"row",    row                                                 },
      {"x_um",   number(static_cast<double>(column) * grid.step_x_um)},
      {"y_um",   number(static_cast<double>(row) * grid.step_y_um)   }
  };
}

Json search_json(const FoundBands& found) {
  return {
      {"finder",  found.finder                },
      {"found",   found.found                 },
      {"hidden",  found.hidden                },
      {"removed", found.removed               },
      {"of_mean", found.is_of_mean            },
      {"stop",    search_stop_name(found.stop)},
      {"reason",  search_stop_text(found.stop)}
  };
}

Json fit_spectrum_json(const FitRun& run, const SpectrumFit& entry, bool has_covariance) {
  Json out;
  out["input"] = entry.input;
  out["index"] = entry.index;
  out["id"] = entry.id;
  out["status"] = fit_status_name(entry.result.status);
  out["message"] = entry.result.message;
  if (entry.recording) {
    out["technique"] = name_of(entry.recording->technique);
    out["mode"] = name_of(entry.recording->mode);
    out["ordinate"] = name_of(entry.recording->ordinate);
    out["x_unit"] = entry.recording->spectra.axis->unit();
  }
  out["map"] = map_json(entry);
  out["loss"] = fit_loss_name(run.loss);
  out["intervals"] = interval_kind_name(run.intervals.kind);
  put_costs(entry, out);
  out["bands"] = fit_bands_json(run, entry);
  if (entry.found) {
    out["band_search"] = search_json(*entry.found);
  }
  out["background"] = background_json(run, entry.result);
  out["residual"] = residual_json(entry.residual, entry.result.message);
  if (has_covariance) {
    out["covariance"] = covariance_json(model_of(run, entry), entry.result);
  }
  out["diagnostics"] = diagnostics_json(entry.diagnostics);
  out["input_sha256"] = entry.input_sha256;
  return out;
}

std::string fit_line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

BandColumn::Kind kind_of(const ParameterInfo& info) {
  return info.unit == "axis"       ? BandColumn::Kind::axis
         : info.unit == "ordinate" ? BandColumn::Kind::ordinate
         : info.unit == "area"     ? BandColumn::Kind::area
                                   : BandColumn::Kind::plain;
}

}  // namespace

std::vector<BandColumn> band_columns(const BandShape& shape) {
  using Kind = BandColumn::Kind;
  std::vector<BandColumn> out{
      {"center", Kind::axis,     shape.parameter_index("center")},
      {"height", Kind::ordinate, shape.parameter_index("height")},
      {"fwhm",   Kind::axis,     shape.parameter_index("fwhm")  },
      {"area",   Kind::area,     shape.parameter_index("area")  }
  };
  for (std::size_t j = 0; j < shape.parameters.size(); ++j) {
    const auto& info = shape.parameters[j];
    const bool is_listed = std::any_of(
        out.begin(), out.end(), [&](const auto& column) { return column.name == info.name; });
    if (!is_listed) {
      // The convention of a share stands in its name.
      const std::string name = info.name == "share"        ? "lorentz_share_height"
                               : info.name == "share_area" ? "lorentz_share_area"
                                                           : std::string(info.name);
      out.push_back({name, kind_of(info), static_cast<Index>(j)});
    }
  }
  out.push_back({"area_share", Kind::plain, -1});
  if (shape.parameter_index("asymmetry") < 0) {  // else the shape has its own
    out.push_back({"asymmetry", Kind::plain, -1});
  }
  return out;
}

FittedValue band_value(const SpectrumFit& entry, std::size_t band, const BandColumn& column) {
  const auto& fitted = entry.result.bands[band];
  if (column.parameter >= 0) {
    return fitted.parameters[static_cast<std::size_t>(column.parameter)];
  }
  if (column.name == "height") {
    return fitted.height;
  }
  if (column.name == "fwhm") {
    return fitted.fwhm;
  }
  if (column.name == "area") {
    return fitted.area;
  }
  if (band >= entry.extras.size()) {
    return {};
  }
  return column.name == "area_share" ? entry.extras[band].area_share : entry.extras[band].asymmetry;
}

std::string fit_json(const FitRun& run, bool has_covariance) {
  Json head;
  head["schema"] = 1;
  head["notice"] = "For research use only. Not for diagnosis or treatment decisions.";
  head["program"] = "calcispec";
  head["version"] = version();
  head["cpu_level"] = cpu_level();
  head["band_set"] = {
      {"name",   run.bands.name  },
      {"sha256", run.bands.sha256}
  };
  if (run.bands.model.broadening.kind != BroadeningKind::none) {
    head["broadening"] = broadening_text(run.bands.model.broadening);
  }
  if (run.joint) {
    head["joint"] = joint_json(run);
  }
  auto out = fit_line_of(head);
  out.back() = ',';
  out += "\"spectra\":[";
  for (std::size_t i = 0; i < run.spectra.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    out += fit_line_of(fit_spectrum_json(run, run.spectra[i], has_covariance));
  }
  return out + "\n]}\n";
}

}  // namespace calcispec
