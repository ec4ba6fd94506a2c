#include "models/map_patterns.hpp"

#include "core/decomposition.hpp"
#include "core/error.hpp"
#include "core/nnls.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace calcispec::models {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Index most_rounds = 300;
constexpr double tolerance = 1e-6;

Eigen::Map<const RowMatrix> view(const SpectraMatrix& spectra) {
  return {spectra.values.data(), spectra.rows(), spectra.points()};
}

void check_map_patterns(const SpectraMatrix& spectra, Index count, Index most) {
  require(count >= 1 && count <= most,
          "the number of components must be between 1 and " + std::to_string(most));
  require(view(spectra).allFinite(), "spectra with gaps cannot be decomposed; cut them off first");
}

std::vector<double> values_of(const RowMatrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

// Rows that span most, by successive projection.
std::vector<Index> spanning_rows(const Eigen::Map<const RowMatrix>& y, Index count) {
  RowMatrix rest = y;
  std::vector<Index> out;
  for (Index k = 0; k < count; ++k) {
    Index best = 0;
    rest.rowwise().squaredNorm().maxCoeff(&best);
    const VectorXd direction = rest.row(best).transpose();
    const double square = direction.squaredNorm();
    out.push_back(best);
    if (square > 0) {
      const VectorXd parts = rest * direction / square;
      rest.noalias() -= parts * direction.transpose();
    }
  }
  return out;
}

// Spectra and points change places.
SpectraMatrix turned(const SpectraMatrix& spectra) {
  std::vector<double> numbers(static_cast<std::size_t>(spectra.rows()));
  std::iota(numbers.begin(), numbers.end(), 0.0);
  auto out = SpectraMatrix::make(Axis::make(std::move(numbers), AxisKind::other, "point"),
                                 spectra.points());
  Eigen::Map<RowMatrix>(out.values.data(), spectra.points(), spectra.rows()) =
      view(spectra).transpose();
  return out;
}

struct RowAmounts {
  RowMatrix amounts;
  double residual_square = 0;  // of all rows together
};

// Amounts >= 0 of the rows of `basis` in every row of `data`.
RowAmounts solve_rows(const RowMatrix& basis, const SpectraMatrix& data, Index jobs) {
  Columns columns;
  columns.points = data.points();
  columns.values.assign(basis.data(), basis.data() + basis.size());  // its rows lie one by one
  const auto result = solve_nnls(columns, data, jobs);
  RowAmounts out{RowMatrix(data.rows(), basis.rows())};
  std::copy(result.amounts.begin(), result.amounts.end(), out.amounts.data());
  for (const double norm : result.residual_norm) {
    out.residual_square += norm * norm;
  }
  return out;
}

// Rows of unit length; a row of nothing stays.
void normalise_rows(RowMatrix& rows) {
  for (Index k = 0; k < rows.rows(); ++k) {
    const double size = rows.row(k).norm();
    rows.row(k) *= size > 0 ? 1 / size : 0;
  }
}

double square_distance(const Eigen::Map<const RowMatrix>& rows, Index row, const VectorXd& center) {
  return (rows.row(row).transpose() - center).squaredNorm();
}

// k-means++: each next center is a row chosen with a chance that grows with its distance squared.
MatrixXd first_centers(const Eigen::Map<const RowMatrix>& rows,
                       Index count,
                       std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  MatrixXd centers(rows.cols(), count);
  const auto last = static_cast<double>(rows.rows());
  centers.col(0) =
      rows.row(std::min(rows.rows() - 1, static_cast<Index>(uniform(random) * last))).transpose();
  VectorXd nearest = VectorXd::Constant(rows.rows(), std::numeric_limits<double>::infinity());
  for (Index k = 1; k < count; ++k) {
    for (Index r = 0; r < rows.rows(); ++r) {
      nearest[r] = std::min(nearest[r], square_distance(rows, r, centers.col(k - 1)));
    }
    double left = uniform(random) * nearest.sum();
    Index chosen = rows.rows() - 1;
    for (Index r = 0; r < rows.rows(); ++r) {
      left -= nearest[r];
      if (left <= 0) {
        chosen = r;
        break;
      }
    }
    centers.col(k) = rows.row(chosen).transpose();
  }
  return centers;
}

struct Partition {
  MatrixXd centers;
  std::vector<Index> member;
  double within = std::numeric_limits<double>::infinity();
};

Partition lloyd(const Eigen::Map<const RowMatrix>& rows, MatrixXd centers) {
  Partition out;
  out.member.assign(static_cast<std::size_t>(rows.rows()), -1);
  for (int round = 0; round < 200; ++round) {
    bool is_changed = false;
    out.within = 0;
    MatrixXd sums = MatrixXd::Zero(centers.rows(), centers.cols());
    VectorXd counts = VectorXd::Zero(centers.cols());
    for (Index r = 0; r < rows.rows(); ++r) {
      Index best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (Index k = 0; k < centers.cols(); ++k) {
        const double square = square_distance(rows, r, centers.col(k));
        if (square < least) {
          least = square;
          best = k;
        }
      }
      auto& member = out.member[static_cast<std::size_t>(r)];
      is_changed = is_changed || member != best;
      member = best;
      out.within += least;
      sums.col(best) += rows.row(r).transpose();
      counts[best] += 1;
    }
    for (Index k = 0; k < centers.cols(); ++k) {
      if (counts[k] > 0) {
        centers.col(k) = sums.col(k) / counts[k];
      }
    }
    if (!is_changed) {
      break;
    }
  }
  out.centers = std::move(centers);
  return out;
}

}  // namespace

PrincipalComponents principal_components(const SpectraMatrix& spectra, Index count) {
  const Index most = std::min(spectra.rows() - 1, spectra.points());
  check_map_patterns(spectra, count, most);
  const auto y = view(spectra);
  const VectorXd mean = y.colwise().mean().transpose();
  const RowMatrix centred = y.rowwise() - mean.transpose();
  const bool is_tall = spectra.rows() > spectra.points();
  const MatrixXd products =
      is_tall ? MatrixXd(centred.transpose() * centred) : MatrixXd(centred * centred.transpose());
  const auto eigen = symmetric_eigen(products);
  const double whole = products.trace();
  PrincipalComponents out;
  out.count = count;
  out.mean.assign(mean.data(), mean.data() + mean.size());
  RowMatrix loadings(count, spectra.points());
  for (Index k = 0; k < count; ++k) {
    const Index at = products.rows() - 1 - k;
    const VectorXd vector = eigen.vectors.col(at);
    VectorXd loading = is_tall ? vector : VectorXd(centred.transpose() * vector);
    const double size = loading.norm();
    loading *= size > 0 ? 1 / size : 0;
    Index largest = 0;
    loading.cwiseAbs().maxCoeff(&largest);
    loadings.row(k) = (loading[largest] < 0 ? -loading : loading).transpose();
    out.explained.push_back(whole > 0 ? std::max(0.0, eigen.values[at]) / whole : 0);
  }
  out.loadings = values_of(loadings);
  out.scores = values_of(centred * loadings.transpose());
  return out;
}

ResolvedCurves resolve_curves(const SpectraMatrix& spectra, Index count, Index jobs) {
  check_map_patterns(spectra, count, std::min(spectra.rows(), spectra.points()));
  const auto y = view(spectra);
  RowMatrix curves(count, spectra.points());
  const auto rows = spanning_rows(y, count);
  for (Index k = 0; k < count; ++k) {
    curves.row(k) = y.row(rows[static_cast<std::size_t>(k)]).cwiseMax(0.0);
  }
  normalise_rows(curves);
  ResolvedCurves out;
  out.count = count;
  const double whole = y.squaredNorm();
  const auto by_point = turned(spectra);
  auto amounts = solve_rows(curves, spectra, jobs).amounts;
  double before = std::numeric_limits<double>::infinity();
  while (out.iterations < most_rounds && !out.is_converged) {
    ++out.iterations;
    curves = solve_rows(amounts.transpose(), by_point, jobs).amounts.transpose();
    normalise_rows(curves);
    auto solved = solve_rows(curves, spectra, jobs);
    amounts = std::move(solved.amounts);
    out.unexplained = whole > 0 ? std::sqrt(solved.residual_square / whole) : 0;
    out.is_converged = std::abs(before - out.unexplained) <= tolerance * out.unexplained;
    before = out.unexplained;
  }
  out.curves = values_of(curves);
  out.amounts = values_of(amounts);
  return out;
}

Clusters find_clusters(const std::vector<double>& rows, Index dimensions, Index count) {
  require(
      dimensions >= 1 && !rows.empty() && rows.size() % static_cast<std::size_t>(dimensions) == 0,
      "rows of equal length are needed");
  const auto total = static_cast<Index>(rows.size()) / dimensions;
  require(count >= 1 && count <= total,
          "the number of clusters must be between 1 and " + std::to_string(total));
  const Eigen::Map<const RowMatrix> y(rows.data(), total, dimensions);
  require(y.allFinite(), "rows with gaps cannot be put into clusters");
  std::mt19937_64 random(1);
  Partition best;
  for (int start = 0; start < 10; ++start) {
    auto trial = lloyd(y, first_centers(y, count, random));
    if (trial.within < best.within) {
      best = std::move(trial);
    }
  }
  std::vector<Index> sizes(static_cast<std::size_t>(count), 0);
  for (const auto member : best.member) {
    ++sizes[static_cast<std::size_t>(member)];
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sizes[a] > sizes[b];
  });
  Clusters out;
  out.count = count;
  out.within = best.within;
  std::vector<Index> place(sizes.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    place[order[k]] = static_cast<Index>(k);
    const VectorXd center = best.centers.col(static_cast<Index>(order[k]));
    out.centers.insert(out.centers.end(), center.data(), center.data() + center.size());
  }
  for (const auto member : best.member) {
    out.member.push_back(place[static_cast<std::size_t>(member)]);
  }
  return out;
}

}  // namespace calcispec::models
