// What every step over a whole set promises, whichever it is.
#include "core/error.hpp"
#include "tests/support/rows.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace calcispec {
namespace {

SpectraMatrix test_set(std::size_t rows, std::size_t points) {
  std::vector<std::vector<double>> out;
  for (std::size_t r = 0; r < rows; ++r) {
    out.push_back(test::noisy_row(points, 9, 40, static_cast<unsigned>(r + 1)).y);
    for (std::size_t i = 0; i < points; ++i) {
      const double u = (static_cast<double>(i) - 60) / 9;
      out.back()[i] += static_cast<double>(r % 5) * std::exp(-u * u);
    }
  }
  return test::rows_of(out);
}

class EverySetMethod : public ::testing::TestWithParam<std::string> {
 protected:
  static const MethodInfo& info() {
    const auto& name = GetParam();
    const auto dot = name.find('_');
    return *find_set_method(name.substr(0, dot), name.substr(dot + 1));
  }
  static std::vector<MethodStatus> run(SpectraMatrix& spectra,
                                       const ParameterSet& set,
                                       Index jobs = 1,
                                       const std::optional<MapGrid>& grid = {}) {
    return run_set_method(
        {std::string(info().family), std::string(info().name), set}, spectra, grid, jobs);
  }
  static ParameterSet defaults() { return ParameterSet::defaults(info().parameters); }
};

TEST_P(EverySetMethod, ThreadsAndRepetitionChangeNoBit) {
  auto one = test_set(37, 201);
  auto again = one;
  auto many = one;
  run(one, defaults());
  run(again, defaults());
  run(many, defaults(), 3);
  const auto bytes = one.values.size() * sizeof(double);
  EXPECT_EQ(std::memcmp(one.values.data(), again.values.data(), bytes), 0);
  EXPECT_EQ(std::memcmp(one.values.data(), many.values.data(), bytes), 0);
}

TEST_P(EverySetMethod, EveryParameterAtItsEndsGivesAStatusOrASentence) {
  for (const auto& parameter : info().parameters) {
    for (const double value : {parameter.minimum, parameter.maximum}) {
      if (parameter.type == ParameterType::choice || parameter.type == ParameterType::flag) {
        continue;
      }
      const std::vector<GivenParameter> given{
          {std::string(parameter.name), number_text(value), ""}
      };
      auto spectra = test_set(6, 120);
      try {
        const auto status = run(spectra, ParameterSet::checked(info().parameters, given, "test"));
        for (Index r = 0; r < spectra.rows(); ++r) {
          const bool is_done = status[static_cast<std::size_t>(r)] == MethodStatus::converged;
          EXPECT_EQ(is_done, std::isfinite(spectra.row(r)[7])) << parameter.name << "=" << value;
        }
      } catch (const Error& error) {
        EXPECT_GT(std::string(error.what()).size(), 40U);
      }
    }
  }
}

TEST_P(EverySetMethod, BadRowsTakeNoPart) {
  auto with_bad = test_set(9, 150);
  auto without = test_set(8, 150);
  with_bad.row(8)[17] = std::numeric_limits<double>::infinity();  // NaN is a gap to baselines
  const auto status = run(with_bad, defaults());
  run(without, defaults());
  EXPECT_EQ(status[8], MethodStatus::not_finite);
  EXPECT_TRUE(std::isnan(with_bad.row(8)[0]));
  for (Index r = 0; r < 8; ++r) {
    EXPECT_LT(test::rms_difference(with_bad.row(r), without.row(r)), 1e-12);
  }
}

TEST_P(EverySetMethod, EmptyConstantShortAndLargeInputGivesAStatusOrASentence) {
  auto empty = test_set(1, 50);
  empty.values.clear();
  EXPECT_TRUE(run(empty, defaults()).empty());
  for (std::size_t points = 2; points < 12; ++points) {
    auto set = test_set(4, points);
    try {
      EXPECT_EQ(run(set, defaults()).size(), 4U);
    } catch (const Error&) {
    }
  }
  auto constant = test_set(4, 60);
  std::fill(constant.values.begin(), constant.values.end(), 7.0);
  try {
    EXPECT_EQ(run(constant, defaults()).size(), 4U);
  } catch (const Error& error) {
    EXPECT_GT(std::string(error.what()).size(), 40U);
  }
  for (const double scale : {1e-12, 1e12, -1.0}) {
    auto set = test_set(5, 80);
    for (double& y : set.values) {
      y *= scale;
    }
    EXPECT_EQ(run(set, defaults()).size(), 5U);
  }
}

// A grid that does not fit the rows is no grid.
TEST_P(EverySetMethod, AGridOfAnotherSizeIsLeftAside) {
  auto with = test_set(12, 150);
  auto without = with;
  run(with, defaults(), 1, MapGrid{5, 5, 1, 1});
  run(without, defaults());
  EXPECT_EQ(with.values, without.values);
}

TEST_P(EverySetMethod, HasHelpForEveryParameter) {
  EXPECT_FALSE(info().summary.empty());
  EXPECT_FALSE(info().source.empty());
  for (const auto& parameter : info().parameters) {
    EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

std::vector<std::string> all_names_set_method() {
  std::vector<std::string> out;
  for (const auto& method : set_methods()) {
    out.push_back(std::string(method.family) + "_" + std::string(method.name));
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Core,
                         EverySetMethod,
                         ::testing::ValuesIn(all_names_set_method()),
                         [](const auto& row) { return row.param; });

TEST(SetMethods, AnUnknownOneIsRefused) {
  auto set = test_set(2, 50);
  EXPECT_THROW(run_set_method({"smooth", "nonsense", {}}, set, {}, 1), Error);
}

}  // namespace
}  // namespace calcispec
