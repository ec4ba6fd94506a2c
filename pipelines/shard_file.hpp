// ShardFile: blocks of results on disk that survive a kill: data, then a journal that vouches for
// it.
#pragma once

#include "core/export.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// A block that is on the disk.
struct ShardBlock {
  Index block = 0;
  std::uint64_t offset = 0;  // in the data file
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;         // CRC-32C of the bytes
  std::uint32_t placed_crc = 0;  // of what the block has elsewhere
};

/// Where parts of the blocks lie that the data file does not hold: the journal vouches for them
/// too.
struct PlacedParts {
  std::function<bool(const ShardBlock&)> holds;  // read back, they are what the journal says
  std::function<void()> sync;                    // puts them on the disk
};
/// The part of one block, which is written before the block is appended.
struct PlacedPart {
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;
};

/// <stem>.dat takes blocks one after another, <stem>.journal one line per block, written only after
/// the data are on the disk (fdatasync). Opening reads the journal up to its last whole line,
/// checks every block against its CRC, and cuts off what the journal does not vouch for.
/// <stem>.lock keeps a second process out.
///
/// Throws Error{output_failed}: no space, no permission, or in use by another process.
class ShardFile {
 public:
  ShardFile(const std::string& stem, std::uint64_t sync_bytes, PlacedParts placed = {});
  ShardFile(const ShardFile&) = delete;
  ShardFile& operator=(const ShardFile&) = delete;
  ShardFile(ShardFile&&) = delete;
  ShardFile& operator=(ShardFile&&) = delete;
  ~ShardFile();

  /// Blocks that are safe, in order.
  [[nodiscard]] const std::vector<ShardBlock>& blocks() const noexcept { return blocks_; }
  [[nodiscard]] bool is_done() const noexcept { return is_done_; }

  /// Appends a block, its pieces one after another; safe after the next sync, which comes by itself
  /// every `sync_bytes` or 5 s.
  void append(Index block, std::span<const std::span<const char>> pieces, PlacedPart placed = {});
  void append(Index block, std::span<const char> bytes) { append(block, std::span(&bytes, 1)); }
  void sync();
  /// Syncs and says that the shard is whole.
  void finish();

 private:
  void write_all(int file, std::span<const char> bytes, const std::string& path) const;
  void read_journal();
  [[noreturn]] void fail(const std::string& path) const;

  std::string stem_;
  PlacedParts placed_;
  int lock_ = -1;
  int data_ = -1;
  int journal_ = -1;
  std::uint64_t sync_bytes_;
  std::uint64_t size_ = 0;
  std::uint64_t unsafe_bytes_ = 0;
  std::string pending_;  // journal lines of blocks that are not synced yet
  std::vector<ShardBlock> blocks_;
  std::vector<ShardBlock> waiting_;
  bool is_done_ = false;
  std::chrono::steady_clock::time_point last_sync_;
};

/// What a shard holds, without taking it: for status and merge.
struct ShardState {
  std::vector<ShardBlock> blocks;
  bool is_done = false;
};
ShardState read_shard_state(const std::string& stem);

/// Reads blocks back, each into the room of the one before.
class ShardReader {
 public:
  explicit ShardReader(const std::string& stem);
  ShardReader(const ShardReader&) = delete;
  ShardReader& operator=(const ShardReader&) = delete;
  ShardReader(ShardReader&&) = delete;
  ShardReader& operator=(ShardReader&&) = delete;
  ~ShardReader();

  /// Bytes of a block, until the next one is read. Throws Error{unreadable_input} where they are
  /// not what the journal says.
  std::span<const char> read(const ShardBlock& block);

 private:
  std::string path_;
  int file_ = -1;
  std::vector<char> bytes_;
};

}  // namespace calcispec
