// Decompositions of dense matrices of any size, compiled here once: Eigen's templates for them take
// the compiler seconds in every file that names them.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

#include <vector>

namespace calcispec {

/// Lower triangular factor L of a symmetric, positive definite matrix L L'.
/// Cost   n^3 / 3 once, then n^2 for each column of a right-hand side
class CALCISPEC_API Cholesky {
  template <typename Right>
  using Columns = Eigen::Matrix<double, Eigen::Dynamic, Right::ColsAtCompileTime>;

 public:
  Cholesky() = default;  // of a matrix without rows
  /// Only the lower triangle is read.
  explicit Cholesky(Eigen::MatrixXd matrix);

  /// False for a matrix that is not positive definite; nothing can be solved then.
  [[nodiscard]] bool is_positive() const { return is_positive_; }
  /// L in the lower triangle; what stands above means nothing.
  [[nodiscard]] const Eigen::MatrixXd& factor() const { return factor_; }

  /// (L L')^-1 right, for one column or several.
  template <typename Right>
  [[nodiscard]] auto solve(const Eigen::MatrixBase<Right>& right) const {
    Columns<Right> out = right;
    pass_lower(out);
    pass_upper(out);
    return out;
  }
  /// L^-1 right.
  template <typename Right>
  [[nodiscard]] auto solve_lower(const Eigen::MatrixBase<Right>& right) const {
    Columns<Right> out = right;
    pass_lower(out);
    return out;
  }
  /// L'^-1 right.
  template <typename Right>
  [[nodiscard]] auto solve_upper(const Eigen::MatrixBase<Right>& right) const {
    Columns<Right> out = right;
    pass_upper(out);
    return out;
  }

 private:
  void pass_lower(Eigen::MatrixXd& right) const;
  void pass_lower(Eigen::VectorXd& right) const;
  void pass_upper(Eigen::MatrixXd& right) const;
  void pass_upper(Eigen::VectorXd& right) const;

  Eigen::MatrixXd factor_;
  bool is_positive_ = true;
};

/// The factor in place of the lower triangle; false if the matrix is not positive definite.
CALCISPEC_API bool factorize_in_place(Eigen::Ref<Eigen::MatrixXd> matrix);

/// matrix^-1 right for a symmetric matrix, semidefinite ones too (L D L', pivoted).
CALCISPEC_API Eigen::MatrixXd solve_symmetric(const Eigen::MatrixXd& matrix,
                                              const Eigen::MatrixXd& right);

struct SymmetricEigen {
  Eigen::VectorXd values;   // rising
  Eigen::MatrixXd vectors;  // columns
};
CALCISPEC_API SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& matrix);

/// Eigenvalues of any real square matrix, in no order.
CALCISPEC_API Eigen::VectorXcd eigenvalues_of(const Eigen::MatrixXd& matrix);

/// columns = basis * triangle, with as many orthonormal columns as there are columns, or rows if
/// those are fewer.
struct OrthonormalParts {
  Eigen::MatrixXd basis;
  Eigen::MatrixXd triangle;  // upper
};
CALCISPEC_API OrthonormalParts orthonormal_parts(const Eigen::MatrixXd& columns);

/// Column order[k] of `columns` = basis * column k of the triangle, whose diagonal falls in size.
struct PivotedParts {
  Eigen::MatrixXd basis;
  Eigen::MatrixXd triangle;
  std::vector<Index> order;

  /// Of columns that are not dependent: diagonal elements above `tolerance` of the first.
  [[nodiscard]] CALCISPEC_API Index rank(double tolerance) const;
};
/// At least as many rows as columns.
CALCISPEC_API PivotedParts pivoted_parts(const Eigen::MatrixXd& columns);

/// Least squares of columns * answer = right; a dependent column gets 0.
CALCISPEC_API Eigen::MatrixXd solve_least_squares(const Eigen::MatrixXd& columns,
                                                  const Eigen::MatrixXd& right);

/// triangle^-1 right and triangle'^-1 right for an upper triangle.
CALCISPEC_API Eigen::MatrixXd solve_triangle(const Eigen::MatrixXd& triangle,
                                             const Eigen::MatrixXd& right);
CALCISPEC_API Eigen::MatrixXd solve_transposed_triangle(const Eigen::MatrixXd& triangle,
                                                        const Eigen::MatrixXd& right);

}  // namespace calcispec
