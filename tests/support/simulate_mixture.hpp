// simulate_mixture: weighed mixtures of minerals and matrix as a laboratory would measure them.
// Includes nothing of core or models: line lists, shapes and disturbances of its own.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace calcispec::test {

/// Substances by weight, sum 1. Ids are those of the reference tables; "unlisted" is in none;
/// "fluoride_apatite" and "fat" stand for another mineral and another matrix.
struct Mixture {
  std::map<std::string, double> weights;
  double carbonate_wt = 6;  // of the apatite
  double order_width = 15;  // full width of nu1 PO4 before the instrument, 1/cm
};

/// What differs between a laboratory and the tables: fixed for all its spectra.
struct Laboratory {
  std::uint64_t seed = 1;
  double height_spread = 0.35;   // log, relative intensities within a substance
  double position_spread = 0.5;  // 1/cm, at most 1
  double response_spread = 0;    // log, of the responses below
  double instrument_width = 5;   // 1/cm
  bool is_raman = true;          // else infrared transmission
  /// What the spreads above are against: the band tables, but for apatite; else lists of its own,
  /// which lack rows of the tables and hold others at two to three times their height.
  bool has_table_lines = false;
};

struct Measurement {
  std::uint64_t seed = 1;
  double snr = 100;           // highest band over noise there
  double fluorescence = 0.5;  // height over the highest band
  double shift_cm1 = 0;
  double saturation = 0;        // clip at this part of the highest value; 0: none
  double sample_spread = 0.05;  // relative, of heights and widths from sample to sample
  double vapour = 0;            // absorbance of the strongest line, signed
  double stray_light = 0;
};

struct MixtureTruth {
  std::map<std::string, double> shares;  // of the background-free signal over the default range
  std::map<std::string, double> height_per_area;  // of the highest point, area as above
  double carbonate_phosphate_ratio = std::numeric_limits<double>::quiet_NaN();
  double nu1_width = std::numeric_limits<double>::quiet_NaN();  // as the instrument shows it
};

struct MeasuredMixture {
  std::vector<double> x;
  std::vector<double> y;
  MixtureTruth truth;
};

MeasuredMixture measure(const Mixture& mixture,
                        const Laboratory& laboratory,
                        const Measurement& measurement);

}  // namespace calcispec::test
