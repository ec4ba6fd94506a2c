// Lanes against the plain loop, for every length near the lane count and for odd lengths.
#include "core/chain.hpp"
#include "core/decomposition.hpp"
#include "core/kernels/logistic.hpp"
#include "tests/oracle/plain_loops.hpp"
#include "tests/oracle/plain_spline.hpp"
#include "tests/support/largest_difference.hpp"

#include <Eigen/Core>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

SpectraMatrix baseline_oracle_spectra_of(Index rows, Index points) {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::other, "point"), rows);
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < points; ++i) {
      const double t = static_cast<double>(i) / static_cast<double>(points);
      const double u = (t - 0.3 - 0.01 * static_cast<double>(r)) / 0.02;
      out.row(r)[static_cast<std::size_t>(i)] =
          5 + 3 * t + 10 / (1 + u * u) + 0.1 * std::sin(12.9898 * static_cast<double>(i * (r + 1)));
    }
  }
  return out;
}

std::vector<double> plain_of(const std::string& method, std::span<const double> y, double lambda) {
  oracle::PlainSpline spline(y.size(), 100, lambda);
  const auto solve = [&](const std::vector<double>& w, std::vector<double>& z) {
    spline.solve(w, y, z);
  };
  if (method == "asls") {
    return oracle::asls(y, lambda, 0.01);
  }
  if (method == "arpls") {
    return oracle::arpls(y, lambda);
  }
  if (method == "airpls") {
    return oracle::airpls(y, lambda);
  }
  if (method == "iarpls") {
    return oracle::iarpls(y, lambda);
  }
  if (method == "pspline_asls") {
    return oracle::reweighted_with(solve, y, oracle::AslsRule{y, 0.01});
  }
  return oracle::reweighted_with(solve, y, oracle::ArplsRule{y});
}

double worst(const SpectraMatrix& spectra, const std::string& method, double lambda) {
  const auto* info = find_core_method("baseline", method);
  const std::vector<GivenParameter> given{
      {"lambda", number_text(lambda), ""}
  };
  const ChainStep step{"baseline", method, ParameterSet::checked(info->parameters, given, method)};
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  double largest = 0;
  for (Index r = 0; r < spectra.rows(); ++r) {
    const auto plain = plain_of(method, spectra.row(r), lambda);
    largest = std::max(largest, test::largest_difference(plain, result.baseline->row(r)));
  }
  return largest;
}

TEST(BaselineOracle, LanesAgreeWithThePlainLoop) {
  for (const Index rows : {1, 3, 4, 5, 8, 17}) {
    for (const Index points : {40, 257, 1000}) {
      const auto spectra = baseline_oracle_spectra_of(rows, points);
      EXPECT_LT(worst(spectra, "asls", 1e4), 1e-8) << rows << " x " << points;
      EXPECT_LT(worst(spectra, "arpls", 1e4), 1e-8) << rows << " x " << points;
      // Its weights steepen with every round, and rounding errors with them.
      EXPECT_LT(worst(spectra, "iarpls", 1e3), 1e-6) << rows << " x " << points;
      for (const auto* method : {"airpls", "pspline_asls", "pspline_arpls"}) {
        EXPECT_LT(worst(spectra, method, 1e3), 1e-8) << method << " " << rows << " x " << points;
      }
    }
  }
}

// With weights of 1 the answer is (I + lambda D'D)^-1 y, here by a dense solver; every order, and
// every length from the shortest, so that the halves meet in each way.
TEST(BaselineOracle, EveryOrderAndLengthSolvesTheWhittakerSystem) {
  const auto* info = find_core_method("baseline", "asls");
  for (Index order = 1; order <= 4; ++order) {
    for (const Index points : {6, 7, 8, 9, 10, 11, 12, 13, 30, 31}) {
      const auto spectra = baseline_oracle_spectra_of(3, points);
      const std::vector<GivenParameter> given{
          {"lambda",         "50",                  ""},
          {"diff_order",     std::to_string(order), ""},
          {"max_iterations", "0",                   ""}
      };
      const ChainStep step{
          "baseline", "asls", ParameterSet::checked(info->parameters, given, "asls")};
      const auto result = run_chain(spectra, std::span(&step, 1), 1);
      Eigen::MatrixXd difference = Eigen::MatrixXd::Identity(points, points);
      for (Index k = 0; k < order; ++k) {
        const Index rows = difference.rows() - 1;
        difference = (difference.bottomRows(rows) - difference.topRows(rows)).eval();
      }
      const Eigen::MatrixXd matrix =
          Eigen::MatrixXd::Identity(points, points) + 50 * difference.transpose() * difference;
      for (Index r = 0; r < spectra.rows(); ++r) {
        const Eigen::Map<const Eigen::VectorXd> y(spectra.row(r).data(), points);
        const Eigen::Map<const Eigen::VectorXd> z(result.baseline->row(r).data(), points);
        EXPECT_LT((solve_symmetric(matrix, y) - z).cwiseAbs().maxCoeff(), 1e-10)
            << "order " << order << ", " << points << " points";
      }
    }
  }
}

TEST(BaselineOracle, ReversedSpectraGiveReversedBaselines) {
  const auto spectra = baseline_oracle_spectra_of(1, 301);
  auto reversed = spectra;
  std::reverse(reversed.values.begin(), reversed.values.end());
  const auto* info = find_core_method("baseline", "arpls");
  const ChainStep step{"baseline", "arpls", ParameterSet::defaults(info->parameters)};
  const auto forward = run_chain(spectra, std::span(&step, 1), 1).baseline->values;
  auto backward = run_chain(reversed, std::span(&step, 1), 1).baseline->values;
  std::reverse(backward.begin(), backward.end());
  for (std::size_t i = 0; i < forward.size(); ++i) {
    EXPECT_NEAR(forward[i], backward[i], 1e-8);
  }
}

TEST(Logistic, KeepsItsAccuracyOverItsRange) {
  double worst = 0;
  for (int i = -9300; i < 9300; ++i) {
    const double t = 0.0371 * i;
    const double got = kernels::logistic_of_minus(kernels::broadcast(t))[0];
    const double expected = 1 / (1 + std::exp(t));
    worst = std::max(worst, std::abs(got - expected) / expected / (2e-15 + 2e-16 * std::abs(t)));
  }
  EXPECT_LT(worst, 1);
  EXPECT_EQ(kernels::logistic_of_minus(kernels::broadcast(-1e300))[0], 1);
  EXPECT_LT(kernels::logistic_of_minus(kernels::broadcast(1e300))[0], 1e-150);
  EXPECT_GT(kernels::logistic_of_minus(kernels::broadcast(1e300))[0], 0);
  EXPECT_TRUE(std::isnan(kernels::logistic_of_minus(kernels::broadcast(std::nan("")))[0]));
}

}  // namespace
}  // namespace calcispec
