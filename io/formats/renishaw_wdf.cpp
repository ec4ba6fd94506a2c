// Renishaw WDF: single spectra, series and maps, complete or stopped, rows or columns first.
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace calcispec::io {
namespace {

constexpr std::uint64_t renishaw_wdf_block_head = 16;
constexpr std::size_t renishaw_wdf_most_blocks = 4096;
constexpr unsigned column_major = 2;  // flags of WMAP
constexpr unsigned alternating = 4;

struct WdfBlock {
  std::string name;
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

struct Origin {
  std::string name;
  unsigned type = 0;
  bool is_key = false;
  std::vector<double> values;
};

int sniff_renishaw_wdf(const FileView& file) {
  return starts_with(file, "WDF1") ? 98 : 0;
}

class WdfReader {
 public:
  WdfReader(const FileView& file, const ReadOptions& options) : source_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "renishaw_wdf";
  }

  LoadedFile run() {
    read_header();
    walk();
    read_origins();
    TextSpectra spectra;
    spectra.x = read_axis(spectra);
    read_ordinates(spectra);
    name_spectra(spectra);
    spectra.map = map_;
    spectra.metadata = metadata_;
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
    return std::move(out_);
  }

 private:
  void warn(const char* code, const std::string& text) {
    out_.diagnostics.push_back({Severity::warning, code, out_.path + ": " + text, -1});
  }

  void read_header() {
    source_.need(0, 512, "the WDF header");
    points_ = source_.get<std::uint32_t>(0x3C, "points");
    capacity_ = source_.get<std::uint64_t>(0x40, "capacity");
    count_ = source_.get<std::uint64_t>(0x48, "count");
    const auto laser = source_.get<float>(0x9C, "the laser");
    if (std::isfinite(laser) && laser > 0) {
      laser_nm_ = 1e7 / static_cast<double>(laser);
    }
    const auto add = [&](const char* key, const std::string& value) {
      if (!value.empty()) {
        metadata_.emplace(key, value);
      }
    };
    add("application", source_.text(0x60, 24, "the application"));
    add("user", source_.text(0xD0, 32, "the user"));
    add("title", source_.text(0xF0, 160, "the title"));
    add("accumulations", std::to_string(source_.get<std::uint32_t>(0x50, "accumulations")));
    if (laser_nm_) {
      add("laser nm", number_text(*laser_nm_));
    }
  }

  // A block whose size leads out of the file is kept: its reader says what is missing.
  void walk() {
    for (std::uint64_t at = 0;
         source_.holds(at, renishaw_wdf_block_head) && blocks_.size() < renishaw_wdf_most_blocks;) {
      const WdfBlock block{std::string(source_.bytes(at, 4, "a block")),
                           at,
                           source_.get<std::uint64_t>(at + 8, "the size of a block")};
      if (block.size < renishaw_wdf_block_head) {
        warn("damaged_block",
             "a block at byte " + std::to_string(at) +
                 " has no size; the rest of "
                 "the file is left out");
        break;
      }
      blocks_.push_back(block);
      const bool is_used = block.name == "DATA" || block.name == "XLST" || block.name == "ORGN" ||
                           block.name == "WMAP" || block.name == "WDF1";
      const bool is_picture = keep_picture(block);
      out_.blocks.push_back(
          {utf8_name(block.name),
           std::to_string(block.size) + " bytes" + (is_picture ? ", white-light image (JPEG)" : ""),
           is_used,
           is_used      ? "spectra, axis or positions"
           : is_picture ? "not needed for the spectra; convert --to jpg writes it"
                        : "not needed for the spectra"});
      if (!source_.holds(at, block.size)) {
        break;
      }
      at += block.size;
    }
  }

  // What the camera saw, where the file holds all of it.
  bool keep_picture(const WdfBlock& block) {
    constexpr std::string_view jpeg = "\xFF\xD8\xFF";
    if (block.name != "WHTL" || !source_.holds(block.start, block.size)) {
      return false;
    }
    const auto bytes = source_.bytes(block.start + renishaw_wdf_block_head,
                                     block.size - renishaw_wdf_block_head,
                                     "the white-light image");
    if (bytes.substr(0, jpeg.size()) != jpeg) {
      return false;
    }
    out_.pictures.push_back({"white light", "image/jpeg", std::string(bytes)});
    return true;
  }

  static std::string utf8_name(const std::string& name) {
    std::string out;
    for (const char c : name) {
      out += c >= ' ' && c <= '~' ? c : '?';
    }
    return out;
  }

  [[nodiscard]] const WdfBlock* find(std::string_view name) const {
    const auto found = std::find_if(
        blocks_.begin(), blocks_.end(), [&](const WdfBlock& block) { return block.name == name; });
    return found == blocks_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const WdfBlock& require_block(std::string_view name) const {
    const auto* block = find(name);
    if (block == nullptr) {
      source_.fail(source_.size(),
                   "the file ends without its block " + std::string(name) +
                       "; it is cut off, copy or export it again");
    }
    return *block;
  }

  std::vector<double> read_axis(TextSpectra& spectra) const {
    const auto& block = require_block("XLST");
    const auto length = source_.get<std::uint32_t>(0x58, "the length of the axis");
    if (length != points_) {
      source_.fail(0x58,
                   "the axis has " + std::to_string(length) + " values, the spectra " +
                       std::to_string(points_) + "; such files are not read");
    }
    static const std::map<unsigned, const char*> units{
        {1, "1/cm"},
        {2, "1/cm"},
        {3, "nm"  },
        {4, "eV"  },
        {5, "um"  },
    };
    const auto code = source_.get<std::uint32_t>(block.start + 20, "the unit of the axis");
    const auto unit = units.find(code);
    spectra.x_unit = unit == units.end() ? "" : unit->second;
    spectra.x_label = code == 1 ? "Raman shift" : spectra.x_unit;
    spectra.technique = code == 1 || laser_nm_ ? std::optional(Technique::raman) : std::nullopt;
    spectra.laser_nm = laser_nm_;
    const auto y_code = source_.get<std::uint32_t>(0x98, "the unit of the ordinate");
    spectra.y_label = y_code == 6 ? "Counts" : "";
    return source_.list<float>(block.start + 24, points_, "the axis");
  }

  void read_ordinates(TextSpectra& spectra) {
    const auto& block = require_block("DATA");
    auto wanted = std::min(count_, capacity_);
    const std::uint64_t bytes = std::uint64_t{4} * points_;
    if (points_ < 3 || wanted == 0) {
      source_.fail(0x3C,
                   "the header announces no spectrum; the measurement was not started or the "
                   "file is damaged");
    }
    const auto first = block.start + renishaw_wdf_block_head;
    const auto room = std::min(
        source_.size(),
        block.size > source_.size() - block.start ? source_.size() : block.start + block.size);
    const auto there = room < first ? 0 : (room - first) / bytes;
    if (there == 0) {
      source_.need(first, bytes, "the first spectrum");
    }
    if (there < wanted) {
      warn("cut_off",
           "the header announces " + std::to_string(wanted) + " spectra, the block of data holds " +
               std::to_string(there) + " complete ones; copy the file again");
      wanted = there;
    } else if (count_ < capacity_) {
      warn("stopped",
           "the measurement was stopped after " + std::to_string(count_) + " of " +
               std::to_string(capacity_) + " spectra");
    }
    kept_ = wanted;
    plan_map();
    const auto order = order_;
    add_spectra(
        spectra,
        static_cast<Index>(wanted),
        [source = source_, first, bytes, order](Index row, std::span<double> out) {
          const auto k = static_cast<std::uint64_t>(row);
          const auto place = k < order->size() ? (*order)[k] : k;
          source.fill<float>(first + place * bytes, out, "a spectrum");
        },
        options_.is_skim);
  }

  void read_origins() {
    const auto* block = find("ORGN");
    if (block == nullptr) {
      return;
    }
    const auto lists = source_.get<std::uint32_t>(block->start + 16, "the number of origins");
    auto at = block->start + 20;
    const std::uint64_t head = 24;
    for (std::uint32_t i = 0; i < lists; ++i) {
      if (capacity_ > source_.size() || !source_.holds(at, head + 8 * capacity_)) {
        warn("damaged_block", "the positions are cut off and left out");
        origins_.clear();
        return;
      }
      const auto type = source_.get<std::uint32_t>(at, "an origin");
      Origin origin{source_.text(at + 8, 16, "the name of an origin"),
                    type & 0x7FFFFFFFU,
                    (type & 0x80000000U) != 0,
                    {}};
      constexpr unsigned first_place = 3;  // X, Y, Z
      constexpr unsigned last_place = 5;
      if (origin.is_key || (origin.type >= first_place && origin.type <= last_place)) {
        origin.values = source_.list<double>(at + head, capacity_, "positions");
        origins_.push_back(std::move(origin));
      }
      at += head + 8 * capacity_;
    }
  }

  void name_spectra(TextSpectra& spectra) const {
    const auto count = options_.is_skim ? std::uint64_t{1} : kept_;
    for (std::uint64_t k = 0; k < count; ++k) {
      const auto place = k < order_->size() ? (*order_)[k] : k;
      std::string name;
      for (const auto& origin : origins_) {
        if (origin.is_key) {
          name +=
              (name.empty() ? "" : ", ") + origin.name + " " + number_text(origin.values[place]);
        }
      }
      if (!name.empty()) {
        spectra.names.push_back(std::move(name));
      }
    }
  }

  // Rows come first in the result, whatever the order in the file.
  void plan_map() {
    const auto* block = find("WMAP");
    if (block == nullptr || !source_.holds(block->start, 56)) {
      return;
    }
    const auto flags = source_.get<std::uint32_t>(block->start + 16, "the order of the map");
    std::uint64_t width = source_.get<std::uint32_t>(block->start + 48, "the width of the map");
    std::uint64_t height = source_.get<std::uint32_t>(block->start + 52, "the height of the map");
    const bool by_columns = (flags & column_major) != 0;
    auto& fast = by_columns ? height : width;
    auto& slow = by_columns ? width : height;
    if (fast == 0 || fast > kept_ || slow == 0) {
      return;
    }
    slow = std::min(slow, kept_ / fast);  // whole lines of a stopped map
    if (by_columns || (flags & alternating) != 0) {
      order_map(fast, slow, by_columns, (flags & alternating) != 0);
    }
    MapGrid grid{static_cast<Index>(width),
                 static_cast<Index>(height),
                 std::abs(double{source_.get<float>(block->start + 36, "a step")}),
                 std::abs(double{source_.get<float>(block->start + 40, "a step")})};
    compare_steps(grid);
    map_ = grid;
  }

  void order_map(std::uint64_t fast, std::uint64_t slow, bool by_columns, bool is_alternating) {
    auto order = std::make_shared<std::vector<std::uint64_t>>(kept_);
    std::iota(order->begin(), order->end(), std::uint64_t{0});
    for (std::uint64_t line = 0; line < slow; ++line) {
      for (std::uint64_t i = 0; i < fast; ++i) {
        const auto along = is_alternating && line % 2 == 1 ? fast - 1 - i : i;
        (*order)[by_columns ? along * slow + line : line * fast + along] = line * fast + i;
      }
    }
    order_ = order;
  }

  // The stage may have gone elsewhere than the plan says.
  void compare_steps(MapGrid& grid) {
    constexpr unsigned x_type = 3;
    for (const auto& origin : origins_) {
      const bool is_x = origin.type == x_type;
      const Index steps = (is_x ? grid.nx : grid.ny) - 1;
      if (origin.type > x_type + 1 || steps < 1 || origin.values.empty() || count_ != capacity_) {
        continue;
      }
      const auto [low, high] = std::minmax_element(origin.values.begin(), origin.values.end());
      const double measured = (*high - *low) / static_cast<double>(steps);
      double& planned = is_x ? grid.step_x_um : grid.step_y_um;
      if (std::isfinite(measured) && std::abs(measured - planned) > 0.01 * planned) {
        warn("step_differs",
             "the plan of the map has a step of " + number_text(planned) + " um in " + origin.name +
                 ", the positions one of " + number_text(measured) + "; the positions are taken");
        planned = measured;
      }
    }
  }

  ByteSource source_;
  const ReadOptions& options_;
  std::uint32_t points_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t count_ = 0;
  std::optional<double> laser_nm_;
  std::vector<WdfBlock> blocks_;
  std::vector<Origin> origins_;
  std::uint64_t kept_ = 0;  // spectra that are there
  // Place in the file of each row; empty: as they come.
  std::shared_ptr<const std::vector<std::uint64_t>> order_ =
      std::make_shared<const std::vector<std::uint64_t>>();
  std::optional<MapGrid> map_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_renishaw_wdf(const FileView& file, const ReadOptions& options) {
  return WdfReader(file, options).run();
}

}  // namespace

Format renishaw_wdf_format() {
  return {"renishaw_wdf", "Renishaw WDF", "wdf", sniff_renishaw_wdf, read_renishaw_wdf};
}

}  // namespace calcispec::io
