// Quality checks of one spectrum: each with value, threshold, cause and fix.
#pragma once

#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"

#include <string>
#include <vector>

namespace calcispec::models {

enum class CheckVerdict { pass, warn, refuse };
enum class QualityVerdict { good, usable, refused };

struct QualityCheck {
  std::string code;  // "signal_to_noise", "saturation", "range", "spikes", "negative_lobes",
                     // "flat_or_empty", "water_vapour", "co2"
  CheckVerdict verdict = CheckVerdict::pass;
  double value = 0;  // NaN if it could not be had
  double threshold = 0;
  std::string region;  // "900-1200 1/cm", empty for the whole spectrum
  std::string cause;   // a sentence, empty when passed
  std::string fix;
};

struct QualityReport {
  QualityVerdict verdict = QualityVerdict::good;
  std::vector<QualityCheck> checks;
};

struct QualityInput {
  const Axis& axis;
  std::span<const double> y;
  OrdinateKind ordinate = OrdinateKind::unknown;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
};

QualityReport check_quality(const QualityInput& input);

std::string_view name_of(CheckVerdict verdict);
std::string_view name_of(QualityVerdict verdict);

}  // namespace calcispec::models
