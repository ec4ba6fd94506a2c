// Horiba LabSpec 6 XML: spectra, lines and maps.
#include "io/byte_source.hpp"
#include "io/siblings.hpp"
#include "io/text_spectra.hpp"
#include "io/xml_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>

// All elements are called LSX; what they hold is told by a number, the same in every file.
namespace calcispec::io {
namespace {

constexpr std::string_view axes_id = "0x7B697861";
constexpr std::string_view axes_parent_id = "0x7A74D9D6";
constexpr std::string_view values_id = "0x7D6CD4DB";
constexpr std::string_view unit_id = "0x7C696E75";
constexpr std::string_view type_id = "0x6D707974";
constexpr std::string_view settings_id = "0x6C62D4D9";
constexpr std::string_view setting_name_id = "0x6D6D616E";
constexpr std::string_view setting_value_id = "0x7D6C61DB";
constexpr std::string_view setting_number_id = "0x8736F70";
constexpr std::string_view title_id = "0x6C7469D9";
constexpr std::size_t leaf_depth = 6;  // file, tree, settings, group, setting, its parts

int sniff_horiba_xml(const FileView& file) {
  const auto head = file.bytes.substr(0, 512);
  return head.find("<LSX_Data") != std::string_view::npos ? 96 : 0;
}

struct LabAxis {
  std::string type;
  std::string unit;
  std::vector<double> values;
};

class HoribaReader {
 public:
  HoribaReader(const FileView& file, const ReadOptions& options)
      : xml_(file.bytes, std::string(file.path)), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "horiba_xml";
  }

  LoadedFile run() {
    for (auto piece = xml_.next(); piece != XmlReader::Piece::done; piece = xml_.next()) {
      if (piece == XmlReader::Piece::start) {
        ids_.push_back(xml_.name() == "LSX_Row" ? "row" : xml_.attribute("ID").value_or(""));
        text_.clear();
      } else if (piece == XmlReader::Piece::text) {
        text_ += xml_.text();
      } else {
        take_leaf();
        ids_.pop_back();
        text_.clear();
      }
    }
    finish();
    return std::move(out_);
  }

 private:
  // The id `up` levels above the element that ends.
  [[nodiscard]] std::string_view id(std::size_t up) const {
    return up < ids_.size() ? std::string_view(ids_[ids_.size() - 1 - up]) : std::string_view();
  }

  std::vector<double> numbers(std::string_view what) {
    auto out = number_list(text_, ' ');
    if (!out) {
      xml_.fail("numbers were expected (" + std::string(what) + "); export the file again");
    }
    return std::move(*out);
  }

  void take_leaf() {
    const auto own = id(0);
    if (own == "row") {
      spectra_.y.push_back(numbers("a spectrum"));
      return;
    }
    if (id(2) == axes_id && id(3) == axes_parent_id) {
      take_axis(id(1), own);
    } else if (ids_.size() == leaf_depth && ids_[2] == settings_id) {
      take_setting(own);
    } else if (ids_.size() + 1 == leaf_depth && ids_[2] == settings_id) {
      store_setting();
    } else if (own == title_id && ids_.size() == 3) {
      metadata_.emplace("title", xml_decoded(trimmed(text_)));
    }
  }

  void take_axis(std::string_view number, std::string_view part) {
    if (number.size() != 3 || number[2] < '0' || number[2] > '3') {
      return;
    }
    auto& axis = axes_[static_cast<std::size_t>(number[2] - '0')];
    if (part == values_id) {
      axis.values = numbers("an axis");
    } else if (part == unit_id) {
      axis.unit = xml_decoded(trimmed(text_));
    } else if (part == type_id) {
      axis.type = xml_decoded(trimmed(text_));
    }
  }

  void take_setting(std::string_view part) {
    const auto value = xml_decoded(trimmed(text_));
    if (part == setting_name_id) {
      setting_name_ = value;
    } else if (part == setting_value_id) {
      setting_value_ = value;
    } else if (part == setting_number_id) {
      setting_number_ = value;
    }
  }

  void store_setting() {
    if (!setting_name_.empty()) {
      metadata_.emplace(setting_name_, setting_value_);
      if (lower_case(setting_name_) == "laser (nm)") {
        const auto exact = parse_number(trimmed(setting_number_), '.');
        spectra_.laser_nm = exact ? exact : parse_number(trimmed(setting_value_), '.');
      }
    }
    setting_name_.clear();
    setting_value_.clear();
    setting_number_.clear();
  }

  void finish() {
    if (spectra_.y.empty()) {
      xml_.fail("the file holds no spectrum (no LSX_Row); export it again");
    }
    const auto& signal = axes_[1];
    for (const auto& y : spectra_.y) {
      if (y.size() != signal.values.size()) {
        xml_.fail("a spectrum has " + std::to_string(y.size()) + " values, the axis " +
                  std::to_string(signal.values.size()) + "; export the file again");
      }
    }
    spectra_.x = signal.values;
    describe_axis(signal.unit);
    spectra_.y_label = axes_[0].unit.rfind("Cnt", 0) == 0 ? "Counts (" + axes_[0].unit + ")"
                                                          : "Intensity " + axes_[0].unit;
    place();
    spectra_.metadata = metadata_;
    out_.recordings.push_back(
        make_recording(std::move(spectra_), out_.path, options_, out_.diagnostics));
  }

  // "1/cm" is a Raman shift; with "abs" the wavenumber itself, which is no shift.
  void describe_axis(const std::string& unit) {
    const auto lower = lower_case(unit);
    if (lower.find("abs") != std::string::npos) {
      spectra_.x_unit = unit;
      spectra_.technique = Technique::other;
      out_.diagnostics.push_back({Severity::warning,
                                  "absolute_wavenumber",
                                  "the axis is the wavenumber of the light itself, not a Raman "
                                  "shift; in LabSpec show the axis as 1/cm and export again",
                                  -1});
    } else if (lower == "1/cm" || lower == "cm-1") {
      spectra_.x_unit = "1/cm";
      spectra_.x_label = "Raman shift";
      spectra_.technique = Technique::raman;
    } else {
      spectra_.x_unit = unit;
      spectra_.x_label = unit;
    }
  }

  // Micrometres in a unit of length; 0 for others, as "min" or "cm-1".
  static double um_per_unit(const LabAxis& axis) {
    const auto unit = lower_case(axis.unit);
    const auto ends = [&](std::string_view end) {
      return unit.size() >= end.size() && unit.substr(unit.size() - end.size()) == end;
    };
    return axis.values.empty() ? 1 : ends("mm") ? 1e3 : ends("nm") ? 1e-3 : ends("m") ? 1 : 0;
  }

  static double step_of(const LabAxis& axis) {
    const auto& values = axis.values;
    return values.size() < 2 ? 0
                             : um_per_unit(axis) * std::abs(values.back() - values.front()) /
                                   static_cast<double>(values.size() - 1);
  }

  // X runs fastest. Axes of time or temperature are no map.
  void place() {
    const auto& x = axes_[2];
    const auto& y = axes_[3];
    const auto nx = std::max<std::size_t>(x.values.size(), 1);
    const auto ny = std::max<std::size_t>(y.values.size(), 1);
    if (spectra_.y.size() < 2 || nx > spectra_.y.size() || nx * ny != spectra_.y.size()) {
      return;
    }
    if (um_per_unit(x) > 0 && um_per_unit(y) > 0) {
      spectra_.map =
          MapGrid{static_cast<Index>(nx), static_cast<Index>(ny), step_of(x), step_of(y)};
      return;
    }
    for (std::size_t i = 0; i < spectra_.y.size(); ++i) {
      std::string name;
      for (const auto* axis : {&x, &y}) {
        if (!axis->values.empty()) {
          const auto at = axis == &x ? i % nx : i / nx;
          name += (name.empty() ? "" : ", ") + axis->type + " " + std::to_string(axis->values[at]) +
                  " " + axis->unit;
        }
      }
      spectra_.names.push_back(std::move(name));
    }
  }

  XmlReader xml_;
  const ReadOptions& options_;
  std::vector<std::string> ids_;
  std::string text_;
  std::array<LabAxis, 4> axes_;
  std::string setting_name_;
  std::string setting_value_;
  std::string setting_number_;
  std::map<std::string, std::string> metadata_;
  TextSpectra spectra_;
  LoadedFile out_;
};

LoadedFile read_horiba_xml(const FileView& file, const ReadOptions& options) {
  return HoribaReader(file, options).run();
}

}  // namespace

Format horiba_xml_format() {
  return {"horiba_xml", "Horiba LabSpec 6 XML", "", sniff_horiba_xml, read_horiba_xml};
}

}  // namespace calcispec::io
