// Baseline methods that the optimisers run inside themselves.
#pragma once

#include "core/method_table.hpp"

namespace calcispec {

inline constexpr std::string_view inner_method_names =
    "asls iasls airpls arpls drpls iarpls aspls psalsa derpsalsa brpls lsrpls mpls mixture_model "
    "irsqr pspline_asls pspline_iasls pspline_airpls pspline_arpls pspline_drpls pspline_iarpls "
    "pspline_aspls pspline_psalsa pspline_derpsalsa pspline_mpls pspline_brpls pspline_lsrpls "
    "mpspline poly modpoly imodpoly penalized_poly";

inline constexpr ParameterInfo inner_method_parameter{.name = "method",
                                                      .type = ParameterType::choice,
                                                      .standard = 0,
                                                      .choices = inner_method_names,
                                                      .help =
                                                          "baseline method to run, with its "
                                                          "defaults"};

/// Spectra of one axis in memory of their own, with the baselines that a method gives them.
struct InnerRun {
  std::vector<std::vector<double>> y;
  std::vector<std::vector<double>> baselines;
  std::vector<MethodStatus> status;

  InnerRun(std::size_t count, std::size_t points);
  /// y becomes y - baseline.
  void run(const CoreMethod& method, const Axis& axis, const ParameterSet& parameters);

 private:
  std::vector<double*> rows_;
  std::vector<double*> baseline_rows_;
};

/// The method that the parameter `method` names.
const CoreMethod& inner_method(const ParameterSet& parameters);

}  // namespace calcispec
