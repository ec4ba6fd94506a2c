// probe: layout of public structs and numbers of core and models, one "name value" a line.
// probe --compare A B: layouts must be equal, numbers within 1e-9 of their size, baselines 1e-6.
#include "core/band_mixture.hpp"
#include "core/build_info.hpp"
#include "core/chain.hpp"
#include "core/mixture.hpp"
#include "models/composition.hpp"
#include "models/joint_baseline.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace calcispec;

void print_layout() {
#define LAYOUT(type) std::printf("sizeof_" #type " %zu\n", sizeof(type))
#define OFFSET(type, field) std::printf("offset_" #type "." #field " %zu\n", offsetof(type, field))
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

void print_numbers() {
  const auto spectra = made_spectrum();
  for (const auto& method : core_methods()) {
    const ChainStep step{std::string(method.family),
                         std::string(method.name),
                         ParameterSet::defaults(method.parameters)};
    const auto result = run_chain(spectra, std::span(&step, 1), 1);
    double sum = 0;
    for (std::size_t i = 0; i < result.spectra.values.size(); ++i) {
      sum += result.spectra.values[i] * (1 + static_cast<double>(i % 7));
    }
    std::printf("%s.%s %.17g\n", step.family.c_str(), step.method.c_str(), sum);
  }
  const auto joint = models::fit_joint_baseline(*spectra.axis, spectra.row(0), Technique::raman);
  double sum = 0;
  for (const double value : joint.background) {
    sum += value;
  }
  std::printf("baseline.joint %.17g\n", sum);
}

int compare(const char* a, const char* b) {
  std::ifstream first(a);
  std::ifstream second(b);
  std::string name_a;
  std::string name_b;
  double value_a = 0;
  double value_b = 0;
  int count = 0;
  int faults = 0;
  while (first >> name_a >> value_a && second >> name_b >> value_b) {
    ++count;
    const bool is_layout = name_a.rfind("sizeof", 0) == 0 || name_a.rfind("offset", 0) == 0;
    // Stiff baselines are defined to about 1e-8 in double precision; the joint fit chooses among
    // nearly equal answers.
    const double tolerance = is_layout ? 0 : name_a.rfind("baseline", 0) == 0 ? 1e-6 : 1e-9;
    if (name_a != name_b || std::abs(value_a - value_b) > tolerance * std::abs(value_a)) {
      std::cout << "levels differ: " << name_a << " " << value_a << " against " << value_b << "\n";
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
