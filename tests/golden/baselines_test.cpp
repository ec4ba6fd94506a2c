// Baselines and smoothing against the outputs of a known implementation.
#include "core/chain.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/largest_difference.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <string>

namespace calcispec {
namespace {

using test::Hdf5File;

struct Target {
  std::string family;
  std::string method;
  std::vector<GivenParameter> given;
};

// "savgol__window=11_order=3_deriv=0_mode=interp", "fft_brick_ramp__fc=0.1" and
// "wavelet_sym8__level=4_soft_universal" as steps of ours.
Target smoothing_target(const std::string& name) {
  Target target{"smooth", "", {}};
  const auto gap = name.find("__");
  const auto head = name.substr(0, gap);
  if (head == "savgol") {
    target.method = "savgol";
  } else if (head.substr(0, 4) == "fft_") {
    target.method = "fft";
    const auto second = head.find('_', 4);
    target.given.push_back({"shape", head.substr(4, second - 4), ""});
    target.given.push_back({"edge", head.substr(second + 1), ""});
  } else if (head.substr(0, 8) == "wavelet_") {
    const auto under = name.find('_', gap + 2);
    target.method = "wavelet";
    const auto last = name.find('_', under + 1);
    const auto level = name.substr(gap + 8, under - gap - 8);
    target.given.push_back({"wavelet", head.substr(8), ""});
    target.given.push_back({"level", level, ""});
    target.given.push_back({"shrink", name.substr(under + 1, last - under - 1), ""});
    target.given.push_back({"transform", "decimated", ""});
    return target;
  } else {
    target.method = head;
  }
  for (std::size_t at = gap + 2; at < name.size();) {
    const auto end = std::min(name.find('_', at), name.size());
    const auto equals = name.find('=', at);
    // Ends reflected with the last sample once more are the only ones of the moving windows.
    const auto value = name.substr(equals + 1, end - equals - 1);
    if (value != "reflect") {
      target.given.push_back({name.substr(at, equals - at), value, ""});
    }
    at = end + 1;
  }
  return target;
}

// Pairs of a flat JSON object of numbers.
std::vector<GivenParameter> pairs_of(const std::string& json) {
  std::vector<GivenParameter> out;
  for (std::size_t at = json.find('"'); at != std::string::npos; at = json.find('"', at)) {
    const auto end = json.find('"', at + 1);
    const auto colon = json.find(':', end);
    const auto stop = json.find_first_of(",}", colon);
    auto value = json.substr(colon + 1, stop - colon - 1);
    value.erase(0, value.find_first_not_of(' '));
    std::erase(value, '"');
    out.push_back({json.substr(at + 1, end - at - 1), value, ""});
    at = stop;
  }
  return out;
}

std::vector<double> run(const Target& target,
                        std::vector<double> x,
                        std::vector<double> y,
                        bool wants_baseline) {
  const auto axis = Axis::make(std::move(x), AxisKind::other, "x");
  if (axis->was_descending()) {
    std::reverse(y.begin(), y.end());
  }
  auto spectra = SpectraMatrix::make(axis, 1);
  std::copy(y.begin(), y.end(), spectra.values.begin());
  const auto* info = find_core_method(target.family, target.method);
  const ChainStep step{target.family,
                       target.method,
                       ParameterSet::checked(info->parameters, target.given, target.method)};
  const auto result = run_chain(spectra, std::span(&step, 1), 1);
  auto out = wants_baseline ? result.baseline->values : result.spectra.values;
  if (axis->was_descending()) {
    std::reverse(out.begin(), out.end());
  }
  return out;
}

double range_of(const std::vector<double>& y) {
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  return *high - *low;
}

using test::largest_difference;

// Why an output that differs is no fault of ours, as lines of the table name it; empty: not known.
//
// Third differences with lambda 1e9: the matrix holds 2e10 beside weights of 0.01, so rounding it
// to double already moves the answer. LAPACK's Cholesky and LU differ from the golden output by
// 8e-6 of the range, the refined solution by 1e-4; no double-precision solver can be held to 1e-9.
//
// The Gaussian that the known implementation fits to the counts of the transform shrinks to nothing
// there (deviation 2e-6 of the range), and 9,433,156 bins are made of 2048 points; ours stop at 16
// a point. Repeated with SciPy's curve_fit, which warns of it.
std::string reason_of(const std::string& path) {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name.rfind("asls__", 0) == 0 && name.find("lam=1e+09") != std::string::npos &&
      name.find("diff_order=3") != std::string::npos) {
    return "third differences, lambda 1e9: no solver in double precision agrees with another";
  }
  if (path == "/real_polystyrene532_2048_pixels/baseline/cwt_br__poly_order=4") {
    return "the reference's fit of a Gaussian fails there and makes 9,433,156 bins of 2048 points";
  }
  return "";
}

bool is_explained(const std::string& path) {
  return !reason_of(path).empty();
}

// Outputs of one method.
struct BaselinesTally {
  Index agree = 0;
  Index sensitive = 0;  // not defined to 1e-4 of the range: left out
  Index explained = 0;  // differ, and the reason stands in this file
  Index failed = 0;
};

bool agrees(const Hdf5File& file,
            const std::string& signal,
            const std::string& path,
            double sensitivity) {
  const auto y = file.values("/" + signal + "/y");
  const auto method = file.text(path, "algorithm");
  const auto got = run({"baseline", method, pairs_of(file.text(path, "given"))},
                       file.values("/" + signal + "/x"),
                       y,
                       true);
  const double tolerance = std::max(1e-9, 30 * sensitivity) * range_of(y);
  const double difference = largest_difference(got, file.values(path));
  EXPECT_TRUE(difference <= tolerance || is_explained(path))
      << path << " differs by " << difference << ", allowed " << tolerance;
  if (difference > tolerance) {
    std::printf("%s differs by %.3g, allowed %.3g: %s\n",
                path.c_str(),
                difference,
                tolerance,
                is_explained(path) ? reason_of(path).c_str() : "FAILED, not explained");
  }
  return difference <= tolerance;
}

// The row of a method: agree, sensitive, explained, failed.
void print_tallies(const std::map<std::string, BaselinesTally>& tallies) {
  std::printf("%-24s agree sensitive explained failed\n", "method");
  for (const auto& [method, tally] : tallies) {
    std::printf("%-24s %5d %9d %9d %6d\n",
                method.c_str(),
                static_cast<int>(tally.agree),
                static_cast<int>(tally.sensitive),
                static_cast<int>(tally.explained),
                static_cast<int>(tally.failed));
  }
}

TEST(GoldenBaselines, EveryBaselineThatThereIsAgrees) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const Hdf5File file((test::shared_dir() / "golden" / "baselines.h5").string());
  std::map<std::string, BaselinesTally> tallies;
  Index not_offered = 0;
  for (const auto& signal : file.names("/")) {
    for (const auto& name : file.names("/" + signal + "/baseline")) {
      const auto method = name.substr(0, name.find("__"));
      if (find_core_method("baseline", method) == nullptr) {
        ++not_offered;
        continue;
      }
      auto path = "/" + signal;
      path.append("/baseline/").append(name);
      const double sensitivity = file.number(path, "rel_sensitivity");
      auto& tally = tallies[method];
      if (sensitivity > 1e-4) {
        ++tally.sensitive;
      } else if (agrees(file, signal, path, sensitivity)) {
        ++tally.agree;
      } else {
        ++(is_explained(path) ? tally.explained : tally.failed);
      }
    }
  }
  print_tallies(tallies);
  BaselinesTally sum;
  for (const auto& [method, tally] : tallies) {
    sum.agree += tally.agree;
    sum.sensitive += tally.sensitive;
    sum.explained += tally.explained;
    sum.failed += tally.failed;
    EXPECT_GT(tally.agree + tally.sensitive, 0) << method;
  }
  std::printf("%d outputs of what is not offered\n", static_cast<int>(not_offered));
  std::printf("passed %d, skipped (not defined to 1e-4 of the range) %d, failed %d: explained %d\n",
              static_cast<int>(sum.agree),
              static_cast<int>(sum.sensitive),
              static_cast<int>(sum.explained + sum.failed),
              static_cast<int>(sum.explained));
  EXPECT_GE(sum.agree, 862);
  EXPECT_LE(sum.failed, 14);
  EXPECT_LE(sum.explained + sum.failed, sum.agree * 2 / 98);
  EXPECT_EQ(sum.failed, 0);
}

TEST(GoldenBaselines, EverySmoothingAgrees) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const Hdf5File file((test::shared_dir() / "golden" / "baselines.h5").string());
  Index checked = 0;
  for (const auto& signal : file.names("/")) {
    const auto x = file.values("/" + signal + "/x");
    const auto y = file.values("/" + signal + "/y");
    for (const auto& name : file.names("/" + signal + "/smooth")) {
      const auto target = smoothing_target(name);
      auto path = "/" + signal;
      path.append("/smooth/").append(name);
      SCOPED_TRACE(path);
      EXPECT_LE(largest_difference(run(target, x, y, false), file.values(path)),
                1e-9 * range_of(y));
      ++checked;
    }
  }
  EXPECT_GE(checked, 510);
}

}  // namespace
}  // namespace calcispec
