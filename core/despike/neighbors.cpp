// Cosmic rays by the strongest evidence present: map neighbours, repeats, or the spectrum alone.
#include "core/despike/outlines.hpp"
#include "core/despike/ray_remover.hpp"
#include "core/kernels/moving_sum.hpp"
#include "core/kernels/running_median.hpp"
#include "core/noise.hpp"
#include "core/order_statistic.hpp"
#include "core/parallel.hpp"
#include "core/set_method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 2> neighbors_parameters{
    {
     {.name = "threshold",
         .minimum = 1,
         .maximum = 1e6,
         .standard = 6,
         .unit = "sigma",
         .help = "height above what is expected, in units of the noise, from which a sample is a "
                 "ray"},
     {.name = "least_width",
         .minimum = 0.5,
         .maximum = 100,
         .standard = 1.4,
         .unit = "points",
         .help = "full width at half height from which a top that no neighbour shows may be a line "
                 "of the sample"},
     }
};

constexpr std::size_t outline_window = Outlines::window;
constexpr std::size_t slow_window = 15;  // of what neighbours explain no better
constexpr std::size_t most_witnesses = 7;
constexpr double neighbors_to_sigma = 1.4826;  // from the median size, of a normal distribution

class NeighborJudge {
 public:
  NeighborJudge(const SpectraMatrix& spectra, const RayRule& rule)
      : spectra_(spectra),
        threshold_(rule.threshold),
        least_ratio_(std::exp2(-8 / (rule.least_width * rule.least_width))) {}

  // False where the witnesses do not explain the spectrum to about its noise: nothing is done.
  bool judge(std::span<double> y, std::span<const Witness> witnesses) {
    expect(witnesses);
    compare(y);
    estimate_noise_of_blocks(y);
    if (noise_ > 3 * own_noise(y)) {
      return false;
    }
    marked_.clear();
    for (int round = 0; round < 3 && mark(y, witnesses); ++round) {
      // What is put in their place depends on them no more the second time.
      for (int again = 0; again < 2; ++again) {
        for (const std::size_t i : marked_) {
          y[i] = expected_[i] + slow_[i];
        }
        compare_again(y);
      }
    }
    return true;
  }

 private:
  // Median of the witnesses at every point; of two the lower: rays only add.
  void expect(std::span<const Witness> witnesses) {
    expected_.resize(static_cast<std::size_t>(spectra_.points()));
    switch (witnesses.size()) {
      case 1:
        return expect_median<1>(witnesses);
      case 2:
        return expect_lower(witnesses);
      case 3:
        return expect_median<3>(witnesses);
      case 5:
        return expect_median<5>(witnesses);
      default:
        return expect_median<7>(witnesses);
    }
  }

  template <std::size_t count>
  void expect_median(std::span<const Witness> witnesses) {
    constexpr std::size_t width = kernels::lane_count;
    const std::size_t points = expected_.size();
    std::array<const double*, count> rows;
    for (std::size_t k = 0; k < count; ++k) {
      rows[k] = spectra_.row(witnesses[k].row).data();
    }
    const auto median_at = [&](const auto& values_of) {
      return kernels::median_of_packs<count>(
          [&](auto k) { return witnesses[k].offset + witnesses[k].scale * values_of(rows[k]); });
    };
    std::size_t i = 0;
    for (; i + width <= points; i += width) {
      kernels::store(median_at([&](const double* row) { return kernels::load(row + i); }),
                     expected_.data() + i);
    }
    if (i < points) {
      const auto pack = median_at([&](const double* row) {
        kernels::Pack part{};
        std::memcpy(&part, row + i, (points - i) * sizeof(double));
        return part;
      });
      std::memcpy(expected_.data() + i, &pack, (points - i) * sizeof(double));
    }
  }

  void expect_lower(std::span<const Witness> witnesses) {
    const auto a = spectra_.row(witnesses[0].row);
    const auto b = spectra_.row(witnesses[1].row);
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      expected_[i] = std::min(witnesses[0].offset + witnesses[0].scale * a[i],
                              witnesses[1].offset + witnesses[1].scale * b[i]);
    }
  }

  // What stands out sharply: of what is not expected, the part that is narrow.
  void compare(std::span<const double> y) {
    const std::size_t points = y.size();
    rest_.resize(points);
    excess_.resize(points);
    slow_.resize(points);
    for (std::size_t i = 0; i < points; ++i) {
      rest_[i] = y[i] - expected_[i];
    }
    kernels::extend_reflected(rest_, slow_window / 2, extended_);
    kernels::running_median(extended_, slow_window, slow_.data(), scratch_);
    for (std::size_t i = 0; i < points; ++i) {
      excess_[i] = rest_[i] - slow_[i];
    }
  }

  // The same where something has changed: around the marked samples.
  void compare_again(std::span<const double> y) {
    constexpr Index half = slow_window / 2;
    const auto points = static_cast<Index>(y.size());
    std::sort(marked_.begin(), marked_.end());
    for (const std::size_t i : marked_) {
      rest_[i] = y[i] - expected_[i];
    }
    Index next = 0;
    for (const std::size_t i : marked_) {
      const auto center = static_cast<Index>(i);
      for (next = std::max(next, center - half); next <= std::min(points - 1, center + half);
           ++next) {
        scratch_.clear();
        for (Index k = next - half; k <= next + half; ++k) {
          scratch_.push_back(rest_[kernels::reflected(k, points)]);
        }
        const auto at = static_cast<std::size_t>(next);
        slow_[at] = upper_median(scratch_);
        excess_[at] = rest_[at] - slow_[at];
      }
    }
  }

  // Of the spectrum alone, from second differences; the median is that of medians of seven.
  double own_noise(std::span<const double> y) {
    const std::size_t count = y.size() - 2;
    if (count < outline_window) {
      return estimate_noise(y);
    }
    size_.resize(count);
    near_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      size_[i] = std::abs(y[i] - 2 * y[i + 1] + y[i + 2]);
    }
    kernels::running_median(size_, outline_window, near_.data(), scratch_);
    scratch_.clear();
    for (std::size_t i = 0; i + outline_window <= count; i += outline_window) {
      scratch_.push_back(near_[i]);
    }
    return neighbors_to_sigma / std::sqrt(6.0) * upper_median(scratch_);
  }

  // Of blocks, as counts have more where they are many, but never of one band alone. The median of
  // a block is that of nine medians of seven.
  void estimate_noise_of_blocks(std::span<const double> y) {
    const std::size_t points = y.size();
    const std::size_t blocks = std::max<std::size_t>(1, points / block);
    size_.resize(points);
    std::transform(
        excess_.begin(), excess_.end(), size_.begin(), [](double rest) { return std::abs(rest); });
    near_.resize(points);
    kernels::running_median(size_, outline_window, near_.data(), scratch_);
    own_.resize(blocks);
    for (std::size_t b = 0; b < blocks; ++b) {
      scratch_.clear();
      const std::size_t end = std::min((b + 1) * block, points) - outline_window;
      for (std::size_t i = b * block; i <= end; i += outline_window) {
        scratch_.push_back(near_[i]);
      }
      own_[b] = neighbors_to_sigma * upper_median(scratch_);
    }
    scratch_ = own_;
    noise_ = upper_median(scratch_);
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    // A quantised or noise-free signal has no spread to judge by.
    noise_ = std::max(noise_, 1e-3 * (*high - *low) / threshold_);
    sigma_.resize(blocks);
    for (std::size_t b = 0; b < blocks; ++b) {
      const double before = own_[b > 0 ? b - 1 : b];
      const double after = own_[b + 1 < blocks ? b + 1 : b];
      // At an end a single neighbour speaks, and the block itself half.
      const bool is_inside = b > 0 && b + 1 < blocks;
      const double other = is_inside ? after : 0.5 * (before + after);
      const auto [least, most] = std::minmax({b > 0 ? before : after, other});
      sigma_[b] = std::max(noise_, std::clamp(own_[b], least, most));
    }
  }

  // True if there is a ray more than before.
  bool mark(std::span<const double> y, std::span<const Witness> witnesses) {
    const std::size_t before = marked_.size();
    // What stood beside a ray may be seen only now that the medians are free of it.
    for (std::size_t k = 0; k < before; ++k) {
      mark_beside(marked_[k], 1);
    }
    for (std::size_t b = 0; b < sigma_.size(); ++b) {
      const double sigma = sigma_[b];
      const double least = threshold_ * sigma;
      const std::size_t end = b + 1 < sigma_.size() ? (b + 1) * block : excess_.size();
      for (std::size_t i = b * block; i < end; ++i) {
        if (excess_[i] > least && excess_[i] >= side(i, -1) && excess_[i] > side(i, 1) &&
            has_cliff(y, i) && !is_line(i, sigma, witnesses)) {
          marked_.push_back(i);
          mark_beside(i, 2);
        }
      }
    }
    return marked_.size() > before;
  }

  // Samples in a row with one that is marked, above the noise, so far away.
  void mark_beside(std::size_t marked, Index reach) {
    const double least = tail * sigma_[std::min(marked / block, sigma_.size() - 1)];
    for (const Index step : {-1, 1}) {
      for (Index away = 1; away <= reach; ++away) {
        const Index at = static_cast<Index>(marked) + step * away;
        if (at < 0 || at >= static_cast<Index>(excess_.size()) ||
            excess_[static_cast<std::size_t>(at)] < least) {
          break;
        }
        marked_.push_back(static_cast<std::size_t>(at));
      }
    }
  }

  // A ray rises by most of its height within one sample on at least one side, in the spectrum as
  // well as over what is expected; a band that is taller here than in the witnesses does not.
  [[nodiscard]] bool has_cliff(std::span<const double> y, std::size_t top) const {
    double step = 0;
    if (top > 0) {
      step = std::min(y[top] - y[top - 1], excess_[top] - excess_[top - 1]);
    }
    if (top + 1 < y.size()) {
      step = std::max(step, std::min(y[top] - y[top + 1], excess_[top] - excess_[top + 1]));
    }
    return step > 0.6 * excess_[top];
  }

  // Beside the ends the other side speaks for both.
  [[nodiscard]] double side(std::size_t i, Index step) const {
    const auto points = static_cast<Index>(excess_.size());
    Index at = static_cast<Index>(i) + step;
    at = at < 0 || at >= points ? static_cast<Index>(i) - step : at;
    return excess_[static_cast<std::size_t>(at)];
  }

  // A spectrometer spreads a line over both neighbours of its top: their product over the square of
  // the top is 2^(-8/w^2) or more for a line of full width w. Where the noise leaves it open, a
  // witness that shows the same decides.
  [[nodiscard]] bool is_line(std::size_t i,
                             double sigma,
                             std::span<const Witness> witnesses) const {
    const double top = excess_[i];
    const double left = std::max(0.0, side(i, -1));
    const double right = std::max(0.0, side(i, 1));
    const double ratio = left * right / (top * top);
    const double noise = 2 * sigma * std::hypot(left, right) / (top * top);
    if (std::abs(ratio - least_ratio_) < noise) {
      return has_fellow(i, witnesses);
    }
    return ratio >= least_ratio_;
  }

  // One of the witnesses has the same top: a grain of two pixels, not a ray.
  [[nodiscard]] bool has_fellow(std::size_t i, std::span<const Witness> witnesses) const {
    const double usual = expected_[i];
    return std::any_of(witnesses.begin(), witnesses.end(), [&](const Witness& witness) {
      const double own = witness.offset + witness.scale * spectra_.row(witness.row)[i];
      return own - usual > 0.3 * excess_[i];
    });
  }

  static constexpr std::size_t block = 64;
  static constexpr double tail = 3;  // sigma, of the samples beside a top

  const SpectraMatrix& spectra_;
  double threshold_;
  double least_ratio_;
  double noise_ = 0;
  std::vector<double> expected_;
  std::vector<double> rest_;    // over what is expected
  std::vector<double> slow_;    // moving median of that
  std::vector<double> excess_;  // what stands out of it
  std::vector<double> extended_;
  std::vector<double> scratch_;
  std::vector<double> size_;
  std::vector<double> near_;
  std::vector<double> own_;
  std::vector<double> sigma_;
  std::vector<std::size_t> marked_;
};

constexpr Index rows_before_and_after = 4;  // where there is no map

// Rows beside a row: the eight around it in a map, else the four before and the four after it.
std::vector<Index> rows_beside(Index row, Index rows, const std::optional<MapGrid>& grid) {
  std::vector<Index> out;
  if (grid && grid->nx > 0 && grid->nx * grid->ny == rows) {
    for (Index dy = -1; dy <= 1; ++dy) {
      for (Index dx = -1; dx <= 1; ++dx) {
        const Index x = row % grid->nx + dx;
        const Index y = row / grid->nx + dy;
        if ((dx != 0 || dy != 0) && x >= 0 && x < grid->nx && y >= 0 && y < grid->ny) {
          out.push_back(y * grid->nx + x);
        }
      }
    }
    return out;
  }
  const Index last = std::min(rows - 1, row + rows_before_and_after);
  for (Index other = std::max<Index>(0, row - rows_before_and_after); other <= last; ++other) {
    if (other != row) {
      out.push_back(other);
    }
  }
  return out;
}

// The most alike first; an odd number of them, or two.
std::vector<Witness> witnesses_of(Index row, const SetCall& call, const Outlines& outlines) {
  std::vector<Witness> out;
  for (const Index other : rows_beside(row, call.spectra.rows(), call.grid)) {
    if (call.status[static_cast<std::size_t>(other)] == MethodStatus::converged) {
      out.push_back(outlines.compare(row, other));
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Witness& a, const Witness& b) {
    return a.misfit < b.misfit;
  });
  const std::size_t odd = std::min(most_witnesses, out.size() - (out.size() + 1) % 2);
  out.resize(out.size() <= 2 ? out.size() : odd);
  return out;
}

struct Change {
  Index row = 0;
  std::size_t point = 0;
  double value = 0;
};

/// Evidence   the median of up to seven spectra beside this one, each brought to its offset and
///            scale, where that explains it to three times its noise; else the rule of
///            despike.median for the spectrum alone
/// Rule       a top of more than `threshold` robust sigma above what is expected, steep on a side,
///            without the two flanks of a line, and in no spectrum beside it; with the samples
///            beside it above 3 sigma. It becomes what is expected.
/// Cost       about 30 operations per point, in lanes
/// Source     neighbours: Behrend et al., Appl. Spectrosc. 56 (2002) 1458; the rule is our own
void run_neighbors(const SetCall& call) {
  const RayRule rule{
      outline_window, call.parameters.real("threshold"), call.parameters.real("least_width")};
  const auto& spectra = call.spectra;
  const Outlines outlines(spectra, call.rows, call.jobs);
  constexpr Index block = 16;
  const auto count = static_cast<Index>(call.rows.size());
  const Index blocks = (count + block - 1) / block;
  // Witnesses must stay as they are until all are judged; what changes is little.
  std::vector<std::vector<Change>> changes(static_cast<std::size_t>(blocks));
  parallel_for(blocks, call.jobs, [&](Index item) {
    NeighborJudge judge(spectra, rule);
    RayRemover alone(rule);
    std::vector<double> row;
    for (Index k = item * block; k < std::min(count, (item + 1) * block); ++k) {
      const Index r = call.rows[static_cast<std::size_t>(k)];
      const auto y = std::as_const(spectra).row(r);
      row.assign(y.begin(), y.end());
      const auto witnesses = witnesses_of(r, call, outlines);
      if (witnesses.empty() || !judge.judge(row, witnesses)) {
        alone.remove(row);
      }
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] != y[i]) {
          changes[static_cast<std::size_t>(item)].push_back({r, i, row[i]});
        }
      }
    }
  });
  for (const auto& part : changes) {
    for (const auto& change : part) {
      call.spectra.row(change.row)[change.point] = change.value;
    }
  }
}

}  // namespace

SetMethod despike_auto() {
  const MethodInfo info{
      "despike",
      "auto",
      "removes cosmic rays by map neighbours or repeats; alone where they do not agree",
      "median of neighbours, line shape rule of our own",
      neighbors_parameters};
  return {
      info, 7, run_neighbors, SetReach{1, rows_before_and_after}
  };
}

}  // namespace calcispec
