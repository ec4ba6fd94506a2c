// The stiffness of penalised baselines: in the axis' own unit, and chosen per spectrum.
#pragma once

#include "core/method_table.hpp"

namespace calcispec {

/// Runs a method. Where it has the parameters lambda_unit and lambda_rule, lambda is brought to
/// unit spacing, and chosen per spectrum where it is automatic.
///
/// Unit       lambda in the axis' unit^(2 d), d the order of the difference: lambda / h^(2 d) for
///            points h apart; for knots H apart times H / h, as their penalty has fewer terms
/// Choice     among 17 stiffnesses that smooth over a hundredth of the points to all of them:
///            v_curve         where fit and roughness move least (Frasso & Eilers, Stat. Model. 15
///                            (2015) 91)
///            extended_range  least error on Gaussian peaks over lines that go on at both ends
///                            (Zhang et al., Sensors 20 (2020) 2015)
///            gcv, aic, bic   least score of the weighted residuals with the trace of the smoother
///                            of points (for splines: of the same stiffness) as degrees of freedom
///                            (Craven & Wahba, Numer. Math. 31 (1978) 377; Akaike, IEEE Trans.
///                            Autom. Control 19 (1974) 716; Schwarz, Ann. Stat. 6 (1978) 461)
/// Cost       automatic: 17 runs of the method, and one with the choice
void run_with_stiffness(const CoreMethod& method, const MethodCall& call);

/// Trace of (W + lambda D'D)^-1 W, D the difference of the order. Cost: O(points x order^2).
/// Source: Hutchinson & de Hoog, Numer. Math. 47 (1985) 99
double smoother_trace(std::span<const double> weights, Index order, double lambda);

}  // namespace calcispec
