#include "models/quality.hpp"

#include "core/chain.hpp"
#include "core/noise.hpp"
#include "core/order_statistic.hpp"
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec::models {
namespace {

double threshold(std::string_view name) {
  static const CsvTable table(embedded_file("quality.csv"), "quality.csv");
  for (Index row = 0; row < table.rows(); ++row) {
    if (table.text(row, "check") == name) {
      return table.number(row, "threshold");
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double quality_quantile(std::vector<double> values, double part) {
  return order_statistic(values, static_cast<Index>(part * static_cast<double>(values.size() - 1)));
}

class Checker {
 public:
  explicit Checker(const QualityInput& input) : input_(input) {
    const auto [low, high] = std::minmax_element(input.y.begin(), input.y.end());
    low_ = *low;
    high_ = *high;
    noise_ = estimate_noise(input.y, noise_stride(input.y));
    is_ir_ = input.technique == Technique::ftir;
  }

  QualityReport run() {
    check_flat();
    if (report_.verdict == QualityVerdict::refused) {
      return std::move(report_);
    }
    check_range();
    check_saturation();
    check_noise();
    check_spikes();
    check_negative();
    if (is_ir_) {
      check_water_vapour();
      check_carbon_dioxide();
    }
    return std::move(report_);
  }

 private:
  void add(QualityCheck check) {
    if (check.verdict == CheckVerdict::pass) {
      check.cause.clear();
      check.fix.clear();
    } else if (check.verdict == CheckVerdict::refuse) {
      report_.verdict = QualityVerdict::refused;
    } else if (report_.verdict == QualityVerdict::good) {
      report_.verdict = QualityVerdict::usable;
    }
    report_.checks.push_back(std::move(check));
  }

  static CheckVerdict warn_if(bool condition) {
    return condition ? CheckVerdict::warn : CheckVerdict::pass;
  }

  void check_flat() {
    const double height = high_ - low_;
    const bool is_flat = !(height > 1e-12 * std::max(std::abs(high_), std::abs(low_)));
    add({"flat_or_empty",
         is_flat ? CheckVerdict::refuse : CheckVerdict::pass,
         height,
         0,
         "",
         "The spectrum is constant or empty: nothing was measured, or the export lost the data.",
         "Measure or export the spectrum again."});
  }

  void check_range() {
    const bool is_raman = input_.technique == Technique::raman;
    const bool is_cm1 = input_.axis.is_in_cm1();
    const double from = is_raman ? 940 : 900;
    const double to = is_raman ? 1100 : 1200;
    const bool has_phosphate = is_cm1 && input_.axis.front() <= from && input_.axis.back() >= to;
    add({"range",
         warn_if(is_cm1 && !has_phosphate),
         input_.axis.back() - input_.axis.front(),
         to - from,
         is_raman ? "940-1100 1/cm" : "900-1200 1/cm",
         "The main phosphate bands lie outside the measured range.",
         "Measure a range that holds them to learn about calcium phosphates."});
  }

  // Equal highest ordinates in a row: a detector or converter at its end.
  void check_saturation() {
    Index longest = 0;
    Index run = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < input_.y.size(); ++i) {
      run = input_.y[i] >= high_ - 1e-9 * (high_ - low_) ? run + 1 : 0;
      if (run > longest) {
        longest = run;
        at = i;
      }
    }
    const bool is_clipped = static_cast<double>(longest) >= threshold("plateau_points");
    const bool is_absorbance = is_ir_ && input_.ordinate == OrdinateKind::absorbance;
    const bool is_opaque = is_absorbance && high_ > threshold("absorbance_refuse");
    const bool is_strong = is_absorbance && high_ > threshold("absorbance_warn");
    const auto x = static_cast<int>(std::lround(input_.axis.values()[at]));
    QualityCheck check;
    check.code = "saturation";
    check.verdict = is_clipped || is_opaque ? CheckVerdict::refuse : warn_if(is_strong);
    check.value = is_clipped ? static_cast<double>(longest) : high_;
    check.threshold = is_clipped      ? threshold("plateau_points")
                      : is_opaque     ? threshold("absorbance_refuse")
                      : is_absorbance ? threshold("absorbance_warn")
                                      : threshold("plateau_points");
    check.region = "near " + std::to_string(x) + " 1/cm";
    check.cause = is_clipped ? "The highest points are all equal: the detector was saturated, and "
                               "bands are cut off."
                             : "The absorbance is so high that hardly any light is left: the "
                               "strongest bands are flattened.";
    check.fix = is_raman_like() ? "Use a shorter exposure or less laser power and measure again."
                                : "Use less sample, a thinner section or lighter contact.";
    add(std::move(check));
  }

  [[nodiscard]] bool is_raman_like() const { return !is_ir_; }

  void check_noise() {
    std::vector<double> values(input_.y.begin(), input_.y.end());
    const double signal = quality_quantile(values, 0.995) - quality_quantile(values, 0.1);
    const double snr = noise_ > 0 ? signal / noise_ : std::numeric_limits<double>::infinity();
    const bool is_hopeless = snr < threshold("snr_refuse");
    add({"signal_to_noise",
         is_hopeless ? CheckVerdict::refuse : warn_if(snr < threshold("snr_warn")),
         std::isfinite(snr) ? snr : std::numeric_limits<double>::quiet_NaN(),
         threshold(is_hopeless ? "snr_refuse" : "snr_warn"),
         "",
         "The signal hardly rises above the noise.",
         "Measure longer, average more scans, or find a spot with more mineral."});
  }

  void check_spikes() {
    if (is_ir_) {
      return;
    }
    auto spectra = SpectraMatrix::make(axis_copy(), 1);
    std::copy(input_.y.begin(), input_.y.end(), spectra.values.begin());
    const auto* info = find_core_method("despike", "median");
    const ChainStep step{"despike", "median", ParameterSet::defaults(info->parameters)};
    const auto clean = run_chain(std::move(spectra), std::span(&step, 1), 1).spectra.values;
    Index changed = 0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      changed += clean[i] != input_.y[i] ? 1 : 0;
    }
    const double part = static_cast<double>(changed) / static_cast<double>(clean.size());
    add({"spikes",
         warn_if(part > threshold("spike_part")),
         part,
         threshold("spike_part"),
         "",
         "Cosmic rays stand in the spectrum; they are taken out before the fit.",
         "Repeat the measurement: spikes never fall on the same place twice."});
  }

  [[nodiscard]] AxisPtr axis_copy() const {
    return Axis::make({input_.axis.values().begin(), input_.axis.values().end()},
                      input_.axis.kind(),
                      input_.axis.unit());
  }

  // Dips below the lower envelope of the surroundings.
  void check_negative() {
    std::vector<double> values(input_.y.begin(), input_.y.end());
    const double floor = quality_quantile(values, 0.05);
    const double depth = std::max(0.0, floor - low_ - 5 * noise_) / (high_ - low_);
    const bool is_absorbance = input_.ordinate == OrdinateKind::absorbance;
    const double below_zero =
        is_absorbance ? std::max(0.0, -low_ - 5 * noise_) / (high_ - low_) : 0;
    const double part = is_absorbance ? below_zero : (low_ < 0 ? depth : 0);
    add({"negative_lobes",
         warn_if(part > threshold("negative_part")),
         part,
         threshold("negative_part"),
         "",
         "Parts of the spectrum lie clearly below zero: too much was subtracted, or the reference "
         "held a band of its own.",
         "Export the spectrum before baseline or reference subtraction."});
  }

  // Height of a narrow line above its flanks.
  [[nodiscard]] double line_height(double position, double reach) const {
    const Index at = input_.axis.lower_bound(position);
    const Index left = input_.axis.lower_bound(position - reach);
    const Index right = input_.axis.lower_bound(position + reach);
    if (left <= 0 || right >= input_.axis.size() || right - left < 4) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    const auto y = [&](Index i) { return input_.y[static_cast<std::size_t>(i)]; };
    return y(at) - 0.5 * (y(left) + y(right));
  }

  // Line positions: the h2o_vapour rows of the band table.
  void check_water_vapour() {
    constexpr std::array lines{1653.3, 1684.8, 1699.9, 1717.4, 1734.6, 1558.5, 1540.0, 1507.0};
    double sum = 0;
    double size = 0;
    int count = 0;
    for (const double line : lines) {
      const double height = line_height(line, 6);
      if (std::isfinite(height)) {
        sum += height;
        size += std::abs(height);
        ++count;
      }
    }
    if (count < 4) {
      return;
    }
    // Vapour moves all lines the same way; band slopes do not.
    const double same_way = std::abs(sum) / std::max(size, 1e-300);
    const double part = same_way > 0.8 ? std::abs(sum) / count / (high_ - low_) : 0;
    add({"water_vapour",
         warn_if(part > threshold("vapour_ratio") / 10),
         part,
         threshold("vapour_ratio") / 10,
         "1500-1740 1/cm",
         "Lines of water vapour stand in the region of amide and carbonate bands.",
         "Purge the instrument longer or measure a fresh background."});
  }

  void check_carbon_dioxide() {
    const double branch = line_height(2361, 60);
    if (!std::isfinite(branch)) {
      return;
    }
    const double part = std::abs(branch) / (high_ - low_);
    add({"co2",
         warn_if(part > threshold("vapour_ratio")),
         part,
         threshold("vapour_ratio"),
         "2300-2400 1/cm",
         "Carbon dioxide changed between sample and background; bands near 667 1/cm suffer too.",
         "Purge the instrument longer or measure a fresh background."});
  }

  const QualityInput& input_;
  QualityReport report_;
  double low_ = 0;
  double high_ = 0;
  double noise_ = 0;
  bool is_ir_ = false;
};

}  // namespace

QualityReport check_quality(const QualityInput& input) {
  const bool is_finite =
      std::all_of(input.y.begin(), input.y.end(), [](double y) { return std::isfinite(y); });
  if (input.y.size() < 16 || !is_finite) {
    QualityReport report;
    report.verdict = QualityVerdict::refused;
    report.checks.push_back({"flat_or_empty",
                             CheckVerdict::refuse,
                             static_cast<double>(input.y.size()),
                             16,
                             "",
                             is_finite ? "The spectrum has too few points."
                                       : "The spectrum holds values that are not numbers.",
                             "Measure or export the spectrum again."});
    return report;
  }
  return Checker(input).run();
}

}  // namespace calcispec::models
