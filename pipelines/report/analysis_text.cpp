#include "pipelines/report/analysis_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace calcispec {
namespace {

struct TextPart {
  std::string name;
  const Estimate* share;
  bool is_sure;
};

// What was named or may be there, largest first.
std::vector<TextPart> analysis_parts_of(const models::Composition& composition) {
  std::vector<TextPart> parts;
  const auto add = [&](const auto& entry) {
    const bool is_sure = entry.status == models::PhaseStatus::quantified;
    if (entry.share.value > 0 && (is_sure || entry.status == models::PhaseStatus::ambiguous)) {
      parts.push_back({entry.name, &entry.share, is_sure});
    }
  };
  std::for_each(composition.groups.begin(), composition.groups.end(), add);
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    std::for_each(list->begin(), list->end(), add);
  }
  std::stable_sort(parts.begin(), parts.end(), [](const TextPart& a, const TextPart& b) {
    return a.share->value > b.share->value;
  });
  return parts;
}

std::string basis_text(const models::Composition& composition) {
  if (composition.basis != models::CompositionBasis::weight_fraction) {
    return "Share of the signal";
  }
  return composition.calibration_status == models::CalibrationStatus::placeholder
             ? "Weight fraction (assumed response, uncalibrated)"
             : "Weight fraction";
}

std::string analysis_fixed(double value, int digits) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits)
          .ptr;
  return {text.data(), end};
}

}  // namespace

std::string short_number(double value) {
  if (!std::isfinite(value)) {
    return "-";
  }
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) {
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(
            text.data(), text.data() + text.size(), value, std::chars_format::scientific, 2)
            .ptr;
    return {text.data(), end};
  }
  return analysis_fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::string percent_text(double share) {
  if (!std::isfinite(share)) {
    return "-";
  }
  const double percent = 100 * share;
  if (percent == 0) {
    return "0 %";
  }
  return analysis_fixed(percent, percent < 1 ? 2 : percent < 10 ? 1 : 0) + " %";
}

std::string finding_text(const SpectrumAnalysis& entry) {
  if (entry.status != AnalysisStatus::ok) {
    return entry.message;
  }
  const auto& composition = *entry.composition;
  if (composition.total.status != EstimateStatus::ok) {
    return "Composition not determinable: " + composition.total.reason + ".";
  }
  std::string sure;
  std::string unsure;
  for (const auto& part : analysis_parts_of(composition)) {
    auto& text = part.is_sure ? sure : unsure;
    text += (text.empty() ? "" : ", ") + part.name + " " + percent_text(part.share->value) + " (" +
            percent_text(part.share->lo95) + " to " + percent_text(part.share->hi95) + ")";
  }
  std::string out =
      sure.empty() ? "No phase could be named." : basis_text(composition) + ": " + sure + ".";
  if (!unsure.empty()) {
    out += " Possible, from one band only: " + unsure + ".";
  }
  if (composition.unexplained_flag) {
    const bool is_one = composition.unexplained_bands.size() < 2;
    out += is_one ? " A band at " : " Bands at ";
    for (std::size_t i = 0; i < composition.unexplained_bands.size() && i < 3; ++i) {
      out +=
          (i == 0 ? "" : ", ") + analysis_fixed(composition.unexplained_bands[i].position_cm1, 0);
    }
    out += std::string(" 1/cm ") + (is_one ? "is" : "are") + " explained by no reference.";
  }
  return out;
}

std::string headline_text(const SpectrumAnalysis& entry) {
  if (entry.status != AnalysisStatus::ok) {
    return entry.status == AnalysisStatus::refused ? "Refused: " + entry.message
                                                   : "Could not be processed: " + entry.message;
  }
  const auto& composition = *entry.composition;
  if (composition.total.status != EstimateStatus::ok) {
    return "Composition not determinable: " + composition.total.reason + ".";
  }
  constexpr double half = 0.5;
  std::vector<std::string> names;
  bool has_main = false;  // more than half, beyond doubt
  bool has_doubt = composition.unexplained_flag;
  for (const auto& part : analysis_parts_of(composition)) {
    if (part.is_sure) {
      has_main = has_main || part.share->lo95 > half;
      names.push_back(part.name);
    } else {
      has_doubt = true;
    }
  }
  if (names.empty()) {
    return has_doubt ? "No phase could be named with certainty."
                     : "No phase was found above its detection limit.";
  }
  std::string out = has_main ? "Mainly " : "Signal of ";
  out += names.front();
  for (std::size_t i = 1; i < names.size(); ++i) {
    out += (i == 1 && has_main ? ", with " : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return out + (has_doubt ? "; more may be there."
                          : ". Nothing else was found above its detection limit.");
}

std::string analysis_text(const AnalysisResult& result, bool has_color) {
  std::string out;
  for (const auto& entry : result.spectra) {
    const auto* color = entry.status == AnalysisStatus::ok ? "\033[32m" : "\033[31m";
    const std::string status(name_of(entry.status));
    out += entry.id + "\n  " + (has_color ? color + status + "\033[0m" : status) + ": " +
           finding_text(entry) + "\n";
    for (const auto& marker : entry.markers) {
      if (marker.status == models::MarkerStatus::ok) {
        out += "  " + marker.name + " " + short_number(marker.value.value) +
               (marker.unit == "1" ? "" : " " + marker.unit) + " (" +
               short_number(marker.value.lo95) + " to " + short_number(marker.value.hi95) + ")\n";
      }
    }
    for (const auto& row : entry.diagnostics) {
      if (row.severity != Severity::note) {
        out += "  " + std::string(severity_name(row.severity)) + ": " + row.text + "\n";
      }
    }
  }
  for (const auto& specimen : result.specimens) {
    out += specimen_text(specimen);
  }
  return out;
}

std::string specimen_text(const models::CombinedComposition& specimen) {
  std::string out =
      specimen.specimen + ", " + std::to_string(specimen.spectra.size()) + " spectra together\n";
  if (!specimen.reason.empty()) {
    out += "  no common composition: " + specimen.reason + "\n";
  }
  for (const auto& phase : specimen.phases) {
    out += "  " + phase.phase + ": ";
    if (std::isfinite(phase.combined.value)) {
      out += percent_text(phase.combined.value) + " (" + percent_text(phase.combined.lo95) +
             " to " + percent_text(phase.combined.hi95) + "); ";
    }
    for (std::size_t i = 0; i < phase.by_spectrum.size(); ++i) {
      const auto& value = phase.by_spectrum[i];
      out += (i == 0 ? "" : ", ") + specimen.spectra[i] + " " +
             (std::isfinite(value.value) ? percent_text(value.value) : value.reason);
    }
    out += "\n";
  }
  if (specimen.disagrees) {
    out += "  The spectra disagree beyond chance (chi-square " + short_number(specimen.chi_square) +
           " for " + short_number(specimen.freedom) + "); the intervals are widened.\n";
  }
  return out;
}

}  // namespace calcispec
