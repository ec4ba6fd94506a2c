#include "io/spectra_jcamp.hpp"

#include "core/build_info.hpp"
#include "core/parameter.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace calcispec::io {
namespace {

constexpr std::size_t widest_line = 76;

struct Spectrum {
  const Recording* recording = nullptr;
  std::vector<double> x;  // stored order
  std::vector<double> y;
  std::string title;
};

// One line, so that a label cannot begin inside it.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  for (auto at = text.find("##"); at != std::string::npos; at = text.find("##", at)) {
    text.replace(at, 2, "# ");
  }
  return text;
}

std::string_view data_type(const Recording& recording) {
  switch (recording.technique) {
    case Technique::raman:
      return "RAMAN SPECTRUM";
    case Technique::ftir:
      return "INFRARED SPECTRUM";
    default:
      return "SPECTRUM";
  }
}

std::string x_unit(const Axis& axis) {
  return axis.is_in_cm1()                      ? "1/CM"
         : axis.kind() == AxisKind::wavelength ? "NANOMETERS"
                                               : "ARBITRARY UNITS";
}

std::string y_unit(const Recording& recording) {
  switch (recording.ordinate) {
    case OrdinateKind::absorbance:
      return "ABSORBANCE";
    case OrdinateKind::transmittance:
      return "TRANSMITTANCE";
    case OrdinateKind::reflectance:
      return "REFLECTANCE";
    default:
      return "ARBITRARY UNITS";
  }
}

std::string number(double value) {
  return std::isfinite(value) ? number_text(value) : "?";
}

std::string points_text(const Spectrum& spectrum) {
  std::string out = "##XYPOINTS=(XY..XY)\n";
  for (std::size_t i = 0; i < spectrum.x.size(); ++i) {
    out += number(spectrum.x[i]) + ", " + number(spectrum.y[i]) + "\n";
  }
  return out;
}

std::string affn_text(const Spectrum& spectrum) {
  std::string out = "##XYDATA=(X++(Y..Y))\n";
  std::string line;
  for (std::size_t i = 0; i < spectrum.y.size(); ++i) {
    const auto value = number(spectrum.y[i]);
    if (line.empty()) {
      line = number(spectrum.x[i]);
    }
    line += " " + value;
    if (line.size() > widest_line - 24) {
      out += line + "\n";
      line.clear();
    }
  }
  return out + (line.empty() ? "" : line + "\n");
}

// A whole number whose first digit is a letter: `zero` for 0, then those of +1..+9 and -1..-9.
std::string packed(std::int64_t value, char zero, char plus, char minus) {
  if (value == 0) {
    return {zero};
  }
  auto digits = std::to_string(std::abs(value));
  const int first = digits[0] - '1';
  digits[0] = static_cast<char>((value > 0 ? plus : minus) + first);
  return digits;
}
std::string squeezed(std::int64_t value) {
  return packed(value, '@', 'A', 'a');
}
std::string difference(std::int64_t value) {
  return packed(value, '%', 'J', 'j');
}

// Each line begins with the last ordinate of the line before, which readers check.
std::string dif_text(const Spectrum& spectrum, double factor) {
  const auto whole = [&](std::size_t i) {
    return static_cast<std::int64_t>(std::llround(spectrum.y[i] / factor));
  };
  std::string out = "##XYDATA=(X++(Y..Y))\n";
  std::string line = number(spectrum.x[0]) + squeezed(whole(0));
  for (std::size_t i = 1; i < spectrum.y.size(); ++i) {
    const auto next = difference(whole(i) - whole(i - 1));
    if (line.size() + next.size() > widest_line) {
      out += line + "\n";
      line = number(spectrum.x[i - 1]) + squeezed(whole(i - 1));
    }
    line += next;
  }
  // The last ordinate once more, as a check of the last line.
  const auto last = spectrum.y.size() - 1;
  return out + line + "\n" + number(spectrum.x[last]) + squeezed(whole(last)) + "\n";
}

std::string block_text(const Spectrum& spectrum, JcampPacking packing) {
  const auto& recording = *spectrum.recording;
  const bool has_even_axis = is_even_axis(spectrum.x);
  const bool is_finite =
      std::all_of(spectrum.y.begin(), spectrum.y.end(), [](double v) { return std::isfinite(v); });
  double largest = 0;
  for (const double v : spectrum.y) {
    largest = std::max(largest, std::isfinite(v) ? std::abs(v) : 0);
  }
  const bool is_dif = packing == JcampPacking::dif && has_even_axis && is_finite && largest > 0;
  const double factor = is_dif ? largest / 1073741824.0 : 1;
  std::string out = "##TITLE=" + plain(spectrum.title) +
                    "\n##JCAMP-DX=4.24\n##DATA TYPE=" + std::string(data_type(recording)) +
                    "\n##ORIGIN=calcispec " + std::string(version()) +
                    "\n##OWNER=not stated\n##XUNITS=" + x_unit(*recording.spectra.axis) +
                    "\n##YUNITS=" + y_unit(recording) + "\n";
  if (recording.laser_nm) {
    out += "##$LASER WAVELENGTH=" + number(*recording.laser_nm) + "\n";
  }
  out += "##FIRSTX=" + number(spectrum.x.front()) + "\n##LASTX=" + number(spectrum.x.back()) +
         "\n##FIRSTY=" + number(spectrum.y.front()) +
         "\n##NPOINTS=" + std::to_string(spectrum.x.size()) +
         "\n##XFACTOR=1\n##YFACTOR=" + number(factor) + "\n";
  out += !has_even_axis ? points_text(spectrum)
         : is_dif       ? dif_text(spectrum, factor)
                        : affn_text(spectrum);
  return out + "##END=\n";
}

std::vector<Spectrum> spectra_of(std::span<const Recording> recordings) {
  std::vector<Spectrum> out;
  for (const auto& recording : recordings) {
    const auto& axis = *recording.spectra.axis;
    for (Index row = 0; row < recording.spectra.rows(); ++row) {
      Spectrum own;
      own.recording = &recording;
      const auto y = recording.spectra.row(row);
      own.x.assign(axis.values().begin(), axis.values().end());
      own.y.assign(y.begin(), y.end());
      if (axis.was_descending()) {
        std::reverse(own.x.begin(), own.x.end());
        std::reverse(own.y.begin(), own.y.end());
      }
      const auto at = static_cast<std::size_t>(row);
      own.title =
          at < recording.names.size() ? recording.names[at] : "spectrum " + std::to_string(row + 1);
      out.push_back(std::move(own));
    }
  }
  return out;
}

}  // namespace

std::string spectra_jcamp(std::span<const Recording> recordings, JcampPacking packing) {
  const auto spectra = spectra_of(recordings);
  if (spectra.size() == 1) {
    return block_text(spectra.front(), packing);
  }
  std::string out = "##TITLE=" + std::to_string(spectra.size()) +
                    " spectra\n##JCAMP-DX=4.24\n##DATA TYPE=LINK\n##BLOCKS=" +
                    std::to_string(spectra.size() + 1) + "\n";
  for (const auto& spectrum : spectra) {
    out += block_text(spectrum, packing);
  }
  return out + "##END=\n";
}

}  // namespace calcispec::io
