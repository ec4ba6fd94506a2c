// simulate: spectra of known composition for tests and samples. Includes nothing of core or models:
// other band lists, other shapes, so that a test never meets its own assumptions.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace calcispec::test {

/// What an area ratio counts a line for.
enum class LineRole { other, phosphate, carbonate };

/// An asymmetric line: Gaussian core and Lorentzian tails of different widths left and right.
struct SimulatedLine {
  double position = 0;
  double width = 0;
  double height = 0;
  LineRole role = LineRole::other;
};

struct SimulatedSample {
  double apatite = 0;       // height of nu1 PO4
  double carbonate = 0.15;  // height of nu1 CO3 as part of it
  double collagen = 0;
  double calcite = 0;
  double whewellite = 0;
  double paraffin = 0;
  double unknown = 0;  // a substance no table holds
};

struct SimulatedConditions {
  double snr = 100;           // highest band over noise
  double fluorescence = 0.5;  // height over the highest band
  double shift_cm1 = 0;
  int cosmic_rays = 0;
  double saturation = 0;  // clip at this part of the highest value; 0: none
  std::uint64_t seed = 1;
  bool has_shot_noise = false;  // noise grows with the root of the counts, background included
  // How samples of one kind differ, line by line: 1/cm, relative, log.
  double position_spread = 0.4;
  double width_spread = 0.04;
  double height_spread = 0.1;
  // Infrared: absorbance of the strongest gas line (may be negative), stray light as part of it.
  double water_vapour = 0;
  double carbon_dioxide = 0;
  double stray_light = 0;
  // ATR: extinction coefficient of the strongest band, and the part of the crystal that is covered.
  double peak_k = 0.2;
  double contact = 0.6;
};

/// What was put in. Shares are parts of the recorded, background-free signal over the default range
/// (Raman 400-1800, FT-IR 500-1800 1/cm); the ratio is that of the marker
/// carbonate_phosphate_ratio, NaN without phosphate.
struct SimulatedTruth {
  std::map<std::string, double> shares;
  double carbonate_phosphate_ratio = std::numeric_limits<double>::quiet_NaN();
  double shift_cm1 = 0;
};

struct SimulatedSpectrum {
  std::vector<double> x;
  std::vector<double> y;
  SimulatedTruth truth;
};

SimulatedSpectrum simulate_raman(const SimulatedSample& sample,
                                 const SimulatedConditions& conditions);
/// Absorbance, transmission.
SimulatedSpectrum simulate_ftir(const SimulatedSample& sample,
                                const SimulatedConditions& conditions);
/// Absorbance of one reflection on diamond at 45 degrees: strong bands are moved by dispersion.
SimulatedSpectrum simulate_atr(const SimulatedSample& sample,
                               const SimulatedConditions& conditions);

}  // namespace calcispec::test
