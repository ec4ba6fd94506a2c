// StoredChunks: numbers of an HDF5 data set read past the library, from where it says they lie.
// Private to io.
#pragma once

#include "io/hdf5_signals_private.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcispec::io {

/// How spectra lie in the file: ny x nx of them in chunks of chunk_y x chunk_x, whole spectra of
/// little-endian floating point, plain or packed by shuffle and deflate. Without chunks one chunk
/// holds all.
struct StoredLayout {
  std::int64_t number_bytes = 0;  // 4 or 8
  std::int64_t ny = 1;
  std::int64_t nx = 0;
  std::int64_t points = 0;
  std::int64_t chunk_y = 1;
  std::int64_t chunk_x = 0;
  std::int64_t is_shuffled = 0;
  std::int64_t is_deflated = 0;

  [[nodiscard]] std::int64_t row_bytes() const { return number_bytes * points; }
  [[nodiscard]] std::int64_t chunks_y() const { return (ny + chunk_y - 1) / chunk_y; }
  [[nodiscard]] std::int64_t chunks_x() const { return (nx + chunk_x - 1) / chunk_x; }
  [[nodiscard]] bool is_packed() const { return is_shuffled != 0 || is_deflated != 0; }
  /// False for what cannot be, or would need more than 64 MB to be unpacked side by side.
  [[nodiscard]] bool is_usable() const;
};

/// Bytes of one chunk; none: the library has to be asked (never written, or packed otherwise).
struct StoredChunk {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Nothing if the numbers lie in another way; then the library reads them.
std::optional<StoredLayout> layout_of(const hdf5::Signal& signal);
/// Chunks `first` to `first + count` in row-major order; none of them known where the library would
/// take too long to find them.
std::vector<StoredChunk> chunks_of(const hdf5::Signal& signal,
                                   const StoredLayout& layout,
                                   std::int64_t first,
                                   std::int64_t count);

class StoredChunks {
 public:
  using Locate = std::function<std::vector<StoredChunk>(std::int64_t first, std::int64_t count)>;

  /// `layout` and what `locate` answers are checked against the file. Throws
  /// Error{unreadable_input} if the file cannot be opened.
  StoredChunks(const std::string& path, const StoredLayout& layout, Locate locate);
  StoredChunks(const StoredChunks&) = delete;
  StoredChunks& operator=(const StoredChunks&) = delete;
  StoredChunks(StoredChunks&&) = delete;
  StoredChunks& operator=(StoredChunks&&) = delete;
  ~StoredChunks();

  /// Spectra [first, first + count) in the order stored; false if a chunk has to be read by the
  /// library. Throws Error{unreadable_input} where the file is damaged. Packed chunks that later
  /// rows need are kept until those were read.
  bool read(std::int64_t first, std::int64_t count, std::span<double> out);
  /// Spectra among them that hold NaN or an infinity, without making doubles of them; nothing where
  /// read() has to be asked: packed numbers, or a chunk that the library has to read.
  std::optional<std::int64_t> count_incomplete(std::int64_t first, std::int64_t count);

 private:
  bool find_chunks(std::int64_t first, std::int64_t count);
  struct Run {
    std::int64_t chunk = 0;
    std::int64_t skipped = 0;  // rows of the chunk before it
    std::int64_t rows = 0;
  };
  /// Rows of one line of the map that lie in one chunk, `most` at most.
  [[nodiscard]] Run run_at(std::int64_t row, std::int64_t most) const;
  void read_rows(const Run& run, double* out);
  std::int64_t count_incomplete(const Run& run);
  const std::vector<char>& unpacked(std::int64_t chunk);
  void forget(std::int64_t end);
  void read_bytes(std::uint64_t offset, std::span<char> out) const;
  [[noreturn]] void fail(const std::string& message) const;

  std::string path_;
  StoredLayout layout_;
  Locate locate_;
  int file_ = -1;
  std::uint64_t file_bytes_ = 0;
  std::map<std::int64_t, StoredChunk> places_;          // without gaps, from the first row read on
  std::map<std::int64_t, std::vector<char>> unpacked_;  // still shuffled
  std::vector<char> packed_;                            // scratch
};

}  // namespace calcispec::io
