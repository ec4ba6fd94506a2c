#include "tests/support/simulate.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec::test {
namespace {

using Lines = std::vector<SimulatedLine>;

// Positions and heights in the ranges authors give (author spread in the fact tables of the field);
// widths of tissue. Invented within those ranges, for simulation only.
const Lines raman_phosphate{
    {430.5, 23, 14 },
    {446,   21, 7  },
    {582,   23, 9  },
    {607.5, 19, 5  },
    {960.2, 17, 100},
    {1030,  19, 6  },
    {1046,  18, 6  },
    {1076,  15, 5  }
};
const Lines raman_carbonate{
    {1070.5, 14, 100}
};
const Lines raman_collagen{
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
const Lines raman_calcite{
    {712.2,  5, 9  },
    {1086.2, 5, 100},
    {1436,   7, 4  },
    {1749,   8, 3  }
};
const Lines raman_whewellite{
    {504,  9,  25 },
    {896,  10, 30 },
    {1463, 9,  100},
    {1490, 10, 55 },
    {1629, 14, 20 }
};
const Lines raman_paraffin{
    {889,  12, 14 },
    {1063, 8,  55 },
    {1133, 8,  45 },
    {1296, 7,  70 },
    {1441, 13, 100}
};
const Lines raman_unknown{
    {760,  9,  60 },
    {1205, 11, 100},
    {1585, 12, 80 }
};

const Lines ftir_phosphate{
    {472,  22, 5  },
    {563,  29, 47 },
    {603,  23, 44 },
    {961,  15, 9  },
    {1021, 35, 45 },
    {1033, 36, 100},
    {1056, 41, 52 },
    {1097, 35, 36 },
    {1117, 34, 16 }
};
const Lines ftir_carbonate{
    {872,  9,  30 },
    {1415, 34, 100},
    {1456, 33, 98 }
};
const Lines ftir_collagen{
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
const Lines ftir_calcite{
    {713,  8,  12 },
    {876,  14, 32 },
    {1425, 90, 100}
};

double shape_at(double x, const SimulatedLine& line) {
  const double width = line.width * (x < line.position ? 1.06 : 0.94);
  const double u = 2 * (x - line.position) / width;
  const double tail = 1 / (1 + u * u);
  const double core = std::exp(-0.6931 * u * u);
  return 0.45 * tail + 0.55 * core;
}

class Simulation {
 public:
  Simulation(double from, double to, double step, const SimulatedConditions& conditions)
      : conditions_(conditions), random_(conditions.seed) {
    for (double x = from; x <= to; x += step) {
      out_.x.push_back(std::round(1e4 * x) / 1e4);
      // Pixels of a grating are not evenly spaced.
      step *= 0.99995;
    }
    out_.y.assign(out_.x.size(), 0.0);
  }

  void add(const std::string& name, const Lines& lines, double height) {
    if (height <= 0) {
      return;
    }
    std::normal_distribution<double> normal;
    for (const auto& line : lines) {
      SimulatedLine own = line;
      own.position += conditions_.shift_cm1 + 0.4 * normal(random_);
      own.width *= 1 + 0.04 * normal(random_);
      own.height *= height / 100 * std::exp(0.1 * normal(random_));
      for (std::size_t i = 0; i < out_.x.size(); ++i) {
        const double y = own.height * shape_at(out_.x[i], own);
        out_.y[i] += y;
        if (i > 0 && out_.x[i] >= conditions_.from_cm1 && out_.x[i] <= conditions_.to_cm1) {
          out_.area[name] += y * (out_.x[i] - out_.x[i - 1]);
        }
      }
    }
  }

  SimulatedSpectrum finish(double offset, double slope) {
    const double top = std::max(1e-9, *std::max_element(out_.y.begin(), out_.y.end()));
    const double span = out_.x.back() - out_.x.front();
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      const double t = (out_.x[i] - out_.x.front()) / span;
      const double hump = 0.7 * std::exp(-std::pow((t - 0.35) / 0.45, 2)) + 0.3 * (1 - t);
      out_.y[i] += conditions_.fluorescence * top * hump + offset + slope * t;
      out_.y[i] += top / conditions_.snr * normal(random_);
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
};

}  // namespace

SimulatedSpectrum simulate_raman(const SimulatedSample& sample,
                                 const SimulatedConditions& conditions) {
  Simulation simulation(320, 1900, 1.6, conditions);
  simulation.add("apatite", raman_phosphate, sample.apatite);
  simulation.add("apatite", raman_carbonate, sample.apatite * sample.carbonate);
  simulation.add("collagen", raman_collagen, sample.collagen);
  simulation.add("calcite", raman_calcite, sample.calcite);
  simulation.add("whewellite", raman_whewellite, sample.whewellite);
  simulation.add("paraffin", raman_paraffin, sample.paraffin);
  simulation.add("unknown", raman_unknown, sample.unknown);
  return simulation.finish(50, 0);
}

SimulatedSpectrum simulate_ftir(const SimulatedSample& sample,
                                const SimulatedConditions& conditions) {
  Simulation simulation(450, 4000, 2, conditions);
  simulation.add("apatite", ftir_phosphate, sample.apatite);
  simulation.add("apatite", ftir_carbonate, sample.apatite * sample.carbonate);
  simulation.add("collagen", ftir_collagen, sample.collagen);
  simulation.add("calcite", ftir_calcite, sample.calcite);
  return simulation.finish(0.02, 0.01);
}

}  // namespace calcispec::test
