// MorphologicalAnchors: points of a spectrum that surely lie on its background.
#pragma once

#include "core/baseline/moving_extremes.hpp"

#include <span>

namespace calcispec {

/// The opened spectrum is flat under the bands; between two such flats the lowest point of the
/// spectrum is an anchor.
///
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Li et al., Analyst 138 (2013) 4483
class MorphologicalAnchors {
 public:
  MorphologicalAnchors(const ParameterSet& parameters, double elsewhere)
      : parameters_(parameters), elsewhere_(elsewhere) {}

  /// 1 - elsewhere at the anchors, elsewhere between them.
  void weights(std::span<const double> y, std::span<double> out) const;

 private:
  const ParameterSet& parameters_;
  double elsewhere_;
};

}  // namespace calcispec
