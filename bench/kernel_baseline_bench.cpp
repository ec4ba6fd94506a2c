// Every baseline, the common ones beside their plain loops.
#include "bench/chain_bench.hpp"
#include "tests/oracle/plain_baselines.hpp"
#include "tests/oracle/plain_loops.hpp"
#include "tests/oracle/plain_spline.hpp"

#include <algorithm>

namespace calcispec::bench {
namespace {

// A penalised spline of 100 knots with weights of a rule, as plain loops.
template <typename Rule>
std::vector<double> plain_spline(std::span<const double> y, const Rule& rule) {
  oracle::PlainSpline spline(y.size(), 100, 1e3);
  return oracle::reweighted_with(
      [&](const std::vector<double>& w, std::vector<double>& z) { spline.solve(w, y, z); },
      y,
      rule);
}

// Every other method with its defaults, and no plain loop beside it.
void register_the_others() {
  const std::vector<std::string_view> with_loop{"asls",
                                                "arpls",
                                                "airpls",
                                                "iarpls",
                                                "pspline_asls",
                                                "pspline_arpls",
                                                "modpoly",
                                                "imodpoly",
                                                "snip",
                                                "mor",
                                                "rubberband"};
  const std::vector<Size> sizes{
      {1000, 256, 1}
  };
  for (const auto& method : core_methods()) {
    const bool has_loop =
        std::find(with_loop.begin(), with_loop.end(), method.name) != with_loop.end();
    if (method.family == "baseline" && !has_loop) {
      std::vector<GivenParameter> given;
      if (method.name == "interp_pts") {
        given.push_back({"points", "400,800,1200,1800", ""});
      }
      if (method.name == "rolling_ball") {
        given.push_back({"half_window", "30", ""});
      }
      register_method({"baseline", std::string(method.name), given, {}}, sizes);
    }
  }
}

// Weights of all spectra together, then every spectrum by itself.
void run_collab_pls(benchmark::State& state, const Size& size) {
  const auto* info = find_set_method("baseline", "collab_pls");
  const ChainStep step{"baseline", "collab_pls", ParameterSet::defaults(info->parameters)};
  run_set(state, size, step, made_spectra(size), {});
}

const bool is_registered = [] {
  const std::vector<Size> sizes{
      {1000, 256, 1},
      {1000, 256, 2},
      {1000, 1,   1},
      {1000, 8,   1},
      {4000, 64,  1}
  };
  const std::vector<Size> scaling{
      {500,   512, 1},
      {1000,  256, 1},
      {1000,  256, 2},
      {1000,  1,   1},
      {1000,  8,   1},
      {2000,  128, 1},
      {2000,  128, 2},
      {10000, 32,  1},
      {10000, 32,  2}
  };
  register_method({"baseline", "asls", {}, [](auto row) { return oracle::asls(row, 1e6, 0.01); }},
                  scaling);
  register_method({"baseline", "arpls", {}, [](auto row) { return oracle::arpls(row, 1e5); }},
                  scaling);
  register_method({"baseline", "airpls", {}, [](auto row) { return oracle::airpls(row, 1e6); }},
                  scaling);
  register_method({"baseline", "iarpls", {}, [](auto row) { return oracle::iarpls(row, 1e5); }},
                  sizes);
  register_method({"baseline",
                   "pspline_asls",
                   {},
                   [](auto row) {
                     return plain_spline(row, oracle::AslsRule{row, 0.01});
                   }},
                  sizes);
  register_method({"baseline",
                   "pspline_arpls",
                   {},
                   [](auto row) { return plain_spline(row, oracle::ArplsRule{row}); }},
                  sizes);
  register_method({"baseline",
                   "modpoly",
                   {{"polynomial_order", "5", ""}},
                   [](auto row) { return oracle::modpoly(row, 5); }},
                  sizes);
  register_method({"baseline",
                   "imodpoly",
                   {{"polynomial_order", "5", ""}},
                   [](auto row) { return oracle::imodpoly(row, 5); }},
                  sizes);
  register_method({"baseline",
                   "snip",
                   {{"max_half_window", "40", ""}},
                   [](auto row) { return oracle::snip(row, 40); }},
                  sizes);
  register_method({"baseline",
                   "mor",
                   {{"half_window", "30", ""}},
                   [](auto row) { return oracle::mor(row, 30); }},
                  sizes);
  register_method({"baseline", "rubberband", {}, [](auto row) { return oracle::hull(row); }},
                  sizes);
  register_the_others();
  const Size block{1000, 256, 1};
  benchmark::RegisterBenchmark(
      name_of("baseline/collab_pls", block).c_str(), run_collab_pls, block);
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
