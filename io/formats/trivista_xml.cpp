// TriVista tvf: XML of one or more documents, each with an axis and frames.
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"
#include "io/xml_reader.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

int sniff_trivista_xml(const FileView& file) {
  return file.bytes.substr(0, 512).find("<XmlMain") != std::string_view::npos ? 96 : 0;
}

// Settings stand as XML inside an attribute: groups of items with a name and a value.
std::map<std::string, std::string> settings_in(const std::string& serialized,
                                               const std::string& path) {
  std::map<std::string, std::string> out;
  XmlReader xml(serialized, path);
  std::vector<std::string> groups;
  std::string text;
  std::string name;
  std::string value;
  for (auto piece = xml.next(); piece != XmlReader::Piece::done; piece = xml.next()) {
    if (piece == XmlReader::Piece::text) {
      text += xml.text();
      continue;
    }
    if (piece == XmlReader::Piece::start) {
      if (xml.name() == "Group") {
        groups.emplace_back();
      }
      text.clear();
      continue;
    }
    if (xml.name() == "Name") {
      name = xml_decoded(trimmed(text));
      if (!groups.empty() && groups.back().empty()) {
        groups.back() = name;
      }
    } else if (xml.name() == "Value") {
      value = xml_decoded(trimmed(text));
    } else if (xml.name() == "Item") {
      out.emplace((groups.empty() ? "" : groups.back() + " ") + name, value);
    } else if (xml.name() == "Group" && !groups.empty()) {
      groups.pop_back();
    }
    text.clear();
  }
  return out;
}

class TrivistaReader {
 public:
  TrivistaReader(const FileView& file, const ReadOptions& options)
      : xml_(file.bytes, std::string(file.path)), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "trivista_xml";
  }

  LoadedFile run() {
    std::string frame;
    std::string parent;
    bool is_in_frame = false;
    for (auto piece = xml_.next(); piece != XmlReader::Piece::done; piece = xml_.next()) {
      if (piece == XmlReader::Piece::text) {
        frame += is_in_frame ? xml_.text() : std::string_view();
        continue;
      }
      const bool is_start = piece == XmlReader::Piece::start;
      if (xml_.name() == "Frame") {
        if (is_start) {
          frame.clear();
          width_ = parse_number(xml_.attribute("xDim").value_or(""), '.').value_or(0);
        } else {
          take_frame(frame);
        }
        is_in_frame = is_start;
      } else if (is_start) {
        take_start(parent);
        parent = std::string(xml_.name());
      } else if (xml_.name() == "Document") {
        finish_document();
      }
    }
    if (out_.recordings.empty()) {
      xml_.fail("the file holds no document with frames; export it from VistaControl as text");
    }
    return std::move(out_);
  }

 private:
  void take_start(const std::string& parent) {
    if (xml_.name() == "Document") {
      spectra_ = {};
      for (const char* key : {"Label", "RecordTime", "ModeType", "CreatedAt"}) {
        if (const auto value = xml_.attribute(key); value && !value->empty()) {
          spectra_.metadata.emplace(key, *value);
        }
      }
      if (const auto info = xml_.attribute("InfoSerialized"); info && !info->empty()) {
        for (auto& [key, value] : settings_in(*info, out_.path)) {
          spectra_.metadata.emplace(key, value);
        }
      }
    } else if (xml_.name() == "Calibration" && parent == "xDim") {
      take_axis();
    }
  }

  // "1024|891.89|891.93|...": the number of values, then the values.
  void take_axis() {
    const auto list = xml_.attribute("ValueArray").value_or("");
    auto values = number_list(list, '|');
    if (!values || values->empty() || values->front() != static_cast<double>(values->size() - 1)) {
      xml_.fail(
          "the axis is not a list of numbers with their count before it; export the file "
          "from VistaControl as text");
    }
    values->erase(values->begin());
    spectra_.x = std::move(*values);
    const auto unit = xml_.attribute("Unit").value_or("");
    struct Named {
      const char* name;
      const char* unit;
      const char* label;
    };
    static constexpr Named table[] = {
        {"Nanometer",          "nm",    "Wavelength" },
        {"Wavenumber",         "1/cm",  "Wavenumber" },
        {"RelativeWavenumber", "1/cm",  "Raman shift"},
        {"RamanShift",         "1/cm",  "Raman shift"},
        {"ElectronVolt",       "eV",    "Energy"     },
        {"Pixel",              "point", "Pixel"      }
    };
    spectra_.x_unit = unit;
    spectra_.x_label = unit;
    for (const auto& row : table) {
      if (unit == row.name) {
        spectra_.x_unit = row.unit;
        spectra_.x_label = row.label;
      }
    }
    laser_ = parse_number(xml_.attribute("LaserWave").value_or(""), '.').value_or(0);
  }

  void take_frame(const std::string& text) {
    auto values = number_list(text, ';');
    const auto points = spectra_.x.size();
    if (!values || points == 0 || values->empty() || values->size() % points != 0 ||
        width_ != static_cast<double>(points)) {
      xml_.fail("a frame should hold lines of " + std::to_string(points) + " numbers, it holds " +
                (values ? std::to_string(values->size()) : "other text") +
                "; export the file again");
    }
    for (std::size_t first = 0; first < values->size(); first += points) {
      const auto begin = values->begin() + static_cast<std::ptrdiff_t>(first);
      spectra_.y.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(points));
    }
  }

  void finish_document() {
    if (spectra_.y.empty()) {
      return;
    }
    const auto setting = [&](const char* key) {
      const auto found = spectra_.metadata.find(key);
      return found == spectra_.metadata.end()
                 ? 0
                 : parse_number(trimmed(found->second), '.').value_or(0);
    };
    constexpr double shortest = 200;
    const double laser = laser_ >= shortest ? laser_ : setting("Calibration Laser_Wavelength");
    if (laser >= shortest) {
      spectra_.laser_nm = laser;
      spectra_.technique = Technique::raman;
    }
    const double nx = std::max(setting("X-Axis Points"), 1.0);
    const double ny = std::max(setting("Y-Axis Points"), 1.0);
    const auto rows = static_cast<double>(spectra_.y.size());
    if (rows > 1 && nx * ny == rows) {
      // The steps stand among the settings; their unit is not stated.
      spectra_.map = MapGrid{static_cast<Index>(nx), static_cast<Index>(ny), 0, 0};
    }
    spectra_.y_label = "Counts";
    const auto number = out_.recordings.size() + 1;
    out_.blocks.push_back({"document " + std::to_string(number),
                           std::to_string(spectra_.y.size()) + " spectra of " +
                               std::to_string(spectra_.x.size()) + " points",
                           true,
                           "every document of the file is used"});
    out_.recordings.push_back(
        make_recording(std::move(spectra_), out_.path, options_, out_.diagnostics));
    spectra_ = {};
  }

  XmlReader xml_;
  const ReadOptions& options_;
  double width_ = 0;
  double laser_ = 0;
  TextSpectra spectra_;
  LoadedFile out_;
};

LoadedFile read_trivista_xml(const FileView& file, const ReadOptions& options) {
  return TrivistaReader(file, options).run();
}

}  // namespace

Format trivista_xml_format() {
  return {"trivista_xml", "TriVista tvf", "tvf", sniff_trivista_xml, read_trivista_xml};
}

}  // namespace calcispec::io
