// BatchSource: the spectra of a batch in blocks: rows of one map, or files of a folder.
#pragma once

#include "core/set_methods.hpp"
#include "io/map_source.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace calcispec {

/// Spectra of one file that share an axis; or why the file gave none.
struct BatchPart {
  std::string input;
  std::string sha256;                        // of a file of a table
  Index first = 0;                           // index of its first spectrum within the file
  std::shared_ptr<io::Recording> recording;  // null: not read
  std::string fault;
  // The same with the spectra beside them, where steps ask for those; the first of its own in it.
  std::shared_ptr<io::Recording> around;
  Index own_first = 0;
};

/// The spectra of one file, or its fault.
std::vector<BatchPart> read_parts(const std::string& input, const io::ReadOptions& options);

class BatchSource {
 public:
  /// One input: a map in blocks of `block_rows` spectra (0: about `block_numbers` numbers).
  /// Several: a table, in blocks of `table_files` files. Throws as MapSource::open() for a map.
  BatchSource(const std::vector<std::string>& inputs,
              bool is_table,
              const io::ReadOptions& options,
              Index block_rows,
              Index block_numbers);

  [[nodiscard]] bool is_table() const noexcept { return !map_; }
  /// Spectra of a map, files of a table.
  [[nodiscard]] Index rows() const;
  [[nodiscard]] Index block_rows() const noexcept { return block_rows_; }
  [[nodiscard]] Index blocks() const { return (rows() + block_rows_ - 1) / block_rows_; }
  [[nodiscard]] Index rows_of(Index block) const;
  /// Axis, grid and words of a map; of a table an axis of two points without meaning.
  [[nodiscard]] const io::Recording& head() const;
  /// About 256 spectra from all over a map, to learn from; null for a table and for less than 64.
  /// Throws as read().
  [[nodiscard]] std::shared_ptr<io::Recording> samples();
  /// From now on the parts of a map come with what is beside them.
  void widen(const SetReach& reach) { reach_ = reach; }
  /// Faults of a table are parts without recording; those of a map throw. `room`: parts that are
  /// done with, whose memory is taken again. One thread at a time.
  [[nodiscard]] std::vector<BatchPart> read(Index block, std::vector<BatchPart> room);
  /// Spectra of a block of a map that hold NaN or an infinity.
  [[nodiscard]] Index count_incomplete(Index block);

 private:
  void read_around(BatchPart& part);

  std::vector<std::string> inputs_;
  io::ReadOptions options_;
  std::optional<io::MapSource> map_;
  Index block_rows_ = 1;
  SetReach reach_;
  io::Recording table_head_;
  io::Recording block_head_;  // words of every block of a map, without spectra
};

}  // namespace calcispec
