// What every method of core promises, whichever it is.
#include "core/chain.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace calcispec {
namespace {

AxisPtr test_axis(Index points) {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(400 + 1.5 * static_cast<double>(i));
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

SpectraMatrix test_spectra(Index rows, Index points) {
  auto spectra = SpectraMatrix::make(test_axis(points), rows);
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  for (Index r = 0; r < rows; ++r) {
    const auto row = spectra.row(r);
    for (Index i = 0; i < points; ++i) {
      const double u = (static_cast<double>(i) - 60 - static_cast<double>(r)) / 9;
      row[static_cast<std::size_t>(i)] =
          50 + 0.2 * static_cast<double>(i) + 100 * std::exp(-u * u) + 0.5 * normal(random);
    }
  }
  return spectra;
}

bool same_bits_chain(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Done and all numbers, or neither.
void expect_status_of_rows(const ChainResult& result, const std::string& what) {
  for (Index r = 0; r < result.spectra.rows(); ++r) {
    const auto status = result.status[0][static_cast<std::size_t>(r)];
    const bool is_done =
        status == MethodStatus::converged || status == MethodStatus::iteration_limit;
    const auto row = result.spectra.row(r);
    const bool is_finite =
        std::all_of(row.begin(), row.end(), [](double y) { return std::isfinite(y); });
    EXPECT_EQ(is_done, is_finite) << what;
  }
}

class EveryMethod : public ::testing::TestWithParam<std::string> {
 protected:
  static const MethodInfo& info() {
    const auto& name = GetParam();
    const auto dot = name.find('_');
    return *find_core_method(name.substr(0, dot), name.substr(dot + 1));
  }
  static ChainResult run(const SpectraMatrix& spectra, Index jobs = 1) {
    return run(spectra, ParameterSet::defaults(info().parameters), jobs);
  }
  static ChainResult run(const SpectraMatrix& spectra, const ParameterSet& set, Index jobs = 1) {
    const ChainStep step{std::string(info().family), std::string(info().name), set};
    return run_chain(spectra, std::span(&step, 1), jobs);
  }
};

TEST_P(EveryMethod, LeavesItsInputAndRepeatsItself) {
  const auto spectra = test_spectra(3, 200);
  const auto copy = spectra.values;
  const auto first = run(spectra);
  EXPECT_TRUE(same_bits_chain(copy, spectra.values));
  EXPECT_TRUE(same_bits_chain(first.spectra.values, run(spectra).spectra.values));
}

TEST_P(EveryMethod, SameBitsAloneInABatchReorderedAndInThreads) {
  // More rows than a block of the chain holds: lanes take several spectra each.
  const auto spectra = test_spectra(137, 201);
  const auto batch = run(spectra);
  EXPECT_TRUE(same_bits_chain(batch.spectra.values, run(spectra, 3).spectra.values));
  auto reordered = spectra;
  for (Index r = 0; r < spectra.rows(); ++r) {
    const auto from = spectra.row(spectra.rows() - 1 - r);
    std::copy(from.begin(), from.end(), reordered.row(r).begin());
  }
  const auto other = run(reordered);
  for (Index r = 0; r < spectra.rows(); ++r) {
    auto alone = SpectraMatrix::make(spectra.axis, 1);
    std::copy(spectra.row(r).begin(), spectra.row(r).end(), alone.values.begin());
    EXPECT_TRUE(same_bits_chain(batch.spectra.row(r), run(alone).spectra.row(0)));
    EXPECT_TRUE(same_bits_chain(batch.spectra.row(r), other.spectra.row(spectra.rows() - 1 - r)));
  }
}

TEST_P(EveryMethod, EveryParameterAtItsEndsGivesAStatus) {
  const auto spectra = test_spectra(2, 120);
  for (const auto& parameter : info().parameters) {
    for (const double value : {parameter.minimum, parameter.maximum}) {
      if (parameter.type == ParameterType::choice || parameter.type == ParameterType::flag ||
          parameter.type == ParameterType::pairs) {
        continue;
      }
      if (parameter.name == "max_iterations" && value > 1000) {
        continue;  // only time
      }
      const std::vector<GivenParameter> given{
          {std::string(parameter.name), number_text(value), ""}
      };
      const auto set = ParameterSet::checked(info().parameters, given, "test");
      expect_status_of_rows(run(spectra, set),
                            std::string(parameter.name) + "=" + number_text(value));
    }
  }
}

// Baselines bridge what is not a number; nothing but a number can stand for infinity.
TEST_P(EveryMethod, BadRowsComeBackNotANumberAndSpareTheOthers) {
  auto spectra = test_spectra(3, 200);
  const auto whole = run(spectra);
  const bool bridges = info().family == "baseline";
  spectra.row(1)[17] = bridges ? std::numeric_limits<double>::infinity() : std::nan("");
  const auto result = run(spectra);
  EXPECT_EQ(result.status[0][1], MethodStatus::not_finite);
  EXPECT_TRUE(std::isnan(result.spectra.row(1)[0]));
  EXPECT_TRUE(same_bits_chain(result.spectra.row(0), whole.spectra.row(0)));
  EXPECT_TRUE(same_bits_chain(result.spectra.row(2), whole.spectra.row(2)));
}

TEST_P(EveryMethod, EmptyConstantAndShortInputGiveAStatus) {
  EXPECT_EQ(run(SpectraMatrix::make(test_axis(50), 0)).spectra.rows(), 0);
  auto constant = SpectraMatrix::make(test_axis(50), 1);
  std::fill(constant.values.begin(), constant.values.end(), 7.0);
  EXPECT_EQ(run(constant).status[0].size(), 1U);
  for (Index points = 2; points < 12; ++points) {
    EXPECT_EQ(run(test_spectra(1, points)).status[0].size(), 1U);
  }
}

TEST_P(EveryMethod, AnyScaleAndSignGivesAStatus) {
  for (const double scale : {1e-12, 1e12, -1.0}) {
    auto spectra = test_spectra(3, 200);
    for (double& y : spectra.values) {
      y *= scale;
    }
    expect_status_of_rows(run(spectra), "scale " + number_text(scale));
  }
  auto saturated = test_spectra(3, 200);
  for (double& y : saturated.values) {
    y = std::min(y, 80.0);
  }
  expect_status_of_rows(run(saturated), "saturated");
}

TEST_P(EveryMethod, AHundredThousandPointsGiveAStatus) {
  // Time of cwt_br goes with the square of the points.
  const Index points = GetParam() == "baseline_cwt_br" ? 20000 : 100000;
  expect_status_of_rows(run(test_spectra(1, points)), GetParam());
}

TEST_P(EveryMethod, HasHelpForEveryParameter) {
  EXPECT_FALSE(info().summary.empty());
  EXPECT_FALSE(info().source.empty());
  for (const auto& parameter : info().parameters) {
    EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

std::vector<std::string> all_names_chain() {
  std::vector<std::string> out;
  for (const auto& method : core_methods()) {
    out.push_back(std::string(method.family) + "_" + std::string(method.name));
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Core,
                         EveryMethod,
                         ::testing::ValuesIn(all_names_chain()),
                         [](const auto& row) { return row.param; });

TEST(Chain, RefusesAnUnknownStep) {
  const ChainStep step{"baseline", "nonsense", {}};
  EXPECT_THROW(run_chain(test_spectra(1, 50), std::span(&step, 1), 1), Error);
}

TEST(Chain, WithoutTheBaselineTheResultIsTheSame) {
  const auto spectra = test_spectra(9, 200);
  const auto* info = find_core_method("baseline", "arpls");
  const ChainStep step{"baseline", "arpls", ParameterSet::defaults(info->parameters)};
  const auto with = run_chain(spectra, std::span(&step, 1), 1);
  const auto without = run_chain(spectra, std::span(&step, 1), 1, false);
  EXPECT_FALSE(without.baseline.has_value());
  EXPECT_TRUE(same_bits_chain(with.spectra.values, without.spectra.values));
}

TEST(Chain, AFailedRowStaysOutOfTheStepsAfter) {
  auto spectra = test_spectra(3, 200);
  std::fill(spectra.row(1).begin(), spectra.row(1).end(), 0.0);  // no maximum to divide by
  std::vector<ChainStep> steps;
  for (const auto& [family, method] : std::vector<std::pair<std::string, std::string>>{
           {"normalize", "maximum"},
           {"baseline",  "asls"   }
  }) {
    const auto* info = find_core_method(family, method);
    steps.push_back({family, method, ParameterSet::defaults(info->parameters)});
  }
  const auto result = run_chain(spectra, steps, 1);
  EXPECT_EQ(result.status[0][1], MethodStatus::failed);
  EXPECT_EQ(result.status[1][1], MethodStatus::not_finite);
  EXPECT_EQ(result.status[1][2], MethodStatus::converged);
  EXPECT_TRUE(std::isnan(result.spectra.row(1)[5]));
  EXPECT_TRUE(std::isnan(result.baseline->row(1)[5]));
}

TEST(Chain, BaselineAndCorrectedSpectrumAddUp) {
  const auto spectra = test_spectra(2, 200);
  const auto* info = find_core_method("baseline", "arpls");
  const ChainStep step{"baseline", "arpls", ParameterSet::defaults(info->parameters)};
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  for (std::size_t i = 0; i < spectra.values.size(); ++i) {
    EXPECT_NEAR(result.spectra.values[i] + result.baseline->values[i], spectra.values[i], 1e-12);
  }
}

}  // namespace
}  // namespace calcispec
