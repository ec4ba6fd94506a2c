// Galactic and Thermo GRAMS SPC: new, old and big-endian, single and multifile, even and own axes.
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_file.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io {
namespace {

constexpr std::uint8_t new_version = 0x4B;
constexpr std::uint8_t big_endian_version = 0x4C;
constexpr std::uint8_t old_version = 0x4D;
constexpr std::uint64_t new_header = 512;
constexpr std::uint64_t old_header = 224;  // the first subheader follows inside the 256 bytes
constexpr std::uint64_t subheader = 32;
constexpr int galactic_spc_float_exponent = -128;

struct SpcHeader {
  std::uint8_t flags = 0;
  bool is_old = false;
  int experiment = 0;
  int exponent = 0;
  std::uint64_t points = 0;
  double first_x = 0;
  double last_x = 0;
  std::uint64_t subfiles = 1;
  int x_code = 0;
  int y_code = 0;
  std::uint64_t log_offset = 0;

  [[nodiscard]] bool has_words() const { return (flags & 0x01U) != 0; }
  [[nodiscard]] bool is_multi() const { return (flags & 0x04U) != 0; }
  [[nodiscard]] bool has_own_labels() const { return (flags & 0x20U) != 0; }
  [[nodiscard]] bool has_own_x() const { return (flags & 0xC0U) == 0xC0U; }
  [[nodiscard]] bool has_shared_x() const { return (flags & 0xC0U) == 0x80U; }
  [[nodiscard]] std::uint64_t y_size() const { return has_words() ? 2 : 4; }
};

int sniff_galactic_spc(const FileView& file) {
  const auto head = file.bytes.substr(0, 256);
  if (head.size() < 32 || head.find('\0') == std::string_view::npos) {
    return 0;
  }
  const auto version = static_cast<std::uint8_t>(head[1]);
  if (version != new_version && version != old_version && version != big_endian_version) {
    return 0;
  }
  const ByteSource source(file, version == big_endian_version ? ByteOrder::big : ByteOrder::little);
  if (version == old_version) {
    const auto points = source.get<float>(4, "points");
    return points >= 1 && points < 1e8F && points == std::floor(points) ? 85 : 0;
  }
  const auto first = source.get<double>(8, "x");
  const auto last = source.get<double>(16, "x");
  const auto subfiles = source.get<std::int32_t>(24, "subfiles");
  const auto flags = source.get<std::uint8_t>(0, "flags");
  const auto x_code = source.get<std::uint8_t>(28, "unit");
  // Own axes are listed axes, and in multifiles only; that also tells SPC from "PK" archives.
  const bool has_sound_flags = (flags & 0x40U) == 0 || (flags & 0x84U) == 0x84U;
  const bool is_plausible = std::isfinite(first) && std::isfinite(last) && subfiles >= 0 &&
                            has_sound_flags && (x_code < 64 || x_code == 255) &&
                            source.get<std::int32_t>(4, "points") >= 0;
  return is_plausible ? 90 : 0;
}

int signed_byte(const ByteSource& source, std::uint64_t offset) {
  const int byte = source.get<std::uint8_t>(offset, "an exponent");
  return byte < 128 ? byte : byte - 256;
}

// Powers of two, so that no digit is lost.
void scale(std::span<double> values, int exponent, int bits) {
  const double unit = std::ldexp(1.0, exponent - bits);
  for (double& value : values) {
    value *= unit;
  }
}

bool are_plausible_floats(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) {
    const double size = std::abs(value);
    return value == 0 || (size > 1e-20 && size < 1e20);
  });
}

// The subfile's exponent wins in a multifile. Some programs leave rubbish there while the header
// says floating point; then the bytes themselves tell which of the two they are.
void fill_ordinates(const ByteSource& source,
                    const SpcHeader& header,
                    std::uint64_t head,
                    std::uint64_t at,
                    std::span<double> out) {
  const std::string_view what = "the ordinates";
  const int exponent = header.is_multi() ? signed_byte(source, head + 1) : header.exponent;
  if (header.exponent == galactic_spc_float_exponent || exponent == galactic_spc_float_exponent) {
    source.fill<float>(at, out, what);
    if (exponent == galactic_spc_float_exponent || are_plausible_floats(out)) {
      return;
    }
  }
  if (header.has_words()) {
    source.fill<std::int16_t>(at, out, what);
    scale(out, exponent, 16);
    return;
  }
  source.fill<std::int32_t>(at, out, what);
  if (header.is_old) {
    for (double& value : out) {
      const auto word = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
      value = static_cast<std::int32_t>(word << 16U | word >> 16U);
    }
  }
  scale(out, exponent, 32);
}

class SpcReader {
 public:
  SpcReader(const FileView& file, const ReadOptions& options)
      : source_(file,
                static_cast<std::uint8_t>(file.bytes[1]) == big_endian_version ? ByteOrder::big
                                                                               : ByteOrder::little),
        options_(options) {
    out_.path = std::string(file.path);
    out_.format = "galactic_spc";
  }

  LoadedFile run() {
    read_header();
    read_log();
    const auto count = header_.has_own_x() ? read_own_axes() : read_shared_axis();
    out_.blocks.push_back({count == 1 ? "spectrum" : "subfiles 1 to " + std::to_string(count),
                           std::to_string(count) + " of " + std::to_string(header_.subfiles) +
                               " subfiles, " + axis_text(),
                           true,
                           "an SPC file holds one set of spectra"});
    return std::move(out_);
  }

 private:
  void read_header() {
    source_.need(0, header_size_of(source_.get<std::uint8_t>(1, "version")), "the SPC header");
    header_.flags = source_.get<std::uint8_t>(0, "flags");
    header_.is_old = source_.get<std::uint8_t>(1, "version") == old_version;
    if (header_.is_old) {
      header_.exponent = signed_byte(source_, 2);
      const auto points = source_.get<float>(4, "points");
      if (!(points >= 1 && points < 1e8F)) {
        source_.fail(4, "the header gives no usable number of points; the file is damaged");
      }
      header_.points = static_cast<std::uint64_t>(points);
      header_.first_x = double{source_.get<float>(8, "the first axis value")};
      header_.last_x = double{source_.get<float>(12, "the last axis value")};
      header_.x_code = source_.get<std::uint8_t>(16, "unit");
      header_.y_code = source_.get<std::uint8_t>(17, "unit");
      header_.flags =
          static_cast<std::uint8_t>(header_.flags & 0x3FU);  // old files: even axes only
      return;
    }
    header_.experiment = source_.get<std::uint8_t>(2, "experiment");
    header_.exponent = signed_byte(source_, 3);
    header_.points = count_at(4, "points");
    header_.first_x = source_.get<double>(8, "the first axis value");
    header_.last_x = source_.get<double>(16, "the last axis value");
    header_.subfiles = std::max<std::uint64_t>(1, count_at(24, "subfiles"));
    header_.x_code = source_.get<std::uint8_t>(28, "unit");
    header_.y_code = source_.get<std::uint8_t>(29, "unit");
    header_.log_offset = count_at(248, "bytes before the log");
    if (!header_.is_multi()) {
      header_.subfiles = 1;
    }
    add("comment", source_.text(88, 130, "the comment"));
    add("resolution", source_.text(36, 9, "the resolution"));
    add("instrument", source_.text(45, 9, "the instrument"));
    add_date(source_.get<std::uint32_t>(32, "the date"));
  }

  static std::uint64_t header_size_of(std::uint8_t version) {
    return version == old_version ? old_header + subheader : new_header;
  }

  std::uint64_t count_at(std::uint64_t offset, std::string_view what) const {
    const auto count = source_.get<std::int32_t>(offset, what);
    if (count < 0) {
      source_.fail(offset,
                   "the number of " + std::string(what) + " is negative; the file is damaged");
    }
    return static_cast<std::uint64_t>(count);
  }

  void add(const std::string& key, const std::string& value) {
    if (!value.empty()) {
      metadata_.emplace(key, value);
    }
  }

  void add_date(std::uint32_t packed) {
    const auto two = [](std::uint32_t value) {
      return (value < 10 ? "0" : "") + std::to_string(value);
    };
    if (packed >> 20U != 0) {
      add("date",
          std::to_string(packed >> 20U) + "-" + two(packed >> 16U & 15U) + "-" +
              two(packed >> 11U & 31U) + " " + two(packed >> 6U & 31U) + ":" + two(packed & 63U));
    }
  }

  // Kaiser, Renishaw and WITec keep positions and laser here.
  void read_log() {
    if (header_.log_offset == 0) {
      return;
    }
    if (!source_.holds(header_.log_offset, 64)) {
      warn("log_missing", "the log block lies behind the end of the file and is left out");
      return;
    }
    const auto size = source_.get<std::uint32_t>(header_.log_offset, "the log");
    const auto text_at = source_.get<std::uint32_t>(header_.log_offset + 8, "the log");
    const auto start = header_.log_offset + text_at;
    const auto end = std::min<std::uint64_t>(header_.log_offset + size, source_.size());
    if (start >= end) {
      return;
    }
    const auto raw = source_.bytes(start, end - start, "the log");
    const auto text = raw.substr(0, std::min(raw.find('\0'), raw.size()));
    for (std::size_t at = 0; at < text.size();) {
      const auto stop = std::min(text.find_first_of("\r\n", at), text.size());
      const auto line = text.substr(at, stop - at);
      const auto equals = line.find('=');
      if (equals != std::string_view::npos) {
        add(utf8_from(trimmed(line.substr(0, equals))),
            utf8_from(trimmed(line.substr(equals + 1))));
      }
      at = stop + 1;
    }
  }

  void warn(const char* code, const std::string& text) {
    out_.diagnostics.push_back({Severity::warning, code, out_.path + ": " + text, -1});
  }

  std::uint64_t shared_x_size() const { return header_.has_shared_x() ? 4 * header_.points : 0; }

  std::vector<double> shared_axis() const {
    return header_.has_shared_x() ? source_.list<float>(new_header, header_.points, "the axis")
                                  : even_axis(header_.first_x, header_.last_x, header_.points);
  }

  void warn_cut_off(std::uint64_t complete) {
    warn("cut_off",
         "the file ends inside subfile " + std::to_string(complete + 1) +
             (header_.is_old ? "" : " of " + std::to_string(header_.subfiles)) + "; " +
             std::to_string(complete) + " complete ones are read, copy or export the file again");
  }

  // Returns how many subfiles are there.
  std::uint64_t read_shared_axis() {
    if (header_.points < 3 || header_.points > source_.size()) {
      source_.fail(4,
                   "the header announces " + std::to_string(header_.points) +
                       " points, which the file cannot hold or which is no spectrum");
    }
    const auto start = header_.is_old ? old_header : new_header + shared_x_size();
    const auto stride = subheader + header_.points * header_.y_size();
    if (header_.is_old && header_.is_multi()) {
      header_.subfiles = (source_.size() - old_header + stride - 1) / stride;
    }
    source_.need(start, subheader, "a subheader");
    source_.need(start + subheader, stride - subheader, "the ordinates");
    const auto count = std::min(header_.subfiles, (source_.size() - start) / stride);
    if (count < header_.subfiles) {
      warn_cut_off(count);
    }
    TextSpectra spectra;
    spectra.x = shared_axis();
    for (std::uint64_t k = 0; k < (options_.is_skim ? 1 : count); ++k) {
      name_subfile(spectra, k, start + k * stride);
    }
    add_spectra(
        spectra,
        static_cast<Index>(count),
        [source = source_, header = header_, start, stride](Index row, std::span<double> out) {
          const auto at = start + static_cast<std::uint64_t>(row) * stride;
          fill_ordinates(source, header, at, at + subheader, out);
        },
        options_.is_skim);
    finish(std::move(spectra));
    return count;
  }

  // Each subfile with its own axis; returns how many are there.
  std::uint64_t read_own_axes() {
    auto at = new_header;
    for (std::uint64_t k = 0; k < header_.subfiles; ++k) {
      if (k > 0 && !holds_subfile(at)) {
        warn_cut_off(k);
        return k;
      }
      source_.need(at, subheader, "a subheader");
      const auto points = source_.get<std::uint32_t>(at + 16, "the points of a subfile");
      const auto x_at = at + subheader;
      TextSpectra spectra;
      name_subfile(spectra, k, at);
      if (header_.exponent == galactic_spc_float_exponent) {
        spectra.x = source_.list<float>(x_at, points, "an axis");
      } else {
        spectra.x = source_.list<std::int32_t>(x_at, points, "an axis");
        scale(spectra.x, header_.exponent, 32);
      }
      spectra.y.emplace_back();
      const auto y_at = x_at + std::uint64_t{4} * points;
      source_.need(y_at, header_.y_size() * points, "the ordinates");
      spectra.y[0].resize(points);
      fill_ordinates(source_, header_, at, y_at, spectra.y[0]);
      finish(std::move(spectra));
      at = y_at + header_.y_size() * points;
    }
    return header_.subfiles;
  }

  bool holds_subfile(std::uint64_t at) const {
    if (!source_.holds(at, subheader)) {
      return false;
    }
    const std::uint64_t points = source_.get<std::uint32_t>(at + 16, "the points of a subfile");
    return source_.holds(at + subheader, points * (header_.y_size() + 4));
  }

  void name_subfile(TextSpectra& spectra, std::uint64_t index, std::uint64_t at) const {
    if (header_.subfiles > 1) {
      spectra.names.push_back("subfile " + std::to_string(index + 1) + ", z " +
                              number_text(double{source_.get<float>(at + 4, "a z value")}));
    }
  }

  std::string axis_text() const {
    return header_.has_own_x()      ? "each with its own axis"
           : header_.has_shared_x() ? "one listed axis"
                                    : "even axis from " + number_text(header_.first_x) + " to " +
                                          number_text(header_.last_x);
  }

  void finish(TextSpectra&& spectra) {
    name_units(spectra);
    spectra.metadata = metadata_;
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  void name_units(TextSpectra& spectra) const {
    static const std::map<int, const char*> x_units{
        {1,   "1/cm" },
        {2,   "um"   },
        {3,   "nm"   },
        {4,   "s"    },
        {5,   "min"  },
        {6,   "Hz"   },
        {9,   "m/z"  },
        {10,  "ppm"  },
        {11,  "days" },
        {12,  "years"},
        {13,  "1/cm" },
        {14,  "eV"   },
        {255, "point"},
    };
    const auto unit = x_units.find(header_.x_code);
    spectra.x_unit = unit == x_units.end() ? "" : unit->second;
    spectra.x_label = header_.x_code == 13 ? "Raman shift" : spectra.x_unit;
    if (header_.x_code == 13 || header_.experiment == 11) {
      spectra.technique = Technique::raman;
    } else if (header_.experiment == 4) {
      spectra.technique = Technique::ftir;
    }
    name_ordinate(spectra);
    if (!header_.is_old && header_.has_own_labels()) {
      const auto labels = source_.bytes(218, 30, "the labels");
      const auto first = std::min(labels.find('\0'), labels.size());
      const auto second = labels.substr(std::min(first + 1, labels.size()));
      if (first > 0) {
        spectra.x_label = utf8_from(labels.substr(0, first));
      }
      if (!second.empty() && second.front() != '\0') {
        spectra.y_label = utf8_from(second.substr(0, std::min(second.find('\0'), second.size())));
      }
    }
  }

  void name_ordinate(TextSpectra& spectra) const {
    struct Ordinate {
      const char* label;
      OrdinateKind kind;
    };
    static const std::map<int, Ordinate> y_units{
        {1,   {"Interferogram", OrdinateKind::other}         },
        {2,   {"Absorbance", OrdinateKind::absorbance}       },
        {3,   {"Kubelka-Munk", OrdinateKind::other}          },
        {4,   {"Counts", OrdinateKind::counts}               },
        {5,   {"Volts", OrdinateKind::other}                 },
        {10,  {"Log(1/R)", OrdinateKind::other}              },
        {11,  {"Percent", OrdinateKind::unknown}             },
        {12,  {"Intensity", OrdinateKind::intensity}         },
        {13,  {"Relative intensity", OrdinateKind::intensity}},
        {128, {"Transmittance", OrdinateKind::transmittance} },
        {129, {"Reflectance", OrdinateKind::reflectance}     },
        {130, {"Single beam", OrdinateKind::other}           },
        {131, {"Emission", OrdinateKind::other}              },
    };
    const auto ordinate = y_units.find(header_.y_code);
    if (ordinate != y_units.end()) {
      spectra.y_label = ordinate->second.label;
      if (ordinate->second.kind != OrdinateKind::unknown) {
        spectra.ordinate = ordinate->second.kind;
      }
    }
  }

  ByteSource source_;
  const ReadOptions& options_;
  SpcHeader header_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_galactic_spc(const FileView& file, const ReadOptions& options) {
  return SpcReader(file, options).run();
}

}  // namespace

Format galactic_spc_format() {
  return {"galactic_spc", "Galactic / GRAMS SPC", "spc", sniff_galactic_spc, read_galactic_spc};
}

}  // namespace calcispec::io
