// Agilent focal plane arrays: single tiles, mosaics of tiles, their interferograms.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/siblings.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

// A tile (.dat, .seq, .dmd, .drd) begins with 255 numbers of header, then one image per point,
// lowest line first. Its axis stands in an OLE file beside it (.bsp of a tile, .dmt of a mosaic).
namespace calcispec::io {
namespace {

constexpr std::string_view tile_magic("\0rG\0", 4);
constexpr std::string_view ole_magic_agilent_fpa("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
constexpr std::uint64_t tile_header = 1020;
constexpr std::uint64_t axis_step_place = 2216;
constexpr std::string_view axis_word = "Wavenumber";
constexpr std::string_view interferogram_word = "Interferogram";

struct Tile {
  std::uint64_t points = 0;
  std::uint64_t nx = 0;
  std::uint64_t ny = 0;
};

struct EvenAxis {
  double step = 0;
  std::int32_t start = 0;
  std::uint64_t points = 0;
};

bool is_parameter_file(const FileView& file) {
  return starts_with(file, ole_magic_agilent_fpa) &&
         file.bytes.find("FPA Pixel Size") != std::string_view::npos;
}

int sniff_agilent_fpa(const FileView& file) {
  return starts_with(file, tile_magic) && file.bytes.size() >= tile_header ? 96
         : is_parameter_file(file)                                         ? 93
                                                                           : 0;
}

// Step, first index and count behind a word and the version that follows it.
std::optional<EvenAxis> axis_behind(const ByteSource& source, std::string_view word) {
  const auto bytes = source.bytes(0, source.size(), "the parameters");
  const auto at = bytes.find(word);
  const auto version = at == std::string_view::npos ? at : bytes.find("1.00", at);
  constexpr std::uint64_t step_place = 16;  // behind the start of the version
  if (version == std::string_view::npos || !source.holds(version + step_place, 24)) {
    return std::nullopt;
  }
  return EvenAxis{source.get<double>(version + step_place, "the step"),
                  source.get<std::int32_t>(version + step_place + 12, "the first index"),
                  source.get<std::uint32_t>(version + step_place + 20, "the number of points")};
}

std::optional<EvenAxis> axis_at(const ByteSource& source, std::uint64_t at) {
  if (!source.holds(at, 24)) {
    return std::nullopt;
  }
  return EvenAxis{source.get<double>(at, "the step"),
                  source.get<std::int32_t>(at + 12, "the first index"),
                  source.get<std::uint32_t>(at + 20, "the number of points")};
}

class AgilentReader {
 public:
  AgilentReader(const FileView& file, const ReadOptions& options) : file_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "agilent_fpa";
  }

  LoadedFile run() {
    if (starts_with(file_, tile_magic)) {
      read_tile(Sibling{std::string(file_.path), file_.bytes}, parameters_beside());
      return std::move(out_);
    }
    const bool is_mosaic = extension_of(file_.path) == "dmt" || has_tiles("dmd");
    choose_block();
    if (is_mosaic) {
      read_mosaic(wants_interferograms_ ? "drd" : "dmd");
    } else {
      read_single(wants_interferograms_ ? "seq" : "dat");
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, out_.path);
  }

  void choose_block() {
    const auto& block = options_.block;
    wants_interferograms_ = block == "2" || block == "interferograms";
    if (block && !wants_interferograms_ && block != "1" && block != "absorbance") {
      fail("holds no block \"" + *block + "\"; there are absorbance and interferograms");
    }
    const auto add = [&](const char* name, bool is_used) {
      out_.blocks.push_back({name,
                             "tiles beside the parameters",
                             is_used,
                             is_used                 ? "chosen"
                             : wants_interferograms_ ? "not chosen"
                                                     : "the absorbance made from them is used"});
    };
    add("absorbance", !wants_interferograms_);
    add("interferograms", wants_interferograms_);
  }

  // Name of a tile without its numbers: "mosaic_0000_0001" is of "mosaic".
  [[nodiscard]] std::string mosaic_stem() const {
    const auto stem = std::string(stem_of(file_.path));
    constexpr std::size_t tail = 10;
    const auto extension = extension_of(file_.path);
    const bool is_tile = extension == "dmd" || extension == "drd";
    return is_tile && stem.size() > tail ? stem.substr(0, stem.size() - tail) : stem;
  }

  [[nodiscard]] std::optional<FileView> parameters_beside() {
    const auto stem = mosaic_stem();
    for (const char* extension : {".bsp", ".dmt"}) {
      parameters_ = sibling_named(file_, stem + extension);
      if (parameters_ && starts_with(parameters_->view(nullptr), ole_magic_agilent_fpa)) {
        return parameters_->view(file_.siblings);
      }
    }
    return std::nullopt;
  }

  static Tile tile_of(const ByteSource& source) {
    if (!starts_with({source.bytes(0, 4, "the mark of a tile"), {}}, tile_magic)) {
      source.fail(0, "is no tile of an Agilent array");
    }
    Tile out{source.get<std::uint32_t>(9, "the number of points"),
             source.get<std::uint16_t>(24, "the width"),
             source.get<std::uint16_t>(26, "the height")};
    if (out.points < 3 || out.nx == 0 || out.ny == 0 || out.points > source.size()) {
      source.fail(9,
                  "the tile announces " + std::to_string(out.nx) + " x " + std::to_string(out.ny) +
                      " spectra of " + std::to_string(out.points) +
                      " points; it is damaged, export it again");
    }
    if (out.nx * out.ny > source.size() / out.points) {  // so that the product below cannot wrap
      source.need(tile_header, source.size(), "the images of the tile");
    }
    source.need(tile_header, 4 * out.points * out.nx * out.ny, "the images of the tile");
    return out;
  }

  // Spectra of a tile, put into rows of `width` pixels from (left, bottom) on.
  static void take_tile(const ByteSource& source,
                        const Tile& tile,
                        std::size_t width,
                        std::pair<std::size_t, std::size_t> corner,
                        std::vector<std::vector<double>>& y) {
    const auto image = tile.nx * tile.ny;
    for (std::uint64_t row = 0; row < tile.ny; ++row) {
      for (std::uint64_t column = 0; column < tile.nx; ++column) {
        std::vector<double> spectrum(tile.points);
        for (std::uint64_t i = 0; i < tile.points; ++i) {
          spectrum[i] = static_cast<double>(
              source.get<float>(tile_header + 4 * (i * image + row * tile.nx + column), "a pixel"));
        }
        y[(corner.second + row) * width + corner.first + column] = std::move(spectrum);
      }
    }
  }

  void read_tile(const Sibling& numbers, const std::optional<FileView>& parameters) {
    const ByteSource source(numbers.view(nullptr));
    const auto tile = tile_of(source);
    TextSpectra spectra;
    spectra.y.resize(tile.nx * tile.ny);
    take_tile(source, tile, tile.nx, {0, 0}, spectra.y);
    spectra.map = MapGrid{static_cast<Index>(tile.nx), static_cast<Index>(tile.ny), 0, 0};
    finish(std::move(spectra), tile.points, parameters);
  }

  void read_single(const char* extension) {
    const auto numbers = sibling_with(file_, {extension});
    if (!numbers) {
      fail("holds the parameters of a measurement; its numbers (same name, ending ." +
           std::string(extension) + ") are not beside it, put both into one folder");
    }
    read_tile(*numbers, file_);
  }

  [[nodiscard]] std::string tile_name(std::size_t x, std::size_t y, const char* extension) const {
    const auto four = [](std::size_t number) {
      const auto digits = std::to_string(number);
      return std::string(4 - std::min<std::size_t>(digits.size(), 4), '0') + digits;
    };
    return std::string(stem_of(file_.path)) + "_" + four(x) + "_" + four(y) + "." + extension;
  }

  [[nodiscard]] bool has_tiles(const char* extension) const {
    return sibling_named(file_, tile_name(0, 0, extension)).has_value();
  }

  // Tiles count from the upper left; the lines of a tile and of the result from below.
  void read_mosaic(const char* extension) {
    constexpr std::size_t most_tiles = 2000;
    std::size_t columns = 0;
    std::size_t rows = 0;
    while (columns < most_tiles && sibling_named(file_, tile_name(columns, 0, extension))) {
      ++columns;
    }
    while (rows < most_tiles && sibling_named(file_, tile_name(0, rows, extension))) {
      ++rows;
    }
    if (columns == 0) {
      fail("holds the parameters of a mosaic; its first tile " + tile_name(0, 0, extension) +
           " is not beside it, put all files of the mosaic into one folder");
    }
    TextSpectra spectra;
    Tile first;
    for (std::size_t x = 0; x < columns; ++x) {
      for (std::size_t y = 0; y < rows; ++y) {
        const auto numbers = sibling_named(file_, tile_name(x, y, extension));
        if (!numbers) {
          fail("the tile " + tile_name(x, y, extension) + " of the mosaic is missing");
        }
        const ByteSource source(numbers->view(nullptr));
        const auto tile = tile_of(source);
        if (x == 0 && y == 0) {
          first = tile;
          spectra.y.resize(columns * rows * tile.nx * tile.ny);
        }
        if (tile.points != first.points || tile.nx != first.nx || tile.ny != first.ny) {
          source.fail(9, "the tile is not of the size of the first tile of the mosaic");
        }
        take_tile(
            source, tile, columns * tile.nx, {x * tile.nx, (rows - 1 - y) * tile.ny}, spectra.y);
      }
    }
    spectra.map =
        MapGrid{static_cast<Index>(columns * first.nx), static_cast<Index>(rows * first.ny), 0, 0};
    finish(std::move(spectra), first.points, file_);
  }

  void finish(TextSpectra&& spectra,
              std::uint64_t points,
              const std::optional<FileView>& parameters) {
    find_axis(spectra, points, parameters);
    if (parameters) {
      describe(ByteSource(*parameters), spectra);
    }
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  // The parameters hold the axis of the spectra and that of the interferograms; the number of
  // points tells which one belongs to the tile.
  void find_axis(TextSpectra& spectra,
                 std::uint64_t points,
                 const std::optional<FileView>& parameters) {
    std::optional<EvenAxis> axis;
    std::optional<EvenAxis> interferogram;
    if (parameters) {
      const ByteSource source(*parameters);
      axis = axis_at(source, axis_step_place);
      interferogram = axis_behind(source, interferogram_word);
    }
    if (axis && axis->points == points && std::isfinite(axis->step) && axis->step > 0) {
      for (std::uint64_t i = 0; i < points; ++i) {
        spectra.x.push_back(axis->step *
                            (static_cast<double>(axis->start) + static_cast<double>(i)));
      }
      spectra.x_unit = "1/cm";
      spectra.x_label = axis_word;
      spectra.y_label = "Absorbance";
      spectra.technique = Technique::ftir;
      return;
    }
    for (std::uint64_t i = 0; i < points; ++i) {
      spectra.x.push_back(static_cast<double>(i));
    }
    spectra.x_unit = "point";
    spectra.technique = Technique::ftir;
    if (interferogram && interferogram->points == points) {
      spectra.y_label = interferogram_word;
      spectra.metadata.emplace("step cm", number_text(interferogram->step));
      spectra.metadata.emplace("first index", std::to_string(interferogram->start));
      return;
    }
    out_.diagnostics.push_back(
        {Severity::warning,
         "axis_missing",
         parameters ? "the parameters beside the tile are of spectra of another length; its points "
                      "are counted"
                    : "the parameters of the tile (.bsp, of a mosaic .dmt) are not beside it; its "
                      "points are counted",
         -1});
  }

  // Texts are written after their name as length, kind and lengths again, each of 4 bytes.
  [[nodiscard]] static std::string property(const ByteSource& source, std::string_view name) {
    const auto bytes = source.bytes(0, source.size(), "the parameters");
    const auto at = bytes.find(name);
    constexpr std::uint64_t head = 40;
    if (at == std::string_view::npos || !source.holds(at + name.size(), head + 4)) {
      return {};
    }
    const auto length = source.get<std::uint32_t>(at + name.size() + head, "a length");
    constexpr std::uint32_t longest = 100;
    const auto start = at + name.size() + head + 4;
    return length <= longest && source.holds(start, length) ? source.text(start, length, "a text")
                                                            : std::string();
  }

  static double size_behind(const ByteSource& source, std::string_view name) {
    const auto bytes = source.bytes(0, source.size(), "the parameters");
    const auto at = bytes.find(name);
    const auto version = at == std::string_view::npos ? at : bytes.find("1.00", at);
    constexpr std::uint64_t value_place = 16;
    return version == std::string_view::npos || !source.holds(version + value_place, 8)
               ? 0
               : source.get<double>(version + value_place, "a size");
  }

  static void describe(const ByteSource& source, TextSpectra& spectra) {
    for (const char* name : {"PixelAggregationSize",
                             "Effective Laser Wavenumber",
                             "Symmetry",
                             "Under Sampling Ratio"}) {
      const auto value = property(source, name);
      if (!value.empty()) {
        spectra.metadata.emplace(name, value);
      }
    }
    const auto optics = property(source, "OpticsMode");
    const auto atr = property(source, "ATR Mode");
    if (!atr.empty() && atr != "No ATR") {
      spectra.mode = SamplingMode::atr;
    } else if (optics == "Reflectance" || optics == "Transmission") {
      spectra.mode =
          optics == "Reflectance" ? SamplingMode::reflection : SamplingMode::transmission;
    }
    const double pixel_um = size_behind(source, "FPA Pixel Size");
    constexpr double largest = 1000;
    if (!(pixel_um > 0) || pixel_um > largest || !spectra.map) {
      return;
    }
    // Aggregated pixels are a square of the stated number of pixels of the detector.
    const auto number = parse_number(property(source, "PixelAggregationSize"), '.').value_or(1);
    const double side = number >= 1 && number <= 4096 ? number : 1;
    spectra.metadata.emplace("detector pixel um", number_text(pixel_um));
    spectra.map->step_x_um = pixel_um * side;
    spectra.map->step_y_um = pixel_um * side;
  }

  const FileView& file_;
  const ReadOptions& options_;
  bool wants_interferograms_ = false;
  std::optional<Sibling> parameters_;
  LoadedFile out_;
};

LoadedFile read_agilent_fpa(const FileView& file, const ReadOptions& options) {
  return AgilentReader(file, options).run();
}

}  // namespace

Format agilent_fpa_format() {
  return {"agilent_fpa",
          "Agilent focal plane array: tiles and mosaics",
          "dmt bsp",
          sniff_agilent_fpa,
          read_agilent_fpa,
          true};
}

}  // namespace calcispec::io
