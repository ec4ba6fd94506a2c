#include "core/decomposition.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {

using Eigen::MatrixXd;
using Eigen::VectorXd;

Cholesky::Cholesky(MatrixXd matrix)
    : factor_(std::move(matrix)), is_positive_(factorize_in_place(factor_)) {}

void Cholesky::pass_lower(MatrixXd& right) const {
  factor_.triangularView<Eigen::Lower>().solveInPlace(right);
}
void Cholesky::pass_lower(VectorXd& right) const {
  factor_.triangularView<Eigen::Lower>().solveInPlace(right);
}
void Cholesky::pass_upper(MatrixXd& right) const {
  factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(right);
}
void Cholesky::pass_upper(VectorXd& right) const {
  factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(right);
}

bool factorize_in_place(Eigen::Ref<MatrixXd> matrix) {
  const Eigen::LLT<Eigen::Ref<MatrixXd>, Eigen::Lower> factor(matrix);
  return factor.info() == Eigen::Success;
}

MatrixXd solve_symmetric(const MatrixXd& matrix, const MatrixXd& right) {
  return matrix.ldlt().solve(right);
}

SymmetricEigen symmetric_eigen(const MatrixXd& matrix) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(matrix);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Eigen::VectorXcd eigenvalues_of(const MatrixXd& matrix) {
  return matrix.eigenvalues();
}

OrthonormalParts orthonormal_parts(const MatrixXd& columns) {
  const Index rank = std::min(columns.rows(), columns.cols());
  const Eigen::HouseholderQR<MatrixXd> qr(columns);
  return {qr.householderQ() * MatrixXd::Identity(columns.rows(), rank),
          qr.matrixQR().topRows(rank).triangularView<Eigen::Upper>()};
}

Index PivotedParts::rank(double tolerance) const {
  const double least = triangle.size() > 0 ? tolerance * std::abs(triangle(0, 0)) : 0;
  Index count = 0;
  while (count < triangle.cols() && std::abs(triangle(count, count)) > least) {
    ++count;
  }
  return count;
}

PivotedParts pivoted_parts(const MatrixXd& columns) {
  const Eigen::ColPivHouseholderQR<MatrixXd> qr(columns);
  const Index size = columns.cols();
  PivotedParts parts;
  parts.basis = qr.householderQ() * MatrixXd::Identity(columns.rows(), size);
  parts.triangle = qr.matrixQR().topRows(size).triangularView<Eigen::Upper>();
  const auto& order = qr.colsPermutation().indices();
  parts.order.assign(order.data(), order.data() + order.size());
  return parts;
}

MatrixXd solve_least_squares(const MatrixXd& columns, const MatrixXd& right) {
  return columns.colPivHouseholderQr().solve(right);
}

MatrixXd solve_triangle(const MatrixXd& triangle, const MatrixXd& right) {
  return triangle.triangularView<Eigen::Upper>().solve(right);
}

MatrixXd solve_transposed_triangle(const MatrixXd& triangle, const MatrixXd& right) {
  return triangle.transpose().triangularView<Eigen::Lower>().solve(right);
}

}  // namespace calcispec
