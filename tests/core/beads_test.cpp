// BEADS against dense matrices, for both filters and both costs, one spectrum and several.
#include "core/chain.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <ostream>
#include <random>

namespace calcispec {
namespace {

// The systems are ill conditioned: double loses half of its digits in a dense elimination.
using Real = long double;
using DenseMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
using DenseVector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

constexpr Index beads_points = 48;
constexpr int beads_rounds = 6;

SpectraMatrix beads_spectra(Index rows) {
  std::vector<double> x;
  x.reserve(beads_points);
  for (Index i = 0; i < beads_points; ++i) {
    x.push_back(400 + static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), rows);
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < beads_points; ++i) {
      const double t = static_cast<double>(i);
      const double u = (t - 20 - static_cast<double>(r)) / 3;
      out.row(r)[static_cast<std::size_t>(i)] =
          2 + 0.01 * t + std::sin(0.03 * t) + 4 * std::exp(-u * u) + 0.02 * normal(random);
    }
  }
  return out;
}

DenseMatrix toeplitz_beads(const std::vector<Real>& half) {
  DenseMatrix out = DenseMatrix::Zero(beads_points, beads_points);
  for (Index i = 0; i < beads_points; ++i) {
    for (Index j = 0; j < beads_points; ++j) {
      const auto apart = static_cast<std::size_t>(std::abs(i - j));
      out(i, j) = apart < half.size() ? half[apart] : 0;
    }
  }
  return out;
}

struct BeadsCase {
  int order = 1;
  int cost = 1;
};
std::ostream& operator<<(std::ostream& out, const BeadsCase& given) {
  return out << "filter_type " << given.order << ", cost_function " << given.cost;
}

// Ning, Selesnick & Duval (2014), without the parabola, weights 1, 0.5, 0.8, asymmetry 6.
DenseVector dense_beads(const DenseVector& y, const BeadsCase& given) {
  const Real omega = 2 * std::numbers::pi_v<Real> * 0.02L;
  const Real t = std::pow((1 - std::cos(omega)) / (1 + std::cos(omega)), given.order);
  const DenseMatrix high =
      toeplitz_beads(given.order == 1 ? std::vector<Real>{2, -1} : std::vector<Real>{6, -4, 1});
  const DenseMatrix low = high + t * high.cwiseAbs();
  const DenseMatrix first =
      DenseMatrix::Identity(beads_points, beads_points).bottomRows(beads_points - 1) -
      DenseMatrix::Identity(beads_points, beads_points).topRows(beads_points - 1);
  const DenseMatrix second =
      first.bottomRows(beads_points - 2) - first.topRows(beads_points - 2);  // of neighbours
  const auto curvature = [&](Real size) {
    return given.cost == 1 ? 1 / std::sqrt(size * size + 1e-6L) : 1 / (size + 1e-6L);
  };
  const DenseVector slope = DenseVector::Constant(beads_points, 0.5L * (1 - 6));
  const DenseVector right =
      high.transpose() * high * low.partialPivLu().solve(y) - low.transpose() * slope;
  DenseVector peaks = y;
  for (int k = 0; k <= beads_rounds; ++k) {
    DenseMatrix penalty = DenseMatrix::Zero(beads_points, beads_points);
    for (Index i = 0; i < beads_points; ++i) {
      penalty(i, i) = 0.5L * (1 + 6) / std::max(1e-6L, std::abs(peaks[i]));
    }
    const DenseVector d1 = first * peaks;
    const DenseVector d2 = second * peaks;
    penalty += 0.5L * first.transpose() *
               d1.unaryExpr([&](Real d) { return curvature(std::abs(d)); }).asDiagonal() * first;
    penalty += 0.8L * second.transpose() *
               d2.unaryExpr([&](Real d) { return curvature(std::abs(d)); }).asDiagonal() * second;
    const DenseMatrix system = high.transpose() * high + low.transpose() * penalty * low;
    peaks = low * system.partialPivLu().solve(right);
  }
  const DenseVector rest = y - peaks;
  return rest - high * low.partialPivLu().solve(rest);
}

class Beads : public ::testing::TestWithParam<BeadsCase> {};

TEST_P(Beads, AgreesWithDenseMatrices) {
  const auto* info = find_core_method("baseline", "beads");
  const std::vector<GivenParameter> given{
      {"freq_cutoff",    "0.02",                           ""},
      {"lambda_0",       "1",                              ""},
      {"lambda_1",       "0.5",                            ""},
      {"lambda_2",       "0.8",                            ""},
      {"filter_type",    std::to_string(GetParam().order), ""},
      {"cost_function",  std::to_string(GetParam().cost),  ""},
      {"fit_parabola",   "false",                          ""},
      {"max_iterations", std::to_string(beads_rounds),     ""},
      {"tolerance",      "-1",                             ""}
  };
  const ChainStep step{
      "baseline", "beads", ParameterSet::checked(info->parameters, given, "beads")};
  // More spectra than a group has lanes, and a last group that is not full.
  const auto spectra = beads_spectra(9);
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  for (Index r = 0; r < spectra.rows(); ++r) {
    const DenseVector y =
        Eigen::Map<const Eigen::VectorXd>(spectra.row(r).data(), beads_points).cast<Real>();
    const DenseVector wanted = dense_beads(y, GetParam());
    for (Index i = 0; i < beads_points; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_NEAR(
          spectra.row(r)[at] - result.spectra.row(r)[at], static_cast<double>(wanted[i]), 1e-5)
          << r << ", point " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All,
    Beads,
    ::testing::Values(BeadsCase{1, 1}, BeadsCase{1, 2}, BeadsCase{2, 1}, BeadsCase{2, 2}));

}  // namespace
}  // namespace calcispec
