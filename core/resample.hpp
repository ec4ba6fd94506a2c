// Spectra on another axis: linear, cubic, or band-limited interpolation.
#pragma once

#include "core/spectra_matrix.hpp"

namespace calcispec {

enum class Interpolation { linear, cubic, band_limited };

/// What the new axis shall be; NaN and 0: as the old one has it.
struct EvenAxis {
  double from;
  double to;
  double step;  // last point: the last whole step before `to`
  Index points = 0;
};

/// An axis of even steps in the kind, unit and stored order of `like`; step and points left out: as
/// many points as `like` has within from..to. Throws Error{bad_method} saying what does not fit:
/// ends outside of `like`, fewer than two points, more than 10 million, step and points both.
CALCISPEC_API AxisPtr even_axis(const Axis& like, const EvenAxis& wanted);

/// Every row of `spectra` at the points of `axis`, which must lie within its own.
///
/// Model      linear: straight lines; cubic: spline with continuous third derivative at the second
///            and second last point; band_limited: sinc under a Kaiser window of 32 lobes a side
///            (flat to 0.9 of the highest frequency, 90 dB beyond 1.1), which on wider steps also
///            takes out what they cannot carry, as the others do not
/// Edges      band_limited: turned about the end points by half a turn
/// Needs      band_limited: even steps before. Throws Error{bad_method} otherwise.
/// Status     rows with NaN become NaN
/// Cost       points out * (2, 4, or 64 times the widening), spline: plus points in
/// Source     de Boor, A Practical Guide to Splines, 1978, ch. IV; Kaiser & Schafer, IEEE Trans.
///            ASSP 28 (1980) 105
CALCISPEC_API SpectraMatrix resample(const SpectraMatrix& spectra,
                                     const AxisPtr& axis,
                                     Interpolation interpolation,
                                     Index jobs);

}  // namespace calcispec
