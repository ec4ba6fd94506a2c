#include "io/map_source.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "io/hdf5_signals_private.hpp"
#include "io/reader_process.hpp"
#include "io/stored_chunks_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <utility>

namespace calcispec::io {
namespace {

constexpr Index head_rows = 64;

// A block of the user may come first, as in files of MATLAB 7.3.
bool is_hdf5(const std::string& path) {
  constexpr std::streamoff largest_block = 1 << 20;
  std::ifstream stream(path, std::ios::binary);
  for (std::streamoff at = 0; stream && at <= largest_block; at = at == 0 ? 512 : 2 * at) {
    std::array<char, 8> magic{};
    stream.seekg(at);
    stream.read(magic.data(), magic.size());
    if (stream &&
        std::string_view(magic.data(), magic.size()) == std::string_view("\x89HDF\r\n\x1a\n", 8)) {
      return true;
    }
  }
  return false;
}

}  // namespace

struct MapSource::Parts {
  std::string path;
  Recording head;
  Diagnostics diagnostics;
  Index rows = 0;
  SpectraMatrix whole;  // of formats that are read whole
  OpenedFile kept_open;
  RowReader read_row;
  hdf5::Handle file;
  std::optional<hdf5::Signal> signal;
  std::optional<ReaderProcess> process;  // reads the file for us
  std::optional<StoredLayout> layout;
  SpectraMatrix looked_at;               // room that is taken again
  std::unique_ptr<StoredChunks> chunks;  // where the library need not be asked for numbers

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, path);
  }

  // Gone through once; then row by row where the format allows it, else read whole.
  void open_other(ReadOptions options) {
    options.is_skim = path != "-";
    kept_open = open_file(path, options);
    auto* loaded = &kept_open.file;
    if (loaded->recordings.size() == 1 && loaded->recordings.front().skim &&
        !loaded->recordings.front().read_row) {
      options.is_skim = false;
      kept_open = open_file(path, options);
    }
    if (loaded->recordings.size() != 1) {
      fail("holds spectra of several axes; choose one with --block");
    }
    head = std::move(loaded->recordings.front());
    diagnostics = std::move(loaded->diagnostics);
    if (!head.read_row) {
      rows = head.spectra.rows();
      whole = head.spectra;
      head.spectra.values.resize(
          static_cast<std::size_t>(std::min(rows, head_rows) * head.spectra.points()));
      return;
    }
    rows = head.skim->rows;
    read_row = std::move(head.read_row);
    head.skim.reset();
    head.spectra = read_rows(0, std::min(rows, head_rows));
  }

  [[nodiscard]] SpectraMatrix read_rows(Index first, Index count) const {
    auto out = SpectraMatrix::make(head.spectra.axis, count);
    for (Index row = 0; row < count; ++row) {
      read_row(first + row, out.row(row));
    }
    return out;
  }

  void open_in_process(const ReadOptions& options) {
    process.emplace(options.reader_program, FileView{{}, path, nullptr, true});
    auto opened = process->open_map(options, rows, layout);
    head = std::move(opened.recordings.front());
    diagnostics = std::move(opened.diagnostics);
    if (rows < head.spectra.rows()) {
      fail("its reader answered with another number of spectra");
    }
    take_chunks([this](std::int64_t first, std::int64_t count) {
      return process->map_chunks(first, count);
    });
  }

  // What another process says of the layout is believed only where it fits.
  void take_chunks(StoredChunks::Locate locate) {
    const bool fits = layout && layout->is_usable() && layout->ny * layout->nx == rows &&
                      layout->points == head.spectra.points();
    if (fits) {
      chunks = std::make_unique<StoredChunks>(path, *layout, std::move(locate));
    }
  }

  void open_hdf5(const ReadOptions& options) {
    hdf5::prepare_library();
    file = hdf5::Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file.is_open()) {
      fail("cannot be opened as HDF5: damaged, or another program is writing to it");
    }
    auto signals = hdf5::find_signals(file.id(), path, {options.block, options.axis});
    std::erase_if(signals, [&](const auto& one) {
      return one.is_pair || (!options.block && !one.left_out.empty());
    });
    if (signals.empty()) {
      fail("holds no map: no set of spectra on one axis");
    }
    auto chosen = signals.begin();
    if (options.block) {
      chosen = std::find_if(signals.begin(), signals.end(), [&](const auto& one) {
        return one.path == *options.block || one.path == "/" + *options.block;
      });
      if (chosen == signals.end()) {
        fail("holds no data set \"" + *options.block + "\"; info lists them");
      }
    }
    signal = std::move(*chosen);
    hdf5::keep_chunks(*signal);
    TextSpectra spectra;
    hdf5::describe(*signal, spectra, diagnostics);
    const auto points = spectra.x.size();
    rows = static_cast<Index>(hdf5::count_of(*signal)) / static_cast<Index>(points);
    const auto count = std::min(rows, head_rows);
    const auto values = hdf5::stored_rows(*signal, {0, count, static_cast<Index>(points)}, path);
    for (Index row = 0; row < count; ++row) {
      const auto first = values.begin() + row * static_cast<Index>(points);
      spectra.y.emplace_back(first, first + static_cast<Index>(points));
    }
    auto inner = options;
    inner.block.reset();
    const auto grid = spectra.map;
    spectra.map.reset();
    head = make_recording(std::move(spectra), path, inner, diagnostics);
    head.map = grid;
    layout = layout_of(*signal);
    take_chunks([this](std::int64_t first, std::int64_t many) {
      return chunks_of(*signal, *layout, first, many);
    });
  }

  [[nodiscard]] bool reads_itself(Index first, Index count, std::span<double> out) {
    return chunks && chunks->read(first, count, out);
  }

  [[nodiscard]] std::vector<double> stored(Index first, Index count, Index points) const {
    return hdf5::stored_rows(*signal, {first, count, points}, path);
  }
};

MapSource::MapSource(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MapSource::MapSource(MapSource&&) noexcept = default;
MapSource& MapSource::operator=(MapSource&&) noexcept = default;
MapSource::~MapSource() = default;

MapSource MapSource::open(const std::string& path, const ReadOptions& options) {
  auto parts = std::make_unique<Parts>();
  auto own = options;
  parts->path = path;
  const auto colon = path.rfind(":/");
  if (colon != std::string::npos && is_hdf5(path.substr(0, colon))) {
    own.block = path.substr(colon + 1);
    parts->path = path.substr(0, colon);
  }
  if (is_hdf5(parts->path)) {
    if (own.reader_program.empty()) {
      parts->open_hdf5(own);
    } else {
      parts->open_in_process(own);
    }
  } else {
    parts->open_other(own);
  }
  return MapSource(std::move(parts));
}

const Recording& MapSource::head() const {
  return parts_->head;
}
const StoredLayout* MapSource::layout() const {
  return parts_->layout ? &*parts_->layout : nullptr;
}
std::vector<StoredChunk> MapSource::chunks(Index first, Index count) const {
  return parts_->layout && parts_->signal
             ? chunks_of(*parts_->signal, *parts_->layout, first, count)
             : std::vector<StoredChunk>();
}
const Diagnostics& MapSource::diagnostics() const {
  return parts_->diagnostics;
}
Index MapSource::rows() const {
  return parts_->rows;
}

SpectraMatrix MapSource::read(Index first, Index count) {
  SpectraMatrix out;
  read(first, count, out);
  return out;
}

void MapSource::read(Index first, Index count, SpectraMatrix& out) {
  require(first >= 0 && count >= 0 && first + count <= parts_->rows,
          "rows outside the map were asked for");
  out.axis = parts_->head.spectra.axis;
  const Index points = out.axis->size();
  if (parts_->read_row) {
    out = parts_->read_rows(first, count);
    return;
  }
  if (!parts_->signal && !parts_->process) {
    const auto from = parts_->whole.values.begin() + first * points;
    out.values.assign(from, from + count * points);
    return;
  }
  out.values.resize(static_cast<std::size_t>(count * points));
  if (!parts_->reads_itself(first, count, out.values)) {
    if (parts_->process) {
      out.values = parts_->process->map_rows(first, count, points);
      return;
    }
    out.values = parts_->stored(first, count, points);
  }
  if (out.axis->was_descending()) {
    for (Index row = 0; row < count; ++row) {
      const auto from = out.values.begin() + row * points;
      std::reverse(from, from + points);
    }
  }
}

Index MapSource::count_incomplete(Index first, Index count) {
  require(first >= 0 && count >= 0 && first + count <= parts_->rows,
          "rows outside the map were asked for");
  const auto known = parts_->chunks ? parts_->chunks->count_incomplete(first, count) : std::nullopt;
  if (known) {
    return *known;
  }
  auto& spectra = parts_->looked_at;
  read(first, count, spectra);
  Index out = 0;
  for (Index row = 0; row < count; ++row) {
    const auto own = spectra.row(row);
    out += std::all_of(own.begin(), own.end(), [](double y) { return std::isfinite(y); }) ? 0 : 1;
  }
  return out;
}

}  // namespace calcispec::io
