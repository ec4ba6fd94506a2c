// Bruker OPUS: all data blocks, series, interferograms and Raman; one block is used, all are
// listed.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/spectra_rows_private.hpp"
#include "io/text_file.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io {
namespace {

constexpr std::string_view magic_bruker_opus("\x0A\x0A\xFE\xFE", 4);
constexpr std::uint64_t bruker_opus_most_blocks = 4096;
constexpr std::uint32_t parameter_bits = 0x3F0U;      // which kind of block, bits 4 to 9
constexpr std::uint32_t superseded_bit = 0x40000000;  // measured blocks of a processed file

struct Value {
  std::string text;
  std::optional<double> number;
};
using Values = std::map<std::string, Value>;

struct Entry {
  std::uint32_t type = 0;
  std::uint64_t size = 0;  // bytes
  std::uint64_t start = 0;

  [[nodiscard]] unsigned part() const { return type & 3U; }
  [[nodiscard]] unsigned origin() const { return type >> 2U & 3U; }
  [[nodiscard]] unsigned kind() const { return type >> 4U & 63U; }
  [[nodiscard]] unsigned data() const { return type >> 10U & 127U; }
  [[nodiscard]] unsigned derivative() const { return type >> 17U & 3U; }
  [[nodiscard]] unsigned extra() const { return type >> 19U & 7U; }
  [[nodiscard]] bool is_series() const { return extra() == 2; }
};

struct DataKind {
  unsigned code;
  const char* name;
  OrdinateKind ordinate;
  int rank;  // which block is used where the user names none: the smallest
};

constexpr DataKind data_kinds[] = {
    {4,  "absorbance",                 OrdinateKind::absorbance,    0 },
    {19, "absorbance (calculated)",    OrdinateKind::absorbance,    1 },
    {16, "ATR",                        OrdinateKind::absorbance,    2 },
    {5,  "transmittance",              OrdinateKind::transmittance, 3 },
    {18, "transmittance (calculated)", OrdinateKind::transmittance, 4 },
    {12, "reflectance",                OrdinateKind::reflectance,   5 },
    {6,  "Kubelka-Munk",               OrdinateKind::other,         6 },
    {15, "log reflectance",            OrdinateKind::other,         7 },
    {17, "photoacoustic",              OrdinateKind::other,         8 },
    {10, "Raman",                      OrdinateKind::intensity,     9 },
    {11, "emission",                   OrdinateKind::other,         10},
    {14, "power",                      OrdinateKind::other,         11},
    {9,  "spectra",                    OrdinateKind::other,         12},
    {1,  "spectrum",                   OrdinateKind::other,         13},
    {7,  "trace",                      OrdinateKind::other,         14},
    {2,  "interferogram",              OrdinateKind::other,         15},
    {8,  "interferograms",             OrdinateKind::other,         16},
    {3,  "phase",                      OrdinateKind::other,         17},
};

const DataKind* kind_of(const Entry& entry) {
  const auto* found = std::find_if(std::begin(data_kinds),
                                   std::end(data_kinds),
                                   [&](const DataKind& kind) { return kind.code == entry.data(); });
  return found == std::end(data_kinds) ? nullptr : found;
}

// A block of ordinates with the parameters of the same type bits.
struct DataBlock {
  Entry entry;
  const DataKind* kind = nullptr;
  std::optional<Values> status;
  std::string name;
  int order = 0;

  [[nodiscard]] double number(const char* key, double otherwise) const {
    const auto found = status->find(key);
    return found == status->end() ? otherwise : found->second.number.value_or(otherwise);
  }
  [[nodiscard]] std::string text(const char* key) const {
    const auto found = status->find(key);
    return found == status->end() ? std::string() : found->second.text;
  }
};

// Ordinates of a block, whole or spectrum by spectrum.
class Ordinates {
 public:
  Ordinates(const ByteSource& source, const DataBlock& block)
      : source_(source),
        what_("block \"" + block.name + "\""),
        is_whole_(block.number("DPF", 1) == 2) {}

  void fill(std::uint64_t at, double scale, std::span<double> y) const {
    if (is_whole_) {
      source_.fill<std::int32_t>(at, y, what_);
    } else {
      source_.fill<float>(at, y, what_);
    }
    if (scale != 1) {
      for (double& value : y) {
        value *= scale;
      }
    }
  }

 private:
  ByteSource source_;
  std::string what_;
  bool is_whole_;
};

int sniff_bruker_opus(const FileView& file) {
  return starts_with(file, magic_bruker_opus) ? 98 : 0;
}

class OpusReader {
 public:
  OpusReader(const FileView& file, const ReadOptions& options) : source_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "bruker_opus";
  }

  LoadedFile run() {
    read_directory();
    find_data();
    const auto chosen = choose();
    auto spectra = read_block(blocks_[chosen]);
    list_blocks(chosen);
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
    return std::move(out_);
  }

 private:
  void warn(const char* code, const std::string& text) {
    out_.diagnostics.push_back({Severity::warning, code, out_.path + ": " + text, -1});
  }

  void read_directory() {
    const auto start = source_.get<std::uint32_t>(12, "the start of the directory");
    const auto count = source_.get<std::uint32_t>(20, "the number of blocks");
    if (count == 0 || count > bruker_opus_most_blocks) {
      source_.fail(20,
                   "the directory announces " + std::to_string(count) +
                       " blocks; the file is damaged, copy or export it again");
    }
    source_.need(start, std::uint64_t{12} * count, "the directory of blocks");
    for (std::uint64_t at = start; at < start + std::uint64_t{12} * count; at += 12) {
      const Entry entry{source_.get<std::uint32_t>(at, "a block"),
                        std::uint64_t{4} * source_.get<std::uint32_t>(at + 4, "a block"),
                        source_.get<std::uint32_t>(at + 8, "a block")};
      if (entry.start == 0) {
        break;
      }
      entries_.push_back(entry);
    }
  }

  // Keys of three letters, type, size in words of two bytes, value; up to END.
  std::optional<Values> read_values(const Entry& entry) const {
    if (!source_.holds(entry.start, entry.size)) {
      return std::nullopt;
    }
    Values out;
    const auto end = entry.start + entry.size;
    for (auto at = entry.start; at + 8 <= end;) {
      const auto key = source_.text(at, 3, "a key");
      const auto type = source_.get<std::int16_t>(at + 4, "a type");
      const auto size = std::uint64_t{2} * source_.get<std::uint16_t>(at + 6, "a size");
      at += 8;
      if (key == "END" || key.empty() || size > end - at) {
        break;
      }
      if (type == 0 && size >= 4) {
        const auto value = source_.get<std::int32_t>(at, "a value");
        out[key] = {std::to_string(value), value};
      } else if (type == 1 && size >= 8) {
        const auto value = source_.get<double>(at, "a value");
        out[key] = {number_text(value), value};
      } else {
        out[key] = {source_.text(at, size, "a value"), std::nullopt};
      }
      at += size;
    }
    return out;
  }

  void find_data() {
    std::map<std::string, int> seen;
    for (const auto& entry : entries_) {
      const auto* kind = kind_of(entry);
      const bool is_data = entry.kind() == 0 && kind != nullptr && entry.part() != 0 &&
                           (entry.extra() == 0 || entry.is_series());
      if (!is_data) {
        take_metadata(entry);
        continue;
      }
      DataBlock block{entry, kind, std::nullopt, name_of_block(entry, *kind), 0};
      for (const auto& other : entries_) {
        if (other.kind() == 1 && (other.type & ~parameter_bits) == (entry.type & ~parameter_bits)) {
          block.status = read_values(other);
        }
      }
      block.order = ++seen[block.name];
      if (block.order > 1) {
        block.name += " " + std::to_string(block.order);
      }
      blocks_.push_back(std::move(block));
    }
    if (blocks_.empty()) {
      source_.fail(20, "the file holds no block of ordinates; export the spectrum again");
    }
  }

  static std::string name_of_block(const Entry& entry, const DataKind& kind) {
    std::string name = kind.name;
    if (entry.origin() == 1 || entry.origin() == 2) {
      name = (entry.origin() == 1 ? "sample " : "reference ") + name;
    }
    if (entry.part() == 1 || entry.part() == 2) {
      name += entry.part() == 1 ? ", real part" : ", imaginary part";
    }
    if (entry.derivative() > 0) {
      name += ", derivative " + std::to_string(entry.derivative());
    }
    return name + (entry.is_series() ? ", series" : "");
  }

  void take_metadata(const Entry& entry) {
    if (entry.kind() < 2 || entry.extra() != 0) {
      return;
    }
    const auto values = read_values(entry);
    if (!values) {
      warn("cut_off", "a block of parameters lies behind the end of the file and is left out");
      return;
    }
    for (const auto& [key, value] : *values) {
      if (!value.text.empty()) {
        metadata_.emplace((entry.origin() == 2 ? "reference." : "") + key, value.text);
      }
    }
  }

  // Results before single channels before interferograms; plain before derived; what was computed
  // last before what it supersedes.
  static int rank_of(const DataBlock& block) {
    return block.kind->rank * 4 + (block.entry.origin() == 2 ? 1 : 0) +
           (block.entry.derivative() > 0 ? 200 : 0) + (block.entry.part() != 3 ? 400 : 0) +
           (block.status ? 0 : 1000) + ((block.entry.type & superseded_bit) != 0 ? 2 : 0);
  }

  std::size_t choose() {
    if (options_.block) {
      for (std::size_t k = 0; k < blocks_.size(); ++k) {
        if (lower_case(blocks_[k].name) == lower_case(*options_.block) ||
            std::to_string(k + 1) == *options_.block) {
          require_status(blocks_[k]);
          return k;
        }
      }
      std::string names;
      for (const auto& block : blocks_) {
        names += (names.empty() ? "" : ", ") + block.name;
      }
      throw Error(ErrorCode::unreadable_input,
                  "holds no block \"" + *options_.block + "\"; it holds " + names,
                  out_.path);
    }
    std::size_t best = 0;
    for (std::size_t k = 1; k < blocks_.size(); ++k) {
      if (rank_of(blocks_[k]) <= rank_of(blocks_[best])) {
        best = k;
      }
    }
    require_status(blocks_[best]);
    return best;
  }

  void require_status(const DataBlock& block) const {
    if (!block.status) {
      source_.need(block.entry.start, block.entry.size, "block \"" + block.name + "\"");
      source_.fail(block.entry.start,
                   "block \"" + block.name +
                       "\" has no readable parameters of its own; the file is cut off or damaged");
    }
  }

  void list_blocks(std::size_t chosen) {
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const auto& block = blocks_[k];
      std::string content = "no parameters of its own";
      if (block.status) {
        content = number_text(block.number("NPT", 0)) + " points, " +
                  number_text(block.number("FXV", 0)) + " to " +
                  number_text(block.number("LXV", 0)) + " " + block.text("DXU");
      }
      std::string reason = "comes after \"" + blocks_[chosen].name + "\"";
      if (options_.block) {
        reason = k == chosen ? "chosen with --block" : "another one was chosen with --block";
      } else if (k == chosen) {
        reason = "results come before single channels, those before interferograms";
      } else if (block.kind == blocks_[chosen].kind &&
                 block.entry.origin() == blocks_[chosen].entry.origin()) {
        reason = "\"" + blocks_[chosen].name + "\" is the result of processing it, or later";
      }
      out_.blocks.push_back({block.name, content, k == chosen, reason});
    }
  }

  TextSpectra read_block(const DataBlock& block) {
    const auto count = block.number("NPT", -1);
    if (!(count >= 3 && count <= static_cast<double>(block.entry.size) / 4)) {
      source_.fail(block.entry.start,
                   "block \"" + block.name + "\" announces " + number_text(count) +
                       " points but has room for " + std::to_string(block.entry.size / 4) +
                       "; the file is damaged");
    }
    source_.need(block.entry.start, block.entry.size, "block \"" + block.name + "\"");
    const auto points = static_cast<std::uint64_t>(count);
    TextSpectra out;
    out.x = even_axis(block.number("FXV", 0), block.number("LXV", 0), points);
    if (block.entry.is_series()) {
      read_series(block, points, out);
    } else {
      out.y.emplace_back(points);
      Ordinates(source_, block).fill(block.entry.start, block.number("CSF", 1), out.y[0]);
      out.seen = nothing_seen();
      look_at(out.y[0], out.seen);
      check_range(block, out.seen.y_min, out.seen.y_max);
    }
    describe(block, out);
    return out;
  }

  // The program writes the extremes beside the data: another pairing would not fit them.
  void check_range(const DataBlock& block, double low, double high) {
    const auto stated = block.number("MXY", std::nan(""));
    const double scale = block.number("CSF", 1);
    const double bound = 1e-3 * (std::abs(high - low) + std::abs(stated));
    const bool fits = std::abs(high - stated) <= bound ||
                      std::abs(high / scale - stated) <= bound / std::abs(scale);
    if (std::isfinite(stated) && scale != 0 && !fits) {
      warn("range_differs",
           "the highest ordinate of block \"" + block.name + "\" is " + number_text(high) +
               ", its parameters say " + number_text(stated) +
               "; compare with the program that "
               "wrote the file");
    }
  }

  void read_series(const DataBlock& block, std::uint64_t points, TextSpectra& out) {
    const auto start = block.entry.start;
    const auto get = [&](std::uint64_t index) {
      return std::uint64_t{source_.get<std::uint32_t>(start + 4 * index, "the head of a series")};
    };
    const auto count = get(1);
    const auto data_size = get(3);
    const auto info_size = get(4);
    const auto stride = data_size + info_size;
    if (count == 0 || data_size < 4 * points || get(2) > block.entry.size ||
        count > (block.entry.size - get(2)) / stride) {
      source_.fail(start,
                   "the series announces " + std::to_string(count) +
                       " spectra, which its block cannot hold; the file is damaged");
    }
    constexpr std::uint64_t scale_at = 104;  // CSF of each spectrum in its record
    constexpr std::uint64_t time_at = 144;   // seconds at its end
    const bool has_records = info_size >= time_at + 8;
    const auto first = start + get(2);
    for (std::uint64_t k = 0; k < (options_.is_skim ? 1 : count); ++k) {
      const auto record = first + k * stride + data_size;
      out.names.push_back(
          "spectrum " + std::to_string(k + 1) +
          (has_records ? ", " + number_text(source_.get<double>(record + time_at, "a time")) + " s"
                       : ""));
    }
    const auto own_scale = [source = source_, first, stride, data_size](std::uint64_t k) {
      return source.get<double>(first + k * stride + data_size + scale_at,
                                "a record of the series");
    };
    add_spectra(
        out,
        static_cast<Index>(count),
        [=, this_block = Ordinates(source_, block), common = block.number("CSF", 1)](
            Index row, std::span<double> y) {
          const auto k = static_cast<std::uint64_t>(row);
          this_block.fill(first + k * stride, has_records ? own_scale(k) : common, y);
        },
        options_.is_skim);
  }

  void describe(const DataBlock& block, TextSpectra& out) {
    static const std::map<std::string, const char*> units{
        {"WN",  "1/cm" },
        {"MI",  "um"   },
        {"NM",  "nm"   },
        {"MIN", "min"  },
        {"PNT", "point"},
    };
    const auto unit = units.find(block.text("DXU"));
    out.x_unit = unit == units.end() ? block.text("DXU") : unit->second;
    const bool is_raman = block.kind->code == 10;
    out.x_label = is_raman ? "Raman shift" : out.x_unit;
    out.y_label = block.kind->name;
    out.technique = is_raman ? Technique::raman : Technique::ftir;
    out.ordinate = block.kind->ordinate;
    for (const auto& [key, value] : *block.status) {
      metadata_.emplace(key, value.text);
    }
    const auto laser = metadata_.find("RLW");
    const auto wavenumber =
        laser == metadata_.end() ? std::nullopt : parse_number(laser->second, '.');
    if (is_raman && wavenumber && *wavenumber > 0) {
      out.laser_nm = 1e7 / *wavenumber;
    }
    if (!is_raman) {
      out.mode = sampling_mode(block);
    }
    const auto name = metadata_.find("SNM");
    if (out.names.empty() && name != metadata_.end()) {
      out.names = {name->second};
    }
    out.metadata = metadata_;
  }

  // Accessory and sample form say how it was sampled; a KBr beam splitter does not.
  SamplingMode sampling_mode(const DataBlock& block) const {
    std::string words;
    for (const char* key : {"ACC", "SFM", "CHN", "EXP"}) {
      const auto found = metadata_.find(key);
      words += found == metadata_.end() ? "" : lower_case(found->second) + " ";
    }
    const auto says = [&](std::string_view word) { return words.find(word) != std::string::npos; };
    if (block.kind->code == 16 || says(" atr") || says("atr ") || says("atr,")) {
      return SamplingMode::atr;
    }
    if (block.kind->ordinate == OrdinateKind::reflectance || says("drift") || says("sphere") ||
        says("reflect")) {
      return SamplingMode::reflection;
    }
    if (block.kind->ordinate == OrdinateKind::transmittance || says("trans") || says("kbr")) {
      return SamplingMode::transmission;
    }
    return SamplingMode::unknown;
  }

  ByteSource source_;
  const ReadOptions& options_;
  std::vector<Entry> entries_;
  std::vector<DataBlock> blocks_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_bruker_opus(const FileView& file, const ReadOptions& options) {
  return OpusReader(file, options).run();
}

}  // namespace

Format bruker_opus_format() {
  return {"bruker_opus", "Bruker OPUS", "0 opus", sniff_bruker_opus, read_bruker_opus, true};
}

}  // namespace calcispec::io
