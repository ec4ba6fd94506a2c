// Spectra one after another in one block, filled where they stay; or gone through and counted.
#include "io/spectra_rows_private.hpp"
#include "io/text_spectra.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sys/mman.h>
#include <utility>

namespace calcispec::io {
namespace {

// Room for large blocks lies on large pages where the system has them: the first touch of each
// small page costs more than reading the numbers that go there.
void reserve_rows(std::vector<double>& rows, std::size_t count) {
  rows.reserve(count);
  constexpr std::uintptr_t large_page = std::uintptr_t{2} << 20U;
  const auto first = reinterpret_cast<std::uintptr_t>(rows.data());
  const auto skipped = (large_page - first % large_page) % large_page;
  const auto bytes = rows.capacity() * sizeof(double);
  if (skipped < bytes && bytes - skipped >= large_page) {
    // Advice: where it is not taken, nothing is lost.
    ::madvise(reinterpret_cast<char*>(rows.data()) + skipped,
              (bytes - skipped) / large_page * large_page,
              MADV_HUGEPAGE);
  }
}

// Several running extremes, so that none waits for the one before. The sum of v - v is 0 where all
// are finite.
bool fast_range(std::span<const double> y, double& low, double& high) {
  constexpr Index lanes = 8;
  using Lanes = Eigen::Array<double, lanes, 1>;
  Lanes lowest = Lanes::Constant(low);
  Lanes highest = Lanes::Constant(high);
  Lanes rest = Lanes::Zero();
  const auto count = static_cast<Index>(y.size());
  const auto whole = count / lanes * lanes;
  for (Index i = 0; i < whole; i += lanes) {
    const Lanes value = Eigen::Map<const Lanes>(y.data() + i);
    lowest = lowest.min(value);
    highest = highest.max(value);
    rest += value - value;
  }
  for (const double value : y.subspan(static_cast<std::size_t>(whole))) {
    lowest[0] = std::min(lowest[0], value);
    highest[0] = std::max(highest[0], value);
    rest[0] += value - value;
  }
  if (!(rest.sum() == 0)) {
    return false;
  }
  low = lowest.minCoeff();
  high = highest.maxCoeff();
  return true;
}

}  // namespace

Skim nothing_seen() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {0, infinity, -infinity, -1};
}

void look_at(std::span<const double> y, Skim& seen) {
  if (!fast_range(y, seen.y_min, seen.y_max)) {
    for (const double value : y) {
      if (std::isfinite(value)) {
        seen.y_min = std::min(seen.y_min, value);
        seen.y_max = std::max(seen.y_max, value);
      }
    }
    seen.first_bad_row = seen.first_bad_row < 0 ? seen.rows : seen.first_bad_row;
  }
  ++seen.rows;
}

void keep_alive(LoadedFile& file, const std::shared_ptr<const void>& bytes) {
  for (auto& recording : file.recordings) {
    if (recording.read_row) {
      recording.read_row = [bytes, read = std::move(recording.read_row)](
                               Index row, std::span<double> out) { read(row, out); };
    }
  }
}

bool is_falling(const std::vector<double>& x) {
  return !x.empty() && x.front() > x.back();
}

void add_spectrum(TextSpectra& spectra, std::vector<double>&& y, bool is_skim) {
  if (!is_skim) {
    spectra.y.push_back(std::move(y));
    return;
  }
  if (!spectra.skim) {
    spectra.skim = nothing_seen();
  }
  look_at(y, *spectra.skim);
  if (spectra.skim->rows == 1) {
    spectra.y.push_back(std::move(y));
  }
}

void add_spectra(TextSpectra& spectra, Index count, RowReader read, bool is_skim) {
  const auto points = spectra.x.size();
  RowReader turned = [read = std::move(read), falls = is_falling(spectra.x)](
                         Index row, std::span<double> out) {
    read(row, out);
    if (falls) {
      std::reverse(out.begin(), out.end());
    }
  };
  spectra.seen = nothing_seen();
  if (!is_skim) {
    reserve_rows(spectra.rows, static_cast<std::size_t>(count) * points);
  }
  std::vector<double> passing(is_skim ? points : 0);
  for (Index row = 0; row < count; ++row) {
    if (!is_skim || row == 0) {
      spectra.rows.resize(spectra.rows.size() + points);
    }
    const auto kept = std::span(spectra.rows).last(points);
    const auto out = is_skim && row > 0 ? std::span(passing) : kept;
    turned(row, out);
    look_at(out, spectra.seen);
  }
  if (is_skim) {
    spectra.skim = spectra.seen;
    spectra.read_row = std::move(turned);
  }
}

std::size_t count_of(const TextSpectra& spectra) {
  return spectra.skim           ? static_cast<std::size_t>(spectra.skim->rows)
         : spectra.rows.empty() ? spectra.y.size()
                                : static_cast<std::size_t>(spectra.seen.rows);
}

}  // namespace calcispec::io
