#include "tests/support/simulate.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <utility>

namespace calcispec::test {
namespace {

using SimulateLines = std::vector<SimulatedLine>;

// Positions and heights in the ranges authors give (author spread in the fact tables of the field);
// widths of tissue. Invented within those ranges, for simulation only.
const SimulateLines raman_phosphate{
    {430.5, 23, 14,  LineRole::other    },
    {446,   21, 7,   LineRole::other    },
    {582,   23, 9,   LineRole::other    },
    {607.5, 19, 5,   LineRole::other    },
    {960.2, 17, 100, LineRole::phosphate},
    {1030,  19, 6,   LineRole::other    },
    {1046,  18, 6,   LineRole::other    },
    {1076,  15, 5,   LineRole::other    }
};
const SimulateLines raman_carbonate{
    {1070.5, 14, 100, LineRole::carbonate}
};
const SimulateLines raman_collagen{
    {815,    15, 17 },
    {855.5,  15, 34 },
    {876,    16, 30 },
    {920,    16, 27 },
    {938,    17, 27 },
    {1003.8, 6,  25 },
    {1033,   13, 9  },
    {1247,   35, 40 },
    {1271,   33, 42 },
    {1320,   26, 26 },
    {1342,   21, 20 },
    {1451,   28, 100},
    {1638,   27, 40 },
    {1667.5, 29, 73 },
    {1690,   21, 22 }
};
const SimulateLines raman_calcite{
    {712.2,  5, 9  },
    {1086.2, 5, 100},
    {1436,   7, 4  },
    {1749,   8, 3  }
};
const SimulateLines raman_whewellite{
    {504,  9,  25 },
    {896,  10, 30 },
    {1463, 9,  100},
    {1490, 10, 55 },
    {1629, 14, 20 }
};
const SimulateLines raman_paraffin{
    {889,  12, 14 },
    {1063, 8,  55 },
    {1133, 8,  45 },
    {1296, 7,  70 },
    {1441, 13, 100}
};
const SimulateLines raman_unknown{
    {760,  9,  60 },
    {1205, 11, 100},
    {1585, 12, 80 }
};

const SimulateLines ftir_phosphate{
    {472,  22,                  5,  LineRole::other},
    {563,  29,                  47},
    {603,  23,                  44  },
    {961,   15,   9,   LineRole::phosphate               },
    {1021,  35,  45,   LineRole::phosphate             },
    {1033, 36, 100,   LineRole::phosphate},
    {1056,  41,  52,   LineRole::phosphate},
    {1097,  35,  36,   LineRole::phosphate               },
    {1117,  34,  16,   LineRole::phosphate             }
};
const SimulateLines ftir_carbonate{
    {872, 9,   30                 },
    { 1415, 34, 100, LineRole::carbonate},
    { 1456, 33,  98, LineRole::carbonate}
};
const SimulateLines ftir_collagen{
    {1032, 18,  8  },
    {1082, 22,  10 },
    {1204, 19,  9  },
    {1240, 27,  20 },
    {1282, 22,  12 },
    {1338, 21,  13 },
    {1403, 26,  14 },
    {1452, 23,  22 },
    {1549, 53,  62 },
    {1631, 31,  55 },
    {1658, 35,  100},
    {1690, 22,  25 },
    {2878, 41,  12 },
    {2938, 50,  18 },
    {3080, 70,  18 },
    {3320, 132, 70 }
};
const SimulateLines ftir_calcite{
    {713,  8,  12 },
    {876,  14, 32 },
    {1425, 90, 100}
};

// Positions of strong lines of the water bending band; strengths invented.
const SimulateLines water_vapour{
    {1396, 3, 40 },
    {1419, 3, 45 },
    {1436, 3, 55 },
    {1457, 3, 90 },
    {1473, 3, 60 },
    {1490, 3, 55 },
    {1507, 3, 100},
    {1521, 3, 60 },
    {1540, 3, 95 },
    {1558, 3, 100},
    {1569, 3, 60 },
    {1617, 3, 60 },
    {1635, 3, 65 },
    {1652, 3, 90 },
    {1684, 3, 75 },
    {1700, 3, 70 },
    {1717, 3, 60 },
    {1734, 3, 60 },
    {1772, 3, 45 },
    {1792, 3, 40 },
    {1844, 3, 35 },
    {3566, 4, 30 },
    {3736, 4, 60 },
    {3853, 4, 45 }
};
const SimulateLines carbon_dioxide{
    {667,  5,  60 },
    {2338, 28, 100},
    {2362, 20, 95 }
};

double shape_at_simulate(double x, const SimulatedLine& line) {
  const double width = line.width * (x < line.position ? 1.06 : 0.94);
  const double u = 2 * (x - line.position) / width;
  const double tail = 1 / (1 + u * u);
  const double core = std::exp(-0.6931 * u * u);
  return 0.45 * tail + 0.55 * core;
}

struct Optics {
  double crystal_index = 2.4;    // diamond
  double sample_index = 1.56;    // mineral and protein, far from bands
  double sine = std::sqrt(0.5);  // of 45 degrees
};

double reflectance(std::complex<double> index, const Optics& optics) {
  const auto ratio = index / optics.crystal_index;
  const auto root = std::sqrt(ratio * ratio - optics.sine * optics.sine);
  const double cosine = std::sqrt(1 - optics.sine * optics.sine);
  const auto across = (cosine - root) / (cosine + root);
  const auto along = (ratio * ratio * cosine - root) / (ratio * ratio * cosine + root);
  return 0.5 * (std::norm(across) + std::norm(along));
}

// Kramers-Kronig by Maclaurin's formula: only every second point counts, so no pole is met.
std::vector<double> index_from(const std::vector<double>& x,
                               const std::vector<double>& k,
                               double far_index) {
  const double step = x[1] - x[0];
  std::vector<double> n(x.size(), far_index);
  for (std::size_t i = 0; i < x.size(); ++i) {
    double sum = 0;
    for (std::size_t j = (i + 1) % 2; j < x.size(); j += 2) {
      sum += x[j] * k[j] / (x[j] * x[j] - x[i] * x[i]);
    }
    n[i] += 4 * step / std::numbers::pi * sum;
  }
  return n;
}

double area_between(const std::vector<double>& x,
                    const std::vector<double>& y,
                    double from,
                    double to) {
  double area = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (x[i - 1] >= from && x[i] <= to) {
      area += 0.5 * (x[i] - x[i - 1]) * (y[i] + y[i - 1]);
    }
  }
  return area;
}

struct SimulateRange {
  double from = 0;
  double to = 0;
};

// Every substance has its own curve; their sum, changed by the way of measuring, is the spectrum.
class Simulation {
 public:
  Simulation(SimulateRange axis, double step, const SimulatedConditions& conditions)
      : conditions_(conditions), random_(conditions.seed) {
    double x = axis.from;
    while (x <= axis.to) {
      out_.x.push_back(std::round(1e4 * x) / 1e4);
      // Pixels of a grating are not evenly spaced.
      step *= 0.99995;
      x += step;
    }
    out_.truth.shift_cm1 = conditions.shift_cm1;
  }

  // For ATR: an even axis that reaches past the ends, for the optics; cut back by reflect().
  void widen() {
    kept_ = std::move(out_.x);
    out_.x.clear();
    const double from = kept_.front() - 150;
    const auto count = static_cast<int>(kept_.back() + 250 - from) + 1;
    for (int i = 0; i < count; ++i) {
      out_.x.push_back(from + i);
    }
  }

  void add(const std::string& name, const SimulateLines& lines, double height) {
    if (height <= 0) {
      return;
    }
    std::normal_distribution<double> normal;
    for (const auto& line : lines) {
      SimulatedLine own = line;
      own.position += conditions_.shift_cm1 + conditions_.position_spread * normal(random_);
      own.width *= 1 + conditions_.width_spread * normal(random_);
      own.height *= height / 100 * std::exp(conditions_.height_spread * normal(random_));
      put(own, curve(curves_, name));
      put(own, curve(roles_, own.role));
    }
  }

  void reflect() {
    const Optics optics;
    std::vector<double> k(out_.x.size());
    const auto total = sum();
    for (std::size_t i = 0; i < k.size(); ++i) {
      k[i] = total[i] / out_.x[i];
    }
    const double scale = conditions_.peak_k / *std::max_element(k.begin(), k.end());
    for (double& value : k) {
      value *= scale;
    }
    const auto n = index_from(out_.x, k, optics.sample_index);
    std::vector<double> gain(k.size());
    for (std::size_t i = 0; i < k.size(); ++i) {
      const double absorbance =
          -conditions_.contact * std::log10(reflectance({n[i], k[i]}, optics));
      // What is absorbed at a point divides as the extinction coefficients do.
      gain[i] = total[i] > 0 ? absorbance / total[i] : 0;
    }
    for (auto& [name, y] : curves_) {
      y = cut(y, gain);
    }
    for (auto& [role, y] : roles_) {
      y = cut(y, gain);
    }
    out_.x = std::move(kept_);
  }

  // Areas of the marker: nu3 of carbonate and nu1 with nu3 of phosphate in the infrared.
  void find_truth(SimulateRange range, SimulateRange carbonate, SimulateRange phosphate) {
    double whole = 0;
    for (const auto& [name, y] : curves_) {
      whole += out_.truth.shares[name] = area_between(out_.x, y, range.from, range.to);
    }
    for (auto& [name, share] : out_.truth.shares) {
      share /= whole;
    }
    if (roles_.count(LineRole::phosphate) == 1) {
      out_.truth.carbonate_phosphate_ratio =
          area_between(out_.x, curve(roles_, LineRole::carbonate), carbonate.from, carbonate.to) /
          area_between(out_.x, curve(roles_, LineRole::phosphate), phosphate.from, phosphate.to);
    }
  }

  SimulatedSpectrum finish(double offset, double slope) {
    out_.y = sum();
    const double top = std::max(1e-9, *std::max_element(out_.y.begin(), out_.y.end()));
    add_gas();
    const double span = out_.x.back() - out_.x.front();
    std::normal_distribution<double> normal;
    const double brightest = top + conditions_.fluorescence * top;
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      const double t = (out_.x[i] - out_.x.front()) / span;
      const double hump = 0.7 * std::exp(-std::pow((t - 0.35) / 0.45, 2)) + 0.3 * (1 - t);
      out_.y[i] += conditions_.fluorescence * top * hump + offset + slope * t;
      const double part = std::max(0.0, out_.y[i] / brightest);
      out_.y[i] += top / conditions_.snr * normal(random_) *
                   (conditions_.has_shot_noise ? std::sqrt(part) : 1);
    }
    add_cosmic_rays(top);
    if (conditions_.saturation > 0) {
      const double limit = conditions_.saturation * *std::max_element(out_.y.begin(), out_.y.end());
      for (double& y : out_.y) {
        y = std::min(y, limit);
      }
    }
    return std::move(out_);
  }

 private:
  template <typename Key>
  std::vector<double>& curve(std::map<Key, std::vector<double>>& curves, const Key& key) {
    auto& y = curves[key];
    y.resize(out_.x.size());
    return y;
  }

  void put(const SimulatedLine& line, std::vector<double>& y) const {
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      y[i] += line.height * shape_at_simulate(out_.x[i], line);
    }
  }

  [[nodiscard]] std::vector<double> sum() const {
    std::vector<double> total(out_.x.size());
    for (const auto& [name, y] : curves_) {
      for (std::size_t i = 0; i < y.size(); ++i) {
        total[i] += y[i];
      }
    }
    return total;
  }

  // From the wide axis to the recorded one, by straight lines.
  [[nodiscard]] std::vector<double> cut(const std::vector<double>& y,
                                        const std::vector<double>& gain) const {
    std::vector<double> kept;
    for (const double x : kept_) {
      const double at = x - out_.x.front();
      const auto i = static_cast<std::size_t>(at);
      const double part = at - static_cast<double>(i);
      kept.push_back((1 - part) * y[i] * gain[i] + part * y[i + 1] * gain[i + 1]);
    }
    return kept;
  }

  void add_gas() {
    for (const auto& [lines, height] : {std::pair(&water_vapour, conditions_.water_vapour),
                                        std::pair(&carbon_dioxide, conditions_.carbon_dioxide)}) {
      for (SimulatedLine line : *lines) {
        line.height *= height / 100;
        put(line, out_.y);
      }
    }
    if (conditions_.stray_light > 0) {
      for (double& y : out_.y) {
        y = -std::log10((std::pow(10, -y) + conditions_.stray_light) /
                        (1 + conditions_.stray_light));
      }
    }
  }

  void add_cosmic_rays(double top) {
    std::uniform_real_distribution<double> uniform;
    for (int k = 0; k < conditions_.cosmic_rays; ++k) {
      const auto at =
          static_cast<std::size_t>(uniform(random_) * static_cast<double>(out_.y.size() - 3));
      out_.y[at] += top * (0.5 + 3 * uniform(random_));
      if (uniform(random_) < 0.4) {
        out_.y[at + 1] += top * (0.3 + uniform(random_));
      }
    }
  }

  SimulatedConditions conditions_;
  std::mt19937_64 random_;
  SimulatedSpectrum out_;
  std::vector<double> kept_;
  std::map<std::string, std::vector<double>> curves_;
  std::map<LineRole, std::vector<double>> roles_;
};

void add_infrared(const SimulatedSample& sample, Simulation& simulation) {
  simulation.add("apatite", ftir_phosphate, sample.apatite);
  simulation.add("apatite", ftir_carbonate, sample.apatite * sample.carbonate);
  simulation.add("collagen", ftir_collagen, sample.collagen);
  simulation.add("calcite", ftir_calcite, sample.calcite);
}

constexpr SimulateRange infrared_axis{450, 4000};
constexpr SimulateRange infrared_range{500, 1800};
constexpr SimulateRange infrared_carbonate{1350, 1550};
constexpr SimulateRange infrared_phosphate{900, 1200};

}  // namespace

SimulatedSpectrum simulate_raman(const SimulatedSample& sample,
                                 const SimulatedConditions& conditions) {
  Simulation simulation({320, 1900}, 1.6, conditions);
  simulation.add("apatite", raman_phosphate, sample.apatite);
  simulation.add("apatite", raman_carbonate, sample.apatite * sample.carbonate);
  simulation.add("collagen", raman_collagen, sample.collagen);
  simulation.add("calcite", raman_calcite, sample.calcite);
  simulation.add("whewellite", raman_whewellite, sample.whewellite);
  simulation.add("paraffin", raman_paraffin, sample.paraffin);
  simulation.add("unlisted", raman_unknown, sample.unknown);
  constexpr SimulateRange range{400, 1800};
  simulation.find_truth(range, range, range);
  return simulation.finish(50, 0);
}

SimulatedSpectrum simulate_ftir(const SimulatedSample& sample,
                                const SimulatedConditions& conditions) {
  Simulation simulation(infrared_axis, 2, conditions);
  add_infrared(sample, simulation);
  simulation.find_truth(infrared_range, infrared_carbonate, infrared_phosphate);
  return simulation.finish(0.02, 0.01);
}

SimulatedSpectrum simulate_atr(const SimulatedSample& sample,
                               const SimulatedConditions& conditions) {
  Simulation simulation(infrared_axis, 2, conditions);
  simulation.widen();
  add_infrared(sample, simulation);
  simulation.reflect();
  simulation.find_truth(infrared_range, infrared_carbonate, infrared_phosphate);
  return simulation.finish(0.01, 0.005);
}

}  // namespace calcispec::test
