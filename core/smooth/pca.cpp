// Noise of a set of spectra taken out by its principal components, their number from the noise.
#include "core/decomposition.hpp"
#include "core/noise.hpp"
#include "core/parallel.hpp"
#include "core/set_method_table.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 1> pca_parameters{
    {
     {.name = "components",
         .aliases = "n_components rank",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 1000,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .help = "so many are kept whole; automatic: those above what noise alone would give, each "
                 "shrunk by its share of noise"},
     }
};

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Spectra less their mean, each over its own noise, so that the noise of every value is 1.
struct Whitened {
  Matrix values;  // spectra x points
  Eigen::RowVectorXd mean;
  Eigen::VectorXd noise;
};

Whitened whitened(const SetCall& call) {
  Whitened out;
  const auto count = static_cast<Index>(call.rows.size());
  const Index points = call.spectra.points();
  out.values.resize(count, points);
  out.noise.resize(count);
  parallel_for(count, call.jobs, [&](Index k) {
    const auto row = call.spectra.row(call.rows[static_cast<std::size_t>(k)]);
    out.values.row(k) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), points);
    out.noise[k] = estimate_noise(row);
  });
  // A row without noise of its own would outweigh all others.
  Eigen::VectorXd sorted = out.noise;
  std::sort(sorted.data(), sorted.data() + count);
  out.noise = out.noise.cwiseMax(0.1 * sorted[count / 2]);
  if (out.noise.minCoeff() > 0) {
    const Eigen::VectorXd weights = out.noise.cwiseAbs2().cwiseInverse();
    out.mean = (weights.transpose() * out.values) / weights.sum();
    out.values = out.noise.cwiseInverse().asDiagonal() * (out.values.rowwise() - out.mean);
  }
  return out;
}

/// Largest singular values and their vectors on the points' side, by subspace iteration on the
/// smaller product matrix from a fixed start.
/// Source     Halko, Martinsson & Tropp, SIAM Rev. 53 (2011) 217
struct Components {
  Eigen::VectorXd sizes;    // singular values, falling
  Eigen::MatrixXd vectors;  // points x count
};

Eigen::MatrixXd fixed_start(Index rows, Index columns) {
  std::uint64_t state = 0x9E3779B97F4A7C15U;
  Eigen::MatrixXd out(rows, columns);
  for (Index c = 0; c < columns; ++c) {
    for (Index r = 0; r < rows; ++r) {
      state ^= state << 13U;
      state ^= state >> 7U;
      state ^= state << 17U;
      out(r, c) = static_cast<double>(state >> 11U) * 0x1p-53 - 0.5;
    }
  }
  return out;
}

Components largest(const Matrix& values, const Eigen::MatrixXd& product, Index wanted) {
  const Index size = product.rows();
  Eigen::VectorXd squares;
  Eigen::MatrixXd vectors;
  if (4 * wanted >= size || size <= 128) {
    const auto eigen = symmetric_eigen(product);
    squares = eigen.values.reverse();
    vectors = eigen.vectors.rowwise().reverse();
  } else {
    Eigen::MatrixXd basis = orthonormal_parts(product * fixed_start(size, wanted)).basis;
    for (int round = 0; round < 8; ++round) {
      basis = orthonormal_parts(product * basis).basis;
    }
    const Eigen::MatrixXd image = product * basis;
    const auto eigen = symmetric_eigen(basis.transpose() * image);
    squares = eigen.values.reverse();
    vectors = basis * eigen.vectors.rowwise().reverse();
  }
  Components out;
  out.sizes = squares.cwiseMax(0).cwiseSqrt();
  if (size == values.cols()) {
    out.vectors = std::move(vectors);
  } else {
    const Eigen::VectorXd inverse =
        (out.sizes.array() > 0).select(out.sizes.array().max(1e-300).inverse(), 0.0);
    out.vectors = values.transpose() * vectors * inverse.asDiagonal();
  }
  return out;
}

/// What of a singular value is kept, for the least expected squared error at unit noise.
/// Source     Gavish & Donoho, IEEE Trans. Inf. Theory 63 (2017) 2137
double kept_share(double size, double rows, double points) {
  const double large = std::max(rows, points);
  const double ratio = std::min(rows, points) / large;
  const double y = size / std::sqrt(large);
  if (y <= 1 + std::sqrt(ratio)) {
    return 0;
  }
  const double inside = (y * y - ratio - 1) * (y * y - ratio - 1) - 4 * ratio;
  return std::sqrt(std::max(0.0, inside)) / (y * y);
}

// More components are looked for until the smallest is noise.
Components wanted_components(const Matrix& values, Index given, Eigen::VectorXd& shares) {
  const auto rows = static_cast<double>(values.rows());
  const auto points = static_cast<double>(values.cols());
  const Index size = std::min(values.rows(), values.cols());
  Eigen::MatrixXd product = Eigen::MatrixXd::Zero(size, size);
  if (size == values.cols()) {
    product.selfadjointView<Eigen::Lower>().rankUpdate(values.transpose());
  } else {
    product.selfadjointView<Eigen::Lower>().rankUpdate(values);
  }
  product.triangularView<Eigen::StrictlyUpper>() = product.transpose();
  Components found;
  for (Index count = given >= 0 ? std::min(size, given + 8) : 32;; count *= 2) {
    found = largest(values, product, std::min(count, size));
    const double least = found.sizes[found.sizes.size() - 1];
    const bool is_enough = given >= 0 || found.sizes.size() >= size;
    if (is_enough || kept_share(least, rows, points) == 0) {
      break;
    }
  }
  shares.resize(found.sizes.size());
  for (Index k = 0; k < shares.size(); ++k) {
    const bool is_kept = given < 0 || k < given;
    shares[k] = is_kept && given < 0 ? kept_share(found.sizes[k], rows, points) : is_kept ? 1 : 0;
  }
  return found;
}

/// Model      spectra = mean + few components + noise that is white and normal in every spectrum
/// Kept       components whose singular value exceeds sqrt(spectra) + sqrt(points) times the noise
/// Noise      of each spectrum, from its finest differences
/// Accuracy   components 1e-6 of the largest, where their sizes differ
/// Cost       spectra * points * min(spectra, points) once, then 40 times the components
/// Source     Gavish & Donoho, IEEE Trans. Inf. Theory 63 (2017) 2137
void run_pca(const SetCall& call) {
  const auto white = whitened(call);
  if (!(white.noise.minCoeff() > 0)) {
    return;  // no noise to take out
  }
  const Index given =
      call.parameters.is_set("components") ? call.parameters.integer("components") : -1;
  Eigen::VectorXd shares;
  const auto found = wanted_components(white.values, given, shares);
  Index count = shares.size();
  while (count > 0 && shares[count - 1] == 0) {
    --count;
  }
  const Eigen::MatrixXd vectors = found.vectors.leftCols(count);
  parallel_for(static_cast<Index>(call.rows.size()), call.jobs, [&](Index k) {
    const auto row = call.spectra.row(call.rows[static_cast<std::size_t>(k)]);
    const Eigen::RowVectorXd amounts =
        (white.values.row(k) * vectors).cwiseProduct(shares.head(count).transpose());
    Eigen::Map<Eigen::RowVectorXd>(row.data(), static_cast<Index>(row.size())) =
        white.mean + white.noise[k] * (amounts * vectors.transpose());
  });
}

}  // namespace

SetMethod smooth_pca() {
  return {
      {"smooth",
       "pca", "principal components of the whole set above the noise; their number automatic",
       "Gavish & Donoho, IEEE Trans. Inf. Theory 63 (2017) 2137", pca_parameters},
      5,
      run_pca
  };
}

}  // namespace calcispec
