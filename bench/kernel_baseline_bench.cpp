// asls and arpls beside their plain loops.
#include "bench/chain_bench.hpp"
#include "tests/oracle/plain_loops.hpp"

namespace calcispec::bench {
namespace {

const bool is_registered = [] {
  const std::vector<Size> sizes{
      {1000, 256, 1},
      {1000, 256, 2},
      {1000, 1,   1},
      {1000, 8,   1},
      {4000, 64,  1}
  };
  register_method({"baseline", "asls", {}, [](auto row) { return oracle::asls(row, 1e6, 0.01); }},
                  sizes);
  register_method({"baseline", "arpls", {}, [](auto row) { return oracle::arpls(row, 1e5); }},
                  sizes);
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
