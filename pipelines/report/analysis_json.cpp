#include "pipelines/report/analysis_json.hpp"

#include "pipelines/json_values_private.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace calcispec {
namespace {

using Json = nlohmann::ordered_json;

void put_estimate(const Estimate& estimate, const char* name, Json& out) {
  out[name] = number(estimate.value);
  out["u"] = number(estimate.u);
  out["lo95"] = number(estimate.lo95);
  out["hi95"] = number(estimate.hi95);
}

Json quality_json(const models::QualityReport& quality) {
  auto checks = Json::array();
  for (const auto& check : quality.checks) {
    checks.push_back({
        {"code",      check.code                    },
        {"verdict",   models::name_of(check.verdict)},
        {"value",     number(check.value)           },
        {"threshold", number(check.threshold)       },
        {"region",    check.region                  },
        {"cause",     check.cause                   },
        {"fix",       check.fix                     }
    });
  }
  return {
      {"verdict", models::name_of(quality.verdict)},
      {"checks",  std::move(checks)               }
  };
}

Json phase_json(const models::PhaseShare& entry) {
  Json out;
  out["phase"] = entry.phase;
  put_estimate(entry.share, "fraction", out);
  out["lod"] = number(entry.lod);
  out["status"] = models::name_of(entry.status);
  out["reason"] = entry.share.reason;
  out["validated_on"] = entry.validated_on;
  out["evidence"] = Json::array();
  for (const auto& band : entry.evidence) {
    out["evidence"].push_back({
        {"band",         band.band                },
        {"position",     number(band.position_cm1)},
        {"snr",          number(band.snr)         },
        {"expected_snr", number(band.expected_snr)}
    });
  }
  return out;
}

Json phases_json(const std::vector<models::PhaseShare>& entries) {
  auto out = Json::array();
  for (const auto& entry : entries) {
    out.push_back(phase_json(entry));
  }
  return out;
}

Json groups_json(const std::vector<models::PhaseGroup>& groups) {
  auto out = Json::array();
  for (const auto& group : groups) {
    Json row;
    row["name"] = group.name;
    row["members"] = group.members;
    put_estimate(group.share, "fraction", row);
    row["status"] = models::name_of(group.status);
    out.push_back(std::move(row));
  }
  return out;
}

Json composition_json(const models::Composition& composition) {
  Json out;
  out["basis"] = models::name_of(composition.basis);
  out["status"] = composition.total.status == EstimateStatus::ok ? "ok" : "not_determinable";
  out["reason"] = composition.total.reason;
  out["range"] = {composition.from_cm1, composition.to_cm1};
  const auto& calibration = composition.calibration_id;
  out["calibration"] = {
      {"id",     calibration.empty() ? Json(nullptr) : Json(calibration)},
      {"status", models::name_of(composition.calibration_status)        },
      {"reason", composition.calibration_reason                         }
  };
  out["phases"] = phases_json(composition.phases);
  out["groups"] = groups_json(composition.groups);
  out["matrix"] = phases_json(composition.matrix);
  Json unexplained;
  unexplained["flag"] = composition.unexplained_flag;
  put_estimate(composition.unexplained, "fraction", unexplained);
  unexplained["reason"] = composition.unexplained.reason;
  unexplained["bands"] = Json::array();
  for (const auto& band : composition.unexplained_bands) {
    unexplained["bands"].push_back({
        {"position",     number(band.position_cm1)},
        {"height_sigma", number(band.height_sigma)}
    });
  }
  out["unexplained"] = std::move(unexplained);
  out["condition_number"] = number(composition.condition_number);
  return out;
}

Json markers_json(const std::vector<models::Marker>& markers) {
  auto out = Json::array();
  for (const auto& marker : markers) {
    Json row;
    row["id"] = marker.id;
    row["name"] = marker.name;
    row["value"] = number(marker.value.value);
    row["unit"] = marker.unit;
    row["u"] = number(marker.value.u);
    row["lo95"] = number(marker.value.lo95);
    row["hi95"] = number(marker.value.hi95);
    row["status"] = models::name_of(marker.status);
    row["reason"] = marker.value.reason;
    row["definition"] = marker.definition;
    row["calibration"] = marker.calibration;
    row["grade"] = marker.grade;
    row["must_not_claim"] = marker.must_not_claim;
    if (std::isfinite(marker.raw.value)) {
      row["raw"] = {
          {"value", number(marker.raw.value)},
          {"u",     number(marker.raw.u)    }
      };
    }
    out.push_back(std::move(row));
  }
  return out;
}

Json analysis_value_json(double value, double u) {
  return {
      {"value",    number(value)},
      {"stderr",   number(u)    },
      {"at_bound", false        }
  };
}

Json analysis_bands_json(const models::Composition& composition) {
  auto out = Json::array();
  for (const auto& band : composition.bands) {
    Json row;
    row["id"] = band.phase + (band.assignment.empty() ? "" : ": " + band.assignment);
    row["shape"] = "pseudo_voigt";
    row["center"] = analysis_value_json(band.center_cm1, band.center_u);
    row["height"] = analysis_value_json(band.height, band.height_u);
    row["fwhm"] = analysis_value_json(band.fwhm_cm1, band.fwhm_u);
    row["area"] = analysis_value_json(band.area, band.area_u);
    out.push_back(std::move(row));
  }
  return out;
}

Json analysis_axis_json(const SpectrumAnalysis& entry) {
  if (!entry.composition) {
    return {
        {"shift_cm1", nullptr},
        {"u",         nullptr},
        {"stretch",   nullptr},
        {"checked",   false  }
    };
  }
  const auto& axis = entry.composition->axis;
  return {
      {"shift_cm1", number(axis.shift_cm1)},
      {"u",         number(axis.u)        },
      {"stretch",   number(axis.stretch)  },
      {"checked",   axis.checked          }
  };
}

Json analysis_spectrum_json(const SpectrumAnalysis& entry) {
  Json out;
  out["input"] = entry.input;
  out["index"] = entry.index;
  out["id"] = entry.id;
  out["status"] = name_of(entry.status);
  out["message"] = entry.message;
  out["format"] = entry.format;
  out["technique"] = name_of(entry.technique);
  out["mode"] = name_of(entry.mode);
  out["axis"] = analysis_axis_json(entry);
  out["quality"] = quality_json(entry.quality);
  out["composition"] = entry.composition ? composition_json(*entry.composition) : Json(nullptr);
  out["markers"] = markers_json(entry.markers);
  out["bands"] = entry.composition ? analysis_bands_json(*entry.composition) : Json::array();
  out["diagnostics"] = diagnostics_json(entry.diagnostics);
  const auto& provenance = entry.provenance;
  out["provenance"] = {
      {"program",            provenance.program           },
      {"version",            provenance.version           },
      {"cpu_level",          provenance.cpu_level         },
      {"method",             provenance.method_name       },
      {"method_sha256",      provenance.method_sha256     },
      {"steps",              provenance.steps             },
      {"library_sha256",     provenance.library_sha256    },
      {"calibration_sha256", provenance.calibration_sha256},
      {"input_sha256",       provenance.input_sha256      }
  };
  return out;
}

Json analysis_estimate_json(const Estimate& estimate) {
  Json out;
  put_estimate(estimate, "fraction", out);
  out["reason"] = estimate.reason;
  return out;
}

Json specimen_json(const models::CombinedComposition& specimen) {
  Json out;
  out["specimen"] = specimen.specimen;
  out["spectra"] = specimen.spectra;
  out["status"] = specimen.reason.empty() ? "ok" : "not_determinable";
  out["reason"] = specimen.reason;
  out["chi_square"] = number(specimen.chi_square);
  out["freedom"] = number(specimen.freedom);
  out["disagrees"] = specimen.disagrees;
  out["phases"] = Json::array();
  for (const auto& phase : specimen.phases) {
    auto row = analysis_estimate_json(phase.combined);
    row["phase"] = phase.phase;
    row["contradiction_sigma"] = number(phase.contradiction);
    row["by_spectrum"] = Json::array();
    for (const auto& value : phase.by_spectrum) {
      row["by_spectrum"].push_back(analysis_estimate_json(value));
    }
    out["phases"].push_back(std::move(row));
  }
  return out;
}

Json request_json(const AnalysisResult& result) {
  Json out;
  out["inputs"] = result.inputs;
  out["options"] = Json::array();
  for (const auto& option : result.options) {
    out["options"].push_back({
        {"name",  option.name },
        {"value", option.value}
    });
  }
  return out;
}

}  // namespace

std::string analysis_json(const AnalysisResult& result) {
  Json out;
  out["schema"] = 1;
  out["notice"] = "For research use only. Not for diagnosis or treatment decisions.";
  out["request"] = request_json(result);
  out["spectra"] = Json::array();
  for (const auto& entry : result.spectra) {
    out["spectra"].push_back(analysis_spectrum_json(entry));
  }
  if (!result.specimens.empty()) {
    out["specimens"] = Json::array();
    for (const auto& specimen : result.specimens) {
      out["specimens"].push_back(specimen_json(specimen));
    }
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace calcispec
