// What every baseline promises: hidden points have no say, any axis will do, no two are the same.
#include "core/chain.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>

namespace calcispec {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

enum class Steps { even, uneven, falling };

AxisPtr axis_of(std::size_t points, Steps steps) {
  std::vector<double> x;
  for (std::size_t i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points);
    x.push_back(400 + 1.5 * static_cast<double>(i) + (steps == Steps::even ? 0 : 150 * t * t));
  }
  if (steps == Steps::falling) {
    std::reverse(x.begin(), x.end());
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

// Bands on a smooth background of one of three kinds, noise of a hundredth of the bands.
SpectraMatrix signal(const AxisPtr& axis, int kind) {
  auto out = SpectraMatrix::make(axis, 1);
  std::mt19937_64 random(17 + static_cast<unsigned>(kind));
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(out.values.size());
    const double background = kind == 0   ? 3 * std::exp(-2 * t)
                              : kind == 1 ? 2 + std::sin(5 * t)
                                          : 0.5 + 2.5 * t * t;
    double y = background + 0.01 * normal(random);
    for (const double centre : {0.15, 0.4, 0.47, 0.8}) {
      const double u = (t - centre) / (kind == 2 ? 0.02 : 0.012);
      y += (centre == 0.4 ? 1.0 : 0.4) * std::exp(-0.5 * u * u);
    }
    out.values[i] = y;
  }
  return out;
}

std::vector<std::string> baseline_names() {
  std::vector<std::string> out;
  for (const auto& method : core_methods()) {
    if (method.family == "baseline") {
      out.emplace_back(method.name);
    }
  }
  return out;
}

ChainResult run(const std::string& method,
                const SpectraMatrix& spectra,
                std::vector<GivenParameter> given = {}) {
  if (method == "interp_pts") {
    given.push_back({"points", "400,700,1000,1150", ""});
  }
  const auto* info = find_core_method("baseline", method);
  const ChainStep step{"baseline", method, ParameterSet::checked(info->parameters, given, method)};
  return run_chain(spectra, std::span(&step, 1), 1);
}

bool same_bits_baseline(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

class EveryBaseline : public ::testing::TestWithParam<std::string> {};

// Whatever stands in a region of the mask, NaN included, the baseline is the same.
TEST_P(EveryBaseline, WhatIsHiddenHasNoSay) {
  for (const auto steps : {Steps::even, Steps::uneven}) {
    const auto axis = axis_of(500, steps);
    const auto spectra = signal(axis, 0);
    const auto x = axis->values();
    const std::vector<GivenParameter> mask{
        {"mask",
         number_text(x[180]) + ":" + number_text(x[260]) + "," + number_text(x[496]) + ":1e6",
         ""}
    };
    const auto plain = run(GetParam(), spectra, mask);
    auto other = spectra;
    auto gaps = spectra;
    for (std::size_t i = 0; i < 500; ++i) {
      if ((i >= 180 && i <= 260) || i >= 496) {
        other.values[i] = i % 2 == 0 ? 1e4 : -50;
        gaps.values[i] = not_a_number;
      }
    }
    const auto of_other = run(GetParam(), other, mask);
    const auto of_gaps = run(GetParam(), gaps);
    ASSERT_NE(plain.status[0][0], MethodStatus::failed);
    EXPECT_TRUE(same_bits_baseline(plain.baseline->values, of_other.baseline->values));
    EXPECT_TRUE(same_bits_baseline(plain.baseline->values, of_gaps.baseline->values));
    for (std::size_t i = 0; i < 500; ++i) {
      EXPECT_TRUE(std::isfinite(plain.baseline->values[i])) << i;
      EXPECT_EQ(std::isnan(of_gaps.spectra.values[i]), std::isnan(gaps.values[i])) << i;
      EXPECT_NEAR(of_other.spectra.values[i] + of_other.baseline->values[i],
                  other.values[i],
                  1e-10 * std::abs(other.values[i]) + 1e-12);
    }
  }
}

TEST_P(EveryBaseline, TooFewPointsLeftIsAStatus) {
  auto spectra = signal(axis_of(60, Steps::even), 0);
  std::fill(spectra.values.begin() + 1, spectra.values.end(), not_a_number);
  const auto result = run(GetParam(), spectra);
  EXPECT_EQ(result.status[0][0], MethodStatus::not_finite);
  EXPECT_TRUE(std::isnan(result.spectra.values[0]));
}

// An axis that falls is the same spectrum stored the other way round: readers turn it, and nothing
// but the stored order is left of that.
TEST_P(EveryBaseline, UnevenAndFallingAxesGiveTheSameBaseline) {
  const auto rising = signal(axis_of(400, Steps::uneven), 1);
  auto falling = rising;
  falling.axis = axis_of(400, Steps::falling);
  ASSERT_TRUE(falling.axis->was_descending());
  const auto a = run(GetParam(), rising);
  const auto b = run(GetParam(), falling);
  EXPECT_NE(a.status[0][0], MethodStatus::failed);
  EXPECT_TRUE(same_bits_baseline(a.baseline->values, b.baseline->values));
  for (const double z : a.baseline->values) {
    EXPECT_TRUE(std::isfinite(z));
  }
}

INSTANTIATE_TEST_SUITE_P(Core,
                         EveryBaseline,
                         ::testing::ValuesIn(baseline_names()),
                         [](const auto& row) { return row.param; });

// custom_bc without thinning, and optimize_extended_range where it lands on the default stiffness,
// are the method that they run.
bool are_equal_by_definition(const std::string& a, const std::string& b) {
  const auto is = [&](const char* one, const char* two) {
    return (a == one && b == two) || (a == two && b == one);
  };
  return is("asls", "custom_bc") || is("asls", "optimize_extended_range") ||
         is("custom_bc", "optimize_extended_range");
}

TEST(Baselines, NoTwoMethodsGiveTheSame) {
  const auto names = baseline_names();
  std::map<std::string, std::vector<double>> all;
  for (const auto& name : names) {
    for (int kind = 0; kind < 3; ++kind) {
      const auto result = run(name, signal(axis_of(500, Steps::even), kind));
      auto& own = all[name];
      own.insert(own.end(), result.baseline->values.begin(), result.baseline->values.end());
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (are_equal_by_definition(names[i], names[j])) {
        continue;
      }
      for (std::size_t kind = 0; kind < 3; ++kind) {
        double largest = 0;
        for (std::size_t k = 500 * kind; k < 500 * (kind + 1); ++k) {
          largest = std::max(largest, std::abs(all[names[i]][k] - all[names[j]][k]));
        }
        EXPECT_GT(largest, 1e-6) << names[i] << " and " << names[j] << " on signal " << kind;
      }
    }
  }
}

TEST(InterpPts, GoesThroughWhatIsGivenAndTakesTheSpectrumWhereItIsNot) {
  const auto axis = axis_of(500, Steps::even);
  const auto spectra = signal(axis, 2);
  const auto x = axis->values();
  const auto lines = run_chain(
      spectra,
      std::array{
          ChainStep{
                    "baseline", "interp_pts",
                    ParameterSet::checked(find_core_method("baseline", "interp_pts")->parameters,
                    std::array{GivenParameter{"points", "1000:5,430:1,700", ""}},
                    "test")}
  },
      1);
  const auto& z = lines.baseline->values;
  for (std::size_t i = 0; i < 500; ++i) {
    const double at_700 = spectra.values[200];
    const double wanted = x[i] < 430 || x[i] > 1000 ? 0
                          : x[i] <= 700             ? 1 + (x[i] - 430) / 270 * (at_700 - 1)
                                                    : at_700 + (x[i] - 700) / 300 * (5 - at_700);
    EXPECT_NEAR(z[i], wanted, 1e-12) << x[i];
  }
}

TEST(InterpPts, ASplineOfACubicIsTheCubicAndHoldsBeyond) {
  const auto axis = axis_of(300, Steps::uneven);
  auto spectra = SpectraMatrix::make(axis, 1);
  const auto x = axis->values();
  const auto cubic = [](double at) {
    const double t = (at - 600) / 200;
    return 1 + t - 0.5 * t * t + 0.2 * t * t * t;
  };
  for (std::size_t i = 0; i < 300; ++i) {
    spectra.values[i] = cubic(x[i]);
  }
  std::string places;
  for (const std::size_t i : {30U, 90U, 140U, 200U, 270U}) {
    places += (places.empty() ? "" : ",") + number_text(x[i]);
  }
  const auto* info = find_core_method("baseline", "interp_pts");
  const std::vector<GivenParameter> given{
      {"points",        places,  ""},
      {"interp_method", "cubic", ""},
      {"beyond",        "hold",  ""}
  };
  const ChainStep step{
      "baseline", "interp_pts", ParameterSet::checked(info->parameters, given, "test")};
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  for (std::size_t i = 0; i < 300; ++i) {
    const double wanted = cubic(std::clamp(x[i], x[30], x[270]));
    EXPECT_NEAR(result.baseline->values[i], wanted, 1e-9) << i;
  }
}

TEST(NumberPairs, AreReadWrittenAndRefused) {
  const auto* info = find_core_method("baseline", "interp_pts");
  const auto checked = [&](const std::string& text) {
    const std::vector<GivenParameter> given{
        {"baseline_points", text, ""}
    };
    return ParameterSet::checked(info->parameters, given, "test");
  };
  const auto set = checked("400:-1.5,900,1e3:2");
  ASSERT_EQ(set.pairs("points").size(), 3U);
  EXPECT_EQ(set.pairs("points")[0].second, -1.5);
  EXPECT_TRUE(std::isnan(set.pairs("points")[1].second));
  EXPECT_EQ(set.canonical_text().substr(0, 28), "points=400:-1.5,900,1000:2 i");
  EXPECT_EQ(ParameterSet::defaults(info->parameters).canonical_text().find("points"),
            std::string::npos);
  for (const auto* bad : {"", "400,", "400;900", "400:x", "nan", "1e300"}) {
    EXPECT_THROW(checked(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace calcispec
