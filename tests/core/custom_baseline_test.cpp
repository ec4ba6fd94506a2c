// Baselines of thinned spectra: regions, how much each is thinned, what smooths the joints.
#include "core/chain.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>

namespace calcispec {
namespace {

// Three bands on a slow background; the axis is uneven.
SpectraMatrix customised_spectra(Index points) {
  std::vector<double> x;
  double at = 400;
  for (Index i = 0; i < points; ++i) {
    x.push_back(at);
    at += 1.5 + 0.4 * std::sin(0.05 * static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), 1);
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0, 0.1);
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points);
    double y = 20 + 6 * t - 5 * t * t + normal(random);
    for (const double middle : {0.2, 0.47, 0.8}) {
      y += 10 * std::exp(-std::pow((t - middle) / 0.012, 2));
    }
    out.row(0)[static_cast<std::size_t>(i)] = y;
  }
  return out;
}

std::vector<double> customised(const SpectraMatrix& spectra,
                               const std::vector<std::pair<std::string, std::string>>& given) {
  std::vector<GivenParameter> all{
      {"method", "arpls", ""}
  };
  for (const auto& [name, text] : given) {
    all.push_back({name, text, ""});
  }
  const auto* info = find_core_method("baseline", "custom_bc");
  const ChainStep step{
      "baseline", "custom_bc", ParameterSet::checked(info->parameters, all, "custom_bc")};
  return run_chain(spectra, std::span(&step, 1), 1).baseline->values;
}

TEST(CustomBaseline, WithoutThinningIsItsInnerMethod) {
  const auto spectra = customised_spectra(300);
  const auto* info = find_core_method("baseline", "arpls");
  const ChainStep step{"baseline", "arpls", ParameterSet::defaults(info->parameters)};
  const auto inner = run_chain(spectra, std::span(&step, 1), 1).baseline->values;
  const auto outer = customised(spectra, {});
  for (std::size_t i = 0; i < inner.size(); ++i) {
    EXPECT_NEAR(inner[i], outer[i], 1e-12);
  }
  // Thinned out it is stiffer: lambda counts in points.
  const auto thin = customised(spectra,
                               {
                                   {"sampling", "10"}
  });
  const auto bend = [](const std::vector<double>& z) {
    double sum = 0;
    for (std::size_t i = 10; i + 10 < 300; ++i) {
      sum += std::pow(z[i - 10] - 2 * z[i] + z[i + 10], 2);
    }
    return sum;
  };
  EXPECT_LT(bend(thin), bend(inner));
}

TEST(CustomBaseline, ThinsEachRegionByItsOwnNumber) {
  const auto spectra = customised_spectra(300);
  const double first = spectra.axis->front();
  const auto part = [&](double from, double to) {
    const double length = spectra.axis->back() - first;
    return number_text(first + from * length) + ":" + number_text(first + to * length);
  };
  const auto thinned = [&](const char* sampling, const std::string& regions) {
    return customised(spectra,
                      {
                          {"sampling", sampling},
                          {"regions",  regions }
    });
  };
  const auto left = part(0.2, 0.5);
  const auto right = part(0.7, 0.9);
  const auto one = thinned("10", left);
  // A region of single points is none; regions may come in any order.
  EXPECT_EQ(one, thinned("1,10", right + "," + left));
  EXPECT_NE(one, thinned("10", right + "," + left));
  // What two regions share is thinned once.
  EXPECT_EQ(one, thinned("10", left + "," + part(0.3, 0.5)));
}

TEST(CustomBaseline, SmoothsByDifferencesOfTheOrderAsked) {
  const auto spectra = customised_spectra(120);
  for (const int order : {1, 2, 3}) {
    const auto z =
        customised(spectra,
                   {
                       {"smooth_lambda",     "1e11"               },
                       {"smooth_diff_order", std::to_string(order)}
    });
    // So stiff, nothing is left of the differences of that order; of those below it something is.
    std::vector<double> difference(z.begin(), z.end());
    double below = 0;
    for (int k = 0; k < order; ++k) {
      for (std::size_t i = 0; i + 1 < difference.size(); ++i) {
        difference[i] = difference[i + 1] - difference[i];
      }
      difference.pop_back();
      if (k + 2 == order) {
        for (const double value : difference) {
          below = std::max(below, std::abs(value));
        }
      }
    }
    for (const double value : difference) {
      EXPECT_NEAR(value, 0, 1e-5) << order;
    }
    EXPECT_TRUE(order == 1 || below > 1e-5) << order << " " << below;
  }
}

}  // namespace
}  // namespace calcispec
