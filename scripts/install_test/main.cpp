// probe: layout of public structs and numbers of core and models, a "name value sensitivity" each.
// probe --compare A B: layouts must be equal, numbers within 1e-9 of their size, baselines within
// 1e-6 or what rounding of the input does to them.
#include "core/band_mixture.hpp"
#include "core/build_info.hpp"
#include "core/chain.hpp"
#include "core/mixture.hpp"
#include "models/composition.hpp"
#include "models/joint_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace calcispec;

void print_layout() {
#define LAYOUT(type) std::printf("sizeof_" #type " %zu 0\n", sizeof(type))
#define OFFSET(type, field) \
  std::printf("offset_" #type "." #field " %zu 0\n", offsetof(type, field))
  LAYOUT(Axis);
  LAYOUT(SpectraMatrix);
  LAYOUT(MapGrid);
  LAYOUT(Estimate);
  LAYOUT(ParameterInfo);
  LAYOUT(ParameterSet);
  LAYOUT(MethodInfo);
  LAYOUT(ChainStep);
  LAYOUT(ChainResult);
  LAYOUT(MixtureProblem);
  LAYOUT(MixtureSolution);
  LAYOUT(MixtureBand);
  LAYOUT(BandMixtureOptions);
  LAYOUT(BandMixtureResult);
  OFFSET(SpectraMatrix, values);
  OFFSET(MixtureProblem, background);
  OFFSET(MixtureSolution, condition_number);
  OFFSET(MixtureBand, log_height_sd);
  OFFSET(BandMixtureOptions, background);
  OFFSET(BandMixtureResult, condition_number);
}

SpectraMatrix made_spectrum() {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(400 + 1.4 * i);
    double value =
        300 + 200 * std::exp(-std::pow((i - 400) / 350.0, 2)) + std::sin(i * 12.9898) * 3;
    for (const double at : {960.0, 431.0, 1071.0, 1451.0, 1667.0}) {
      const double u = (x.back() - at) / 8;
      value += (at == 960.0 ? 1000 : 150) / (1 + u * u);
    }
    y.push_back(value);
  }
  auto out = SpectraMatrix::make(Axis::make(x, AxisKind::raman_shift, "1/cm"), 1);
  out.values = y;
  return out;
}

double weighted_sum(std::span<const double> values) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i] * (1 + static_cast<double>(i % 7));
  }
  return sum;
}

double chain_sum(const SpectraMatrix& spectra, const ChainStep& step) {
  return weighted_sum(run_chain(spectra, std::span(&step, 1), 1).spectra.values);
}

// The spectrum with errors of about a hundred roundings, another one for each draw.
SpectraMatrix rounded(SpectraMatrix spectra, int draw) {
  for (std::size_t i = 0; i < spectra.values.size(); ++i) {
    spectra.values[i] *= 1 + 1e-14 * std::sin(static_cast<double>(i) * 78.233 + draw);
  }
  return spectra;
}

// How far the sum moves when the input does by rounding alone.
double sensitivity(const SpectraMatrix& spectra, const ChainStep& step, double sum) {
  double largest = 0;
  for (int draw = 0; draw < 4; ++draw) {
    largest = std::max(largest, std::abs(chain_sum(rounded(spectra, draw), step) - sum));
  }
  return largest;
}

void print_numbers() {
  const auto spectra = made_spectrum();
  for (const auto& method : core_methods()) {
    const ChainStep step{std::string(method.family),
                         std::string(method.name),
                         ParameterSet::defaults(method.parameters)};
    const double sum = chain_sum(spectra, step);
    std::printf("%s.%s %.17g %.3g\n",
                step.family.c_str(),
                step.method.c_str(),
                sum,
                sensitivity(spectra, step, sum));
  }
  const auto joint = models::fit_joint_baseline(*spectra.axis, spectra.row(0), Technique::raman);
  std::printf("baseline.joint %.17g 0\n", weighted_sum(joint.background));
}

struct Line {
  std::string name;
  double value = 0;
  double sensitivity = 0;
};

// Streams do not read "nan", which a method without its parameters gives.
bool read_line(std::istream& in, Line& out) {
  std::string value;
  std::string sensitivity;
  if (!(in >> out.name >> value >> sensitivity)) {
    return false;
  }
  out.value = std::strtod(value.c_str(), nullptr);
  out.sensitivity = std::strtod(sensitivity.c_str(), nullptr);
  return true;
}

// Layouts must be equal. Stiff baselines are defined to about 1e-8 in double precision, and some
// magnify rounding further: their levels may differ by what rounding of the input does to them.
double tolerance(const Line& line) {
  const bool is_layout = line.name.rfind("sizeof", 0) == 0 || line.name.rfind("offset", 0) == 0;
  if (is_layout) {
    return 0;
  }
  const double size = std::abs(line.value);
  if (line.name.rfind("baseline", 0) != 0) {
    return 1e-9 * size;
  }
  return std::min(1e-4 * size, std::max(1e-6 * size, 4 * line.sensitivity));
}

int compare(const char* a, const char* b) {
  std::ifstream first(a);
  std::ifstream second(b);
  Line one;
  Line other;
  int count = 0;
  int faults = 0;
  while (read_line(first, one) && read_line(second, other)) {
    ++count;
    const double allowed = std::max(tolerance(one), tolerance(other));
    const bool are_empty = std::isnan(one.value) && std::isnan(other.value);
    const bool are_equal = are_empty || std::abs(one.value - other.value) <= allowed;
    if (one.name != other.name || !are_equal) {
      std::cout << "levels differ: " << one.name << " " << one.value << " against " << other.value
                << ", allowed " << allowed << "\n";
      ++faults;
    }
  }
  std::cout << count << " values compared, " << faults << " differ\n";
  return count > 20 && faults == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count == 4 && std::strcmp(words[1], "--compare") == 0) {
    return compare(words[2], words[3]);
  }
  if (count == 2 && std::strcmp(words[1], "--level") == 0) {
    std::cout << calcispec::cpu_level() << "\n";
    return 0;
  }
  print_layout();
  print_numbers();
  return 0;
}
