// Patterns of a map without references: principal components, resolved curves, clusters.
#pragma once

#include "core/spectra_matrix.hpp"

#include <vector>

namespace calcispec::models {

struct PrincipalComponents {
  Index count = 0;
  std::vector<double> mean;       // points
  std::vector<double> loadings;   // count x points, unit length, largest element positive
  std::vector<double> scores;     // spectra x count
  std::vector<double> explained;  // part of the variance, per component
};

/// Eigenvectors of the products of centred spectra (the smaller side of the matrix).
///
/// Needs      finite spectra, 1 <= count <= min(spectra - 1, points); else Error{invalid_argument}
/// Cost       spectra * points * min(spectra, points), once
/// Source     Jolliffe, Principal Component Analysis (2002)
PrincipalComponents principal_components(const SpectraMatrix& spectra, Index count);

struct ResolvedCurves {
  Index count = 0;
  std::vector<double> curves;   // count x points, >= 0, unit length
  std::vector<double> amounts;  // spectra x count, >= 0
  double unexplained = 0;       // root of the part of the squares that is left ("lack of fit")
  Index iterations = 0;
  bool is_converged = false;
};

/// Multivariate curve resolution by alternating least squares.
///
/// Model      spectra = amounts * curves + rest, both >= 0
/// Start      the spectra that span most: each the longest after those before are projected out
/// Stop       unexplained changes by less than 1e-6 of itself, or 300 rounds
/// Needs      spectra without background; not unique: curves may hold parts of one another where no
///            spectrum is pure (rotational ambiguity)
/// Source     Tauler, Chemom. Intell. Lab. Syst. 30 (1995) 133; start: Araujo et al., ibid. 57
///            (2001) 65
ResolvedCurves resolve_curves(const SpectraMatrix& spectra, Index count, Index jobs);

struct Clusters {
  Index count = 0;
  std::vector<Index> member;    // per row, 0 based; clusters in falling order of size
  std::vector<double> centers;  // count x dimensions
  double within = 0;            // sum of squares about the centers
};

/// k-means of rows, best of 10 starts by k-means++ from a fixed seed: the same answer every time.
///
/// Source     Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129; Arthur & Vassilvitskii, SODA 2007, 1027
Clusters find_clusters(const std::vector<double>& rows, Index dimensions, Index count);

}  // namespace calcispec::models
