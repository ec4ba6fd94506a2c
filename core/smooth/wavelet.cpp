// Smoothing by small wavelet coefficients taken out, decimated or translation-invariant.
#include "core/method_failure.hpp"
#include "core/smooth/wavelet_filter.hpp"
#include "core/smooth/wavelet_transform.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 6> wavelet_parameters{
    {
     {.name = "wavelet",
         .type = ParameterType::choice,
         .standard = 16,
         .choices = "haar db2 db3 db4 db5 db6 db7 db8 db9 db10 sym2 sym3 sym4 sym5 sym6 sym7 sym8 "
                    "sym9 sym10",
         .help = "filter: Daubechies' of least phase (db) or nearest to symmetric (sym), with the "
                 "number of vanishing moments"},
     {.name = "transform",
         .type = ParameterType::choice,
         .choices = "shifted decimated",
         .help = "mean over all shifts, or the plain transform"},
     {.name = "shrink",
         .type = ParameterType::choice,
         .choices = "hard soft",
         .help = "coefficients above the threshold stay, or are lowered by it"},
     {.name = "rule",
         .type = ParameterType::choice,
         .choices = "universal sure",
         .help = "automatic threshold: sigma sqrt(2 ln n), or per level by least expected error "
                 "(soft only)"},
     {.name = "threshold",
         .minimum = 0,
         .maximum = 1e300,
         .standard = not_given,
         .unit = "ordinate",
         .help = "size of the coefficients taken out; automatic by rule if not given"},
     {.name = "level",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 20,
         .standard = not_given,
         .help = "levels; automatic: as long as the filter is no longer than what it filters, at "
                 "most 6"},
     }
};

std::span<const double> filter_named(std::string_view name) {
  if (name == "haar") {
    return wavelet_filter(WaveletFamily::daubechies, 1);
  }
  const bool is_symlet = name.substr(0, 3) == "sym";
  const int moments = std::stoi(std::string(name.substr(is_symlet ? 3 : 2)));
  return wavelet_filter(is_symlet ? WaveletFamily::symlet : WaveletFamily::daubechies, moments);
}

int automatic_level(Index points, std::size_t filter) {
  int level = 1;
  while (level < 6 && points >> (level + 1) >= static_cast<Index>(filter) - 1) {
    ++level;
  }
  return level;
}

void shrink(std::vector<double>& values, double threshold, bool is_soft) {
  for (double& value : values) {
    const double size = std::abs(value);
    if (size < threshold) {
      value = 0;
    } else if (is_soft) {
      value = std::copysign(size - threshold, value);
    }
  }
}

class WaveletSmoother {
 public:
  WaveletSmoother(const ParameterSet& set, Index points)
      : filter_(filter_named(set.choice("wavelet"))),
        decimated_(filter_),
        shifted_(filter_),
        is_shifted_(set.choice("transform") == "shifted"),
        is_soft_(set.choice("shrink") == "soft"),
        is_sure_(set.choice("rule") == "sure"),
        threshold_(set.real("threshold")),
        level_(set.is_set("level") ? static_cast<int>(set.integer("level"))
                                   : automatic_level(points, filter_.size())) {}

  // A level deeper than the row holds would smooth its mirror images.
  [[nodiscard]] bool fits(Index points) const {
    const bool is_level_sensible = level_ == 1 || points >> level_ >= 1;
    return is_level_sensible && !(is_sure_ && !is_soft_ && std::isnan(threshold_));
  }

  void run(std::span<double> row) {
    if (is_shifted_) {
      shifted_.forward(row, level_, levels_);
    } else {
      decimated_.forward(row, level_, levels_);
    }
    const double sigma = size_of_finest();
    const double universal = sigma * std::sqrt(2 * std::log(static_cast<double>(row.size())));
    for (auto& detail : levels_.details) {
      double threshold = threshold_;
      if (std::isnan(threshold)) {
        threshold = is_sure_ ? least_risk_threshold(detail, sigma, universal) : universal;
      }
      shrink(detail, threshold, is_soft_);
    }
    if (is_shifted_) {
      shifted_.inverse(levels_, row);
    } else {
      decimated_.inverse(levels_, row);
    }
  }

 private:
  [[nodiscard]] double size_of_finest() {
    const auto& finest = levels_.details.front();
    sizes_.resize(finest.size());
    std::transform(
        finest.begin(), finest.end(), sizes_.begin(), [](double c) { return std::abs(c); });
    const auto middle = sizes_.begin() + static_cast<Index>(sizes_.size() / 2);
    std::nth_element(sizes_.begin(), middle, sizes_.end());
    double median = *middle;
    if (sizes_.size() % 2 == 0) {
      median = 0.5 * (median + *std::max_element(sizes_.begin(), middle));
    }
    return median / 0.6744897501960817;  // of the size of a standard normal variable
  }

  // Of soft thresholds at the coefficients themselves, up to the universal one, which is taken
  // where a level hardly holds more than noise.
  // Source: Donoho & Johnstone, J. Am. Stat. Assoc. 90 (1995) 1200
  double least_risk_threshold(const std::vector<double>& detail, double sigma, double universal) {
    if (sigma <= 0) {
      return 0;
    }
    sizes_.resize(detail.size());
    double energy = 0;
    for (std::size_t i = 0; i < detail.size(); ++i) {
      sizes_[i] = std::abs(detail[i]) / sigma;
      energy += sizes_[i] * sizes_[i];
    }
    const auto count = static_cast<double>(detail.size());
    if ((energy - count) / count <= std::pow(std::log2(count), 1.5) / std::sqrt(count)) {
      return universal;
    }
    std::sort(sizes_.begin(), sizes_.end());
    double below = 0;
    double least = count;  // of threshold 0
    double best = 0;
    for (std::size_t k = 0; k < sizes_.size() && sizes_[k] * sigma <= universal; ++k) {
      const double t = sizes_[k];
      below += t * t;
      const double above = count - static_cast<double>(k + 1);
      const double risk = count - 2 * static_cast<double>(k + 1) + below + above * t * t;
      if (risk < least) {
        least = risk;
        best = t;
      }
    }
    return best * sigma;
  }

  std::span<const double> filter_;
  DecimatedWavelet decimated_;
  ShiftedWavelet shifted_;
  bool is_shifted_;
  bool is_soft_;
  bool is_sure_;
  double threshold_;
  int level_;
  WaveletLevels levels_;
  std::vector<double> sizes_;
};

/// Model      orthogonal wavelet transform, coefficients below the threshold taken out, and back
/// Noise      median size of the finest coefficients / 0.67449
/// Edges      reflected, the last sample once more
/// Status     failed: more levels than the row has octaves; rule sure with hard
/// Cost       points * filter * 4 (decimated), points * filter * levels * 8 / lanes (shifted)
/// Source     Donoho & Johnstone, Biometrika 81 (1994) 425; Coifman & Donoho, Lect. Notes Stat. 103
///            (1995) 125
void run_wavelet(const MethodCall& call) {
  WaveletSmoother smoother(call.parameters, call.points());
  if (!smoother.fits(call.points())) {
    fail_all(call);
    return;
  }
  // Which samples the plain transform drops follows the order of the file.
  const bool is_turned =
      call.axis.was_descending() && call.parameters.choice("transform") == "decimated";
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    if (is_turned) {
      std::reverse(row.begin(), row.end());
    }
    smoother.run(row);
    if (is_turned) {
      std::reverse(row.begin(), row.end());
    }
  }
}

}  // namespace

CoreMethod smooth_wavelet() {
  return {
      {"smooth",
       "wavelet", "small wavelet coefficients taken out; automatic threshold",
       "Donoho & Johnstone, Biometrika 81 (1994) 425; Coifman & Donoho, Lect. Notes Stat. 103 "
       "(1995) 125", wavelet_parameters},
      3,
      run_wavelet
  };
}

}  // namespace calcispec
