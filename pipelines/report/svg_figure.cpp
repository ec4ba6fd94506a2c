#include "pipelines/report/svg_figure.hpp"

#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/svg_private.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

using svg::axis_number;
using svg::px;
using svg::Scale;
using svg::Thinned;
using svg::tick_text;
using svg::ticks;

constexpr double spectrum_width = 860;
constexpr double spectrum_left = 62;
constexpr double spectrum_right = 14;
constexpr double spectrum_top = 24;
constexpr double spectrum_label_rows = 30;  // room above the curve
constexpr double spectrum_main_bottom = 314;
constexpr double spectrum_residual_top = 336;
constexpr double spectrum_residual_bottom = 392;

bool spectrum_has_fit(const SpectrumAnalysis& entry) {
  return entry.composition && !entry.composition->curves.fit.empty();
}

class Figure {
 public:
  explicit Figure(const SpectrumAnalysis& entry) : entry_(entry), x_(entry.axis->values()) {
    const auto range = figure_range(entry);
    const bool is_falling = entry.axis->kind() == AxisKind::wavenumber;
    sx_ = {range.first,
           range.second,
           is_falling ? spectrum_width - spectrum_right : spectrum_left,
           is_falling ? spectrum_left : spectrum_width - spectrum_right};
    begin_ = static_cast<std::size_t>(entry.axis->lower_bound(range.first));
    end_ = begin_;
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (; end_ < x_.size() && x_[end_] <= range.second; ++end_) {
      if (std::isfinite(entry.y[end_])) {
        low = std::min(low, entry.y[end_]);
        high = std::max(high, entry.y[end_]);
      }
    }
    if (!(high > low)) {
      low = std::isfinite(low) ? low - 1 : 0;
      high = low + 2;
    }
    sy_ = {
        low - 0.04 * (high - low), high, spectrum_main_bottom, spectrum_top + spectrum_label_rows};
  }

  std::string draw() {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 436\" role=\"img\" " +
           std::string(svg::font) + " font-size=\"11\"><title>" + escaped(entry_.id) + "</title>";
    grid();
    if (spectrum_has_fit(entry_)) {
      bands();
      labels();
    }
    line(entry_.y, 0, "#222222", 1.1, "");
    if (spectrum_has_fit(entry_)) {
      const auto& curves = entry_.composition->curves;
      const auto first = static_cast<std::size_t>(curves.first_point);
      line(curves.background, first, "#56B4E9", 1.3, "6 3");
      line(curves.fit, first, "#D55E00", 1.3, "");
      residual();
    } else if (!entry_.baseline.empty()) {
      line(entry_.baseline, 0, "#56B4E9", 1.3, "6 3");
    }
    legend();
    out_ += "</svg>";
    return std::move(out_);
  }

 private:
  void text(double x,
            double y,
            const std::string& anchor,
            const std::string& content,
            const std::string& extra = {}) {
    out_ += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + anchor +
            "\" fill=\"#333\"" + extra + ">" + escaped(content) + "</text>";
  }

  void grid() {
    const double step = svg::nice_step(std::abs(sx_.to - sx_.from), 9);
    const double bottom =
        spectrum_has_fit(entry_) ? spectrum_residual_bottom : spectrum_main_bottom;
    for (const double v : ticks(sx_.from, sx_.to, step)) {
      out_ += "<path stroke=\"#e4e4e4\" d=\"M" + px(sx_.at(v)) + " 24V" + px(bottom) + "\"/>";
      text(sx_.at(v), bottom + 15, "middle", axis_number(v));
    }
    text(0.5 * (spectrum_left + spectrum_width - spectrum_right),
         bottom + 34,
         "middle",
         axis_label(entry_.axis->kind(), entry_.axis->unit()),
         " font-size=\"12\"");
    text(16,
         0.5 * (spectrum_top + spectrum_main_bottom),
         "middle",
         ordinate_label(entry_.ordinate, entry_.technique),
         " font-size=\"12\" transform=\"rotate(-90 16 169)\"");
    const double y_step = svg::nice_step(sy_.to - sy_.from, 5);
    for (const double v : ticks(sy_.from, sy_.to, y_step)) {
      out_ += "<path stroke=\"#eeeeee\" d=\"M62 " + px(sy_.at(v)) + "H846\"/>";
      text(spectrum_left - 5, sy_.at(v) + 4, "end", tick_text(v, y_step));
    }
    out_ += "<path stroke=\"#999\" fill=\"none\" d=\"M62 24V314H846\"/>";
  }

  // y[i] stands at x_[first + i].
  void line(std::span<const double> y,
            std::size_t first,
            std::string_view color,
            double thickness,
            std::string_view dash,
            const Scale* scale = nullptr) {
    Thinned path(sx_, scale == nullptr ? sy_ : *scale);
    for (std::size_t i = std::max(first, begin_); i < std::min(first + y.size(), end_); ++i) {
      path.add(x_[i], y[i - first]);
    }
    out_ += "<path fill=\"none\" stroke=\"" + std::string(color) + "\" stroke-width=\"" +
            px(thickness) + "\"" +
            (dash.empty() ? "" : " stroke-dasharray=\"" + std::string(dash) + "\"") + " d=\"" +
            path.take() + "\"/>";
  }

  // Each fitted band as an area above the background, within three widths.
  void bands() {
    const auto& composition = *entry_.composition;
    const auto& background = composition.curves.background;
    const auto first = static_cast<std::size_t>(composition.curves.first_point);
    for (const auto& band : composition.bands) {
      if (!(band.height > 0.004 * (sy_.to - sy_.from))) {
        continue;
      }
      const double share = lorentz_share_of(band);
      Thinned upper(sx_, sy_);
      std::string lower;
      for (std::size_t i = first; i < first + background.size(); ++i) {
        const double u = 2 * (x_[i] - band.center_cm1) / band.fwhm_cm1;
        if (std::abs(u) > 6) {
          continue;
        }
        const double height = band.height * (share / (1 + u * u) + (1 - share) * std::exp2(-u * u));
        upper.add(x_[i], background[i - first] + height);
        const bool is_corner = lower.empty() || i % 8 == 0;
        if (is_corner) {
          auto corner = "L" + px(sx_.at(x_[i]));
          corner += " " + px(sy_.at(background[i - first]));
          lower.insert(0, corner);
        }
      }
      const auto outline = upper.take();
      if (!outline.empty()) {
        const auto color = std::string(color_of(composition, band.phase));
        out_ += "<path fill=\"" + color;
        out_ += "\" fill-opacity=\"0.18\" stroke=\"" + color;
        out_ += "\" stroke-opacity=\"0.7\" stroke-width=\"0.7\" d=\"" + outline;
        out_ += lower + "Z\"/>";
      }
    }
  }

  // Names of the strongest bands in two rows at the top, none over another.
  void labels() {
    auto chosen = labelled_bands(entry_, 0.045 * std::abs(sx_.to - sx_.from));
    std::sort(chosen.begin(), chosen.end(), [&](const auto* a, const auto* b) {
      return sx_.at(a->center_cm1) < sx_.at(b->center_cm1);
    });
    int row = 0;
    for (const auto* band : chosen) {
      const double at = sx_.at(band->center_cm1);
      const double y = spectrum_top + 9 + 12 * row;
      out_ += "<path stroke=\"#aaa\" stroke-dasharray=\"2 3\" d=\"M" + px(at) + " " + px(y + 3) +
              "V314\"/>";
      const auto name = band_label(band->assignment);
      text(std::clamp(at, spectrum_left + 30, spectrum_width - spectrum_right - 30),
           y,
           "middle",
           (name.size() < 18 ? name + " " : "") + axis_number(std::round(band->center_cm1)),
           " font-size=\"10\"");
      row = 1 - row;
    }
  }

  void legend() {
    double at = spectrum_left + 4;
    const auto key = [&](const std::string& name, std::string_view color, bool is_area) {
      if (at > spectrum_width - 110) {
        return;
      }
      out_ += is_area ? "<rect y=\"8\" width=\"14\" height=\"9\" fill-opacity=\"0.35\" fill=\""
                      : "<path stroke-width=\"2\" stroke=\"";
      out_ += std::string(color) + "\" " + (is_area ? "x=\"" : "d=\"M") + px(at) +
              (is_area ? "" : " 12h14") + "\"/>";
      text(at + 18, 16, "start", name);
      at += 32 + 5.6 * static_cast<double>(name.size());
    };
    key("measured", "#222222", false);
    if (spectrum_has_fit(entry_)) {
      key("fit", "#D55E00", false);
    }
    if (spectrum_has_fit(entry_) || !entry_.baseline.empty()) {
      key("background", "#56B4E9", false);
    }
    if (spectrum_has_fit(entry_)) {
      for (const auto& curve : entry_.composition->curves.phases) {
        key(phase_label(*entry_.composition, curve.first),
            color_of(*entry_.composition, curve.first),
            true);
      }
    }
  }

  void residual() {
    const auto& curves = entry_.composition->curves;
    const auto first = static_cast<std::size_t>(curves.first_point);
    std::vector<double> rest(curves.fit.size());
    double size = 1e-300;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      rest[i] = entry_.y[first + i] - curves.fit[i];
      size = std::isfinite(rest[i]) ? std::max(size, std::abs(rest[i])) : size;
    }
    const Scale scale{-size, size, spectrum_residual_bottom, spectrum_residual_top};
    out_ +=
        "<path stroke=\"#999\" fill=\"none\" d=\"M62 336V392H846\"/>"
        "<path stroke=\"#ccc\" d=\"M62 364H846\"/>";
    line(rest, first, "#444444", 0.8, "", &scale);
    text(spectrum_left - 5, spectrum_residual_top + 8, "end", short_number(size));
    text(spectrum_left - 5, spectrum_residual_bottom, "end", "-" + short_number(size));
    text(16, 364, "middle", "residual", " transform=\"rotate(-90 16 364)\"");
  }

  const SpectrumAnalysis& entry_;
  std::span<const double> x_;
  std::size_t begin_ = 0;  // of the points that are shown
  std::size_t end_ = 0;
  Scale sx_;
  Scale sy_;
  std::string out_;
};

}  // namespace

std::string figure_svg(const SpectrumAnalysis& entry) {
  if (!entry.axis || entry.y.size() < 2 ||
      static_cast<Index>(entry.y.size()) != entry.axis->size()) {
    return {};
  }
  return Figure(entry).draw();
}

std::pair<double, double> figure_range(const SpectrumAnalysis& entry) {
  const auto x = entry.axis->values();
  if (!spectrum_has_fit(entry)) {
    return {x.front(), x.back()};
  }
  const auto& curves = entry.composition->curves;
  const auto first = static_cast<std::size_t>(curves.first_point);
  return {x[first], x[first + curves.fit.size() - 1]};
}

std::vector<const models::FittedBand*> labelled_bands(const SpectrumAnalysis& entry, double apart) {
  constexpr std::size_t most = 14;
  double tallest = 0;
  std::vector<const models::FittedBand*> bands;
  for (const auto& band : entry.composition->bands) {
    tallest = std::max(tallest, band.height);
    bands.push_back(&band);
  }
  std::stable_sort(bands.begin(), bands.end(), [](const auto* a, const auto* b) {
    return a->height > b->height;
  });
  std::vector<const models::FittedBand*> chosen;
  for (const auto* band : bands) {
    const bool is_clear = band->height > 5 * band->height_u && band->height > 0.03 * tallest;
    const bool is_free = std::none_of(chosen.begin(), chosen.end(), [&](const auto* other) {
      return std::abs(other->center_cm1 - band->center_cm1) < apart;
    });
    if (is_clear && is_free && chosen.size() < most) {
      chosen.push_back(band);
    }
  }
  return chosen;
}

std::string figure_name(std::string_view id, std::size_t index) {
  std::string out = std::to_string(index + 1) + "_";
  for (const char c : id) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.';
    out += is_plain ? c : '_';
  }
  return out.substr(0, 120);
}

std::string_view color_of(const models::Composition& composition, std::string_view phase) {
  constexpr std::array<std::string_view, 4> minerals{"#0072B2", "#CC79A7", "#E69F00", "#7A5195"};
  constexpr std::array<std::string_view, 4> others{"#009E73", "#8C564B", "#6B6B00", "#3A8FB7"};
  constexpr std::string_view grey = "#777777";
  const auto is_matrix = [&](std::string_view id) {
    return std::any_of(composition.matrix.begin(), composition.matrix.end(), [&](const auto& row) {
      return row.phase == id;
    });
  };
  std::size_t mineral = 0;
  std::size_t other = 0;
  for (const auto& curve : composition.curves.phases) {
    if (curve.first == "unexplained") {
      continue;
    }
    const bool is_other = is_matrix(curve.first);
    if (curve.first == phase) {
      return is_other ? others[other % others.size()] : minerals[mineral % minerals.size()];
    }
    (is_other ? other : mineral) += 1;
  }
  return grey;
}

}  // namespace calcispec
