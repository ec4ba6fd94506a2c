#include "tests/support/simulate_mixture.hpp"

#include "tests/support/band_table.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec::test {
namespace {

enum class Kind { other, phosphate, carbonate };

struct SimulateMixtureLine {
  double position = 0;
  double width = 0;
  double height = 0;
  Kind kind = Kind::other;
};
using SimulateMixtureLines = std::vector<SimulateMixtureLine>;

struct Substance {
  double response = 1;  // height of the tallest band per weight, nu1 PO4 of apatite = 1
  SimulateMixtureLines lines;
};

// Places, widths and heights within the spread that authors give; invented, for simulation only.
const std::map<std::string, Substance>& raman_substances() {
  static const std::map<std::string, Substance> all{
      {"octacalcium_phosphate",
       {0.8,
        {{427, 20, 14},
         {590, 19, 15},
         {874, 20, 11},
         {916, 18, 9},
         {959, 10, 100},
         {966.5, 9, 82},
         {1011, 13, 26},
         {1048, 15, 11},
         {1078, 13, 9}}}                                                                       },
      {"amorphous_calcium_phosphate",
       {0.55, {{432, 46, 19}, {592, 48, 18}, {951, 30, 100}, {1052, 62, 13}}}                  },
      {"brushite",
       {0.9,
        {{381, 15, 12},
         {411, 18, 18},
         {525, 15, 15},
         {588, 13, 18},
         {878, 16, 15},
         {986, 9, 100},
         {1057, 14, 21},
         {1079, 12, 11}}}                                                                      },
      {"mg_whitlockite",
       {0.9,
        {{405, 22, 16},
         {550, 17, 9},
         {609, 19, 9},
         {921.5, 18, 8},
         {966, 15.5, 100},
         {1010, 15, 10},
         {1030, 16, 8},
         {1089, 19, 12}}}                                                                      },
      {"calcite",                     {1.6, {{712, 5.5, 13}, {1086, 4.6, 100}, {1436, 8, 4}}}  },
      {"whewellite",
       {1.5, {{503, 9, 27}, {895, 10, 32}, {1462.5, 9, 100}, {1489.5, 10, 58}, {1629, 13, 15}}}},
      {"collagen_I",
       {0.2,
        {{815, 15, 17},
         {855.5, 15, 34},
         {876, 16, 30},
         {920, 16, 27},
         {938, 17, 27},
         {1003.8, 6, 25},
         {1033, 13, 9},
         {1247, 35, 40},
         {1271, 33, 42},
         {1320, 26, 26},
         {1342, 21, 20},
         {1451, 28, 100},
         {1638, 27, 40},
         {1667.5, 29, 73},
         {1690, 21, 22}}}                                                                      },
      {"fat",
       {0.35,
        {{868, 16, 18},
         {1064, 16, 45},
         {1081, 18, 40},
         {1266, 18, 35},
         {1301, 17, 75},
         {1440, 20, 100},
         {1655, 15, 60},
         {1746, 16, 25}}}                                                                      },
      {"unlisted",                    {0.9, {{760, 9, 60}, {1205, 11, 100}, {1585, 12, 80}}}   }
  };
  return all;
}

const std::map<std::string, Substance>& infrared_substances() {
  static const std::map<std::string, Substance> all{
      {"octacalcium_phosphate",
       {0.9,
        {{524, 18, 25},
         {560, 18, 42},
         {601, 17, 36},
         {861, 20, 13},
         {917, 20, 18},
         {962, 13, 12},
         {1023, 24, 92},
         {1037, 22, 100},
         {1075, 26, 70},
         {1121, 26, 52},
         {1193, 26, 10},
         {1295, 34, 8}}}                                                                    },
      {"brushite",
       {0.9,
        {{526, 20, 60},
         {577, 19, 36},
         {661, 32, 24},
         {787, 30, 24},
         {874, 22, 52},
         {987, 23, 72},
         {1062, 33, 100},
         {1135, 32, 92},
         {1211, 30, 22},
         {1649, 28, 30}}}                                                                   },
      {"calcite",               {1.0, {{713, 8, 12}, {876, 14, 32}, {1425, 90, 100}}}       },
      {"whewellite",
       {1.0, {{517, 22, 22}, {661, 38, 20}, {781, 16, 42}, {1316, 20, 66}, {1620, 56, 100}}}},
      {"collagen_I",
       {0.2,
        {{1032, 18, 8},
         {1082, 22, 10},
         {1204, 19, 9},
         {1240, 27, 20},
         {1282, 22, 12},
         {1338, 21, 13},
         {1403, 26, 14},
         {1452, 23, 22},
         {1549, 53, 62},
         {1631, 31, 55},
         {1658, 35, 100},
         {1690, 22, 25},
         {2938, 50, 18},
         {3080, 70, 18},
         {3320, 132, 70}}}                                                                  },
      {"fat",
       {0.6,
        {{722, 12, 8},
         {1118, 30, 30},
         {1163, 28, 55},
         {1237, 28, 25},
         {1377, 16, 12},
         {1465, 16, 32},
         {1745, 18, 100},
         {2853, 18, 60},
         {2923, 22, 90}}}                                                                   },
      {"unlisted",              {0.9, {{640, 14, 50}, {845, 12, 70}, {1275, 16, 100}}}      }
  };
  return all;
}

// nu1 moves and broadens with carbonate and disorder; nu1 CO3 grows with its weight.
Substance raman_apatite(const Mixture& mixture) {
  const double c = mixture.carbonate_wt;
  const double w = mixture.order_width;
  return {
      1,
      {{430.5, 1.35 * w, 14},
        {446, 1.25 * w, 7},
        {582, 1.35 * w, 9},
        {607.5, 1.1 * w, 5},
        {std::max(957.0, 962 - 0.25 * c), w, 100, Kind::phosphate},
        {1030, 1.1 * w, 6},
        {1046, 1.1 * w, 6},
        {1077, 15, 3},
        {1070.5, 14, 1.75 * c, Kind::carbonate}}
  };
}

Substance infrared_apatite(const Mixture& mixture) {
  const double c = mixture.carbonate_wt;
  const double b = 1.5 + mixture.order_width / 20;  // bands widen with disorder
  return {
      1,
      {{472, 13 * b, 5},
        {563, 13 * b, 47},
        {603, 10.5 * b, 44},
        {961, 7 * b, 9, Kind::phosphate},
        {1021, 16 * b, 45, Kind::phosphate},
        {1033, 16 * b, 100, Kind::phosphate},
        {1056, 18 * b, 52, Kind::phosphate},
        {1097, 16 * b, 36, Kind::phosphate},
        {1117, 15 * b, 16, Kind::phosphate},
        {872, 9, 0.8 * c},
        {1415, 34, 2.6 * c, Kind::carbonate},
        {1456, 33, 2.5 * c, Kind::carbonate}}
  };
}

// As a carbonated fluorapatite of teeth: higher nu1, sharp nu4, another nu3.
const Substance& fluoride_apatite(bool is_raman) {
  static const Substance raman{
      1,
      {{431, 12, 14},
        {452, 12, 8},
        {592, 13, 12},
        {608, 10, 6},
        {965.5, 8, 100, Kind::phosphate},
        {1034, 12, 7},
        {1053, 12, 9},
        {1082, 11, 5},
        {1071, 12, 5, Kind::carbonate}}
  };
  static const Substance infrared{
      1,
      {{472, 16, 6},
        {573, 14, 62},
        {603, 10, 60},
        {966, 8, 14, Kind::phosphate},
        {1040, 26, 100, Kind::phosphate},
        {1063, 24, 50, Kind::phosphate},
        {1098, 26, 58, Kind::phosphate},
        {865, 8, 4},
        {1430, 28, 12, Kind::carbonate},
        {1454, 28, 10, Kind::carbonate}}
  };
  return is_raman ? raman : infrared;
}

// Within the range that is measured, the highest at 100.
SimulateMixtureLines lines_of_table(const std::string& name, bool is_raman) {
  const auto rows = is_raman ? table_lines(name, "raman", 330, 1890)
                             : table_lines(name, "ftir_transmission", 460, 1850);
  double top = 0;
  for (const auto& row : rows) {
    top = std::max(top, row.height);
  }
  SimulateMixtureLines out;
  for (const auto& row : rows) {
    out.push_back({row.position, row.width, 100 * row.height / top});
  }
  return out;
}

Substance substance_of(const std::string& name,
                       const Mixture& mixture,
                       const Laboratory& laboratory) {
  if (name == "apatite") {
    return laboratory.is_raman ? raman_apatite(mixture) : infrared_apatite(mixture);
  }
  if (name == "fluoride_apatite") {
    return fluoride_apatite(laboratory.is_raman);
  }
  const auto& all = laboratory.is_raman ? raman_substances() : infrared_substances();
  Substance out = all.at(name);
  if (laboratory.has_table_lines && name != "unlisted") {
    out.lines = lines_of_table(name, laboratory.is_raman);
  }
  return out;
}

std::uint64_t seed_of(const std::string& name, std::uint64_t seed) {
  std::uint64_t hash = 1469598103934665603ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
  }
  return hash;
}

// The substance as this laboratory sees it, always alike.
Substance seen_by(const Laboratory& laboratory, const std::string& name, Substance substance) {
  std::mt19937_64 random(seed_of(name, laboratory.seed));
  std::normal_distribution<double> normal;
  substance.response *= std::exp(laboratory.response_spread * normal(random));
  double top = 0;
  double old_top = 0;
  for (auto& line : substance.lines) {
    line.position += std::clamp(laboratory.position_spread * normal(random), -1.0, 1.0);
    const double factor = std::exp(laboratory.height_spread * normal(random));
    old_top = std::max(old_top, line.height);
    // The carbonate band is a measure of carbonate, and nu1 what it is measured by.
    line.height *= line.kind == Kind::other ? factor : 1;
    top = std::max(top, line.height);
  }
  for (auto& line : substance.lines) {
    line.height *= old_top / top;
  }
  return substance;
}

// A Voigt-like line: Gaussian core and Lorentzian tails, steeper on the right.
double shape_at_simulate_mixture(double x, double position, double width) {
  const double own = width * (x < position ? 1.05 : 0.95);
  const double u = 2 * (x - position) / own;
  return 0.5 / (1 + u * u) + 0.5 * std::exp(-0.693147 * u * u);
}

struct SimulateMixtureRange {
  double from = 0;
  double to = 0;
};

SimulateMixtureRange range_of(bool is_raman) {
  return is_raman ? SimulateMixtureRange{400, 1800} : SimulateMixtureRange{500, 1800};
}

std::vector<double> axis_of(bool is_raman) {
  std::vector<double> x;
  double step = is_raman ? 1.7 : 2;
  const double last = is_raman ? 1900 : 4000;
  double at = is_raman ? 320 : 450;
  while (at < last) {
    x.push_back(std::round(1e4 * at) / 1e4);
    step *= is_raman ? 0.9999 : 1;
    at += step;
  }
  return x;
}

double area(const std::vector<double>& x,
            const std::vector<double>& y,
            SimulateMixtureRange range) {
  double sum = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (x[i - 1] >= range.from && x[i] <= range.to) {
      sum += 0.5 * (x[i] - x[i - 1]) * (y[i] + y[i - 1]);
    }
  }
  return sum;
}

// Of the highest line of the curve, between its half heights.
double full_width(const std::vector<double>& x, const std::vector<double>& y) {
  const auto top = static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
  const double half = 0.5 * y[top];
  const auto crossing = [&](int step) {
    auto i = static_cast<std::ptrdiff_t>(top);
    while (i > 0 && i + 1 < static_cast<std::ptrdiff_t>(y.size()) &&
           y[static_cast<std::size_t>(i)] > half) {
      i += step;
    }
    const auto here = static_cast<std::size_t>(i);
    const auto before = static_cast<std::size_t>(i - step);
    const double part = (half - y[here]) / (y[before] - y[here]);
    return x[here] + part * (x[before] - x[here]);
  };
  return crossing(1) - crossing(-1);
}

class Bench {
 public:
  Bench(const Laboratory& laboratory, const Measurement& measurement)
      : laboratory_(laboratory), measurement_(measurement), random_(measurement.seed) {
    out_.x = axis_of(laboratory.is_raman);
    total_.assign(out_.x.size(), 0.0);
  }

  void add(const std::string& name, double weight, const Mixture& mixture) {
    const auto substance = seen_by(laboratory_, name, substance_of(name, mixture, laboratory_));
    std::vector<double> curve(out_.x.size(), 0.0);
    for (const auto& line : substance.lines) {
      const double sample = measurement_.sample_spread;
      const double height = weight * substance.response * line.height *
                            (1 + (line.kind == Kind::other ? sample * normal_(random_) : 0));
      const double position = line.position + measurement_.shift_cm1 + 0.2 * normal_(random_);
      const double width = std::hypot(line.width * (1 + 0.5 * sample * normal_(random_)),
                                      laboratory_.instrument_width);
      auto& kind = kinds_[line.kind];
      kind.resize(out_.x.size());
      for (std::size_t i = 0; i < out_.x.size(); ++i) {
        const double y = height * shape_at_simulate_mixture(out_.x[i], position, width);
        curve[i] += y;
        kind[i] += y;
      }
    }
    for (std::size_t i = 0; i < curve.size(); ++i) {
      total_[i] += curve[i];
    }
    const double whole = area(out_.x, curve, range_of(laboratory_.is_raman));
    out_.truth.shares[name] = whole;
    out_.truth.height_per_area[name] = *std::max_element(curve.begin(), curve.end()) / whole;
  }

  MeasuredMixture finish() {
    double whole = 0;
    for (const auto& [name, share] : out_.truth.shares) {
      whole += share;
    }
    for (auto& [name, share] : out_.truth.shares) {
      share /= whole;
    }
    if (kinds_.count(Kind::phosphate) == 1 && kinds_.count(Kind::carbonate) == 1) {
      const SimulateMixtureRange carbonate =
          laboratory_.is_raman ? SimulateMixtureRange{400, 1800} : SimulateMixtureRange{1350, 1550};
      const SimulateMixtureRange phosphate =
          laboratory_.is_raman ? SimulateMixtureRange{400, 1800} : SimulateMixtureRange{900, 1200};
      out_.truth.carbonate_phosphate_ratio = area(out_.x, kinds_[Kind::carbonate], carbonate) /
                                             area(out_.x, kinds_[Kind::phosphate], phosphate);
      if (laboratory_.is_raman) {
        out_.truth.nu1_width = full_width(out_.x, kinds_[Kind::phosphate]);
      }
    }
    scale();
    add_background();
    add_noise();
    return std::move(out_);
  }

 private:
  // Counts, or absorbance below 1.
  void scale() {
    const double top = *std::max_element(total_.begin(), total_.end());
    top_ = laboratory_.is_raman ? 4000 : 0.8;
    out_.y = total_;
    for (double& y : out_.y) {
      y *= top_ / top;
    }
  }

  // Raman: humps of 300 to 900 1/cm and a slope; infrared: scatter that falls, vapour, stray light.
  void add_background() {
    std::uniform_real_distribution<double> uniform;
    const double height = measurement_.fluorescence * top_;
    const double first = 300 + 500 * uniform(random_);
    const double second = 1100 + 700 * uniform(random_);
    const double wide = 300 + 300 * uniform(random_);
    const double wider = 500 + 400 * uniform(random_);
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      const double x = out_.x[i];
      const double hump = 0.6 * std::exp(-std::pow((x - first) / wide, 2)) +
                          0.4 * std::exp(-std::pow((x - second) / wider, 2));
      out_.y[i] += height * (laboratory_.is_raman ? hump + 0.1 * (1900 - x) / 1600
                                                  : 0.3 * std::pow(x / 4000, 2) + 0.1);
    }
    if (laboratory_.is_raman) {
      return;
    }
    for (const double place : {1396.,
                               1419.,
                               1436.,
                               1457.,
                               1473.,
                               1490.,
                               1507.,
                               1521.,
                               1540.,
                               1558.,
                               1569.,
                               1617.,
                               1635.,
                               1652.,
                               1684.,
                               1700.,
                               1717.,
                               1734.}) {
      for (std::size_t i = 0; i < out_.x.size(); ++i) {
        out_.y[i] += 0.8 * measurement_.vapour * shape_at_simulate_mixture(out_.x[i], place, 3);
      }
    }
    for (double& y : out_.y) {
      const double stray = measurement_.stray_light;
      y = -std::log10((std::pow(10, -y) + stray) / (1 + stray));
    }
  }

  void add_noise() {
    const double brightest = *std::max_element(out_.y.begin(), out_.y.end());
    for (double& y : out_.y) {
      const double part = laboratory_.is_raman ? std::sqrt(std::max(0.0, y / brightest)) : 1;
      y += top_ / measurement_.snr * part * normal_(random_);
    }
    if (measurement_.saturation > 0) {
      const double limit = measurement_.saturation * brightest;
      for (double& y : out_.y) {
        y = std::min(y, limit);
      }
    }
  }

  const Laboratory& laboratory_;
  const Measurement& measurement_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  MeasuredMixture out_;
  std::vector<double> total_;
  std::map<Kind, std::vector<double>> kinds_;
  double top_ = 1;
};

}  // namespace

MeasuredMixture measure(const Mixture& mixture,
                        const Laboratory& laboratory,
                        const Measurement& measurement) {
  Bench bench(laboratory, measurement);
  for (const auto& [name, weight] : mixture.weights) {
    if (weight > 0) {
      bench.add(name, weight, mixture);
    }
  }
  return bench.finish();
}

}  // namespace calcispec::test
