#include "pipelines/step.hpp"

#include "core/baseline/masked_points.hpp"
#include "core/chain.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/resample.hpp"
#include "core/set_methods.hpp"
#include "models/band_mask_baseline.hpp"
#include "models/joint_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<ParameterInfo, 2> crop_parameters{
    {
     {.name = "from",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_a_number,
         .unit = "unit of the axis",
         .help = "lower end that is kept (default: the first point)"},
     {.name = "to",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_a_number,
         .unit = "unit of the axis",
         .help = "upper end that is kept (default: the last point)"},
     }
};

constexpr std::array<ParameterInfo, 5> resample_parameters{
    {
     {.name = "step",
         .minimum = 1e-9,
         .maximum = 1e6,
         .standard = not_a_number,
         .unit = "unit of the axis",
         .help = "distance of the new points (default: as many points as before)"},
     {.name = "points",
         .type = ParameterType::integer,
         .minimum = 2,
         .maximum = 1e7,
         .standard = not_a_number,
         .help = "number of the new points, instead of step"},
     {.name = "from",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_a_number,
         .unit = "unit of the axis",
         .help = "first new point (default: the first point)"},
     {.name = "to",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_a_number,
         .unit = "unit of the axis",
         .help = "end of the new points (default: the last point)"},
     {.name = "kind",
         .type = ParameterType::choice,
         .standard = 1,
         .choices = "linear cubic band_limited",
         .help = "straight lines, a cubic spline, or a windowed sinc, which alone takes out what "
                 "wider steps cannot carry"},
     }
};

constexpr std::array band_parameters{mask_parameter};

// Steps that are not core's: they change the axis, the meaning of the ordinate, or know bands.
constexpr std::array<MethodInfo, 5> own_steps{
    {
     {"baseline",
         "joint",
         "background fitted together with the bands of mineralised tissue",
         "joint model of bands and background",
         band_parameters},
     {"baseline",
         "band_mask",
         "penalised spline through what lies outside of the bands of mineralised tissue",
         "Eilers & Marx, Stat. Sci. 11 (1996) 89",
         band_parameters},
     {"", "crop", "keeps a part of the axis", "-", crop_parameters},
     {"",
         "resample",
         "puts the spectra on even steps of the axis",
         "de Boor, A Practical Guide to Splines (1978)",
         resample_parameters},
     {"convert",
         "absorbance",
         "absorbance from transmittance (0..1 or percent)",
         "Beer-Lambert: -log10(T)",
         {}},
     }
};

std::string name_of_step(const MethodInfo& info) {
  return info.family.empty() ? std::string(info.name)
                             : std::string(info.family) + "." + std::string(info.name);
}

const StepInfo* find_step(std::string_view name) {
  const auto table = step_table();
  const auto found = std::find_if(
      table.begin(), table.end(), [&](const StepInfo& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// One "NAME key=value ..." of a step text; faults are collected.
void parse_one(std::string_view text,
               std::size_t number,
               std::vector<Step>& steps,
               std::string& faults) {
  std::vector<GivenParameter> given;
  std::string name;
  const std::string place = "step " + std::to_string(number);
  for (auto rest = trim(text); !rest.empty();) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    const auto word = rest.substr(0, end);
    rest = trim(rest.substr(end));
    if (name.empty()) {
      name = std::string(word);
      continue;
    }
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) {
      faults += "\n  " + place + ": '" + std::string(word) +
                "' is no key=value; write for example lambda=1e5";
      continue;
    }
    given.push_back(
        {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)), place});
  }
  if (name.empty()) {
    faults += "\n  " + place + ": is empty; write a step between the | signs";
    return;
  }
  try {
    steps.push_back(make_step(name, given, place));
  } catch (const Error& error) {
    faults += "\n  " + place + ": " + error.what();
  }
}

void crop(const Step& step, io::Recording& recording) {
  const auto& old = recording.spectra;
  const auto x = old.axis->values();
  const double from = step.parameters.is_set("from") ? step.parameters.real("from") : x.front();
  const double to = step.parameters.is_set("to") ? step.parameters.real("to") : x.back();
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] >= from && x[i] <= to) {
      kept.push_back(i);
    }
  }
  if (kept.size() < 2) {
    throw Error(ErrorCode::bad_method,
                "crop leaves fewer than two points; the axis runs from " + number_text(x.front()) +
                    " to " + number_text(x.back()));
  }
  std::vector<double> axis;
  axis.reserve(kept.size());
  for (const auto i : kept) {
    axis.push_back(x[i]);
  }
  if (old.axis->was_descending()) {
    std::reverse(axis.begin(), axis.end());  // stored order, so that it is written back falling
  }
  auto spectra = SpectraMatrix::make(
      Axis::make(std::move(axis), old.axis->kind(), old.axis->unit()), old.rows());
  for (Index r = 0; r < old.rows(); ++r) {
    for (std::size_t k = 0; k < kept.size(); ++k) {
      spectra.row(r)[k] = old.row(r)[kept[k]];
    }
  }
  recording.spectra = std::move(spectra);
  recording.replicate_sd.reset();
}

void resample_step(const Step& step, Index jobs, io::Recording& recording) {
  const auto& set = step.parameters;
  const auto kind = set.choice("kind");
  const Index points = set.is_set("points") ? set.integer("points") : 0;
  const auto axis = even_axis(*recording.spectra.axis,
                              {set.real("from"), set.real("to"), set.real("step"), points});
  recording.spectra = resample(recording.spectra,
                               axis,
                               kind == "linear"  ? Interpolation::linear
                               : kind == "cubic" ? Interpolation::cubic
                                                 : Interpolation::band_limited,
                               jobs);
  recording.replicate_sd.reset();
}

// Percent or 0..1 from the values themselves: transmittance above 2 cannot be a fraction.
void to_absorbance(io::Recording& recording, Diagnostics& diagnostics) {
  if (recording.ordinate == OrdinateKind::absorbance) {
    return;
  }
  if (recording.ordinate == OrdinateKind::intensity) {
    throw Error(
        ErrorCode::invalid_argument,
        "the ordinate is an intensity (a single beam?), which is no transmittance; ratio it "
        "to its background first, or state --ordinate absorbance or transmittance");
  }
  double top = 0;
  for (const double y : recording.spectra.values) {
    top = std::isfinite(y) ? std::max(top, y) : top;
  }
  const double whole = top > 2 ? 100 : 1;
  Index dark = 0;
  for (double& y : recording.spectra.values) {
    const double part = y / whole;
    dark += part <= 1e-6 ? 1 : 0;
    y = -std::log10(std::max(part, 1e-6));
  }
  if (dark > 0) {
    diagnostics.push_back(
        {Severity::warning,
         "no_light",
         std::to_string(dark) + " points hold no light at all; their absorbance is set to 6",
         -1});
  }
  recording.ordinate = OrdinateKind::absorbance;
}

const char* reason_of(MethodStatus status) {
  switch (status) {
    case MethodStatus::not_finite:
      return "holds values that are not numbers";
    case MethodStatus::too_short:
      return "has too few points";
    case MethodStatus::iteration_limit:
      return "did not converge within max_iterations";
    default:
      return "could not be computed with these parameters";
  }
}

void report_status(const Step& step,
                   std::span<const MethodStatus> statuses,
                   Diagnostics& diagnostics) {
  for (std::size_t r = 0; r < statuses.size(); ++r) {
    const auto status = statuses[r];
    if (status != MethodStatus::converged) {
      const auto severity =
          status == MethodStatus::iteration_limit ? Severity::note : Severity::warning;
      diagnostics.push_back(
          {severity,
           "step_" + std::string(step.method()),
           "spectrum " + std::to_string(r + 1) + ": " + step.name + " " + reason_of(status),
           static_cast<Index>(r)});
    }
  }
}

// Steps by Fourier transforms in units of the axis, and windows chosen by the point index.
void need_even_steps(const Step& step, const Axis& axis) {
  const bool is_needed = step.name == "derivative.fft" || step.name == "smooth.fsd" ||
                         (step.name == "derivative.savgol" && !step.parameters.is_set("window"));
  if (is_needed && !axis.is_uniform()) {
    throw Error(ErrorCode::bad_method,
                step.name + " needs even steps, and the axis has uneven ones; write 'resample | " +
                    step.name + "'");
  }
}

// A baseline that knows bands: gives the background of a row, and whether it converged.
template <class Fit>
void band_informed_baseline(const Step& step,
                            Index jobs,
                            const Fit& fit,
                            io::Recording& recording,
                            SpectraMatrix* baseline,
                            Diagnostics& diagnostics) {
  auto& spectra = recording.spectra;
  const auto hidden = step.parameters.pairs("mask");
  auto backgrounds = SpectraMatrix::make(spectra.axis, spectra.rows());
  std::vector<MethodStatus> status(static_cast<std::size_t>(spectra.rows()));
  parallel_for(spectra.rows(), jobs, [&](Index r) {
    const auto row = spectra.row(r);
    const auto found = fit(*spectra.axis, row, recording.technique, hidden);
    const auto& background = found.background;
    std::copy(background.begin(), background.end(), backgrounds.row(r).begin());
    for (std::size_t i = 0; i < background.size(); ++i) {
      row[i] -= background[i];
    }
    const bool is_done = std::all_of(
        background.begin(), background.end(), [](double value) { return std::isfinite(value); });
    status[static_cast<std::size_t>(r)] = found.is_converged ? MethodStatus::converged
                                          : is_done          ? MethodStatus::iteration_limit
                                                             : MethodStatus::failed;
  });
  report_status(step, status, diagnostics);
  if (baseline != nullptr) {
    *baseline = std::move(backgrounds);
  }
}

void run_core_step(const Step& step,
                   Index jobs,
                   io::Recording& recording,
                   SpectraMatrix* baseline,
                   Diagnostics& diagnostics) {
  need_even_steps(step, *recording.spectra.axis);
  const ChainStep core{std::string(step.family()), std::string(step.method()), step.parameters};
  if (find_set_method(core.family, core.method) != nullptr) {
    const auto status = run_set_method(core, recording.spectra, recording.map, jobs, baseline);
    report_status(step, status, diagnostics);
    return;
  }
  auto result =
      run_chain(std::move(recording.spectra), std::span(&core, 1), jobs, baseline != nullptr);
  recording.spectra = std::move(result.spectra);
  if (baseline != nullptr && result.baseline) {
    *baseline = std::move(*result.baseline);
  }
  report_status(step, result.status[0], diagnostics);
}

}  // namespace

std::string_view Step::family() const {
  const auto dot = name.find('.');
  return dot == std::string::npos ? std::string_view() : std::string_view(name).substr(0, dot);
}

std::string_view Step::method() const {
  return std::string_view(name).substr(name.find('.') + 1);  // npos + 1 is 0
}

std::span<const StepInfo> step_table() {
  static const std::vector<StepInfo> table = [] {
    std::vector<StepInfo> out;
    for (const auto& method : core_methods()) {
      out.push_back({name_of_step(method), method});
    }
    for (const auto& method : set_methods()) {
      out.push_back({name_of_step(method), method});
    }
    for (const auto& method : own_steps) {
      out.push_back({name_of_step(method), method});
    }
    return out;
  }();
  return table;
}

Step make_step(std::string_view name,
               std::span<const GivenParameter> given,
               std::string_view place) {
  const auto* row = find_step(name);
  if (row == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& known : step_table()) {
      names.emplace_back(known.name);
    }
    const auto near = nearest_name(name, names);
    std::string all;
    for (const auto known : names) {
      all += (all.empty() ? "" : ", ") + std::string(known);
    }
    throw Error(
        ErrorCode::bad_method,
        "there is no step '" + std::string(name) + "'" +
            (near.empty() ? "; the steps are " + all : "; did you mean " + std::string(near) + "?"),
        std::string(place));
  }
  auto parameters = ParameterSet::checked(row->info.parameters, given, row->name);
  for (const auto& info : row->info.parameters) {
    if (info.type == ParameterType::pairs &&
        static_cast<double>(parameters.pairs(info.name).size()) < info.standard) {
      throw Error(ErrorCode::bad_method,
                  row->name + " needs at least " + number_text(info.standard) + " " +
                      std::string(info.name) + ": " + std::string(info.help),
                  std::string(place));
    }
  }
  return {row->name, std::move(parameters)};
}

std::vector<Step> parse_steps(std::string_view text) {
  std::vector<Step> steps;
  std::string faults;
  std::size_t number = 1;
  for (std::size_t at = 0; at <= text.size(); ++number) {
    const auto end = std::min(text.find('|', at), text.size());
    parse_one(text.substr(at, end - at), number, steps, faults);
    at = end + 1;
  }
  if (!faults.empty()) {
    throw Error(ErrorCode::bad_method, "the steps cannot be used:" + faults);
  }
  return steps;
}

std::string canonical_text(std::span<const Step> steps) {
  std::string out;
  for (const auto& step : steps) {
    const auto parameters = step.parameters.canonical_text();
    out += (out.empty() ? "" : " | ") + step.name + (parameters.empty() ? "" : " ") + parameters;
  }
  return out;
}

void run_steps(std::span<const Step> steps,
               Index jobs,
               io::Recording& recording,
               SpectraMatrix* baseline,
               Diagnostics& diagnostics) {
  for (const auto& step : steps) {
    if (step.name == "crop") {
      crop(step, recording);
    } else if (step.name == "resample") {
      resample_step(step, jobs, recording);
    } else if (step.name == "convert.absorbance") {
      to_absorbance(recording, diagnostics);
    } else if (step.name == "baseline.joint") {
      band_informed_baseline(
          step, jobs, models::fit_joint_baseline, recording, baseline, diagnostics);
    } else if (step.name == "baseline.band_mask") {
      band_informed_baseline(
          step, jobs, models::fit_band_mask_baseline, recording, baseline, diagnostics);
    } else {
      run_core_step(step, jobs, recording, baseline, diagnostics);
    }
  }
}

}  // namespace calcispec
