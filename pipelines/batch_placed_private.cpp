#include "pipelines/batch_placed_private.hpp"

#include "core/error.hpp"
#include "io/nexus_map.hpp"
#include "pipelines/crc32c_private.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace calcispec::detail {

namespace fs = std::filesystem;

namespace {

std::span<const char> bytes_in(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

void sync_path(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_safe = file >= 0 && ::fsync(file) == 0;
  const int fault = errno;
  if (file >= 0) {
    ::close(file);
  }
  // Some file systems have no fsync for folders.
  if (!is_safe && fault != EINVAL) {
    throw Error(ErrorCode::output_failed,
                "cannot be written: " + std::generic_category().message(fault) +
                    "; what is done stays, the same command goes on from there",
                path.string());
  }
}

PlacedResult::PlacedResult(const BatchJob& job, const BatchSource& source)
    : job_(job), source_(source) {}

fs::path PlacedResult::path() const {
  return work_folder(job_.output) / "result.nxs";
}
fs::path PlacedResult::mark() const {
  return work_folder(job_.output) / "merging";
}

void PlacedResult::make(const fs::path& path) const {
  io::begin_nexus_map(
      path.string(), processed_head(job_, source_), source_.rows(), {false, true, false});
  sync_path(path);
}

// In the new file they lie at the same places.
void PlacedResult::copy_to(const fs::path& path) const {
  const auto places = io::spectra_places(path.string());
  const io::PlacedSpectra from(this->path().string(), places);
  const io::PlacedSpectra to(path.string(), places);
  std::vector<float> values;
  for (Index block = 0; block * source_.block_rows() < source_.rows(); ++block) {
    values.resize(static_cast<std::size_t>(source_.rows_of(block) * places.grid.points));
    from.read(block * source_.block_rows(), values);
    to.write(block * source_.block_rows(), values);
  }
  to.sync();
}

void PlacedResult::open() {
  if (spectra_) {
    return;
  }
  const auto temporary = path().string() + ".part";
  const bool is_there = fs::exists(path());
  if (!is_there || fs::exists(mark())) {
    make(temporary);
    if (is_there) {
      copy_to(temporary);
    }
    fs::rename(temporary, path());
    fs::remove(mark());
    sync_path(work_folder(job_.output));
  }
  spectra_ =
      std::make_unique<io::PlacedSpectra>(path().string(), io::spectra_places(path().string()));
}

PlacedPart PlacedResult::write(Index block, std::span<const float> values) {
  open();
  spectra_->write(block * source_.block_rows(), values);
  return {values.size_bytes(), crc32c(bytes_in(values))};
}

bool PlacedResult::holds(const ShardBlock& block) {
  open();
  if (block.block < 0 || block.block >= source_.blocks()) {
    return false;
  }
  read_back_.resize(static_cast<std::size_t>(source_.rows_of(block.block) * spectra_->points()));
  spectra_->read(block.block * source_.block_rows(), read_back_);
  return crc32c(bytes_in(read_back_)) == block.placed_crc;
}

void PlacedResult::sync() {
  open();
  spectra_->sync();
}

fs::path PlacedResult::begin_merge() {
  open();
  spectra_.reset();
  std::ofstream(mark()).close();
  sync_path(work_folder(job_.output));
  return path();
}

}  // namespace calcispec::detail
