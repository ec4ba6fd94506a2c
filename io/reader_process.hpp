// ReaderProcess: HDF5 files read by a process of their own, so that a damaged file cannot harm us.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace calcispec::io {

struct StoredChunk;
struct StoredLayout;

/// The word after the program's name that makes it serve_reader().
constexpr const char* reader_word = "__read-hdf5";

/// A started program with one open file. It is exec'ed, not forked; it gets the file, a socket for
/// requests and shared memory for answers, a limit of memory and of time per request, and is ended
/// with this object. What it answers is checked like a file.
class ReaderProcess {
 public:
  /// The file at the path of the view, or its bytes where it is no file. Throws
  /// Error{unreadable_input} if the program cannot be started.
  ReaderProcess(const std::string& program, const FileView& file);
  ReaderProcess(ReaderProcess&&) noexcept;
  ReaderProcess& operator=(ReaderProcess&&) noexcept;
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;
  ~ReaderProcess();

  /// The whole file. Throws Error{unreadable_input}: what the reader says, or that it crashed, took
  /// too long or needed too much memory.
  LoadedFile load(const ReadOptions& options);
  /// First rows and number of rows of a map that stays open, and how it lies in the file (nothing:
  /// its rows must be asked for); then rows of it, along the stored axis turned to rise, or the
  /// places of its chunks.
  LoadedFile open_map(const ReadOptions& options, Index& rows, std::optional<StoredLayout>& layout);
  std::vector<StoredChunk> map_chunks(Index first, Index count);
  std::vector<double> map_rows(Index first, Index count, Index points);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The other side: answers requests until the socket closes. Returns the exit code.
int serve_reader();

}  // namespace calcispec::io
