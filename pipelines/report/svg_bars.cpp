#include "pipelines/report/svg_bars.hpp"

#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/svg_figure.hpp"
#include "pipelines/report/svg_private.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

using svg::px;
using svg::Scale;

struct BarPart {
  std::string name;
  double share;
  std::string color;
  bool is_sure;
};

std::string color_of_group(const models::Composition& composition,
                           const models::PhaseGroup& group) {
  for (const auto& curve : composition.curves.phases) {
    if (std::find(group.members.begin(), group.members.end(), curve.first) != group.members.end()) {
      return std::string(color_of(composition, curve.first));
    }
  }
  return "#777777";
}

std::vector<BarPart> bar_parts_of(const models::Composition& composition) {
  std::vector<BarPart> parts;
  const auto add =
      [&](const std::string& name, const Estimate& share, std::string color, bool is_sure) {
        if (share.value > 0) {
          parts.push_back({name, share.value, std::move(color), is_sure});
        }
      };
  for (const auto& group : composition.groups) {
    add(group.name,
        group.share,
        color_of_group(composition, group),
        group.status == models::PhaseStatus::quantified);
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      add(entry.name,
          entry.share,
          std::string(color_of(composition, entry.phase)),
          entry.status == models::PhaseStatus::quantified);
    }
  }
  add("unexplained", composition.unexplained, "#d0d0d0", true);
  return parts;
}

std::string open(double width, double height, std::string_view extra) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + px(width) + " " + px(height) +
         "\" role=\"img\" " + std::string(svg::font) + " font-size=\"12\"" + std::string(extra) +
         ">";
}

std::string text(double x, double y, std::string_view anchor, const std::string& content) {
  return "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + std::string(anchor) +
         "\" fill=\"#1d2733\">" + escaped(content) + "</text>";
}

}  // namespace

std::string composition_svg(const models::Composition& composition) {
  const auto parts = bar_parts_of(composition);
  if (parts.empty()) {
    return {};
  }
  constexpr double width = 860;
  std::string out = open(width, 52, "") + "<title>shares of the signal</title>";
  double at = 0;
  for (const auto& part : parts) {
    const double size = part.share * width;
    out += "<rect x=\"" + px(at) + "\" y=\"0\" height=\"26\" width=\"" + px(size) + "\" fill=\"" +
           part.color + "\"" + (part.is_sure ? "" : " fill-opacity=\"0.45\"") +
           " stroke=\"#fff\"><title>" + escaped(part.name) + " " + percent_text(part.share) +
           "</title></rect>";
    const auto label = part.name + (part.is_sure ? " " : " (?) ") + percent_text(part.share);
    // Beneath the bar in dark ink: readable on any colour.
    if (size > 6.4 * static_cast<double>(label.size())) {
      out += text(at + 2, 43, "start", label);
    }
    at += size;
  }
  return out + "</svg>";
}

std::string share_svg(const Estimate& share, std::string_view color) {
  if (!std::isfinite(share.lo95) || !std::isfinite(share.value)) {
    return {};
  }
  const Scale scale{0, 1, 2, 158};
  return open(160, 16, " class=\"mini\"") +
         "<path stroke=\"#c9d0d6\" d=\"M2 15.5H158M2 12v4M80 12v4M158 12v4\"/>"
         "<rect x=\"2\" y=\"3\" height=\"9\" fill=\"" +
         std::string(color) + "\" fill-opacity=\"0.75\" width=\"" + px(scale.at(share.value) - 2) +
         "\"/><path stroke=\"#111\" stroke-width=\"1.4\" d=\"M" + px(scale.at(share.lo95)) +
         " 7.5H" + px(scale.at(share.hi95)) + "\"/></svg>";
}

std::string marker_svg(const models::Marker& marker) {
  const auto& value = marker.value;
  if (!(marker.range_hi > marker.range_lo) || !std::isfinite(value.value)) {
    return {};
  }
  const double low = std::min(marker.range_lo, std::min(value.value, value.lo95));
  const double high = std::max(marker.range_hi, std::max(value.value, value.hi95));
  const double margin = 0.1 * (high - low);
  const Scale scale{low - margin, high + margin, 2, 158};
  return open(160, 16, " class=\"mini\"") + "<rect y=\"2\" height=\"12\" fill=\"#cfe4f3\" x=\"" +
         px(scale.at(marker.range_lo)) + "\" width=\"" +
         px(scale.at(marker.range_hi) - scale.at(marker.range_lo)) +
         "\"/><path stroke=\"#111\" stroke-width=\"1.6\" d=\"M" + px(scale.at(value.lo95)) + " 8H" +
         px(scale.at(value.hi95)) + "\"/><circle cy=\"8\" r=\"4\" fill=\"#8a5a44\" cx=\"" +
         px(scale.at(value.value)) + "\"/></svg>";
}

std::string viridis(double part) {
  // Five anchors of the map, between them straight lines in RGB.
  // Source: matplotlib's viridis, van der Walt and Smith 2015 (CC0).
  constexpr std::array<std::array<double, 3>, 5> stops{
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}
  };
  const double at = std::clamp(4 * part, 0.0, 3.999);
  const auto k = static_cast<std::size_t>(at);
  std::string out = "rgb(";
  for (std::size_t c = 0; c < 3; ++c) {
    const double value =
        stops[k][c] + (at - static_cast<double>(k)) * (stops[k + 1][c] - stops[k][c]);
    out += (c == 0 ? "" : ",") + std::to_string(std::lround(value));
  }
  return out + ")";
}

namespace {

// End of a colour bar, to a hundredth of the span, so that ends that are close differ.
std::string bar_end(double value, double span) {
  if (!(span >= 1e-3 && span <= 1e5)) {
    return short_number(value);
  }
  const int decimals = std::clamp(2 - static_cast<int>(std::floor(std::log10(span))), 0, 6);
  return svg::fixed_number(value, decimals);
}

}  // namespace

std::string map_svg(const MapValues& map) {
  // Pixels of one colour beside each other are one rectangle: 64 colours keep large maps small.
  constexpr int colors = 64;
  constexpr int missing = -1;
  const double size = 480.0 / static_cast<double>(std::max<Index>(map.grid.nx, 1));
  const double height = size * static_cast<double>(map.grid.ny);
  const double range = map.high > map.low ? map.high - map.low : 1;
  const auto level = [&](Index i) {
    const double value = map.values[static_cast<std::size_t>(i)];
    return std::isfinite(value)
               ? static_cast<int>(
                     std::lround(std::clamp((value - map.low) / range, 0.0, 1.0) * (colors - 1)))
               : missing;
  };
  std::string out = open(640, std::max(height, 120.0) + 32, " shape-rendering=\"crispEdges\"") +
                    "<title>" + escaped(map.name) + "</title>";
  for (Index y = 0; y < map.grid.ny; ++y) {
    for (Index x = 0; x < map.grid.nx;) {
      const int color = level(y * map.grid.nx + x);
      Index end = x + 1;
      while (end < map.grid.nx && level(y * map.grid.nx + end) == color) {
        ++end;
      }
      out += "<rect x=\"" + px(size * static_cast<double>(x)) + "\" y=\"" +
             px(4 + size * static_cast<double>(y)) + "\" width=\"" +
             px(size * static_cast<double>(end - x)) + "\" height=\"" + px(size) + "\" fill=\"" +
             (color == missing ? std::string("#bebebe") : viridis(color / (colors - 1.0))) + "\"/>";
      x = end;
    }
  }
  const double bar = std::max(height, 112.0);
  for (int k = 0; k < colors; ++k) {
    out += "<rect x=\"500\" width=\"16\" y=\"" + px(4 + bar * (colors - 1 - k) / colors) +
           "\" height=\"" + px(bar / colors + 0.5) + "\" fill=\"" + viridis(k / (colors - 1.0)) +
           "\"/>";
  }
  return out + text(524, 14, "start", bar_end(map.high, map.high - map.low)) +
         text(524, 4 + bar, "start", bar_end(map.low, map.high - map.low)) +
         text(524, 0.5 * bar, "start", typeset(map.unit)) +
         text(0, std::max(height, 112.0) + 24, "start", typeset(map.name)) + "</svg>";
}

}  // namespace calcispec
