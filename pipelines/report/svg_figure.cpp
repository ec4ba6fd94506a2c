#include "pipelines/report/svg_figure.hpp"

#include "pipelines/report/analysis_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr double width = 860;
constexpr double left = 62;
constexpr double right = 14;
constexpr double top = 24;
constexpr double main_height = 270;
constexpr double gap = 16;
constexpr double residual_height = 64;
constexpr double total_height = top + main_height + gap + residual_height + 44;

void append(double value, std::string& out) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1).ptr;
  out.append(text.data(), end);
}

struct Scale {
  double from = 0;
  double to = 1;
  double pixel_from = 0;
  double pixel_to = 1;

  [[nodiscard]] double at(double value) const {
    return pixel_from + (value - from) / (to - from) * (pixel_to - pixel_from);
  }
};

// Lowest and highest value of each pixel column: what the eye would see of all points.
std::string path(std::span<const double> x,
                 std::span<const double> y,
                 const Scale& sx,
                 const Scale& sy) {
  std::string out;
  double column = std::numeric_limits<double>::quiet_NaN();
  double low = 0;
  double high = 0;
  const auto flush = [&] {
    if (std::isfinite(column)) {
      out += out.empty() ? "M" : "L";
      append(column, out);
      out += ' ';
      append(sy.at(low), out);
      if (high > low) {
        out += "V";
        append(sy.at(high), out);
      }
    }
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(y[i])) {
      continue;
    }
    const double at = std::round(2 * sx.at(x[i])) / 2;
    if (at != column) {
      flush();
      column = at;
      low = y[i];
      high = y[i];
    }
    low = std::min(low, y[i]);
    high = std::max(high, y[i]);
  }
  flush();
  return out;
}

double nice_step(double range, int count) {
  const double rough = range / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      return factor * power;
    }
  }
  return 10 * power;
}

class Figure {
 public:
  explicit Figure(const SpectrumAnalysis& entry) : entry_(entry), x_(entry.axis->values()) {
    const bool is_falling = entry.axis->kind() == AxisKind::wavenumber;
    sx_ = {x_.front(),
           x_.back(),
           is_falling ? width - right : left,
           is_falling ? left : width - right};
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const double y : entry.y) {
      if (std::isfinite(y)) {
        low = std::min(low, y);
        high = std::max(high, y);
      }
    }
    if (!(high > low)) {
      low = std::isfinite(low) ? low - 1 : 0;
      high = low + 2;
    }
    const double margin = 0.08 * (high - low);
    sy_ = {low - 0.3 * margin, high + margin, top + main_height, top};
  }

  std::string draw() {
    open();
    grid();
    line(x_, entry_.y, "#222222", 1.0, "");
    if (!entry_.baseline.empty()) {
      line(x_, entry_.baseline, "#888888", 1.0, "4 3");
    }
    if (entry_.composition && !entry_.composition->curves.fit.empty()) {
      fit();
      labels();
      residual();
    }
    out_ += "</svg>";
    return std::move(out_);
  }

 private:
  void open() {
    out_ =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 418\" role=\"img\" "
        "font-family=\"Helvetica,Arial,sans-serif\" font-size=\"11\"><title>" +
        escaped(entry_.id) + "</title>";
  }

  void text(double x,
            double y,
            const std::string& anchor,
            const std::string& content,
            const std::string& extra = {}) {
    out_ += "<text x=\"";
    append(x, out_);
    out_ += "\" y=\"";
    append(y, out_);
    out_ += "\" text-anchor=\"" + anchor + "\" fill=\"#333\"" + extra + ">" + escaped(content) +
            "</text>";
  }

  void grid() {
    const double step = nice_step(std::abs(sx_.to - sx_.from), 9);
    for (double v = std::ceil(x_.front() / step) * step; v <= x_.back(); v += step) {
      out_ += "<path stroke=\"#e4e4e4\" d=\"M";
      append(sx_.at(v), out_);
      out_ += " 24V294\"/>";
      text(sx_.at(v), total_height - 26, "middle", short_axis(v));
    }
    out_ += "<path stroke=\"#999\" fill=\"none\" d=\"M62 24V294H846M62 310V374H846\"/>";
    text(0.5 * (left + width - right),
         total_height - 8,
         "middle",
         axis_label(entry_.axis->kind(), entry_.axis->unit()));
    text(16,
         top + 0.5 * main_height,
         "middle",
         ordinate_label(entry_.ordinate, entry_.technique),
         " transform=\"rotate(-90 16 159)\"");
    const double y_step = nice_step(sy_.to - sy_.from, 5);
    for (double v = std::ceil(sy_.from / y_step) * y_step; v <= sy_.to; v += y_step) {
      text(left - 5, sy_.at(v) + 4, "end", short_number(std::abs(v) < 1e-9 * y_step ? 0 : v));
    }
  }

  static std::string short_axis(double value) {
    std::string out;
    append(value, out);
    return out.size() > 2 && out.substr(out.size() - 2) == ".0" ? out.substr(0, out.size() - 2)
                                                                : out;
  }

  void line(std::span<const double> x,
            std::span<const double> y,
            std::string_view color,
            double thickness,
            std::string_view dash,
            const Scale* scale = nullptr) {
    out_ += "<path fill=\"none\" stroke=\"" + std::string(color) + "\" stroke-width=\"";
    append(thickness, out_);
    out_ += "\"";
    if (!dash.empty()) {
      out_ += " stroke-dasharray=\"" + std::string(dash) + "\"";
    }
    out_ += " d=\"" + path(x, y, sx_, scale == nullptr ? sy_ : *scale) + "\"/>";
  }

  [[nodiscard]] std::span<const double> fitted_axis() const {
    const auto& curves = entry_.composition->curves;
    return x_.subspan(static_cast<std::size_t>(curves.first_point), curves.fit.size());
  }

  void fit() {
    const auto& curves = entry_.composition->curves;
    const auto x = fitted_axis();
    line(x, curves.background, "#56B4E9", 1.2, "6 3");
    for (std::size_t p = 0; p < curves.phases.size(); ++p) {
      std::vector<double> raised = curves.background;
      for (std::size_t i = 0; i < raised.size(); ++i) {
        raised[i] += curves.phases[p].second[i];
      }
      line(x, raised, phase_color(p), 1.1, "");
    }
    line(x, curves.fit, "#D55E00", 1.4, "");
    double at = left + 8;
    legend(at, "#222222", "measured");
    legend(at, "#56B4E9", "background");
    legend(at, "#D55E00", "fit");
    for (std::size_t p = 0; p < curves.phases.size(); ++p) {
      legend(at, phase_color(p), curves.phases[p].first);
    }
  }

  void legend(double& at, std::string_view color, const std::string& name) {
    if (at > width - 120) {
      return;
    }
    out_ += "<path stroke-width=\"2\" stroke=\"" + std::string(color) + "\" d=\"M";
    append(at, out_);
    out_ += " 12h14\"/>";
    text(at + 17, 16, "start", name);
    at += 30 + 6.2 * static_cast<double>(name.size());
  }

  // Names of the strongest bands, none over another.
  void labels() {
    std::vector<const models::FittedBand*> bands;
    for (const auto& band : entry_.composition->bands) {
      if (band.height > 5 * band.height_u && band.height > 0.05 * (sy_.to - sy_.from)) {
        bands.push_back(&band);
      }
    }
    std::stable_sort(bands.begin(), bands.end(), [](const auto* a, const auto* b) {
      return a->height > b->height;
    });
    std::vector<double> used;
    for (const auto* band : bands) {
      const double at = sx_.at(band->center_cm1);
      const bool is_free = std::none_of(
          used.begin(), used.end(), [&](double other) { return std::abs(other - at) < 34; });
      if (!is_free || used.size() >= 14) {
        continue;
      }
      used.push_back(at);
      const auto index = entry_.axis->lower_bound(band->center_cm1);
      const auto point = std::clamp<Index>(index, 0, entry_.axis->size() - 1);
      const double y = sy_.at(entry_.y[static_cast<std::size_t>(point)]) - 6;
      const auto name = band->assignment.substr(0, band->assignment.find(';'));
      text(at,
           std::max(top + 10, y),
           "middle",
           short_axis(std::round(band->center_cm1)) + (name.size() < 12 ? " " + name : ""));
    }
  }

  void residual() {
    const auto& curves = entry_.composition->curves;
    const auto x = fitted_axis();
    std::vector<double> rest(curves.fit.size());
    double size = 1e-300;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      rest[i] = entry_.y[static_cast<std::size_t>(curves.first_point) + i] - curves.fit[i];
      size = std::max(size, std::abs(rest[i]));
    }
    const double bottom = top + main_height + gap + residual_height;
    const Scale scale{-size, size, bottom, bottom - residual_height};
    line(x, rest, "#444444", 0.8, "", &scale);
    text(left - 5, bottom - 0.5 * residual_height + 4, "end", "residual");
  }

  const SpectrumAnalysis& entry_;
  std::span<const double> x_;
  Scale sx_;
  Scale sy_;
  std::string out_;
};

struct Bar {
  std::string name;
  const Estimate* share;
  std::string color;
  bool is_sure;
};

std::vector<Bar> bars_of(const models::Composition& composition) {
  std::vector<Bar> bars;
  const auto add = [&](const std::string& name, const Estimate& share, bool is_sure) {
    if (share.value > 0) {
      bars.push_back({name, &share, std::string(phase_color(bars.size())), is_sure});
    }
  };
  for (const auto& group : composition.groups) {
    add(group.name, group.share, group.status == models::PhaseStatus::quantified);
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      add(entry.name, entry.share, entry.status == models::PhaseStatus::quantified);
    }
  }
  add("unexplained", composition.unexplained, true);
  if (!bars.empty() && bars.back().name == "unexplained") {
    bars.back().color = "#999999";
  }
  return bars;
}

}  // namespace

std::string figure_svg(const SpectrumAnalysis& entry) {
  if (!entry.axis || entry.y.size() < 2 ||
      static_cast<Index>(entry.y.size()) != entry.axis->size()) {
    return {};
  }
  return Figure(entry).draw();
}

std::string composition_svg(const models::Composition& composition) {
  const auto bars = bars_of(composition);
  if (bars.empty()) {
    return {};
  }
  const double height = 22 * static_cast<double>(bars.size()) + 26;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 " +
                    std::to_string(static_cast<int>(height)) +
                    "\" role=\"img\" font-family=\"Helvetica,Arial,sans-serif\" "
                    "font-size=\"12\"><title>signal shares with 95 % intervals</title>";
  const Scale scale{0, 1, 210, 790};
  double y = 6;
  for (const auto& bar : bars) {
    out += "<text x=\"202\" y=\"";
    append(y + 12, out);
    out += "\" text-anchor=\"end\" fill=\"#333\">" + escaped(bar.name) +
           (bar.is_sure ? "" : " (?)") + "</text><rect x=\"210\" y=\"";
    append(y, out);
    out += "\" height=\"15\" width=\"";
    append(scale.at(bar.share->value) - 210, out);
    out += "\" fill=\"" + bar.color + "\"" + (bar.is_sure ? "" : " fill-opacity=\"0.45\"") +
           "/><path stroke=\"#111\" d=\"M";
    append(scale.at(bar.share->lo95), out);
    out += ' ';
    append(y + 7.5, out);
    out += "H";
    append(scale.at(bar.share->hi95), out);
    out += "\"/><text x=\"";
    append(scale.at(std::max(bar.share->value, bar.share->hi95)) + 6, out);
    out += "\" y=\"";
    append(y + 12, out);
    out += "\" fill=\"#333\">" + percent_text(bar.share->value) + "</text>";
    y += 22;
  }
  for (const int tick : {0, 25, 50, 75, 100}) {
    out += "<text text-anchor=\"middle\" fill=\"#555\" y=\"";
    append(y + 12, out);
    out += "\" x=\"";
    append(scale.at(tick / 100.0), out);
    out += "\">" + std::to_string(tick) + " %</text>";
  }
  return out + "</svg>";
}

std::string figure_name(const SpectrumAnalysis& entry, std::size_t index) {
  std::string out = std::to_string(index + 1) + "_";
  for (const char c : entry.id) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.';
    out += is_plain ? c : '_';
  }
  return out.substr(0, 120);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 32 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string_view phase_color(std::size_t index) {
  constexpr std::array<std::string_view, 6> colors{
      "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#7A5195", "#8C564B"};
  return colors[index % colors.size()];
}

}  // namespace calcispec
