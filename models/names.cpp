#include "models/composition.hpp"
#include "models/marker.hpp"
#include "models/quality.hpp"
#include "models/reference_library.hpp"

namespace calcispec::models {

std::string_view name_of(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::pass:
      return "pass";
    case CheckVerdict::warn:
      return "warn";
    case CheckVerdict::refuse:
      return "refuse";
  }
  return "refuse";
}

std::string_view name_of(QualityVerdict verdict) {
  switch (verdict) {
    case QualityVerdict::good:
      return "good";
    case QualityVerdict::usable:
      return "usable";
    case QualityVerdict::refused:
      return "refused";
  }
  return "refused";
}

std::string_view name_of(CalibrationStatus status) {
  switch (status) {
    case CalibrationStatus::user:
      return "user";
    case CalibrationStatus::literature_seen:
      return "literature_seen";
    case CalibrationStatus::placeholder:
      return "placeholder";
    case CalibrationStatus::none:
      break;
  }
  return "none";
}

std::string_view name_of(CompositionBasis basis) {
  return basis == CompositionBasis::weight_fraction ? "weight_fraction" : "signal_share";
}

std::string_view name_of(PhaseStatus status) {
  switch (status) {
    case PhaseStatus::quantified:
      return "quantified";
    case PhaseStatus::below_lod:
      return "below_lod";
    case PhaseStatus::ambiguous:
      return "ambiguous";
    case PhaseStatus::not_determinable:
      return "not_determinable";
  }
  return "not_determinable";
}

std::string_view name_of(MarkerStatus status) {
  switch (status) {
    case MarkerStatus::ok:
      return "ok";
    case MarkerStatus::below_lod:
      return "below_lod";
    case MarkerStatus::not_determinable:
      return "not_determinable";
    case MarkerStatus::uncalibrated:
      return "uncalibrated";
  }
  return "not_determinable";
}

std::string_view name_of(PhaseRole role) {
  switch (role) {
    case PhaseRole::mineral:
      return "mineral";
    case PhaseRole::matrix:
      return "matrix";
    case PhaseRole::substrate:
      return "substrate";
    case PhaseRole::gas:
      return "gas";
    case PhaseRole::site:
      return "site";
  }
  return "mineral";
}

std::string_view name_of(SourceStatus status) {
  switch (status) {
    case SourceStatus::measured:
      return "measured";
    case SourceStatus::seen:
      return "seen";
    case SourceStatus::literature:
      return "literature";
    case SourceStatus::derived:
      return "derived";
  }
  return "literature";
}

std::string_view name_of(BandTechnique technique) {
  switch (technique) {
    case BandTechnique::raman:
      return "raman";
    case BandTechnique::ftir_transmission:
      return "ftir_transmission";
    case BandTechnique::ftir_atr:
      return "ftir_atr";
  }
  return "raman";
}

}  // namespace calcispec::models
