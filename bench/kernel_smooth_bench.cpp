// Savitzky-Golay and the Fourier filter beside their plain loops.
#include "bench/chain_bench.hpp"
#include "tests/oracle/filters.hpp"

namespace calcispec::bench {
namespace {

const bool is_registered = [] {
  const std::vector<Size> sizes{
      {1000, 256, 1},
      {1000, 256, 2},
      {1000, 1,   1},
      {1024, 256, 1},
      {4000, 64,  1}
  };
  register_method({"smooth", "savgol", {}, oracle::savgol_11_3}, sizes);
  register_method({"smooth",
                   "fft",
                   {{"cutoff", "0.08", ""}},
                   [](auto row) { return oracle::fft_gauss_mirror(row, 0.08); }},
                  sizes);
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
