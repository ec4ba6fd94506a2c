#include "pipelines/report/fit_figure.hpp"

#include "pipelines/report/fit_report.hpp"
#include "pipelines/report/svg_private.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace calcispec {
namespace {

using svg::px;
using svg::Scale;
using svg::Thinned;

constexpr double fit_width = 860;
constexpr double fit_left = 66;
constexpr double fit_right = 14;
constexpr double fit_top = 22;
constexpr double label_height = 12;
constexpr int fit_label_rows = 4;
constexpr double fit_main_bottom = 322;
constexpr double fit_residual_top = 342;
constexpr double fit_residual_bottom = 402;
// Below so many standard errors of its height a band is not placed in maps.
constexpr double least_significance = 3;
// Up to so many points each is drawn as a dot.
constexpr std::size_t most_dots = 260;
// Curves of the model, whatever the measured points: two to a pixel.
constexpr int curve_points = 1560;

constexpr std::string_view data_color = "#222222";
constexpr std::string_view fit_color = "#D55E00";
constexpr std::string_view background_color = "#56B4E9";

// Okabe-Ito without the colours above, then two of like darkness.
std::string_view band_color(std::size_t band) {
  constexpr std::array<std::string_view, 6> colors{
      "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#7A5195", "#8C564B"};
  return colors[band % colors.size()];
}

class FitFigure {
 public:
  FitFigure(const FitRun& run, const SpectrumFit& entry)
      : run_(run), entry_(entry), axis_(*entry.recording->spectra.axis) {
    const auto& model = model_of(run, entry);
    const auto all = axis_.values();
    const auto y = entry.recording->spectra.row(entry.row);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i] >= model.from && all[i] <= model.to) {
        x_.push_back(all[i]);
        y_.push_back(y[i]);
      }
    }
    has_fit_ = std::isfinite(entry.result.chi_square) && x_.size() > 1;
    if (has_fit_) {
      for (int k = 0; k < curve_points; ++k) {
        fine_x_.push_back(x_.front() + (x_.back() - x_.front()) * k / (curve_points - 1));
      }
      fit_ = fitted_curve(model, entry.result, fine_x_);
      background_ = fitted_background(model, entry.result, fine_x_);
    }
  }

  std::string draw() {
    if (x_.size() < 2) {
      return {};
    }
    set_scales();
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 446\" role=\"img\" " +
           std::string(svg::font) + " font-size=\"11\"><title>" + escaped(entry_.id) + "</title>";
    grid();
    if (has_fit_) {
      bands();
    }
    data();
    if (has_fit_) {
      line(fine_x_, background_, background_color, 1.3, "6 3");
      line(fine_x_, fit_, fit_color, 1.5, "");
      labels();
      residual();
    }
    legend();
    return out_ + "</svg>";
  }

 private:
  void set_scales() {
    const bool is_falling = axis_.kind() == AxisKind::wavenumber;
    sx_ = {x_.front(),
           x_.back(),
           is_falling ? fit_width - fit_right : fit_left,
           is_falling ? fit_left : fit_width - fit_right};
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const auto* curve : {&y_, &fit_, &background_}) {
      for (const double value : *curve) {
        if (std::isfinite(value)) {
          low = std::min(low, value);
          high = std::max(high, value);
        }
      }
    }
    if (!(high > low)) {
      low = std::isfinite(low) ? low - 1 : 0;
      high = low + 2;
    }
    const double labels_top = has_fit_ ? fit_top + fit_label_rows * label_height + 8 : fit_top + 8;
    sy_ = {low - 0.04 * (high - low), high, fit_main_bottom, labels_top};
  }

  void text(double x,
            double y,
            std::string_view anchor,
            const std::string& content,
            std::string_view extra = {}) {
    out_ += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + std::string(anchor) +
            "\" fill=\"#333\"" + std::string(extra) + ">" + escaped(content) + "</text>";
  }

  void grid() {
    const double bottom = has_fit_ ? fit_residual_bottom : fit_main_bottom;
    const double step = svg::nice_step(x_.back() - x_.front(), 9);
    for (const double v : svg::ticks(x_.front(), x_.back(), step)) {
      out_ += "<path stroke=\"#e4e4e4\" d=\"M" + px(sx_.at(v)) + " 22V" + px(bottom) + "\"/>";
      text(sx_.at(v), bottom + 15, "middle", svg::axis_number(v));
    }
    text(0.5 * (fit_left + fit_width - fit_right),
         bottom + 34,
         "middle",
         axis_label(axis_.kind(), axis_.unit()),
         " font-size=\"12\"");
    text(14,
         0.5 * (fit_top + fit_main_bottom),
         "middle",
         ordinate_label(entry_.recording->ordinate, entry_.recording->technique),
         " font-size=\"12\" transform=\"rotate(-90 14 172)\"");
    const double y_step = svg::nice_step(sy_.to - sy_.from, 5);
    for (const double v : svg::ticks(sy_.from, sy_.to, y_step)) {
      out_ += "<path stroke=\"#eeeeee\" d=\"M66 " + px(sy_.at(v)) + "H846\"/>";
      text(fit_left - 5, sy_.at(v) + 4, "end", svg::tick_text(v, y_step));
    }
    out_ += "<path stroke=\"#999\" fill=\"none\" d=\"M66 22V322H846\"/>";
  }

  void line(const std::vector<double>& x,
            const std::vector<double>& y,
            std::string_view color,
            double thickness,
            std::string_view dash) {
    Thinned path(sx_, sy_);
    for (std::size_t i = 0; i < x.size(); ++i) {
      path.add(x[i], y[i]);
    }
    out_ += "<path fill=\"none\" stroke=\"" + std::string(color) + "\" stroke-width=\"" +
            px(thickness) + "\"" +
            (dash.empty() ? "" : " stroke-dasharray=\"" + std::string(dash) + "\"") + " d=\"" +
            path.take() + "\"/>";
  }

  void data() {
    if (x_.size() > most_dots || !has_fit_) {
      line(x_, y_, data_color, 1.0, "");
      return;
    }
    out_ += "<g fill=\"" + std::string(data_color) + "\">";
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (std::isfinite(y_[i])) {
        out_ +=
            "<circle r=\"1.5\" cx=\"" + px(sx_.at(x_[i])) + "\" cy=\"" + px(sy_.at(y_[i])) + "\"/>";
      }
    }
    out_ += "</g>";
  }

  // Each band as an area above the background.
  void bands() {
    for (std::size_t b = 0; b < entry_.result.bands.size(); ++b) {
      const auto band =
          fitted_band(model_of(run_, entry_), entry_.result, static_cast<Index>(b), fine_x_);
      const double tallest = *std::max_element(band.begin(), band.end());
      const double deepest = *std::min_element(band.begin(), band.end());
      // Where a band has fallen to nothing its edge would only thicken the background's line.
      const double least = 2e-3 * (sy_.to - sy_.from);
      if (!(std::max(tallest, -deepest) > least)) {
        continue;
      }
      Thinned upper(sx_, sy_);
      std::string lower;
      std::size_t last = 0;
      const auto add_corner = [&](std::size_t i) {
        std::string corner = "L";
        corner += px(sx_.at(fine_x_[i]));
        corner += ' ';
        corner += px(sy_.at(background_[i]));
        lower.insert(0, corner);
      };
      for (std::size_t i = 0; i < fine_x_.size(); ++i) {
        if (std::abs(band[i]) > least) {
          upper.add(fine_x_[i], background_[i] + band[i]);
          if (lower.empty() || i % 16 == 0) {
            add_corner(i);
          }
          last = i;
        }
      }
      add_corner(last);
      const std::string color(band_color(b));
      out_ += "<path fill-opacity=\"0.18\" fill=\"" + color + "\" stroke=\"";
      out_ += color;
      out_ += "\" stroke-width=\"0.9\" d=\"";
      out_ += upper.take();
      out_ += lower;
      out_ += "Z\"/>";
    }
  }

  // Ids with positions above the curves, in rows so that none lies over another.
  void labels() {
    struct Label {
      double at;
      std::string name;
      std::size_t band;
    };
    std::vector<Label> labels;
    for (std::size_t b = 0; b < entry_.result.bands.size(); ++b) {
      const double center = entry_.result.bands[b].parameters[1].value;
      const double height = entry_.result.bands[b].height.value;
      const bool is_seen = std::abs(height) > 0.004 * (sy_.to - sy_.from);
      if (center >= x_.front() && center <= x_.back() && is_seen) {
        const auto& id = model_of(run_, entry_).bands[b].id;
        labels.push_back({sx_.at(center), id + " " + px(center), b});
      }
    }
    std::sort(
        labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.at < b.at; });
    std::array<double, fit_label_rows> ends{};
    for (const auto& label : labels) {
      const double half = 3.1 * static_cast<double>(label.name.size()) + 2;
      const double at = std::clamp(label.at, fit_left + half, fit_width - fit_right - half);
      const auto row = static_cast<std::size_t>(
          std::find_if(ends.begin(), ends.end(), [&](double end) { return at - half > end; }) -
          ends.begin());
      const auto used = std::min<std::size_t>(row, fit_label_rows - 1);
      ends[used] = at + half;
      const double y = fit_top + 10 + label_height * static_cast<double>(used);
      out_ += "<path stroke=\"" + std::string(band_color(label.band)) +
              "\" stroke-opacity=\"0.6\" stroke-dasharray=\"2 3\" d=\"M" + px(label.at) + " " +
              px(y + 3) + "V" + px(fit_main_bottom) + "\"/>";
      text(at, y, "middle", label.name);
    }
  }

  void residual() {
    const double sigma = entry_.result.noise_sigma;
    const auto model = fitted_curve(model_of(run_, entry_), entry_.result, x_);
    std::vector<double> rest(x_.size());
    double size = 4;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      rest[i] = (y_[i] - model[i]) / sigma;
      size = std::isfinite(rest[i]) ? std::max(size, std::abs(rest[i])) : size;
    }
    const Scale scale{-size, size, fit_residual_bottom, fit_residual_top};
    // Two sigma to either side.
    out_ += "<rect x=\"66\" width=\"780\" fill=\"#f0f0f0\" y=\"" + px(scale.at(2)) +
            "\" height=\"" + px(scale.at(-2) - scale.at(2)) + "\"/>";
    out_ += "<path stroke=\"#bbb\" d=\"M66 " + px(scale.at(0)) + "H846\"/>";
    Thinned path(sx_, scale);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      path.add(x_[i], rest[i]);
    }
    out_ +=
        "<path fill=\"none\" stroke=\"#444444\" stroke-width=\"0.9\" d=\"" + path.take() + "\"/>";
    const double wide = svg::nice_step(size, 2);
    const double tick = wide > size ? svg::nice_step(size, 4) : wide;
    for (const double v : svg::ticks(-size, size, tick)) {
      text(fit_left - 5, scale.at(v) + 4, "end", svg::tick_text(v, tick));
    }
    text(14,
         0.5 * (fit_residual_top + fit_residual_bottom),
         "middle",
         "residual / σ",
         " transform=\"rotate(-90 14 372)\"");
    out_ += "<path stroke=\"#999\" fill=\"none\" d=\"M66 342V402H846\"/>";
  }

  void legend() {
    double at = fit_left + 4;
    const auto add = [&](std::string_view color, std::string_view name) {
      out_ += "<path stroke-width=\"2\" stroke=\"" + std::string(color) + "\" d=\"M" + px(at) +
              " 12h14\"/>";
      text(at + 18, 16, "start", std::string(name));
      at += 34 + 6.0 * static_cast<double>(name.size());
    };
    add(data_color, "measured");
    if (has_fit_) {
      add(fit_color, "fit");
      add(background_color, "background");
    }
    // The status always, of the name what there is room for.
    const auto status = summary();
    const auto room = static_cast<std::size_t>(std::max(0.0, (fit_width - fit_right - at) / 6.2));
    auto name = entry_.id;
    if (name.size() + status.size() + 2 > room) {
      name = name.substr(0, room - std::min(room, status.size() + 3)) + "…";
    }
    text(fit_width - fit_right, 16, "end", name + ": " + status);
  }

  [[nodiscard]] std::string summary() const {
    const std::string status(fit_status_name(entry_.result.status));
    return has_fit_
               ? status + ", χ²/(n - p) " + svg::tick_text(entry_.result.reduced_chi_square, 0.01)
               : status;
  }

  const FitRun& run_;
  const SpectrumFit& entry_;
  const Axis& axis_;
  bool has_fit_ = false;
  std::vector<double> x_;  // within the range
  std::vector<double> y_;
  std::vector<double> fine_x_;  // of the curves below
  std::vector<double> fit_;
  std::vector<double> background_;
  Scale sx_;
  Scale sy_;
  std::string out_;
};

template <typename ValueOf>
MapValues make_fit_map(const FitRun& run,
                       const MapInfo& map,
                       std::string name,
                       std::string unit,
                       const ValueOf& value_of) {
  MapValues out{std::move(name), std::move(unit), map.grid, {}, 0, 1};
  for (Index i = 0; i < map.grid.nx * map.grid.ny; ++i) {
    const auto at = static_cast<std::size_t>(map.first + i);
    const bool is_there = at < run.spectra.size() && run.spectra[at].input == map.input;
    out.values.push_back(is_there ? value_of(run.spectra[at]) : std::nan(""));
  }
  find_limits(out);
  return out;
}

// A band that noise could have made has a height, but no position and no width.
bool is_significant(const SpectrumFit& entry, std::size_t band) {
  if (band >= entry.result.bands.size()) {
    return false;
  }
  const auto& height = entry.result.bands[band].height;
  return std::abs(height.value) > least_significance * height.standard_error;
}

bool has_values(const MapValues& map) {
  return std::any_of(
      map.values.begin(), map.values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

std::string fit_figure_svg(const FitRun& run, const SpectrumFit& entry) {
  return entry.recording ? FitFigure(run, entry).draw() : std::string();
}

std::vector<MapValues> fit_maps(const FitRun& run, const MapInfo& map) {
  const auto& recording = *run.spectra[static_cast<std::size_t>(map.first)].recording;
  const auto& axis_unit = recording.spectra.axis->unit();
  std::vector<MapValues> out;
  const auto& bands = model_of(run, run.spectra[static_cast<std::size_t>(map.first)]).bands;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    for (const auto& column : band_columns(*bands[b].shape)) {
      const bool is_wanted = column.name == "center" || column.name == "height" ||
                             column.name == "fwhm" || column.name == "area" ||
                             (column.name == "area_share" && bands.size() > 1);
      if (!is_wanted) {
        continue;
      }
      const bool is_on_axis = column.kind == BandColumn::Kind::axis;
      auto values = make_fit_map(run,
                                 map,
                                 bands[b].id + " " + column.name,
                                 is_on_axis ? axis_unit : "",
                                 [&](const SpectrumFit& entry) {
                                   const auto value = band_value(entry, b, column);
                                   const bool is_drawn = value.reason != NoErrorReason::fixed &&
                                                         (!is_on_axis || is_significant(entry, b));
                                   return is_drawn ? value.value : std::nan("");
                                 });
      if (has_values(values)) {
        out.push_back(std::move(values));
      }
    }
  }
  out.push_back(make_fit_map(run, map, "reduced chi-square", "", [](const SpectrumFit& entry) {
    return entry.result.reduced_chi_square;
  }));
  return out;
}

}  // namespace calcispec
