// PlacedResult: the file of a result without compression, whose spectra are written where they will
// lie, once. Private to pipelines.
#pragma once

#include "io/placed_spectra.hpp"
#include "pipelines/batch_private.hpp"
#include "pipelines/shard_file.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace calcispec::detail {

/// Made as a NeXus file with room for all spectra before the first block, so that they need not be
/// copied at the end. One process alone writes it: with several shards every shard has its own
/// file.
class PlacedResult {
 public:
  static bool is_for(const BatchJob& job, Index shards) {
    return shards == 1 && job.writes_spectra() && !job.is_compressed;
  }

  PlacedResult(const BatchJob& job, const BatchSource& source);

  /// Opens the file; it is made if it is missing, and made anew with its spectra kept if a merge
  /// was cut off. Call with the lock of the shard. Throws Error{output_failed}.
  void open();
  PlacedPart write(Index block, std::span<const float> values);
  [[nodiscard]] bool holds(const ShardBlock& block);
  void sync();
  /// From here on the library changes the file. Returns its path.
  std::filesystem::path begin_merge();

 private:
  [[nodiscard]] std::filesystem::path path() const;
  [[nodiscard]] std::filesystem::path mark() const;
  void make(const std::filesystem::path& path) const;
  void copy_to(const std::filesystem::path& path) const;

  const BatchJob& job_;
  const BatchSource& source_;
  std::unique_ptr<io::PlacedSpectra> spectra_;
  std::vector<float> read_back_;
};

/// Puts a file, or the names in a folder, on the disk. Throws Error{output_failed}.
void sync_path(const std::filesystem::path& path);

}  // namespace calcispec::detail
