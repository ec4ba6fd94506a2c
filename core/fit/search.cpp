// Further starts where the first answer may be a side minimum. Nothing here is random.
#include "core/fit/fit_private.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::band_fit {
namespace {

// Digits of `index` mirrored behind the point: evenly spread numbers between 0 and 1.
double mirrored(Index index, Index base) {
  double value = 0;
  double unit = 1;
  for (; index > 0; index /= base) {
    unit /= static_cast<double>(base);
    value += unit * static_cast<double>(index % base);
  }
  return value;
}

Index prime(std::size_t k) {
  constexpr Index primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
  return primes[k % std::size(primes)];
}

bool is_length(const CompiledBand& band, Index j) {
  return band.row->info.parameters[static_cast<std::size_t>(j)].unit == "axis";
}

double full_width(const Compiled& compiled,
                  const CompiledBand& band,
                  const std::vector<double>& theta) {
  double width = 0;
  for (Index j = 2; j < band.count; ++j) {
    if (is_length(band, j)) {
      width += std::abs(compiled.value(band.first + j, theta));
    }
  }
  return width;
}

// The band is taken out and put where it explains most: of what all leave, then of what the others
// leave.
void take_out(const Compiled& compiled, const CompiledBand& band, std::vector<double>& theta) {
  for (Index j = 1; j < band.count; ++j) {
    const Index free = compiled.links[static_cast<std::size_t>(band.first + j)].free;
    if (free >= 0) {
      theta[static_cast<std::size_t>(free)] = not_a_number;
    }
  }
}

void displace(const Compiled& compiled, Index round, std::vector<double>& theta) {
  const std::vector<double> from = theta;
  std::size_t dimension = 0;
  for (const CompiledBand& band : compiled.bands) {
    const double width = full_width(compiled, band, from);
    for (Index j = 1; j < band.count; ++j) {
      const Index free = compiled.links[static_cast<std::size_t>(band.first + j)].free;
      if (free < 0) {
        continue;
      }
      const auto at = static_cast<std::size_t>(free);
      const double part = mirrored(round + 1, prime(dimension++)) - 0.5;
      if (j == 1) {
        theta[at] = from[at] + 1.2 * width * part;
      } else if (is_length(band, j)) {
        theta[at] = from[at] == 0 ? 0.2 * width * (part + 0.5) : from[at] * std::exp2(3 * part);
      } else {
        theta[at] = compiled.lower[at] + (part + 0.5) * (compiled.upper[at] - compiled.lower[at]);
      }
      theta[at] = std::clamp(theta[at], compiled.lower[at], compiled.upper[at]);
    }
  }
}

}  // namespace

bool is_ambiguous(const Data& data, const Compiled& compiled, const FitResult& result) {
  const auto freedom = static_cast<double>(data.points - compiled.free_count());
  // Too much is left by more than the scatter of chi-square allows once in a thousand.
  bool found = result.standard_errors == StandardErrorKind::absolute &&
               result.chi_square > freedom + 3.1 * std::sqrt(2 * freedom) + 5;
  for (std::size_t b = 0; b < compiled.bands.size(); ++b) {
    const CompiledBand& band = compiled.bands[b];
    const auto& fitted = result.bands[b].parameters;
    const FittedValue& amount = fitted[0];
    found = found || amount.is_at_bound || amount.reason == NoErrorReason::not_identifiable ||
            amount.standard_error > 0.25 * std::abs(amount.value);
    for (Index j = 1; j < band.count; ++j) {
      const auto& value = fitted[static_cast<std::size_t>(j)];
      found = found || (is_length(band, j) && value.is_at_bound && value.value != 0);
    }
  }
  return found;
}

Index search_further(const Data& data,
                     const Compiled& compiled,
                     const FitOptions& options,
                     Minimizer& minimizer,
                     State& best,
                     Minimum& minimum) {
  const std::vector<double> first = best.theta;
  const auto bands = static_cast<Index>(compiled.bands.size());
  const bool is_placed = std::any_of(compiled.start.begin() + compiled.linear,
                                     compiled.start.end(),
                                     [](double v) { return std::isnan(v); });
  const Index placements = is_placed ? 2 : 0;
  const Index moves = placements + 2 * bands;
  State state;
  Index starts = 0;
  bool is_open = true;  // the best answer so far is in doubt
  for (; is_open && starts < options.extra_starts; ++starts) {
    state.theta = starts % 2 == 0 || starts < moves ? best.theta : first;
    if (starts < placements) {
      state.theta = compiled.start;
      find_starts(data, compiled, {starts == 0 ? 0.15 : 0.08, nullptr}, state.theta);
    } else if (starts < moves) {
      const auto band = static_cast<std::size_t>((starts - placements) % bands);
      take_out(compiled, compiled.bands[band], state.theta);
      const std::vector<double> explained = best.theta;
      const bool leaves_a_gap = starts - placements >= bands;
      find_starts(data, compiled, {0.35, leaves_a_gap ? nullptr : &explained}, state.theta);
    } else {
      displace(compiled, starts - moves, state.theta);
    }
    const Minimum own = minimizer.run(state, options);
    minimum.iterations += own.iterations;
    const bool is_better = own.status != FitStatus::failed && state.chi_square < best.chi_square;
    if (is_better) {
      std::swap(state, best);
      minimum.status = own.status;
    }
    if (is_better && options.further_starts == FurtherStarts::doubtful && data.knows_sigma) {
      FitResult answer;
      fill_answer(data, compiled, best, options, answer);
      is_open = is_ambiguous(data, compiled, answer);
    }
  }
  return starts;
}

}  // namespace calcispec::band_fit
