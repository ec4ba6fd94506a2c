// Band shapes that the spectra of a map have in common, and joint models fitted with them.
#pragma once

#include "core/shared_mixture.hpp"
#include "models/composition_private.hpp"

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace calcispec::models::detail {

/// A spectrum that was fitted alone.
struct MapSample {
  Window window;
  Findings findings;
};

/// What several spectra of one axis show in common. Shapes are taken from the spectrum that holds
/// most of their phase.
class SharedShapes {
 public:
  /// `samples`: at least one, of equal axes, each fitted.
  explicit SharedShapes(std::span<const MapSample> samples);

  [[nodiscard]] const SharedMixture& mixture() const { return mixture_; }
  /// Of a phase's band, -1 where none is known.
  [[nodiscard]] Index shape_of(const Phase* phase, const ReferenceBand* row) const;
  /// Of a band that no reference explains and that samples showed about here, -1 where none did.
  [[nodiscard]] Index unexplained_near(double center_cm1, double fwhm_cm1) const;
  /// Of the widths a shape comes in, the one nearest to this.
  [[nodiscard]] Index form_of(Index shape, double fwhm) const;
  /// A tabulated band as this instrument shows it.
  [[nodiscard]] MixtureBand as_seen(MixtureBand band) const;
  [[nodiscard]] double area_of(Index shape) const;
  /// Height for an amount of 1, as the sample shows it; 0: no better known than by the table.
  [[nodiscard]] double height_of(Index shape) const;
  /// Relative uncertainty of a phase's area in the sample that its shapes are taken from; 0: none.
  [[nodiscard]] double pattern_u(const Phase* phase) const;
  /// Of the phases that have shapes: all their bands, as many as the samples showed or tried.
  [[nodiscard]] const SharedMixture::Patterns& patterns() const { return patterns_; }
  [[nodiscard]] std::optional<std::size_t> pattern_of(const Phase* phase) const;
  [[nodiscard]] double noise_level(const Window& window) const;
  [[nodiscard]] double shift() const { return setting_.shift; }

 private:
  void learn_instrument(std::span<const MapSample> samples);
  void learn_noise(std::span<const MapSample> samples);
  void learn_shapes(std::span<const MapSample> samples);
  void learn_forms(std::span<const MapSample> samples);
  void add_form(Index base, double log_width);
  void learn_unexplained(std::span<const MapSample> samples);
  void learn_heights(std::span<const MapSample> samples);
  void take_shapes(const JointModel& model, std::size_t phase);

  SharedSetting setting_;
  double middle_ = 0;
  double lorentz_share_ = 0;
  double skew_ = 0;
  std::vector<SharedShape> shapes_;
  std::vector<Index> unexplained_;             // shapes
  std::map<Index, std::vector<Index>> forms_;  // of shapes that come in several widths
  std::vector<double> heights_;                // per shape, see height_of()
  std::map<const Phase*, double> pattern_u_;
  std::map<std::pair<const Phase*, const ReferenceBand*>, Index> index_;
  SharedMixture mixture_;
  SharedMixture::Patterns patterns_;
  std::map<const Phase*, std::size_t> pattern_of_;
};

/// A phase as a coarse look at a spectrum shows it.
struct CoarseShare {
  double share = 0;  // of the sum of the patterns
  double u = 0;
};

/// Fixed patterns of the bands of some phases. Bands without a known shape are left out.
struct PhasePatterns {
  std::vector<const Phase*> phases;
  std::vector<double> area;  // of each pattern
  SharedMixture::Patterns patterns;
};
PhasePatterns patterns_of(const SharedShapes& shapes,
                          std::vector<const Phase*> phases,
                          BandTechnique technique);

/// One spectrum, ready to be fitted with any of these shapes and others.
class SharedFit {
 public:
  SharedFit(const SharedShapes& shapes, const Window& window);

  [[nodiscard]] std::vector<CoarseShare> look(const PhasePatterns& phases);
  /// Fills the model's fit.
  void fit(JointModel& model, const SharedFitOptions& options);
  /// The last trial, which was that of the model, becomes the last fit.
  void accept_trial(JointModel& model, const SharedFitOptions& options);
  /// Of the last fit.
  [[nodiscard]] double condition_number();
  /// By how much chi-square of the last fit would fall with a phase more; nothing where its shapes
  /// are not known, or nothing was fitted.
  [[nodiscard]] std::optional<double> gain_with(const Phase& phase);
  /// The same for that of a model, with tabulated shapes where none are known.
  [[nodiscard]] std::optional<double> gain_with(const JointModel& phase);

 private:
  bool take_forms(const JointModel& model);
  void fit_forms(JointModel& model, const SharedFitOptions& options);
  [[nodiscard]] std::vector<SharedBand> bands_of(const JointModel& model) const;

  const SharedShapes& shapes_;
  SharedMixture::Spectrum spectrum_;
  std::map<Index, Index> form_;  // of shapes that show another width here
};

}  // namespace calcispec::models::detail
