#include "io/spectra_csv.hpp"

#include <array>
#include <charconv>

namespace calcispec::io {
namespace {

void append_number(double value, std::string& out) {
  if (value != value) {
    out += "NaN";
    return;
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

// A name that holds a comma, a quote or a line feed goes into quotes.
void append_name(const std::string& name, std::string& out) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    out += c;
    if (c == '"') {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string axis_column_name(const Axis& axis) {
  switch (axis.kind()) {
    case AxisKind::raman_shift:
      return "raman_shift_1/cm";
    case AxisKind::wavenumber:
      return "wavenumber_1/cm";
    case AxisKind::wavelength:
      return "wavelength_" + axis.unit();
    case AxisKind::other:
      break;
  }
  return "x";
}

std::string spectra_csv(const Recording& recording) {
  const auto& spectra = recording.spectra;
  std::string out = axis_column_name(*spectra.axis);
  for (Index row = 0; row < spectra.rows(); ++row) {
    out += ',';
    const auto index = static_cast<std::size_t>(row);
    const bool is_named = index < recording.names.size() && !recording.names[index].empty();
    append_name(is_named ? recording.names[index] : "spectrum_" + std::to_string(row + 1), out);
  }
  out += '\n';
  const Index points = spectra.points();
  out.reserve(static_cast<std::size_t>(points * (spectra.rows() + 1)) * 18);
  for (Index k = 0; k < points; ++k) {
    const Index i = spectra.axis->was_descending() ? points - 1 - k : k;
    append_number(spectra.axis->values()[static_cast<std::size_t>(i)], out);
    for (Index row = 0; row < spectra.rows(); ++row) {
      out += ',';
      append_number(spectra.row(row)[static_cast<std::size_t>(i)], out);
    }
    out += '\n';
  }
  return out;
}

}  // namespace calcispec::io
