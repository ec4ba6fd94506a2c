// Points in order, and a model as links from band parameters to free parameters with bounds.
#include "core/error.hpp"
#include "core/fit/fit_private.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace calcispec::band_fit {
namespace {

double sigma_at(std::span<const double> sigma, std::size_t i) {
  if (sigma.empty()) {
    return 1;
  }
  return sigma.size() == 1 ? sigma[0] : sigma[i];
}

void append_points(const BandModel& model,
                   std::span<const double> x,
                   std::span<const double> y,
                   std::span<const double> sigma,
                   Data& data) {
  const bool is_descending = x.size() > 1 && x.front() > x.back();
  for (std::size_t k = 0; k < x.size(); ++k) {
    const std::size_t i = is_descending ? x.size() - 1 - k : k;
    const double s = sigma_at(sigma, i);
    const bool counts = std::isfinite(x[i]) && std::isfinite(y[i]) && std::isfinite(s) && s > 0 &&
                        x[i] >= model.from && x[i] <= model.to;
    if (counts) {
      data.x.push_back(x[i]);
      data.weight.push_back(1 / s);
      data.y.push_back(y[i] / s);
    }
  }
}

// The shape's own limits and what the axis can hold.
struct Range {
  double lower = -infinity;
  double upper = infinity;
};

Range standard_range(const ParameterInfo& info, Index parameter, const Data& data) {
  const double span = 2 * data.half_range;
  if (parameter == 0) {
    return {0, infinity};
  }
  if (parameter == 1) {
    const double first = data.middle - data.half_range;
    return {first - 0.1 * span, first + 1.1 * span};
  }
  if (info.unit != "axis") {
    return {info.minimum, info.maximum};
  }
  if (info.minimum < 0) {
    return {-span, span};
  }
  return {info.minimum > 0 ? 0.5 * data.spacing : 0.0, 2 * span};
}

class Compiler {
 public:
  Compiler(const BandModel& model, const Data& data, Compiled& out)
      : model_(model), data_(data), out_(out) {}

  void run() {
    clear();
    list_bands();
    stop_on_faults();
    assign_free();
    stop_on_faults();
    list_columns();
  }

 private:
  void clear() {
    out_.bands.clear();
    out_.links.clear();
    out_.free.clear();
    out_.start.clear();
    out_.lower.clear();
    out_.upper.clear();
    out_.columns.clear();
  }

  void list_bands() {
    for (std::size_t b = 0; b < model_.bands.size(); ++b) {
      const Band& band = model_.bands[b];
      if (band.shape == nullptr) {
        fault(b, "it has no shape");
        continue;
      }
      const auto& row = kernels::row_of(*band.shape);
      const std::size_t count = row.info.parameters.size();
      if (band.parameters.size() != count) {
        fault(b,
              "its shape " + std::string(row.info.name) + " takes " + std::to_string(count) +
                  " parameters, not " + std::to_string(band.parameters.size()));
      }
      out_.bands.push_back(
          {&row, static_cast<Index>(out_.links.size()), static_cast<Index>(count)});
      out_.links.resize(out_.links.size() + count);
    }
    if (model_.degree < 0 || model_.degree > 30) {
      faults_ += "the degree of the background must lie between 0 and 30; ";
    }
    if (model_.intervals < 1 || model_.intervals > 27) {
      faults_ += "the spline of the background must have 1 to 27 intervals; ";
    }
  }

  void fault(std::size_t band, const std::string& text) {
    const auto& id = model_.bands[band].id;
    faults_ +=
        "band " + (id.empty() ? std::to_string(band + 1) : "'" + id + "'") + ": " + text + "; ";
  }

  void stop_on_faults() {
    if (!faults_.empty()) {
      faults_.erase(faults_.size() - 2);
      throw Error(ErrorCode::invalid_argument, faults_);
    }
  }

  [[nodiscard]] const BandParameter& parameter(Index band, Index index) const {
    return model_.bands[static_cast<std::size_t>(band)].parameters[static_cast<std::size_t>(index)];
  }

  [[nodiscard]] std::string_view name(Index band, Index index) const {
    return out_.bands[static_cast<std::size_t>(band)]
        .row->info.parameters[static_cast<std::size_t>(index)]
        .name;
  }

  void add_free(Index band, Index index) {
    const auto& given = parameter(band, index);
    const auto& own = out_.bands[static_cast<std::size_t>(band)];
    const auto& info = own.row->info.parameters[static_cast<std::size_t>(index)];
    const Range range = standard_range(info, index, data_);
    const bool has_lower = !std::isnan(given.lower) && (index == 0 || std::isfinite(given.lower));
    const bool has_upper = !std::isnan(given.upper) && (index == 0 || std::isfinite(given.upper));
    double lower = has_lower ? given.lower : range.lower;
    double upper = has_upper ? given.upper : range.upper;
    const double least = minimum_of(info);
    if (index > 0 && (lower < least || upper > info.maximum)) {
      lower = std::max(lower, least);
      upper = std::min(upper, info.maximum);
    }
    // One side given: the automatic other side yields.
    if (has_lower && !has_upper && upper < lower) {
      upper = std::min(info.maximum, lower + 2 * data_.half_range);
    } else if (has_upper && !has_lower && lower > upper) {
      lower = std::max(info.minimum, upper - 2 * data_.half_range);
    }
    if (!(lower <= upper)) {
      fault(static_cast<std::size_t>(band),
            "the range of " + std::string(info.name) + " is empty: " + number_text(lower) + " to " +
                number_text(upper));
    }
    link(band, index).free = out_.free_count();
    out_.free.push_back({band, index});
    out_.lower.push_back(lower);
    out_.upper.push_back(upper);
    out_.start.push_back(given.start);
  }

  Link& link(Index band, Index index) {
    return out_
        .links[static_cast<std::size_t>(out_.bands[static_cast<std::size_t>(band)].first + index)];
  }

  void assign_free() {
    add_all([](Index index) { return index == 0; });
    out_.amounts = out_.free_count();
    out_.background = model_.background;
    out_.background_columns = model_.background == FitBackground::none     ? 0
                              : model_.background == FitBackground::spline ? model_.intervals + 3
                                                                           : model_.degree + 1;
    for (Index k = 0; k < out_.background_columns; ++k) {
      out_.free.push_back({-1, k});
      out_.lower.push_back(-infinity);
      out_.upper.push_back(infinity);
      out_.start.push_back(0);
    }
    out_.linear = out_.free_count();
    add_all([](Index index) { return index > 0; });
    for (std::size_t b = 0; b < out_.bands.size(); ++b) {
      for (Index j = 0; j < out_.bands[b].count; ++j) {
        resolve_tie(static_cast<Index>(b), j);
      }
    }
  }

  template <typename Wanted>
  void add_all(const Wanted& is_wanted) {
    for (std::size_t b = 0; b < out_.bands.size(); ++b) {
      for (Index j = 0; j < out_.bands[b].count; ++j) {
        if (is_wanted(j)) {
          add_own(static_cast<Index>(b), j);
        }
      }
    }
  }

  void add_own(Index band, Index index) {
    const auto& given = parameter(band, index);
    if (given.tie.band >= 0) {
      return;
    }
    if (!given.is_fixed) {
      add_free(band, index);
      return;
    }
    if (!std::isfinite(given.start)) {
      fault(static_cast<std::size_t>(band),
            std::string(name(band, index)) + " is fixed but has no value");
    }
    const auto& own = out_.bands[static_cast<std::size_t>(band)];
    const double least =
        minimum_of(own.row->info.parameters[static_cast<std::size_t>(index)]) * (1 - 1e-12);
    if (index > 1 && given.start < least) {
      fault(static_cast<std::size_t>(band),
            std::string(name(band, index)) + " is held below " + number_text(least) +
                ", the least that can be told from a line under the broadening");
    }
    link(band, index) = {-1, 1, given.start};
  }

  // Of the shape's table; under a broadening no width may be too narrow for its grid.
  [[nodiscard]] double minimum_of(const ParameterInfo& info) const {
    if (model_.broadening.kind == BroadeningKind::none) {
      return info.minimum;
    }
    const double width = least_width(model_.broadening);
    const bool is_width = info.name.starts_with("fwhm");
    const double sigma = width / (2 * std::sqrt(2 * std::numbers::ln2));
    return is_width              ? std::max(info.minimum, width)
           : is_gauss_part(info) ? std::max(info.minimum, sigma)
                                 : info.minimum;
  }

  [[nodiscard]] bool is_valid_target(const BandTie& tie) const {
    return tie.band < static_cast<Index>(out_.bands.size()) && tie.parameter >= 0 &&
           tie.parameter < out_.bands[static_cast<std::size_t>(tie.band)].count &&
           std::isfinite(tie.ratio) && std::isfinite(tie.offset);
  }

  void resolve_tie(Index band, Index index) {
    double ratio = 1;
    double offset = 0;
    Index at_band = band;
    Index at = index;
    for (std::size_t depth = 0; parameter(at_band, at).tie.band >= 0; ++depth) {
      const BandTie& tie = parameter(at_band, at).tie;
      if (!is_valid_target(tie) || (tie.parameter == 0) != (index == 0)) {
        fault(static_cast<std::size_t>(band),
              "the tie of " + std::string(name(band, index)) +
                  " names no parameter it can follow (amounts follow amounts only)");
        return;
      }
      if (depth > out_.links.size()) {
        fault(static_cast<std::size_t>(band),
              "the tie of " + std::string(name(band, index)) + " runs in a circle");
        return;
      }
      offset += ratio * tie.offset;
      ratio *= tie.ratio;
      at_band = tie.band;
      at = tie.parameter;
    }
    if (at_band == band && at == index) {
      return;
    }
    const Link& root = link(at_band, at);
    link(band, index) = {root.free, ratio * root.ratio, ratio * root.offset + offset};
    if (root.free >= 0) {
      keep_inside(band, index);
    }
  }

  // The bounds of a tied parameter bind the one it follows.
  void keep_inside(Index band, Index index) {
    const auto& given = parameter(band, index);
    const auto& own = out_.bands[static_cast<std::size_t>(band)];
    const auto& info = own.row->info.parameters[static_cast<std::size_t>(index)];
    const Link& l = link(band, index);
    double low =
        std::isnan(given.lower) ? (index == 0 ? -infinity : minimum_of(info)) : given.lower;
    double high = std::isnan(given.upper) ? (index == 0 ? infinity : info.maximum) : given.upper;
    if (l.ratio == 0 || !(low <= high)) {
      return;
    }
    low = (low - l.offset) / l.ratio;
    high = (high - l.offset) / l.ratio;
    if (l.ratio < 0) {
      std::swap(low, high);
    }
    const auto at = static_cast<std::size_t>(l.free);
    out_.lower[at] = std::max(out_.lower[at], low);
    out_.upper[at] = std::min(out_.upper[at], high);
    if (!(out_.lower[at] <= out_.upper[at])) {
      fault(static_cast<std::size_t>(band),
            "the tie of " + std::string(name(band, index)) + " leaves no value within its range");
    }
  }

  void list_columns() {
    for (std::size_t b = 0; b < out_.bands.size(); ++b) {
      add_column(static_cast<Index>(b), 0);
    }
    for (Index k = 0; k < out_.background_columns; ++k) {
      out_.columns.push_back({-1, k, out_.amounts + k, 1});
    }
    for (std::size_t b = 0; b < out_.bands.size(); ++b) {
      for (Index j = 1; j < out_.bands[b].count; ++j) {
        if (link(static_cast<Index>(b), j).free >= 0) {
          add_column(static_cast<Index>(b), j);
        }
      }
    }
  }

  void add_column(Index band, Index index) {
    const Link& l = link(band, index);
    out_.columns.push_back({band, index, l.free, l.ratio});
  }

  const BandModel& model_;
  const Data& data_;
  Compiled& out_;
  std::string faults_;
};

}  // namespace

void gather(const BandModel& model,
            std::span<const double> x,
            std::span<const double> y,
            std::span<const double> sigma,
            Data& data) {
  require(x.size() == y.size(), "x and y of a fit differ in length");
  require(sigma.size() <= 1 || sigma.size() == x.size(),
          "sigma of a fit must hold one value, or one per point, or none");
  data.x.clear();
  data.weight.clear();
  data.y.clear();
  append_points(model, x, y, sigma, data);
  data.knows_sigma = !sigma.empty();
  data.broadener = nullptr;
  data.points = static_cast<Index>(data.x.size());
  require(std::is_sorted(data.x.begin(), data.x.end()), "x of a fit must rise or fall throughout");
  data.padded = kernels::padded(data.points);
  if (data.points == 0) {
    return;
  }
  const auto total = static_cast<std::size_t>(data.padded);
  const double first = data.x.front();
  const double last = data.x.back();
  data.middle = 0.5 * (first + last);
  data.half_range = last > first ? 0.5 * (last - first) : 1.0;
  data.spacing = 2 * data.half_range / static_cast<double>(std::max<Index>(1, data.points - 1));
  double weights = 0;
  for (const double w : data.weight) {
    weights += w * w;
  }
  data.sigma = std::sqrt(static_cast<double>(data.points) / weights);
  data.x.resize(total, last);
  data.weight.resize(total, 0.0);
  data.y.resize(total, 0.0);
  if (model.broadening.kind != BroadeningKind::none) {
    data.broadener =
        broadener_for(model.broadening, {data.x.data(), static_cast<std::size_t>(data.points)});
  }
}

void compile(const BandModel& model, const Data& data, Compiled& compiled) {
  Compiler(model, data, compiled).run();
}

}  // namespace calcispec::band_fit
