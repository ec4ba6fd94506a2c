// PerkinElmer sp (a spectrum) and fsm (a map of the Spotlight): blocks of values with a number
// each.
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io {
namespace {

constexpr std::string_view perkinelmer_sp_magic = "PEPE";
constexpr std::uint64_t first_block = 44;  // after the magic and 40 bytes of description
constexpr std::uint64_t perkinelmer_sp_block_head = 6;
constexpr std::size_t perkinelmer_sp_most_blocks = 100000;
constexpr int perkinelmer_sp_deepest = 32;

// Blocks of a data set.
constexpr unsigned x_range_block = 35698;
constexpr unsigned points_block = 35701;
constexpr unsigned x_unit_block = 35703;
constexpr unsigned y_unit_block = 35704;
constexpr unsigned ordinates_block = 35708;
// Blocks of a map.
constexpr unsigned map_header_block = 5100;
constexpr unsigned pixel_block = 5105;
// Kinds of values inside blocks: a value begins with its kind, whose second byte is 'u'.
constexpr unsigned text_kind = 0x7523;
constexpr unsigned range_kind = 0x751D;
constexpr unsigned whole_kind = 0x752B;
constexpr unsigned numbers_kind = 0x7516;

struct PeBlock {
  unsigned id = 0;
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

int sniff_perkinelmer_sp(const FileView& file) {
  return starts_with(file, perkinelmer_sp_magic) ? 97 : 0;
}

class PeReader {
 public:
  PeReader(const FileView& file, const ReadOptions& options) : source_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "perkinelmer_sp";
  }

  LoadedFile run() {
    metadata_.emplace("description", source_.text(4, first_block - 4, "the description"));
    const auto blocks = blocks_in({0, first_block, source_.size() - first_block});
    const bool is_map = std::any_of(blocks.begin(), blocks.end(), [](const PeBlock& block) {
      return block.id == map_header_block;
    });
    if (is_map) {
      read_map(blocks);
    } else {
      for (const auto& block : blocks) {
        walk(block, 0);
      }
      read_data_set();
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& key, const std::string& value) {
    if (!value.empty()) {
      metadata_.emplace(key, value);
    }
  }

  // A block that leads out of its parent ends with it; its reader says what is missing.
  std::vector<PeBlock> blocks_in(const PeBlock& parent) {
    std::vector<PeBlock> out;
    const auto end = parent.start + parent.size;
    for (auto at = parent.start; at + perkinelmer_sp_block_head <= end;) {
      PeBlock block{source_.get<std::uint16_t>(at, "a block"),
                    at + perkinelmer_sp_block_head,
                    source_.get<std::uint32_t>(at + 2, "the size of a block")};
      if (++count_ > perkinelmer_sp_most_blocks) {
        source_.fail(at, "more blocks than such files have; the file is damaged, export it again");
      }
      block.size = std::min(block.size, end - block.start);
      out.push_back(block);
      at = block.start + block.size;
    }
    return out;
  }

  [[nodiscard]] bool is_value(const PeBlock& block) const {
    return block.size < 2 ||
           (source_.get<std::uint16_t>(block.start, "a value") & 0xFF00U) == 0x7500U;
  }

  // Data sets lie at any depth; the first that holds ordinates is taken, with the blocks beside it.
  void walk(const PeBlock& block, int depth) {
    if (is_value(block) || depth > perkinelmer_sp_deepest) {
      return;
    }
    const auto blocks = blocks_in(block);
    const bool has_ordinates = std::any_of(
        blocks.begin(), blocks.end(), [](const PeBlock& one) { return one.id == ordinates_block; });
    if (has_ordinates && data_set_.empty()) {
      data_set_ = blocks;
    }
    for (const auto& one : blocks) {
      if (!is_value(one)) {
        walk(one, depth + 1);
      } else if (source_.holds(one.start, 4) && one.size >= 4) {
        collect_text(one);
      }
    }
  }

  void collect_text(const PeBlock& block) {
    const auto text = text_of(block);
    if (!text.empty() && metadata_.size() < 200) {
      auto key = "block " + std::to_string(block.id);
      for (int k = 2; metadata_.count(key) > 0; ++k) {
        key = "block " + std::to_string(block.id) + " (" + std::to_string(k) + ")";
      }
      metadata_.emplace(key, text);
    }
  }

  [[nodiscard]] std::string text_of(const PeBlock& block) const {
    if (block.size < 4 ||
        source_.get<std::uint16_t>(block.start, "the kind of a value") != text_kind) {
      return {};
    }
    const auto length = source_.get<std::uint16_t>(block.start + 2, "the length of a text");
    return length > block.size - 4 ? std::string()
                                   : source_.text(block.start + 4, length, "a text");
  }

  [[nodiscard]] const PeBlock* find(unsigned id) const {
    const auto found = std::find_if(
        data_set_.begin(), data_set_.end(), [&](const PeBlock& block) { return block.id == id; });
    return found == data_set_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const PeBlock& require_block(unsigned id, unsigned kind, const char* what) const {
    const auto* block = find(id);
    if (block == nullptr || block->size < 2 ||
        source_.get<std::uint16_t>(block->start, what) != kind) {
      source_.fail(block == nullptr ? source_.size() : block->start,
                   std::string("the file gives no ") + what +
                       " where other files of its kind do; it is cut off or of an older version, "
                       "export it as text or JCAMP-DX");
    }
    return *block;
  }

  void read_data_set() {
    if (data_set_.empty()) {
      source_.fail(source_.size(),
                   "the file holds no spectrum, or ends before it; it is cut off or of an older "
                   "version, export it as text or JCAMP-DX");
    }
    const auto& range = require_block(x_range_block, range_kind, "range of the axis");
    const auto& count = require_block(points_block, whole_kind, "number of points");
    const auto& ordinates = require_block(ordinates_block, numbers_kind, "ordinates");
    const auto points = source_.get<std::uint32_t>(count.start + 2, "the number of points");
    const auto bytes = source_.get<std::uint32_t>(ordinates.start + 2, "the size of the ordinates");
    if (std::uint64_t{8} * points > bytes || points < 3) {
      source_.fail(count.start + 2,
                   "the file announces " + std::to_string(points) + " points, its ordinates " +
                       std::to_string(bytes / 8) + "; it is damaged, export it again");
    }
    TextSpectra spectra;
    spectra.y.push_back(source_.list<double>(ordinates.start + 6, points, "the ordinates"));
    spectra.x = even_axis(source_.get<double>(range.start + 2, "the first axis value"),
                          source_.get<double>(range.start + 10, "the last axis value"),
                          points);
    const auto* unit = find(x_unit_block);
    spectra.x_label = unit == nullptr ? "" : text_of(*unit);
    const auto* ordinate = find(y_unit_block);
    describe(spectra, ordinate == nullptr ? std::string() : text_of(*ordinate));
    add("points", std::to_string(points));
    finish(std::move(spectra));
  }

  static void describe(TextSpectra& spectra, const std::string& ordinate) {
    struct Named {
      const char* text;
      const char* label;
      OrdinateKind kind;
    };
    static constexpr Named table[] = {
        {"A",   "Absorbance",        OrdinateKind::absorbance   },
        {"%T",  "Transmittance (%)", OrdinateKind::transmittance},
        {"%R",  "Reflectance (%)",   OrdinateKind::reflectance  },
        {"R",   "Reflectance",       OrdinateKind::reflectance  },
        {"KM",  "Kubelka-Munk",      OrdinateKind::other        },
        {"SB",  "Single beam",       OrdinateKind::other        },
        {"EGY", "Single beam",       OrdinateKind::other        },
    };
    spectra.y_label = ordinate;
    for (const auto& row : table) {
      if (ordinate == row.text) {
        spectra.y_label = row.label;
        spectra.ordinate = row.kind;
        spectra.technique = Technique::ftir;
      }
    }
  }

  // A name, then ten numbers (steps, ends, first place), then the counts along x, y and z.
  void read_map(const std::vector<PeBlock>& blocks) {
    const auto header = std::find_if(blocks.begin(), blocks.end(), [](const PeBlock& block) {
      return block.id == map_header_block;
    });
    const auto length = source_.get<std::uint16_t>(header->start, "the length of the name");
    add("name", source_.text(header->start + 2, length, "the name"));
    const auto at = header->start + 2 + length;
    const auto number = [&](std::uint64_t index) {
      return source_.get<double>(at + 8 * index, "the header of the map");
    };
    const auto whole = [&](std::uint64_t index) {
      return source_.get<std::int32_t>(at + 80 + 4 * index, "the counts of the map");
    };
    const auto nx = whole(0);
    const auto ny = whole(1);
    const auto points = whole(2);
    if (nx < 1 || ny < 1 || points < 3) {
      source_.fail(at + 80,
                   "the map announces " + std::to_string(nx) + " x " + std::to_string(ny) +
                       " spectra of " + std::to_string(points) + " points; the file is damaged");
    }
    TextSpectra spectra;
    const auto pixels = pixel_places(blocks, static_cast<std::uint64_t>(points));
    spectra.x = even_axis(number(3), number(4), static_cast<std::size_t>(points));
    add_spectra(
        spectra,
        static_cast<Index>(pixels.size()),
        [source = source_, pixels](Index row, std::span<double> y) {
          source.fill<float>(pixels[static_cast<std::size_t>(row)], y, "a pixel");
        },
        options_.is_skim);
    check_count(pixels.size(), {nx, ny, number(0), number(1)}, spectra);
    spectra.x_unit = "1/cm";
    spectra.technique = Technique::ftir;
    add("first place x um", number_text(number(7)));
    add("first place y um", number_text(number(8)));
    finish(std::move(spectra));
  }

  // Where the numbers of each complete pixel stand.
  [[nodiscard]] std::vector<std::uint64_t> pixel_places(const std::vector<PeBlock>& blocks,
                                                        std::uint64_t points) const {
    std::vector<std::uint64_t> out;
    for (const auto& block : blocks) {
      if (block.id != pixel_block) {
        continue;
      }
      if (block.size < 4 * points || !source_.holds(block.start, 4 * points)) {
        break;  // cut off
      }
      out.push_back(block.start);
    }
    if (out.empty()) {
      source_.fail(source_.size(), "the file ends before its first spectrum; copy it again");
    }
    return out;
  }

  void check_count(std::size_t there, const MapGrid& planned, TextSpectra& spectra) {
    const auto wanted = static_cast<double>(planned.nx) * static_cast<double>(planned.ny);
    if (static_cast<double>(there) < wanted) {
      out_.diagnostics.push_back({Severity::warning,
                                  "cut_off",
                                  "the map announces " + number_text(wanted) +
                                      " spectra, the file holds " + std::to_string(there) +
                                      " complete ones; copy it again",
                                  -1});
    }
    auto grid = planned;
    grid.step_x_um = std::abs(grid.step_x_um);
    grid.step_y_um = std::abs(grid.step_y_um);
    grid.ny = std::min(grid.ny, static_cast<Index>(there) / grid.nx);
    if (grid.ny > 0) {
      spectra.map = grid;
    }
  }

  void finish(TextSpectra&& spectra) {
    spectra.metadata = metadata_;
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  ByteSource source_;
  const ReadOptions& options_;
  std::size_t count_ = 0;
  std::vector<PeBlock> data_set_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_perkinelmer_sp(const FileView& file, const ReadOptions& options) {
  return PeReader(file, options).run();
}

}  // namespace

Format perkinelmer_sp_format() {
  return {"perkinelmer_sp",
          "PerkinElmer sp and fsm",
          "sp fsm",
          sniff_perkinelmer_sp,
          read_perkinelmer_sp};
}

}  // namespace calcispec::io
