// Composition of the spectra of a map: what they have in common is learnt from some of them.
#pragma once

#include "models/composition.hpp"

#include <memory>
#include <span>
#include <vector>

namespace calcispec::models {

/// Learns from sample spectra which phases there are, the axis error, the instrument's width and
/// the shapes of the bands; a spectrum is then fitted with them, its own heights, places and widths
/// of bands and its own background, and searched for phases that the samples do not hold. One that
/// the common shapes do not describe is estimated as estimate_composition() would.
///
/// Results depend on the spectrum and on the samples only.
class MapComposer {
 public:
  /// `samples`: spectra on `axis`; unusable ones are passed over. `library` must outlive this. The
  /// number of threads, `jobs`, changes nothing.
  MapComposer(AxisPtr axis,
              std::span<const std::vector<double>> samples,
              Technique technique,
              SamplingMode mode,
              const ReferenceLibrary& library,
              const CompositionOptions& options,
              Index jobs);
  MapComposer(MapComposer&&) noexcept;
  MapComposer& operator=(MapComposer&&) noexcept;
  MapComposer(const MapComposer&) = delete;
  MapComposer& operator=(const MapComposer&) = delete;
  ~MapComposer();

  /// False where nothing could be learnt: every spectrum is then estimated alone.
  [[nodiscard]] bool has_learnt() const;
  /// Ids of the phases found in the samples.
  [[nodiscard]] std::vector<std::string> phases() const;

  /// Of spectra on this axis (its very values), technique and mode.
  [[nodiscard]] bool is_for(const Axis& axis, Technique technique, SamplingMode mode) const;
  /// Never throws for poor data; may be called by several threads at a time.
  [[nodiscard]] Composition estimate(std::span<const double> y) const;

  struct Parts;

 private:
  std::unique_ptr<const Parts> parts_;
};

/// Which of many spectra are worth learning from: the strongest, then again and again the one that
/// differs most from those taken by more than its noise. Cost: `count` passes over the spectra.
std::vector<Index> diverse_samples(std::span<const std::vector<double>> spectra, Index count);

}  // namespace calcispec::models
