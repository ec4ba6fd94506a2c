#include "io/placed_spectra.hpp"

#include "core/error.hpp"
#include "io/nexus_writer_private.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace calcispec::io {

SpectraPlaces spectra_places(const std::string& path) {
  hdf5::prepare_library();
  const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const hdf5::Handle data(
      file.is_open() ? H5Dopen2(file.id(), detail::spectra_path, H5P_DEFAULT) : -1, H5Dclose);
  if (!data.is_open()) {
    throw Error(ErrorCode::output_failed, "is no result without compression", path);
  }
  return detail::spectra_places(data.id(), path);
}

PlacedSpectra::PlacedSpectra(const std::string& path, SpectraPlaces places)
    : path_(path), places_(std::move(places)) {
  file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file_ < 0) {
    fail("cannot be opened: ");
  }
}

PlacedSpectra::~PlacedSpectra() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

void PlacedSpectra::fail(const char* what) const {
  throw Error(ErrorCode::output_failed,
              what + std::generic_category().message(errno) +
                  "; what is done stays, the same command goes on from there",
              path_);
}

SpectraGrid::Run SpectraGrid::run_at(Index row) const {
  const Index y = row / nx;
  const Index x = row % nx;
  const Index inner_y = y % chunk_y;
  const Index inner_x = x % chunk_x;
  const Index lines = std::min(chunk_y - inner_y, ny - y);
  const Index along = std::min(chunk_x - inner_x, nx - x);
  return {y / chunk_y * chunks_x() + x / chunk_x,
          inner_y * chunk_x + inner_x,
          along + (lines - 1) * chunk_x};
}

std::uint64_t PlacedSpectra::offset_of(const SpectraGrid::Run& run) const {
  return places_.offsets.at(static_cast<std::size_t>(run.chunk)) +
         sizeof(float) * static_cast<std::uint64_t>(run.skipped * places_.grid.points);
}

void PlacedSpectra::write(Index first, std::span<const float> values) const {
  const auto points = static_cast<std::size_t>(places_.grid.points);
  while (!values.empty()) {
    const auto run = places_.grid.run_at(first);
    const auto own =
        values.first(std::min(values.size(), static_cast<std::size_t>(run.rows) * points));
    auto bytes = std::as_bytes(own);
    for (auto offset = static_cast<off_t>(offset_of(run)); !bytes.empty();) {
      const auto written = ::pwrite(file_, bytes.data(), bytes.size(), offset);
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written <= 0) {
        fail("cannot be written: ");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += written;
    }
    values = values.subspan(own.size());
    first += run.rows;
  }
}

void PlacedSpectra::read(Index first, std::span<float> values) const {
  const auto points = static_cast<std::size_t>(places_.grid.points);
  while (!values.empty()) {
    const auto run = places_.grid.run_at(first);
    const auto own =
        values.first(std::min(values.size(), static_cast<std::size_t>(run.rows) * points));
    auto bytes = std::as_writable_bytes(own);
    for (auto offset = static_cast<off_t>(offset_of(run)); !bytes.empty();) {
      const auto got = ::pread(file_, bytes.data(), bytes.size(), offset);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        fail("cannot be read: ");
      }
      if (got == 0) {  // the end of the file: nothing was written there
        std::fill(bytes.begin(), bytes.end(), std::byte{0});
        break;
      }
      bytes = bytes.subspan(static_cast<std::size_t>(got));
      offset += got;
    }
    values = values.subspan(own.size());
    first += run.rows;
  }
}

void PlacedSpectra::sync() const {
  if (::fdatasync(file_) != 0) {
    fail("cannot be written: ");
  }
}

}  // namespace calcispec::io
