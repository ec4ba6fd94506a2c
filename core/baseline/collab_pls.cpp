// Baselines of many spectra with the same weights.
#include "core/baseline/inner_methods.hpp"
#include "core/parallel.hpp"
#include "core/set_method_table.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo shared_method_parameter{
    .name = "method",
    .type = ParameterType::choice,
    .standard = 0,
    .choices =
        "asls iasls airpls arpls drpls iarpls psalsa derpsalsa brpls lsrpls "
        "mpls mixture_model irsqr pspline_asls pspline_iasls pspline_airpls "
        "pspline_arpls pspline_drpls pspline_iarpls pspline_psalsa "
        "pspline_derpsalsa pspline_mpls pspline_brpls pspline_lsrpls",
    .help = "penalised baseline whose weights are shared"};
constexpr ParameterInfo average_parameter{
    .name = "average_dataset",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 1,
    .help = "weights of the mean spectrum; else the mean of the weights of each"};
constexpr ParameterInfo shared_lambda_parameter{
    .name = "lambda",
    .aliases = "lam",
    .minimum = 1e-3,
    .maximum = 1e15,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help = "stiffness (automatic: the default of the method)"};
constexpr std::array collab_pls_parameters{
    shared_method_parameter,
    average_parameter,
    shared_lambda_parameter,
};

constexpr Index rows_of_block = 64;

std::vector<double> mean_of(const std::vector<std::vector<double>>& rows) {
  std::vector<double> mean(rows.front().size(), 0.0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += row[i] / static_cast<double>(rows.size());
    }
  }
  return mean;
}

// Weights of the last solve of the method, averaged over the rows.
std::vector<double> weights_of(const CoreMethod& method,
                               const Axis& axis,
                               const ParameterSet& set,
                               std::vector<std::vector<double>> rows) {
  std::vector<std::vector<double>> weights(rows.size(), std::vector<double>(rows.front().size()));
  std::vector<double*> row_list;
  std::vector<double*> weight_list;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    row_list.push_back(rows[r].data());
    weight_list.push_back(weights[r].data());
  }
  std::vector<MethodStatus> status(rows.size());
  MethodCall call{axis, set, row_list, {}, status};
  call.weights = weight_list;
  method.run(call);
  return mean_of(weights);
}

/// Model      the weights that the inner method ends with on the mean spectrum, or their mean over
///            the spectra, then one solve of each spectrum with them
/// Status     converged
/// Cost       one solve per spectrum, and one run of the inner method (or one per spectrum)
/// Source     Chen et al., J. Anal. Methods Chem. (2018) 3
void run_collab_pls(const SetCall& call) {
  const auto& method = inner_method(call.parameters);
  auto set = ParameterSet::defaults(method.info.parameters);
  if (call.parameters.is_set("lambda")) {
    set = set.with("lambda", call.parameters.real("lambda"));
  }
  const auto& axis = *call.spectra.axis;
  std::vector<std::vector<double>> rows;
  std::vector<double*> places;
  for (const Index r : call.rows) {
    const auto y = call.spectra.row(r);
    rows.emplace_back(y.begin(), y.end());
    places.push_back(y.data());
  }
  if (call.parameters.flag("average_dataset")) {
    rows = {mean_of(rows)};
  }
  const auto weights = weights_of(method, axis, set, std::move(rows));
  std::vector<MethodStatus> status(places.size());
  const Index blocks = (static_cast<Index>(places.size()) + rows_of_block - 1) / rows_of_block;
  parallel_for(blocks, call.jobs, [&](Index block) {
    const auto first = static_cast<std::size_t>(block * rows_of_block);
    const auto count = std::min(static_cast<std::size_t>(rows_of_block), places.size() - first);
    MethodCall inner{axis,
                     set,
                     std::span(places).subspan(first, count),
                     {},
                     std::span(status).subspan(first, count)};
    inner.given_weights = weights;
    method.run(inner);
  });
  for (std::size_t k = 0; k < status.size(); ++k) {
    call.status[static_cast<std::size_t>(call.rows[k])] = status[k];
  }
}

}  // namespace

SetMethod baseline_collab_pls() {
  return {
      {"baseline",
       "collab_pls", "penalised baselines of all spectra with the same weights",
       "Chen et al., J. Anal. Methods Chem. (2018)", collab_pls_parameters},
      6,
      run_collab_pls
  };
}

}  // namespace calcispec
