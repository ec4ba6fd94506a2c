// Penalised baselines against dense solvers and plain loops, and what their parameters promise.
#include "core/chain.hpp"
#include "core/decomposition.hpp"
#include "core/set_methods.hpp"

#include <Eigen/Core>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

AxisPtr uneven_axis(Index points, double step) {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points);
    x.push_back(400 + step * (static_cast<double>(i) + 20 * t * t));
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

AxisPtr even_axis_penalised_baseline(Index points, double step) {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(400 + step * static_cast<double>(i));
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

double background_at(double t) {
  return 3 + 1.5 * std::exp(-3 * t) + 0.8 * std::sin(2.5 * t);
}

// Bands of height 1 on a smooth background, noise of 0.01.
SpectraMatrix band_spectra(const AxisPtr& axis, Index rows) {
  auto out = SpectraMatrix::make(axis, rows);
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  const auto points = static_cast<double>(axis->size());
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < axis->size(); ++i) {
      const double t = static_cast<double>(i) / points;
      double y = background_at(t) + 0.01 * normal(random);
      for (const double centre : {0.2, 0.45, 0.75}) {
        const double u = (t - centre - 0.01 * static_cast<double>(r)) / 0.015;
        y += std::exp(-0.5 * u * u);
      }
      out.row(r)[static_cast<std::size_t>(i)] = y;
    }
  }
  return out;
}

ChainResult run_penalised_baseline(const std::string& method,
                                   const SpectraMatrix& spectra,
                                   const std::vector<GivenParameter>& given) {
  const auto* info = find_core_method("baseline", method);
  const ChainStep step{"baseline", method, ParameterSet::checked(info->parameters, given, method)};
  return run_chain(spectra, std::span(&step, 1), 1);
}

// What collab_pls takes off a set.
SpectraMatrix collaborative_baselines(const SpectraMatrix& spectra,
                                      const std::vector<GivenParameter>& given) {
  const auto* info = find_set_method("baseline", "collab_pls");
  auto out = spectra;
  const auto set = ParameterSet::checked(info->parameters, given, "collab_pls");
  for (const auto status : run_set_method({"baseline", "collab_pls", set}, out, {}, 1)) {
    EXPECT_EQ(status, MethodStatus::converged);
  }
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = spectra.values[i] - out.values[i];
  }
  return out;
}

VectorXd vector_of(std::span<const double> row) {
  return Eigen::Map<const VectorXd>(row.data(), static_cast<Index>(row.size()));
}

MatrixXd difference(Index count, Index order) {
  MatrixXd d = MatrixXd::Identity(count, count);
  for (Index k = 0; k < order; ++k) {
    const Index rows = d.rows() - 1;
    d = (d.bottomRows(rows) - d.topRows(rows)).eval();
  }
  return d;
}

// The recursion of de Boor as it stands in the books.
double b_spline(const std::vector<double>& knots, std::size_t j, std::size_t degree, double x) {
  if (degree == 0) {
    return x >= knots[j] && x < knots[j + 1] ? 1 : 0;
  }
  const double left = (x - knots[j]) / (knots[j + degree] - knots[j]);
  const double right = (knots[j + degree + 1] - x) / (knots[j + degree + 1] - knots[j + 1]);
  return left * b_spline(knots, j, degree - 1, x) + right * b_spline(knots, j + 1, degree - 1, x);
}

MatrixXd dense_basis(std::span<const double> x, std::size_t count, std::size_t degree) {
  const double step = (x.back() - x.front()) / static_cast<double>(count - 1);
  std::vector<double> knots;
  for (std::size_t k = 0; k < count + 2 * degree; ++k) {
    knots.push_back(x.front() + step * (static_cast<double>(k) - static_cast<double>(degree)));
  }
  MatrixXd basis(static_cast<Index>(x.size()), static_cast<Index>(count + degree - 1));
  for (Index i = 0; i < basis.rows(); ++i) {
    // The last point belongs to the last interval; a hair inside it makes no difference.
    const double at = std::min(x[static_cast<std::size_t>(i)], x.back() - 1e-12 * step);
    for (Index j = 0; j < basis.cols(); ++j) {
      basis(i, j) = b_spline(knots, static_cast<std::size_t>(j), degree, at);
    }
  }
  return basis;
}

TEST(PenalisedBaseline, SplinesOfEveryDegreeSolveTheirNormalEquations) {
  const auto spectra = band_spectra(uneven_axis(90, 2), 3);
  for (std::size_t degree = 1; degree <= 5; ++degree) {
    const auto basis = dense_basis(spectra.axis->values(), 12, degree);
    for (Index order = 1; order <= 4; ++order) {
      const auto d = difference(basis.cols(), order);
      const MatrixXd matrix = basis.transpose() * basis + 0.7 * d.transpose() * d;
      const auto result = run_penalised_baseline("pspline_asls",
                                                 spectra,
                                                 {
                                                     {"lambda",         "0.7",                  ""},
                                                     {"knots",          "12",                   ""},
                                                     {"spline_degree",  std::to_string(degree), ""},
                                                     {"diff_order",     std::to_string(order),  ""},
                                                     {"max_iterations", "0",                    ""}
      });
      for (Index r = 0; r < spectra.rows(); ++r) {
        const VectorXd c = solve_symmetric(matrix, basis.transpose() * vector_of(spectra.row(r)));
        EXPECT_LT((basis * c - vector_of(result.baseline->row(r))).cwiseAbs().maxCoeff(), 1e-9)
            << "degree " << degree << ", order " << order;
      }
    }
  }
}

// Weights of the locally symmetric kind; `base` to the power of the round.
VectorXd locally_symmetric(const VectorXd& residual, double base, int round) {
  double count = 0;
  double sum = 0;
  for (const double d : residual) {
    count += d < 0 ? 1 : 0;
    sum += d < 0 ? d : 0;
  }
  const double mean = sum / count;
  double square = 0;
  for (const double d : residual) {
    square += d < 0 ? (d - mean) * (d - mean) : 0;
  }
  const double sd = std::sqrt(square / (count - 1));
  VectorXd weights(residual.size());
  for (Index i = 0; i < residual.size(); ++i) {
    const double u = std::pow(base, round) / sd * (residual[i] - (2 * sd - mean));
    weights[i] = 0.5 * (1 - u / (1 + std::abs(u)));
  }
  return weights;
}

TEST(PenalisedBaseline, DrplsAgreesWithAPlainLoop) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(70, 2), 3);
  const auto d1 = difference(70, 1);
  const auto d2 = difference(70, 2);
  const auto result = run_penalised_baseline("drpls",
                                             spectra,
                                             {
                                                 {"lambda", "300", ""},
                                                 {"eta",    "0.4", ""}
  });
  for (Index r = 0; r < spectra.rows(); ++r) {
    const auto y = vector_of(spectra.row(r));
    VectorXd w = VectorXd::Ones(70);
    VectorXd z;
    for (int round = 1; round <= 51; ++round) {
      const VectorXd loose = VectorXd::Ones(70) - 0.4 * w;
      const MatrixXd matrix = MatrixXd(w.asDiagonal()) + d1.transpose() * d1 +
                              300 * loose.asDiagonal() * MatrixXd(d2.transpose() * d2);
      z = solve_least_squares(matrix, w.cwiseProduct(y));
      const auto next = locally_symmetric(y - z, std::exp(1.0), round);
      const double change = (next - w).norm() / w.norm();
      w = next;
      if (change < 1e-3) {
        break;
      }
    }
    EXPECT_LT((z - vector_of(result.baseline->row(r))).cwiseAbs().maxCoeff(), 1e-9);
  }
}

TEST(PenalisedBaseline, OneRoundOfAsplsScalesThePenaltyByTheResiduals) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(60, 2), 3);
  const auto d2 = difference(60, 2);
  const MatrixXd penalty = 200 * d2.transpose() * d2;
  const auto result = run_penalised_baseline(
      "aspls",
      spectra,
      {
          {"lambda",         "200", ""},
          {"alpha",          "0.5", ""},
          {"max_iterations", "1",   ""}
  });
  for (Index r = 0; r < spectra.rows(); ++r) {
    const auto y = vector_of(spectra.row(r));
    const VectorXd first = solve_symmetric(MatrixXd::Identity(60, 60) + 0.5 * penalty, y);
    const VectorXd residual = y - first;
    std::vector<double> below;
    std::copy_if(residual.begin(), residual.end(), std::back_inserter(below), [](double d) {
      return d < 0;
    });
    const auto negative = vector_of(below);
    const double sd = std::sqrt((negative.array() - negative.mean()).square().sum() /
                                static_cast<double>(below.size() - 1));
    VectorXd w(60);
    for (Index i = 0; i < 60; ++i) {
      w[i] = 1 / (1 + std::exp(0.5 * (residual[i] - sd) / sd));
    }
    const VectorXd scale = residual.cwiseAbs() / residual.cwiseAbs().maxCoeff();
    const MatrixXd matrix = MatrixXd(w.asDiagonal()) + scale.asDiagonal() * penalty;
    const VectorXd z = solve_least_squares(matrix, w.cwiseProduct(y));
    EXPECT_LT((z - vector_of(result.baseline->row(r))).cwiseAbs().maxCoeff(), 1e-9);
  }
}

TEST(PenalisedBaseline, IaslsPenalisesTheResidualToo) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(64, 2), 1);
  const auto y = vector_of(spectra.row(0));
  const auto d1 = difference(64, 1);
  const auto d2 = difference(64, 2);
  MatrixXd powers(64, 3);
  for (Index i = 0; i < 64; ++i) {
    const double t = static_cast<double>(i) / 63;
    powers.row(i) << 1, t, t * t;
  }
  const VectorXd parabola = powers * solve_least_squares(powers, y);
  VectorXd w(64);
  VectorXd z = parabola;
  for (int round = 0; round <= 50; ++round) {
    for (Index i = 0; i < 64; ++i) {
      w[i] = std::pow(y[i] > z[i] ? 0.1 : 0.9, 2);
    }
    const MatrixXd matrix =
        MatrixXd(w.asDiagonal()) + 0.3 * d1.transpose() * d1 + 50 * d2.transpose() * d2;
    const VectorXd next =
        solve_symmetric(matrix, w.cwiseProduct(y) + 0.3 * d1.transpose() * (d1 * y));
    if ((next - z).norm() == 0) {
      break;
    }
    z = next;
  }
  const auto result = run_penalised_baseline(
      "iasls",
      spectra,
      {
          {"lambda",       "50",  ""},
          {"asymmetry",    "0.1", ""},
          {"first_lambda", "0.3", ""}
  });
  EXPECT_LT((z - vector_of(result.baseline->row(0))).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(PenalisedBaseline, IrsqrLeavesItsQuantileBelow) {
  auto spectra = SpectraMatrix::make(even_axis_penalised_baseline(2000, 1), 1);
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> uniform;
  for (double& y : spectra.values) {
    y = 5 + uniform(random);
  }
  for (const double quantile : {0.1, 0.3, 0.8}) {
    const auto result =
        run_penalised_baseline("irsqr",
                               spectra,
                               {
                                   {"quantile", number_text(quantile), ""},
                                   {"knots",    "10",                  ""}
    });
    const auto z = result.baseline->row(0);
    Index below = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      below += spectra.values[i] < z[i] ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(below) / 2000, quantile, 0.015);
  }
}

double error_of(const SpectraMatrix& baseline) {
  double square = 0;
  for (Index r = 0; r < baseline.rows(); ++r) {
    for (Index i = 0; i < baseline.points(); ++i) {
      const double t = static_cast<double>(i) / static_cast<double>(baseline.points());
      const double miss = baseline.row(r)[static_cast<std::size_t>(i)] - background_at(t);
      square += miss * miss;
    }
  }
  return std::sqrt(square / static_cast<double>(baseline.values.size()));
}

// Bands of height 1, noise of 0.01; a straight line would miss by more than 0.1. Methods that aim
// at the lower edge of the noise, or cannot bend enough with their own stiffness, come less close.
TEST(PenalisedBaseline, EachMethodFindsTheBackground) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(1000, 1.4), 5);
  Index checked = 0;
  for (const auto& method : core_methods()) {
    const auto has = [&](std::string_view name) {
      return std::any_of(method.parameters.begin(),
                         method.parameters.end(),
                         [&](const ParameterInfo& row) { return row.name == name; });
    };
    if (method.family != "baseline" || !has("lambda_rule")) {
      continue;
    }
    const std::string name(method.name);
    const bool is_close = name.find("rpls") != std::string::npos || name == "mixture_model";
    EXPECT_LT(error_of(*run_penalised_baseline(name, spectra, {}).baseline), is_close ? 0.025 : 0.1)
        << name;
    const auto chosen = run_penalised_baseline(name,
                                               spectra,
                                               {
                                                   {"lambda", "auto", ""}
    });
    // The V-curve leaves airpls at the lower edge of the noise.
    const double bound = is_close && name != "airpls" ? 0.025 : 0.1;
    EXPECT_LT(error_of(*chosen.baseline), bound) << name << " automatic";
    ++checked;
  }
  EXPECT_GE(checked, 26);
}

TEST(PenalisedBaseline, AutomaticLambdaMendsAStiffnessThatDoesNotFit) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(1000, 1.4), 3);
  for (const auto* method : {"asls", "arpls", "pspline_arpls", "iarpls"}) {
    const auto soft = run_penalised_baseline(method,
                                             spectra,
                                             {
                                                 {"lambda", "1", ""}
    });
    const auto chosen = run_penalised_baseline(method,
                                               spectra,
                                               {
                                                   {"lambda", "auto", ""}
    });
    EXPECT_LT(error_of(*chosen.baseline), 0.3 * error_of(*soft.baseline)) << method;
  }
}

TEST(PenalisedBaseline, LambdaInUnitsOfTheAxisServesAnySpacing) {
  for (const auto* method : {"arpls", "pspline_arpls", "drpls"}) {
    const auto coarse = band_spectra(even_axis_penalised_baseline(500, 2.8), 1);
    const auto fine = band_spectra(even_axis_penalised_baseline(2000, 0.7), 1);
    const std::vector<GivenParameter> given{
        {"lambda",      "1e6",  ""},
        {"lambda_unit", "axis", ""}
    };
    const auto a = run_penalised_baseline(method, coarse, given);
    const auto b = run_penalised_baseline(method, fine, given);
    for (std::size_t i = 10; i < 490; ++i) {
      ASSERT_LT(std::abs(a.baseline->values[i] - b.baseline->values[4 * i]), 0.02) << method;
    }
  }
  // Unit spacing: the same number.
  const auto spectra = band_spectra(even_axis_penalised_baseline(300, 1), 1);
  const auto points = run_penalised_baseline("asls",
                                             spectra,
                                             {
                                                 {"lambda", "1e5", ""}
  });
  const auto axis = run_penalised_baseline("asls",
                                           spectra,
                                           {
                                               {"lambda",      "1e5",  ""},
                                               {"lambda_unit", "axis", ""}
  });
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_NEAR(points.baseline->values[i], axis.baseline->values[i], 1e-8);
  }
}

TEST(PenalisedBaseline, AutomaticLambdaIsBitwiseTheSameAloneAndInABatch) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(200, 2), 11);
  for (const auto* rule : {"extended_range", "v_curve", "gcv", "aic", "bic"}) {
    const std::vector<GivenParameter> given{
        {"lambda",      "auto", ""},
        {"lambda_rule", rule,   ""}
    };
    const auto batch = run_penalised_baseline("arpls", spectra, given);
    for (const Index r : {0, 4, 10}) {
      auto alone = SpectraMatrix::make(spectra.axis, 1);
      std::copy(spectra.row(r).begin(), spectra.row(r).end(), alone.values.begin());
      const auto result = run_penalised_baseline("arpls", alone, given);
      for (std::size_t i = 0; i < 200; ++i) {
        EXPECT_EQ(result.baseline->values[i], batch.baseline->row(r)[i]) << rule;
      }
    }
  }
}

// The line that joins the feet of a band is all that cutting can give there.
TEST(PenalisedBaseline, CornerCuttingStaysBelowBandsAndFollowsConvexCurves) {
  auto spectra = SpectraMatrix::make(even_axis_penalised_baseline(400, 1), 2);
  for (Index i = 0; i < 400; ++i) {
    const double t = static_cast<double>(i) / 400 - 0.5;
    const double u = (t - 0.1) / 0.02;
    const auto at = static_cast<std::size_t>(i);
    spectra.row(0)[at] = 4 * t * t;
    spectra.row(1)[at] = 4 * t * t + std::exp(-0.5 * u * u);
  }
  const auto result = run_penalised_baseline("corner_cutting", spectra, {});
  for (std::size_t i = 0; i < 400; ++i) {
    EXPECT_NEAR(result.baseline->row(0)[i], spectra.row(0)[i], 1e-4);
  }
  EXPECT_LT(result.baseline->row(1)[240], 0.6);  // the band stands to 1.04
}

// Spectra that differ by their noise alone get the same weights; with those of the mean, a spectrum
// is smoothed linearly: baselines of sums are sums of baselines.
TEST(PenalisedBaseline, CollabPlsIsLinearGivenItsWeights) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(400, 2), 40);
  const auto first = collaborative_baselines(spectra, {});
  VectorXd mean = VectorXd::Zero(400);
  VectorXd mean_baseline = VectorXd::Zero(400);
  for (Index r = 0; r < 40; ++r) {
    mean += vector_of(spectra.row(r)) / 40;
    mean_baseline += vector_of(first.row(r)) / 40;
  }
  auto alone = SpectraMatrix::make(spectra.axis, 1);
  std::copy(mean.begin(), mean.end(), alone.values.begin());
  const auto of_mean = run_penalised_baseline("asls", alone, {});
  EXPECT_LT((vector_of(of_mean.baseline->row(0)) - mean_baseline).cwiseAbs().maxCoeff(), 1e-7);
  const auto each = collaborative_baselines(
      spectra,
      {
          {"average_dataset", "false",         ""},
          {"method",          "pspline_arpls", ""}
  });
  EXPECT_LT(error_of(each), 0.2);
}

// Weights over the largest of them: a stiffer curve than weights that exceed 1, and one that the
// same lambda times a constant does not give.
TEST(PenalisedBaseline, AirplsWithNormalizedWeightsIsStiffer) {
  const auto spectra = band_spectra(even_axis_penalised_baseline(400, 2), 9);
  for (const auto* method : {"airpls", "pspline_airpls"}) {
    const auto roughness = [&](const char* flag) {
      const auto result = run_penalised_baseline(method,
                                                 spectra,
                                                 {
                                                     {"normalize_weights", flag, ""}
      });
      double sum = 0;
      for (Index r = 0; r < spectra.rows(); ++r) {
        const auto z = result.baseline->row(r);
        for (std::size_t i = 1; i + 1 < z.size(); ++i) {
          sum += std::pow(z[i + 1] - 2 * z[i] + z[i - 1], 2);
        }
      }
      return sum;
    };
    EXPECT_LT(roughness("true"), roughness("false")) << method;
  }
}

}  // namespace
}  // namespace calcispec
