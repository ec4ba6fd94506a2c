// simulate: spectra of known composition for tests and samples. Includes nothing of core or models:
// other band lists, other shapes, so that a test never meets its own assumptions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace calcispec::test {

/// An asymmetric line: Gaussian core and Lorentzian tails of different widths left and right.
struct SimulatedLine {
  double position = 0;
  double width = 0;
  double height = 0;
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
  double from_cm1 = 400;  // part of the axis in which areas are summed
  double to_cm1 = 1800;
  std::uint64_t seed = 1;
};

struct SimulatedSpectrum {
  std::vector<double> x;
  std::vector<double> y;
  std::map<std::string, double> area;  // what each substance added, before noise
};

SimulatedSpectrum simulate_raman(const SimulatedSample& sample,
                                 const SimulatedConditions& conditions);
/// Absorbance, transmission.
SimulatedSpectrum simulate_ftir(const SimulatedSample& sample,
                                const SimulatedConditions& conditions);

}  // namespace calcispec::test
