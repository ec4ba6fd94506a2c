// Cholesky, QR and eigenvalues against their definitions.
#include "core/decomposition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Columns of cosines: no two alike, none orthogonal to another.
MatrixXd made_columns(Index rows, Index columns) {
  MatrixXd out(rows, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) {
      out(i, j) = std::cos(0.7 * static_cast<double>((i + 1) * (j + 2))) + (i == j ? 1 : 0);
    }
  }
  return out;
}

double size_of(const MatrixXd& matrix) {
  return matrix.cwiseAbs().maxCoeff();
}

TEST(Decomposition, CholeskySolvesByHalvesAndWhole) {
  const MatrixXd columns = made_columns(9, 6);
  const MatrixXd matrix = columns.transpose() * columns;
  const Cholesky cholesky(matrix);
  ASSERT_TRUE(cholesky.is_positive());
  const MatrixXd right = made_columns(6, 3);
  EXPECT_LT(size_of(matrix * cholesky.solve(right) - right), 1e-12);
  const MatrixXd half = cholesky.solve_lower(right);
  EXPECT_LT(size_of(half.transpose() * half - right.transpose() * cholesky.solve(right)), 1e-12);
  const VectorXd column = right.col(1);
  EXPECT_LT(size_of(cholesky.solve(column) - cholesky.solve(right).col(1)), 1e-13);
  EXPECT_LT(size_of(cholesky.solve_upper(cholesky.solve_lower(column)) - cholesky.solve(column)),
            1e-15);
}

TEST(Decomposition, AMatrixThatIsNotPositiveIsSaid) {
  MatrixXd matrix = MatrixXd::Identity(3, 3);
  matrix(2, 2) = -1;
  EXPECT_FALSE(Cholesky(matrix).is_positive());
  EXPECT_FALSE(factorize_in_place(matrix));
  EXPECT_TRUE(Cholesky().is_positive());
}

TEST(Decomposition, SymmetricSystemsMayBeIndefinite) {
  MatrixXd matrix = made_columns(5, 5);
  matrix += matrix.transpose().eval();
  matrix.diagonal().array() -= 3;
  const MatrixXd right = made_columns(5, 2);
  EXPECT_LT(size_of(matrix * solve_symmetric(matrix, right) - right), 1e-12);
}

TEST(Decomposition, OrthonormalPartsGiveTheColumnsBack) {
  for (const Index rows : {8, 5, 3}) {
    const MatrixXd columns = made_columns(rows, 5);
    const auto parts = orthonormal_parts(columns);
    const Index rank = std::min<Index>(rows, 5);
    ASSERT_EQ(parts.basis.cols(), rank);
    EXPECT_LT(size_of(parts.basis * parts.triangle - columns), 1e-14);
    EXPECT_LT(size_of(parts.basis.transpose() * parts.basis - MatrixXd::Identity(rank, rank)),
              1e-14);
  }
}

TEST(Decomposition, PivotedPartsTellTheRankAndTheOrder) {
  MatrixXd columns = made_columns(8, 4);
  columns.col(2) *= 50;
  const auto parts = pivoted_parts(columns);
  EXPECT_EQ(parts.order.front(), 2);
  EXPECT_EQ(parts.rank(1e-12), 4);
  const MatrixXd product = parts.basis * parts.triangle;
  for (Index k = 0; k < 4; ++k) {
    EXPECT_LT(size_of(product.col(k) - columns.col(parts.order[static_cast<std::size_t>(k)])),
              1e-13);
  }
  columns.col(3) = columns.col(0) - columns.col(1);
  EXPECT_EQ(pivoted_parts(columns).rank(1e-12), 3);
}

TEST(Decomposition, LeastSquaresLeaveTheResidualOrthogonal) {
  MatrixXd columns = made_columns(9, 4);
  const MatrixXd right = made_columns(9, 2).rowwise().reverse();
  const MatrixXd rest = right - columns * solve_least_squares(columns, right);
  EXPECT_LT(size_of(columns.transpose() * rest), 1e-13);
  columns.col(3) = 2 * columns.col(1);
  const MatrixXd answer = solve_least_squares(columns, right);
  EXPECT_TRUE(answer.allFinite());
  EXPECT_EQ(std::min(answer.row(1).cwiseAbs().maxCoeff(), answer.row(3).cwiseAbs().maxCoeff()), 0);
}

TEST(Decomposition, TrianglesAreSolvedBothWays) {
  const MatrixXd triangle = orthonormal_parts(made_columns(7, 4)).triangle;
  const MatrixXd right = made_columns(4, 2);
  EXPECT_LT(size_of(triangle * solve_triangle(triangle, right) - right), 1e-13);
  EXPECT_LT(size_of(triangle.transpose() * solve_transposed_triangle(triangle, right) - right),
            1e-13);
}

TEST(Decomposition, EigenvaluesAreThose) {
  MatrixXd matrix = made_columns(5, 5);
  matrix += matrix.transpose().eval();
  const auto eigen = symmetric_eigen(matrix);
  EXPECT_LT(size_of(matrix * eigen.vectors - eigen.vectors * eigen.values.asDiagonal()), 1e-13);
  EXPECT_TRUE(std::is_sorted(eigen.values.data(), eigen.values.data() + eigen.values.size()));
  MatrixXd turn = MatrixXd::Zero(2, 2);  // by a quarter: i and -i
  turn(0, 1) = -1;
  turn(1, 0) = 1;
  const auto values = eigenvalues_of(turn);
  EXPECT_NEAR(std::abs(values[0].imag()), 1, 1e-15);
  EXPECT_NEAR(values[0].imag() + values[1].imag(), 0, 1e-15);
}

}  // namespace
}  // namespace calcispec
