#include "io/spectra_spc.hpp"

#include "io/text_spectra.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace calcispec::io {
namespace {

constexpr std::size_t spectra_spc_header_size = 512;
constexpr std::size_t subheader_size = 32;
constexpr unsigned char multifile = 0x04;
constexpr unsigned char own_x = 0x80;
constexpr char spectra_spc_float_exponent = static_cast<char>(0x80);

// Little-endian numbers at fixed places.
template <typename Number>
void put(std::string& bytes, std::size_t at, Number value) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

void append_spc(std::string& bytes, double value) {
  const auto narrow = static_cast<float>(value);
  std::array<char, sizeof narrow> raw{};
  std::memcpy(raw.data(), &narrow, sizeof narrow);
  bytes.append(raw.data(), raw.size());
}

unsigned char x_code(const Axis& axis) {
  switch (axis.kind()) {
    case AxisKind::wavenumber:
      return 1;
    case AxisKind::wavelength:
      return 3;
    case AxisKind::raman_shift:
      return 13;
    default:
      return 0;
  }
}

unsigned char y_code(OrdinateKind kind) {
  switch (kind) {
    case OrdinateKind::absorbance:
      return 2;
    case OrdinateKind::transmittance:
      return 128;
    case OrdinateKind::reflectance:
      return 129;
    case OrdinateKind::intensity:
      return 4;
    default:
      return 0;
  }
}

unsigned char experiment_code(Technique technique) {
  return technique == Technique::raman ? 11 : technique == Technique::ftir ? 4 : 0;
}

std::string header_of(const Recording& recording, std::span<const double> x, bool has_even_axis) {
  std::string out(spectra_spc_header_size, '\0');
  const auto rows = static_cast<std::uint32_t>(recording.spectra.rows());
  const unsigned flags = (rows > 1 ? multifile : 0U) | (has_even_axis ? 0U : own_x);
  out[0] = static_cast<char>(flags);
  out[1] = 0x4B;
  out[2] = static_cast<char>(experiment_code(recording.technique));
  out[3] = spectra_spc_float_exponent;
  put(out, 4, static_cast<std::uint32_t>(x.size()));
  put(out, 8, x.front());
  put(out, 16, x.back());
  put(out, 24, rows);
  out[28] = static_cast<char>(x_code(*recording.spectra.axis));
  out[29] = static_cast<char>(y_code(recording.ordinate));
  constexpr std::string_view comment = "written by calcispec";
  std::copy(comment.begin(), comment.end(), out.begin() + 88);
  return out;
}

}  // namespace

std::string spectra_spc(const Recording& recording) {
  const auto& axis = *recording.spectra.axis;
  std::vector<double> x(axis.values().begin(), axis.values().end());
  if (axis.was_descending()) {
    std::reverse(x.begin(), x.end());
  }
  const bool has_even_axis = is_even_axis(x);
  auto out = header_of(recording, x, has_even_axis);
  if (!has_even_axis) {
    for (const double value : x) {
      append_spc(out, value);
    }
  }
  for (Index row = 0; row < recording.spectra.rows(); ++row) {
    std::string subheader(subheader_size, '\0');
    subheader[1] = spectra_spc_float_exponent;
    put(subheader, 2, static_cast<std::uint16_t>(row));
    put(subheader, 4, static_cast<float>(row));
    put(subheader, 8, static_cast<float>(row));
    put(subheader, 16, static_cast<std::uint32_t>(x.size()));
    out += subheader;
    const auto y = recording.spectra.row(row);
    for (std::size_t i = 0; i < y.size(); ++i) {
      append_spc(out, axis.was_descending() ? y[y.size() - 1 - i] : y[i]);
    }
  }
  return out;
}

}  // namespace calcispec::io
