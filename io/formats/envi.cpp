// ENVI: a text header beside a file of plain numbers.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/siblings.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io {
namespace {

struct EnviNumberType {
  int code;
  std::uint64_t size;
};

constexpr EnviNumberType envi_number_types[] = {
    {1,  1},
    {2,  2},
    {3,  4},
    {4,  4},
    {5,  8},
    {12, 2},
    {13, 4},
    {14, 8},
    {15, 8},
};

bool is_header(const FileView& file) {
  const auto line = file.bytes.substr(0, 16);
  return starts_with(file, "ENVI") && line.find_first_of("\r\n") == 4;
}

// "key = value" lines; a value in braces may go over many lines. Keys in lower case.
std::map<std::string, std::string> parse_header(const TextFile& text) {
  std::map<std::string, std::string> out;
  const auto& lines = text.lines();
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto equals = lines[i].find('=');
    if (equals == std::string_view::npos || trimmed(lines[i]).substr(0, 1) == ";") {
      continue;
    }
    const auto key = lower_case(trimmed(lines[i].substr(0, equals)));
    std::string value(trimmed(lines[i].substr(equals + 1)));
    if (value.substr(0, 1) == "{") {
      const auto first = i;
      while (value.find('}') == std::string::npos) {
        if (++i >= lines.size()) {
          text.fail(static_cast<Index>(first),
                    "the list \"" + key + "\" is not closed by }; the header is cut off");
        }
        value.append(" ").append(lines[i]);
      }
      value = std::string(trimmed(value.substr(1, value.find('}') - 1)));
    }
    out.emplace(key, utf8_from(value));
  }
  return out;
}

// The header of a file of plain numbers, if one lies beside it.
std::optional<Sibling> header_beside(const FileView& file) {
  auto found = sibling_with(file, {"hdr"});
  if (!found) {
    found = sibling_named(file, std::string(name_of(file.path)) + ".hdr");
  }
  return found && found->path != file.path && is_header(found->view(nullptr)) ? found
                                                                              : std::nullopt;
}

// Numbers have no mark of their own: a header beside them speaks for them, less loudly than any
// mark of another format.
int sniff_envi(const FileView& file) {
  constexpr int own_mark = 97;
  constexpr int by_header = 30;
  return is_header(file) ? own_mark : header_beside(file) ? by_header : 0;
}

class EnviReader {
 public:
  EnviReader(const FileView& file, const ReadOptions& options)
      : file_(file), text_(file), options_(options), header_(parse_header(text_)) {
    out_.path = std::string(file.path);
    out_.format = "envi";
  }

  // `numbers` is what the user named, if not the header.
  LoadedFile run(const std::optional<Sibling>& named_numbers) {
    lines_ = whole("lines");
    samples_ = whole("samples");
    bands_ = whole("bands");
    find_type();
    find_interleave();
    constexpr std::uint64_t fewest = 3;
    if (bands_ < fewest) {
      fail("the ENVI header announces " + std::to_string(bands_) +
           " bands; a spectrum needs at least 3");
    }
    const auto numbers = named_numbers ? *named_numbers : numbers_file();
    TextSpectra spectra;
    read_axis(spectra);
    read_numbers(numbers, spectra);
    describe(spectra);
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, out_.path);
  }

  [[nodiscard]] std::string value_of(const std::string& key) const {
    const auto found = header_.find(key);
    return found == header_.end() ? std::string() : found->second;
  }

  [[nodiscard]] std::uint64_t whole(const std::string& key) const {
    const auto value = parse_number(value_of(key), '.');
    constexpr double most = 1e9;
    if (!value || *value < 1 || *value > most || *value != std::floor(*value)) {
      fail("the ENVI header gives no whole number for \"" + key + "\", but \"" + value_of(key) +
           "\"");
    }
    return static_cast<std::uint64_t>(*value);
  }

  void find_type() {
    const auto code = parse_number(value_of("data type"), '.').value_or(-1);
    for (const auto& type : envi_number_types) {
      if (type.code == code) {
        type_ = type;
      }
    }
    if (type_.size == 0) {
      fail("data type \"" + value_of("data type") +
           "\" of the ENVI header is not read (complex numbers, or a damaged header)");
    }
    const auto order = value_of("byte order");
    if (order.empty()) {
      out_.diagnostics.push_back(
          {Severity::note,
           "byte_order_missing",
           "the ENVI header has no \"byte order\"; the lower byte is taken to come first",
           -1});
    } else if (order != "0" && order != "1") {
      fail("byte order \"" + order + "\" of the ENVI header is neither 0 nor 1");
    }
    order_ = order == "1" ? ByteOrder::big : ByteOrder::little;
  }

  void find_interleave() {
    const auto name = lower_case(value_of("interleave"));
    // Numbers between two neighbours along lines, samples and bands.
    if (name == "bsq") {
      strides_ = {samples_, 1, lines_ * samples_};
    } else if (name == "bil") {
      strides_ = {samples_ * bands_, 1, samples_};
    } else if (name == "bip") {
      strides_ = {samples_ * bands_, bands_, 1};
    } else {
      fail("interleave \"" + name + "\" of the ENVI header is none of bsq, bil, bip");
    }
  }

  [[nodiscard]] Sibling numbers_file() const {
    const auto named = value_of("data file");
    auto found = named.empty() ? std::nullopt : sibling_named(file_, name_of(named));
    if (!found) {
      found = sibling_with(file_, {"dat", "img", "raw", "bsq", "bil", "bip", "bin", ""});
    }
    // "map.img.hdr" beside "map.img"
    if (!found && stem_of(file_.path).find('.') != std::string_view::npos) {
      found = sibling_named(file_, stem_of(file_.path));
    }
    if (!found) {
      fail(
          "the file of numbers of this ENVI header is not beside it (same name, ending .dat, .img, "
          ".raw, .bsq, .bil, .bip, .bin or none); put both into one folder");
    }
    return *found;
  }

  void read_axis(TextSpectra& spectra) {
    const auto list = value_of("wavelength");
    for (const auto cell : split(list, ',')) {
      const auto value = parse_number(trimmed(cell), '.');
      if (!value && !trimmed(cell).empty()) {
        fail("\"" + std::string(trimmed(cell)) + "\" in \"wavelength\" is not a number");
      }
      if (value) {
        spectra.x.push_back(*value);
      }
    }
    if (!spectra.x.empty() && spectra.x.size() != bands_) {
      fail("the ENVI header announces " + std::to_string(bands_) +
           " bands, its \"wavelength\" has " + std::to_string(spectra.x.size()) + " values");
    }
    if (spectra.x.empty()) {
      constexpr std::uint64_t most_counted = 1U << 24U;
      if (bands_ > most_counted) {
        fail("the ENVI header announces " + std::to_string(bands_) +
             " bands and no \"wavelength\"; it is damaged, export it again");
      }
      for (std::uint64_t i = 0; i < bands_; ++i) {
        spectra.x.push_back(static_cast<double>(i + 1));
      }
      spectra.x_unit = "point";
      out_.diagnostics.push_back({Severity::warning,
                                  "axis_missing",
                                  "the ENVI header has no \"wavelength\"; the bands are counted",
                                  -1});
    }
  }

  template <typename Number>
  void fill(const ByteSource& source, std::uint64_t start, TextSpectra& spectra) const {
    add_spectra(
        spectra,
        static_cast<Index>(lines_ * samples_),
        [source, start, strides = strides_, samples = samples_](Index row, std::span<double> y) {
          const auto k = static_cast<std::uint64_t>(row);
          const auto first = k / samples * strides.line + k % samples * strides.sample;
          if (strides.band == 1) {
            source.fill<Number>(start + sizeof(Number) * first, y, "a spectrum");
            return;
          }
          for (std::uint64_t band = 0; band < y.size(); ++band) {
            y[band] = static_cast<double>(source.get<Number>(
                start + sizeof(Number) * (first + band * strides.band), "a number"));
          }
        },
        options_.is_skim);
  }

  void read_numbers(const Sibling& numbers, TextSpectra& spectra) {
    const ByteSource source(numbers.view(nullptr), order_);
    const auto offset = parse_number(value_of("header offset"), '.').value_or(0);
    if (!(offset >= 0) || offset > static_cast<double>(source.size())) {
      fail("\"header offset\" of the ENVI header leads out of " + numbers.path);
    }
    const auto start = static_cast<std::uint64_t>(offset);
    const auto room = (source.size() - start) / type_.size;
    const double wanted =
        static_cast<double>(lines_) * static_cast<double>(samples_) * static_cast<double>(bands_);
    if (wanted > static_cast<double>(room)) {
      fail("the ENVI header announces " + number_text(wanted) + " numbers, " + numbers.path +
           " holds " + std::to_string(room) + "; one of the two is cut off or damaged");
    }
    if (wanted < static_cast<double>(room)) {
      out_.diagnostics.push_back(
          {Severity::warning,
           "numbers_left",
           numbers.path + " holds more numbers than its header announces; the rest is left out",
           -1});
    }
    fill_by_type(source, start, spectra);
    out_.blocks.push_back({numbers.path,
                           std::to_string(count_of(spectra)) + " spectra of " +
                               std::to_string(bands_) + " points, " + value_of("interleave"),
                           true,
                           "the file of numbers of the header"});
  }

  void fill_by_type(const ByteSource& source, std::uint64_t start, TextSpectra& spectra) const {
    switch (type_.code) {
      case 1:
        return fill<std::uint8_t>(source, start, spectra);
      case 2:
        return fill<std::int16_t>(source, start, spectra);
      case 3:
        return fill<std::int32_t>(source, start, spectra);
      case 4:
        return fill<float>(source, start, spectra);
      case 5:
        return fill<double>(source, start, spectra);
      case 12:
        return fill<std::uint16_t>(source, start, spectra);
      case 13:
        return fill<std::uint32_t>(source, start, spectra);
      case 14:
        return fill<std::int64_t>(source, start, spectra);
      default:
        return fill<std::uint64_t>(source, start, spectra);
    }
  }

  // The units stand in "z plot titles" (axis, ordinate) or "wavelength units".
  void describe(TextSpectra& spectra) const {
    const auto titles =
        split(header_.count("z plot titles") > 0 ? std::string_view(header_.at("z plot titles"))
                                                 : std::string_view(),
              ',');
    if (spectra.x_unit.empty()) {
      spectra.x_label =
          titles.empty() ? value_of("wavelength units") : utf8_from(trimmed(titles[0]));
    }
    if (titles.size() > 1) {
      spectra.y_label = utf8_from(trimmed(titles[1]));
    }
    MapGrid grid{static_cast<Index>(samples_), static_cast<Index>(lines_), 0, 0};
    const auto sizes = value_of("pixel size");
    const auto cells = split(sizes, ',');
    constexpr double um_per_m = 1e6;
    if (cells.size() >= 2) {
      grid.step_x_um = parse_number(trimmed(cells[0]), '.').value_or(0) * um_per_m;
      grid.step_y_um = parse_number(trimmed(cells[1]), '.').value_or(0) * um_per_m;
    }
    spectra.map = grid;
    for (const auto& [key, value] : header_) {
      if (key != "wavelength" && value.size() < 4096) {
        spectra.metadata.emplace(key, value);
      }
    }
  }

  struct Strides {
    std::uint64_t line = 0;
    std::uint64_t sample = 0;
    std::uint64_t band = 0;
  };

  const FileView& file_;
  TextFile text_;
  const ReadOptions& options_;
  std::map<std::string, std::string> header_;
  std::uint64_t lines_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t bands_ = 0;
  EnviNumberType type_{0, 0};
  ByteOrder order_ = ByteOrder::little;
  Strides strides_;
  LoadedFile out_;
};

LoadedFile read_envi(const FileView& file, const ReadOptions& options) {
  if (is_header(file)) {
    return EnviReader(file, options).run(std::nullopt);
  }
  const auto header = header_beside(file);
  const auto view = header->view(file.siblings);
  return EnviReader(view, options).run(Sibling{std::string(file.path), file.bytes});
}

}  // namespace

Format envi_format() {
  return {"envi", "ENVI header beside its numbers", "hdr", sniff_envi, read_envi};
}

}  // namespace calcispec::io
