// Least-squares polynomials in a moving window: Savitzky-Golay on even steps and on any axis.
#pragma once

#include "core/method_table.hpp"

#include <Eigen/Core>

#include <vector>

namespace calcispec {

/// Least-squares weights of one window: row p gives the derivative, per point, at position p.
struct WindowWeights {
  Index window = 0;
  Index order = 0;
  Index derivative = 0;
  Eigen::MatrixXd rows;
  std::vector<double> middle;

  /// Does nothing if it holds them already.
  void make(Index new_window, Index new_order, Index new_derivative);
};

enum class WindowEdge { polynomial, mirror, nearest };

struct WindowSettings {
  Index window = 0;  // odd; 0: chosen per spectrum
  Index order = 3;
  Index derivative = 0;
  WindowEdge edge = WindowEdge::polynomial;
  double scale = 1;  // of the result

  /// Narrowest odd window that an order allows.
  [[nodiscard]] Index least_window() const { return order / 2 * 2 + (order % 2 == 0 ? 1 : 3); }
  [[nodiscard]] bool fits(Index points) const {
    const Index own = window == 0 ? least_window() : window;
    return own % 2 == 1 && order < own && own <= points;
  }
};

/// Every row of the call, by the point index.
/// Automatic  the window of least expected error of the derivative wanted, compared with that of
///            the narrowest window, which follows the signal best; windows up to half the points
/// Cost       points * window; automatic: the sum of about twenty windows
/// Source     Savitzky & Golay, Anal. Chem. 36 (1964) 1627; risk: Stein, Ann. Statist. 9 (1981)
/// 1135
void run_windows(const MethodCall& call, const WindowSettings& settings);

/// The same with the axis as it is: a polynomial in x, the nearest whole window at the ends.
/// Cost       points * window * order^2 once per call, then points * window a spectrum
void run_windows_on_axis(const MethodCall& call, const WindowSettings& settings);

}  // namespace calcispec
