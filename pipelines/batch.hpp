// Batch: maps larger than memory run through steps, block by block, never losing work.
#pragma once

#include "io/format.hpp"
#include "pipelines/step.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace calcispec {

/// What is computed. The same job gives the same bytes for every number of shards, threads and
/// restarts.
struct BatchJob {
  std::string input;  // a file, or "map.h5:/entry/data"
  io::ReadOptions read;
  std::vector<Step> steps;
  std::string output;           // .nxs; work in progress stands in <output>.work
  Index block_rows = 0;         // spectra of a block; 0: about 8 MB
  bool is_compressed = true;    // shuffle and gzip in the result
  Index sync_bytes = 16 << 20;  // a block is safe after so many bytes, or 5 s
};

struct BatchPlan {
  Index rows = 0;
  Index points = 0;
  Index block_rows = 0;
  Index blocks = 0;
  double output_bytes = 0;  // of the spectra, uncompressed
};

/// Writes <output>.work/manifest.json, or checks that the one there is of the same job: input with
/// size and time, steps, version. Throws Error{bad_method} naming what differs.
BatchPlan plan_batch(const BatchJob& job);

struct ShardChoice {
  Index index = 0;
  Index count = 1;
};

enum class BatchEnd { done, stopped };

using BatchProgress = std::function<void(Index done, Index total)>;  // spectra

/// Runs the blocks of one shard that are not on disk yet. `stops` is looked at between blocks: what
/// is done by then is made safe. jobs = 0: usable cores. Memory does not grow with the map.
/// Throws Error{output_failed} at the first write that fails; what is safe stays.
BatchEnd run_shard(const BatchJob& job,
                   ShardChoice shard,
                   Index jobs,
                   const std::atomic<bool>& stops,
                   const BatchProgress& progress);

/// All shards into the output (temporary name, then renamed); the work folder is removed. Throws
/// Error{bad_method} if a shard is missing or not whole.
void merge_batch(const BatchJob& job, Index shards);

struct ShardProgress {
  Index blocks = 0;
  Index total = 0;
  bool is_done = false;
};
/// Of the shards found in the work folder, in order. Throws Error{bad_method} if there is none.
std::vector<ShardProgress> batch_status(const std::string& output);

}  // namespace calcispec
