// SharedMixture: many spectra of one axis fitted with bands whose shapes are nearly known; knows no
// phase.
#pragma once

#include "core/band_mixture.hpp"

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace calcispec {

/// The shape that a band has in most of the spectra.
struct SharedShape {
  double center = 0;  // on the axis of the data
  double fwhm = 0;
  double lorentz_share = 0;
  double skew = 0;
  bool is_free = false;  // place and width may differ from spectrum to spectrum
  Index form_of = -1;    // the band of this shape, of another width: heights are known of both
};

/// What the spectra have in common.
struct SharedSetting {
  std::vector<double> noise;     // along the axis, median 1; <= 0 leaves the point out
  std::vector<double> envelope;  // where band shapes are missed, largest 1
  double knot_spacing = 0;       // of the background, axis units; 0 = range / 24
  double stiffness = 0;          // of the background, for noise of unit size
  double shift = 0;              // of the axis, and its stretch: for the record
  double shift_u = 0;
  double stretch = 0;
};

/// A band of one fit: as tabulated, with its freedoms, and which of the shared shapes it has.
struct SharedBand {
  MixtureBand band;
  Index shape = -1;  // -1: none of them, the band has its tabulated shape
};

struct SharedFitOptions {
  /// Heights, ratios and spreads follow each other in at most so many.
  Index rounds = 4;
  /// Of some bands more or fewer than the last fit, whose equations it starts from and which the
  /// spectrum goes on to remember until the trial is accepted: costs a part of a fit.
  bool is_trial = false;
  /// Heights and shapes as a first look shows them, noise as loaded: the result has its bands only.
  bool is_sketch = false;
};

/// Places and widths are linearised about the shared shapes once, so that a spectrum costs its
/// products with the columns, and each fit of it work on small matrices only.
///
/// Model      that of fit_band_mixture(), axis error, common Lorentz share and common skew held;
///            place and width of a band move to first order
/// Cost       setting up: one product of all columns with themselves per class of misfit (9); a
///            fit: some sweeps of a table of the size of its columns, cubic in their number
/// Errors     Error{invalid_argument} where lengths differ or the background cannot be set up
class CALCISPEC_API SharedMixture {
 public:
  SharedMixture(std::span<const double> x,
                std::span<const SharedShape> shapes,
                const SharedSetting& setting);
  SharedMixture(SharedMixture&&) noexcept;
  SharedMixture& operator=(SharedMixture&&) noexcept;
  SharedMixture(const SharedMixture&) = delete;
  SharedMixture& operator=(const SharedMixture&) = delete;
  ~SharedMixture();

  /// A spectrum with its products; used by one thread at a time.
  class CALCISPEC_API Spectrum {
   public:
    Spectrum(Spectrum&&) noexcept;
    Spectrum(const Spectrum&) = delete;
    Spectrum& operator=(const Spectrum&) = delete;
    Spectrum& operator=(Spectrum&&) = delete;
    ~Spectrum();

    struct Parts;

   private:
    friend class SharedMixture;
    explicit Spectrum(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
  };

  /// `noise_level`: standard deviation where the shared noise is 1.
  [[nodiscard]] Spectrum load(std::span<const double> y, double noise_level) const;

  /// Amounts of fixed patterns of the shapes, not negative, and their standard deviations, which
  /// grow with what the patterns leave unfitted. The spectrum's first fit starts from them.
  struct Amount {
    double value = 0;
    double u = 0;
  };
  /// Patterns with their products, made once for all spectra.
  struct Patterns {
    std::vector<std::vector<std::pair<Index, double>>> rows;  // shapes and their heights
    std::vector<double> curves;                               // on the axis, one after the other
    std::vector<std::vector<double>> products;                // per class of misfit, all with all
    std::vector<std::vector<double>> halves;  // likewise, with the background, behind its factor
    std::vector<std::vector<double>> with;    // likewise, with the columns of all shapes
  };
  [[nodiscard]] Patterns prepare(std::vector<std::vector<std::pair<Index, double>>> patterns) const;
  [[nodiscard]] std::vector<Amount> screen(Spectrum& spectrum, const Patterns& patterns) const;

  /// Heights of all bands, with places and widths of those that are clearly seen.
  [[nodiscard]] BandMixtureResult fit(Spectrum& spectrum,
                                      std::span<const SharedBand> bands,
                                      Index groups,
                                      const SharedFitOptions& options) const;

  /// The spectrum's last trial becomes its last fit.
  void accept_trial(Spectrum& spectrum) const;

  /// Of the equations of the spectrum's last fit; fit() itself leaves it 0.
  [[nodiscard]] double condition_number(Spectrum& spectrum) const;
  /// By how much chi-square of the spectrum's last fit would fall with these bands too, heights in
  /// fixed ratio, all that is free following; nothing where no fit is remembered. Bands that the
  /// fit had are passed over. Cost: a look at each pair of a band and a variable of the fit.
  [[nodiscard]] std::optional<double> gain_with(Spectrum& spectrum,
                                                std::span<const SharedBand> pattern) const;
  /// The same with one of these patterns, of which the fit has no band. Cost: three looks at the
  /// axis, one at each variable.
  [[nodiscard]] std::optional<double> gain_with(Spectrum& spectrum,
                                                const Patterns& patterns,
                                                std::size_t pattern) const;

  struct Parts;

 private:
  std::unique_ptr<const Parts> parts_;
};

}  // namespace calcispec
