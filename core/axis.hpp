// Axis: the shared, immutable abscissa of spectra; always rising, remembers how it was stored.
#pragma once

#include "core/quantity.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// Finite, strictly rising abscissa values with their kind and unit.
class CALCISPEC_API Axis {
 public:
  /// Takes values in stored order. Descending values are reversed and was_descending() is set: the
  /// caller reverses its ordinates too. Throws Error{invalid_argument} naming the first index that
  /// is not finite or not strictly monotonic.
  static std::shared_ptr<const Axis> make(std::vector<double> stored,
                                          AxisKind kind,
                                          std::string unit);

  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(values_.size()); }
  [[nodiscard]] AxisKind kind() const noexcept { return kind_; }
  /// "1/cm", "nm", "um", "eV", "s", "m/z", "point", "unknown", or the file's own text.
  [[nodiscard]] const std::string& unit() const noexcept { return unit_; }
  [[nodiscard]] bool was_descending() const noexcept { return was_descending_; }
  /// Largest deviation of a step from the mean step is at most 1e-3 of it.
  [[nodiscard]] bool is_uniform() const noexcept { return is_uniform_; }
  [[nodiscard]] double mean_step() const noexcept { return mean_step_; }
  [[nodiscard]] double front() const noexcept { return values_.front(); }
  [[nodiscard]] double back() const noexcept { return values_.back(); }
  /// First index with value >= x; size() if none.
  [[nodiscard]] Index lower_bound(double x) const;
  /// Kind is wavenumber or raman_shift: band positions in cm-1 apply.
  [[nodiscard]] bool is_in_cm1() const noexcept {
    return kind_ == AxisKind::wavenumber || kind_ == AxisKind::raman_shift;
  }

 private:
  Axis(std::vector<double> values, AxisKind kind, std::string unit, bool was_descending);

  std::vector<double> values_;
  AxisKind kind_;
  std::string unit_;
  bool was_descending_;
  bool is_uniform_ = false;
  double mean_step_ = 0;
};

using AxisPtr = std::shared_ptr<const Axis>;

}  // namespace calcispec
