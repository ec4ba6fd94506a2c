#include "pipelines/batch_source.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "pipelines/map_samples_private.hpp"

#include <algorithm>

namespace calcispec {
namespace {

constexpr Index table_files = 16;  // of a block
constexpr Index most_block_rows = 8192;

}  // namespace

std::vector<BatchPart> read_parts(const std::string& input, const io::ReadOptions& options) {
  std::vector<BatchPart> parts;
  try {
    auto file = io::load(input, options);
    Index first = 0;
    for (auto& recording : file.recordings) {
      const Index rows = recording.spectra.rows();
      parts.push_back({input,
                       file.sha256,
                       first,
                       std::make_shared<io::Recording>(std::move(recording)),
                       "",
                       nullptr,
                       0});
      first += rows;
    }
  } catch (const Error& error) {
    const bool says_place = !error.place().empty() && error.place() != input;
    parts.push_back({input,
                     "",
                     0,
                     nullptr,
                     (says_place ? error.place() + ": " : std::string()) + error.what(),
                     nullptr,
                     0});
  }
  return parts;
}

BatchSource::BatchSource(const std::vector<std::string>& inputs,
                         bool is_table,
                         const io::ReadOptions& options,
                         Index block_rows,
                         Index block_numbers)
    : inputs_(inputs), options_(options) {
  require(!inputs.empty(), "a batch needs an input");
  if (is_table) {
    block_rows_ = block_rows > 0 ? block_rows : table_files;
    table_head_.spectra = SpectraMatrix::make(Axis::make({0, 1}, AxisKind::other, "point"), 1);
    return;
  }
  map_ = io::MapSource::open(inputs.front(), options);
  block_head_ = map_->head();
  block_head_.names.clear();
  block_head_.replicate_sd.reset();
  block_head_.spectra.values.clear();
  const Index points = std::max<Index>(1, map_->head().spectra.points());
  block_rows_ =
      block_rows > 0 ? block_rows : std::clamp<Index>(block_numbers / points, 1, most_block_rows);
}

Index BatchSource::rows() const {
  return map_ ? map_->rows() : static_cast<Index>(inputs_.size());
}

Index BatchSource::rows_of(Index block) const {
  return std::min(block_rows_, rows() - block * block_rows_);
}

const io::Recording& BatchSource::head() const {
  return map_ ? map_->head() : table_head_;
}

std::shared_ptr<io::Recording> BatchSource::samples() {
  const auto runs = map_ ? detail::sample_runs(rows()) : std::vector<Index>();
  if (runs.empty()) {
    return nullptr;
  }
  auto out = std::make_shared<io::Recording>(block_head_);
  std::vector<double> values;
  for (const Index first : runs) {
    const auto part = map_->read(first, detail::sample_run);
    values.insert(values.end(), part.values.begin(), part.values.end());
  }
  const auto count = static_cast<Index>(runs.size()) * detail::sample_run;
  out->map = MapGrid{count, 1, 0, 0};
  out->spectra = SpectraMatrix::make(map_->head().spectra.axis, count);
  out->spectra.values = std::move(values);
  return out;
}

std::vector<BatchPart> BatchSource::read(Index block, std::vector<BatchPart> room) {
  const Index first = block * block_rows_;
  const Index count = rows_of(block);
  std::vector<BatchPart> parts;
  if (map_) {
    auto recording = std::make_shared<io::Recording>(block_head_);
    if (room.size() == 1 && room.front().recording) {
      recording->spectra.values = std::move(room.front().recording->spectra.values);
    }
    // Every block is part of a map, whatever its shape.
    recording->map = MapGrid{count, 1, 0, 0};
    map_->read(first, count, recording->spectra);
    parts.push_back({inputs_.front(), "", first, std::move(recording), "", nullptr, 0});
    if (reach_.lines > 0 || reach_.spectra > 0) {
      read_around(parts.front());
    }
    return parts;
  }
  for (Index file = first; file < first + count; ++file) {
    auto own = read_parts(inputs_[static_cast<std::size_t>(file)], options_);
    std::move(own.begin(), own.end(), std::back_inserter(parts));
  }
  return parts;
}

// Of a map whole lines, so that its grid holds for them; a single line is as good as a column.
void BatchSource::read_around(BatchPart& part) {
  const auto& map = map_->head().map;
  const bool is_grid = map && map->nx > 0 && map->nx * map->ny == rows();
  const Index width = is_grid && map->ny > 1 ? map->nx : 1;
  const Index reach = is_grid ? reach_.lines : reach_.spectra;
  const Index last = part.first + part.recording->spectra.rows() - 1;
  const Index first_line = std::max<Index>(0, part.first / width - reach);
  const Index end_line = std::min(rows() / width, last / width + reach + 1);
  part.around = std::make_shared<io::Recording>(block_head_);
  part.around->map.reset();
  if (is_grid) {
    part.around->map = MapGrid{width, end_line - first_line, 0, 0};
  }
  part.own_first = part.first - first_line * width;
  map_->read(first_line * width, (end_line - first_line) * width, part.around->spectra);
}

Index BatchSource::count_incomplete(Index block) {
  require(map_.has_value(), "a table is read file by file");
  return map_->count_incomplete(block * block_rows_, rows_of(block));
}

}  // namespace calcispec
