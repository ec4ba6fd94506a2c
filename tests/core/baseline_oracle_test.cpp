// Lanes against the plain loop, for every length near the lane count and for odd lengths.
#include "core/chain.hpp"
#include "tests/oracle/plain_loops.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

SpectraMatrix spectra_of(Index rows, Index points) {
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

double worst(const SpectraMatrix& spectra, const std::string& method, double lambda) {
  const auto* info = find_core_method("baseline", method);
  const std::vector<GivenParameter> given{
      {"lambda", number_text(lambda), ""}
  };
  const ChainStep step{"baseline", method, ParameterSet::checked(info->parameters, given, method)};
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  double largest = 0;
  for (Index r = 0; r < spectra.rows(); ++r) {
    const auto plain = method == "asls" ? oracle::asls(spectra.row(r), lambda, 0.01)
                                        : oracle::arpls(spectra.row(r), lambda);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      largest = std::max(largest, std::abs(plain[i] - result.baseline->row(r)[i]));
    }
  }
  return largest;
}

TEST(BaselineOracle, LanesAgreeWithThePlainLoop) {
  for (const Index rows : {1, 3, 4, 5, 8, 17}) {
    for (const Index points : {40, 257, 1000}) {
      const auto spectra = spectra_of(rows, points);
      EXPECT_LT(worst(spectra, "asls", 1e4), 1e-8) << rows << " x " << points;
      EXPECT_LT(worst(spectra, "arpls", 1e4), 1e-8) << rows << " x " << points;
    }
  }
}

}  // namespace
}  // namespace calcispec
