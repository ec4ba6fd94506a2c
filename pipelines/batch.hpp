// Batch: maps larger than memory, or folders of exports, run block by block, never losing work.
#pragma once

#include "io/format.hpp"
#include "pipelines/analysis.hpp"
#include "pipelines/band_fit.hpp"
#include "pipelines/step.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace calcispec {

/// What is computed. The same job gives the same bytes for every number of shards, threads and
/// restarts.
struct BatchJob {
  std::vector<std::string> inputs;  // one map ("map.h5:/entry/data" too), or the files of a table
  bool is_table = false;            // files of any axis, one row per spectrum; no processed spectra
  io::ReadOptions read;
  std::vector<Step> steps;                  // processed spectra are written
  std::optional<AnalysisRequest> analysis;  // of every spectrum as read
  std::optional<FitRequest> fit;            // of every spectrum after the steps
  std::string output;                       // .nxs; work in progress stands in <output>.work
  std::string table;                        // CSV, one row per spectrum; empty: none
  Index block_rows = 0;                     // spectra (files) of a block; 0: by the work they make
  bool is_compressed = true;                // shuffle and gzip in the result
  Index sync_bytes = 16 << 20;              // a block is safe after so many bytes, or 5 s

  /// Without analysis or fit the spectra are the result.
  [[nodiscard]] bool writes_spectra() const { return !steps.empty() || (!analysis && !fit); }
};

struct BatchPlan {
  Index rows = 0;    // spectra; files of a table
  Index points = 0;  // 0: a table
  Index block_rows = 0;
  Index blocks = 0;
  double output_bytes = 0;  // uncompressed, about
  double seconds = 0;       // on one thread, from a few spectra of the first block; 0: not measured
};

/// Writes <output>.work/manifest.json, or checks that the one there is of the same job: input with
/// size and time, steps, version. Throws Error{bad_method} naming what differs.
BatchPlan plan_batch(const BatchJob& job);
/// The same without a trace on the disk, and with the time measured.
BatchPlan estimate_batch(const BatchJob& job);

using BatchProgress = std::function<void(Index done, Index total)>;  // spectra (files)

struct BatchScan {
  Index rows = 0;        // read
  Index incomplete = 0;  // of them hold NaN or an infinity
};

/// Reads all spectra of a map and writes nothing; ends early where `stops` says so. Throws
/// Error{unreadable_input} where the file is damaged.
BatchScan scan_batch(const BatchJob& job,
                     const std::atomic<bool>& stops,
                     const BatchProgress& progress);

struct ShardChoice {
  Index index = 0;
  Index count = 1;
};

enum class BatchEnd { done, stopped };

/// Runs the blocks of one shard that are not on disk yet. `stops` is looked at between blocks: what
/// is done by then is made safe. jobs = 0: usable cores. Memory does not grow with the map.
/// Throws Error{output_failed} at the first write that fails; what is safe stays.
BatchEnd run_shard(const BatchJob& job,
                   ShardChoice shard,
                   Index jobs,
                   const std::atomic<bool>& stops,
                   const BatchProgress& progress);

struct BatchCounts {
  Index processed = 0;
  Index failed = 0;
  Index refused = 0;  // for quality
  bool is_table = false;
};

/// All shards into the output (temporary name, then renamed); the work folder is removed. Throws
/// Error{bad_method} if a shard is missing or not whole.
BatchCounts merge_batch(const BatchJob& job, Index shards);

/// Runs all blocks as one shard and merges it; nothing if `stops` ended it early. Opens the input
/// once, where run_shard() and merge_batch() open it each.
std::optional<BatchCounts> run_batch(const BatchJob& job,
                                     Index jobs,
                                     const std::atomic<bool>& stops,
                                     const BatchProgress& progress);

struct ShardProgress {
  Index blocks = 0;
  Index total = 0;
  bool is_done = false;
};
/// Of the shards found in the work folder, in order. Throws Error{bad_method} if there is none.
std::vector<ShardProgress> batch_status(const std::string& output);

}  // namespace calcispec
