// Princeton Instruments SPE: versions 1 and 2 (WinSpec, WinView) and 3 (LightField).
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"
#include "io/xml_reader.hpp"

#include <algorithm>
#include <cmath>

// Layout: header of WinSpec 2.5 (WINHEAD.TXT of the maker); SPE 3.0 File Format Specification.
namespace calcispec::io {
namespace {

constexpr std::uint64_t princeton_spe_header_size = 4100;
constexpr std::uint32_t header_mark = 0x01234567;  // at 2996
constexpr std::uint16_t header_end = 0x5555;       // at 4098

struct PrincetonSpeNumberType {
  int code;
  const char* pixel_format;
  std::uint64_t size;
};

constexpr PrincetonSpeNumberType princeton_spe_number_types[] = {
    {0, "MonochromeFloating32", 4},
    {1, "MonochromeSigned32",   4},
    {2, "MonochromeSigned16",   2},
    {3, "MonochromeUnsigned16", 2},
    {5, "MonochromeFloating64", 8},
    {6, "MonochromeUnsigned8",  1},
    {8, "MonochromeUnsigned32", 4},
};

// A rectangle of the detector; each of its rows is a spectrum.
struct Region {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::uint64_t offset = 0;  // within a frame
  std::vector<std::string> calibrations;
};

struct Sensor {
  std::uint64_t first = 0;
  std::uint64_t binning = 1;
};

int sniff_princeton_spe(const FileView& file) {
  if (file.bytes.size() < princeton_spe_header_size) {
    return 0;
  }
  const ByteSource source(file);
  const auto version = source.get<float>(1992, "");
  const bool is_marked = source.get<std::uint32_t>(2996, "") == header_mark &&
                         source.get<std::uint16_t>(4098, "") == header_end;
  return is_marked && version >= 1 && version < 4 && source.get<std::uint16_t>(42, "") > 0 ? 85 : 0;
}

class SpeReader {
 public:
  SpeReader(const FileView& file, const ReadOptions& options) : source_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "princeton_spe";
  }

  LoadedFile run() {
    source_.need(0, princeton_spe_header_size, "the SPE header");
    const auto version = source_.get<float>(1992, "the version");
    find_type(source_.get<std::int16_t>(108, "the number type"));
    const auto width = source_.get<std::uint16_t>(42, "the width");
    const auto height = source_.get<std::uint16_t>(656, "the height");
    frames_ = source_.get<std::uint32_t>(1446, "the number of frames");
    regions_.push_back({width, std::max<std::uint64_t>(height, 1), 0, {}});
    stride_ = regions_[0].width * regions_[0].height * type_->size;
    end_ = source_.size();
    add("version", number_text(std::round(static_cast<double>(version) * 10) / 10));
    if (version < 3) {
      read_old_header();
    } else {
      read_footer(source_.get<std::uint64_t>(678, "the place of the footer"));
    }
    count_frames();
    for (const auto& region : regions_) {
      add_region(region);
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& key, const std::string& value) {
    if (!value.empty()) {
      metadata_.emplace(key, value);
    }
  }

  void find_type(int code) {
    for (const auto& type : princeton_spe_number_types) {
      if (type.code == code) {
        type_ = &type;
      }
    }
    if (type_ == nullptr) {
      source_.fail(108, "number type " + std::to_string(code) + " is not known; export it as text");
    }
  }

  void read_old_header() {
    add("date", source_.text(20, 10, "the date"));
    add("exposure s", number_text(double{source_.get<float>(10, "the exposure")}));
    constexpr std::uint64_t comment_size = 80;
    for (std::uint64_t i = 0; i < 5; ++i) {
      add("comment " + std::to_string(i + 1),
          source_.text(200 + i * comment_size, comment_size, "a comment"));
    }
    take_laser(source_.get<double>(3311, "the laser"));
    constexpr unsigned highest_order = 5;
    const auto order = source_.get<std::uint8_t>(3101, "the order of the axis polynomial");
    if (source_.get<std::uint8_t>(3098, "whether the axis is calibrated") != 1 || order == 0 ||
        order > highest_order) {
      return;
    }
    const auto coefficients = source_.list<double>(3263, order + 1U, "the axis polynomial");
    for (std::uint64_t pixel = 1; pixel <= regions_[0].width; ++pixel) {
      double x = 0;
      for (std::size_t k = coefficients.size(); k-- > 0;) {
        x = x * static_cast<double>(pixel) + coefficients[k];
      }
      old_axis_.push_back(x);
    }
    // 1 pixel, 2 data, 3 of the user, 4 nm, 5 1/cm, 6 Raman shift
    const auto unit = source_.get<std::uint8_t>(3100, "the unit of the axis");
    x_unit_ = unit == 4 ? "nm" : unit == 5 || unit == 6 ? "1/cm" : "";
    x_label_ = unit == 6 ? "Raman shift" : x_unit_;
  }

  void take_laser(double nm) {
    constexpr double shortest = 200;
    constexpr double longest = 2000;
    if (nm >= shortest && nm <= longest) {
      laser_nm_ = nm;
      add("laser nm", number_text(nm));
    }
  }

  void read_footer(std::uint64_t start) {
    if (start == 0) {
      return;
    }
    if (start < princeton_spe_header_size || start >= source_.size()) {
      source_.fail(678,
                   "the footer should begin at byte " + std::to_string(start) +
                       ", which is not there; the file is cut off, copy it again");
    }
    end_ = start;
    XmlReader xml(source_.bytes(start, source_.size() - start, "the footer"), source_.path());
    regions_.clear();
    bool is_in_wavelength = false;
    std::string wavelengths;
    for (auto piece = xml.next(); piece != XmlReader::Piece::done; piece = xml.next()) {
      if (piece == XmlReader::Piece::text && is_in_wavelength) {
        wavelengths += xml.text();
      }
      if (piece == XmlReader::Piece::start || piece == XmlReader::Piece::end) {
        is_in_wavelength = piece == XmlReader::Piece::start && xml.name() == "Wavelength";
      }
      if (piece == XmlReader::Piece::start) {
        take_element(xml);
      }
    }
    if (regions_.empty()) {
      source_.fail(start, "the footer describes no data; the file is damaged, export it as text");
    }
    auto values = number_list(wavelengths, ',');
    if (!values) {
      source_.fail(start, "the wavelengths of the footer are no numbers; export the file as text");
    }
    wavelengths_ = std::move(*values);
  }

  void take_element(const XmlReader& xml) {
    const auto whole = [&](const char* name) {
      const auto text = xml.attribute(name).value_or("");
      const auto value = parse_number(text, '.');
      constexpr double most = 4e9;
      return value && *value >= 0 && *value <= most ? static_cast<std::uint64_t>(*value)
                                                    : std::uint64_t{0};
    };
    const auto type = xml.attribute("type").value_or("");
    if (xml.name() == "DataBlock" && type == "Frame") {
      take_frame(xml, whole("count"), whole("stride"));
    } else if (xml.name() == "DataBlock" && type == "Region") {
      Region region{whole("width"), whole("height"), next_offset_, {}};
      const auto ids = xml.attribute("calibrations").value_or("");
      for (const auto id : split(ids, ',')) {
        region.calibrations.emplace_back(trimmed(id));
      }
      next_offset_ += whole("stride");
      regions_.push_back(std::move(region));
    } else if (xml.name() == "WavelengthMapping") {
      take_laser(parse_number(xml.attribute("laserLine").value_or(""), '.').value_or(0));
    } else if (xml.name() == "SensorMapping") {
      sensors_[xml.attribute("id").value_or("")] = {whole("x"),
                                                    std::max<std::uint64_t>(whole("xBinning"), 1)};
    } else if (xml.name() == "FileInformation") {
      add("date", xml.attribute("created").value_or(""));
      add("creator", xml.attribute("creator").value_or(""));
    }
  }

  void take_frame(const XmlReader& xml, std::uint64_t count, std::uint64_t stride) {
    frames_ = count;
    stride_ = stride;
    const auto format = xml.attribute("pixelFormat").value_or("");
    const auto found = std::find_if(
        std::begin(princeton_spe_number_types),
        std::end(princeton_spe_number_types),
        [&](const PrincetonSpeNumberType& type) { return format == type.pixel_format; });
    if (found == std::end(princeton_spe_number_types)) {
      xml.fail("pixel format \"" + format + "\" is not known; export the file as text");
    }
    type_ = &*found;
  }

  // Frames that are wholly there.
  void count_frames() {
    std::uint64_t needed = 0;
    for (const auto& region : regions_) {
      constexpr std::uint64_t widest = 1U << 20U;
      if (region.width > widest || region.height > widest || region.width < 3 ||
          region.height == 0) {
        source_.fail(42,
                     "spectra of " + std::to_string(region.width) + " points in " +
                         std::to_string(region.height) + " rows cannot be read");
      }
      needed = std::max(needed, region.offset + region.width * region.height * type_->size);
    }
    stride_ = std::max(stride_, needed);
    const auto room = end_ - princeton_spe_header_size;
    const auto there = room < needed ? 0 : 1 + (room - needed) / stride_;
    if (there == 0 || frames_ == 0) {
      source_.need(princeton_spe_header_size, std::max(needed, room + 1), "the first frame");
    }
    if (there < frames_) {
      out_.diagnostics.push_back({Severity::warning,
                                  "cut_off",
                                  "the header announces " + std::to_string(frames_) +
                                      " frames, the file holds " + std::to_string(there) +
                                      " complete ones; copy it again",
                                  -1});
      frames_ = there;
    }
  }

  static void fill_row(const ByteSource& source,
                       int code,
                       std::uint64_t at,
                       std::span<double> out) {
    switch (code) {
      case 0:
        return source.fill<float>(at, out, "a spectrum");
      case 1:
        return source.fill<std::int32_t>(at, out, "a spectrum");
      case 2:
        return source.fill<std::int16_t>(at, out, "a spectrum");
      case 3:
        return source.fill<std::uint16_t>(at, out, "a spectrum");
      case 5:
        return source.fill<double>(at, out, "a spectrum");
      case 6:
        return source.fill<std::uint8_t>(at, out, "a spectrum");
      default:
        return source.fill<std::uint32_t>(at, out, "a spectrum");
    }
  }

  // LightField keeps one wavelength per column of the detector; a region takes some of them and
  // may add neighbours up.
  [[nodiscard]] std::vector<double> axis_of(const Region& region) const {
    if (wavelengths_.empty()) {
      return old_axis_;
    }
    Sensor sensor;
    for (const auto& id : region.calibrations) {
      const auto found = sensors_.find(id);
      sensor = found == sensors_.end() ? sensor : found->second;
    }
    if (wavelengths_.size() == region.width) {
      return wavelengths_;
    }
    if (sensor.first > wavelengths_.size() ||
        (wavelengths_.size() - sensor.first) / sensor.binning < region.width) {
      return {};
    }
    std::vector<double> out;
    for (std::uint64_t i = 0; i < region.width; ++i) {
      double sum = 0;
      for (std::uint64_t k = 0; k < sensor.binning; ++k) {
        sum += wavelengths_[sensor.first + i * sensor.binning + k];
      }
      out.push_back(sum / static_cast<double>(sensor.binning));
    }
    return out;
  }

  void add_region(const Region& region) {
    TextSpectra spectra;
    spectra.x = axis_of(region);
    spectra.x_unit = wavelengths_.empty() ? x_unit_ : "nm";
    spectra.x_label = wavelengths_.empty() ? x_label_ : "Wavelength";
    if (spectra.x.empty()) {
      for (std::uint64_t i = 0; i < region.width; ++i) {
        spectra.x.push_back(static_cast<double>(i + 1));
      }
      spectra.x_unit = "point";
      spectra.x_label = "Pixel";
      out_.diagnostics.push_back({Severity::warning,
                                  "axis_missing",
                                  "the file holds no calibrated axis; its pixels are counted",
                                  -1});
    }
    const bool is_single = frames_ == 1 && region.height == 1;
    const auto count = frames_ * region.height;
    add_spectra(
        spectra,
        static_cast<Index>(count),
        [source = source_,
         code = type_->code,
         height = region.height,
         first = princeton_spe_header_size + region.offset,
         stride = stride_,
         line_size = region.width * type_->size](Index row, std::span<double> out) {
          const auto k = static_cast<std::uint64_t>(row);
          fill_row(source, code, first + k / height * stride + k % height * line_size, out);
        },
        options_.is_skim);
    for (std::uint64_t k = 0; k < count && !is_single && !options_.is_skim; ++k) {
      spectra.names.push_back(
          "frame " + std::to_string(k / region.height + 1) +
          (region.height == 1 ? "" : ", row " + std::to_string(k % region.height + 1)));
    }
    spectra.y_label = "Counts";
    spectra.laser_nm = laser_nm_;
    if (laser_nm_ || x_label_ == "Raman shift") {
      spectra.technique = Technique::raman;
    }
    spectra.metadata = metadata_;
    out_.blocks.push_back({"region " + std::to_string(out_.blocks.size() + 1),
                           std::to_string(count_of(spectra)) + " spectra of " +
                               std::to_string(region.width) + " points",
                           true,
                           "every region of the file is used"});
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  ByteSource source_;
  const ReadOptions& options_;
  const PrincetonSpeNumberType* type_ = nullptr;
  std::uint64_t frames_ = 0;
  std::uint64_t stride_ = 0;
  std::uint64_t end_ = 0;  // of the frames
  std::uint64_t next_offset_ = 0;
  std::vector<Region> regions_;
  std::map<std::string, Sensor> sensors_;
  std::vector<double> wavelengths_;
  std::vector<double> old_axis_;
  std::string x_unit_;
  std::string x_label_;
  std::optional<double> laser_nm_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_princeton_spe(const FileView& file, const ReadOptions& options) {
  return SpeReader(file, options).run();
}

}  // namespace

Format princeton_spe_format() {
  return {"princeton_spe",
          "Princeton Instruments SPE 2 and 3",
          "spe",
          sniff_princeton_spe,
          read_princeton_spe};
}

}  // namespace calcispec::io
