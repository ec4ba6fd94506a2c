// Running a batch: blocks are read ahead, worked on, and put on the disk.
#include "core/error.hpp"
#include "pipelines/batch_placed_private.hpp"
#include "pipelines/batch_work_private.hpp"
#include "pipelines/shard_file.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <utility>

namespace calcispec {

namespace {

using detail::BlockResult;
using detail::BlockWork;
using detail::PlacedResult;

class ShardRun {
 public:
  ShardRun(const BatchJob& job, ShardChoice shard, Index jobs, BatchSource& source)
      : job_(job),
        source_(source),
        plan_(detail::plan_of(job, source_)),
        work_(job, source_, jobs) {
    detail::settled_manifest(job, plan_);
    if (job.analysis) {
      detail::settle_learnt(job, work_.learnt());
    }
    first_ = plan_.blocks * shard.index / shard.count;
    last_ = plan_.blocks * (shard.index + 1) / shard.count;
    stem_ = detail::stem_of(job.output, shard);
    if (PlacedResult::is_for(job, shard.count)) {
      placed_.emplace(job, source);
    }
  }

  BatchEnd run(const std::atomic<bool>& stops, const BatchProgress& progress) {
    ShardFile file(stem_, static_cast<std::uint64_t>(job_.sync_bytes), placed_parts());
    Index block = first_ + static_cast<Index>(file.blocks().size());
    if (file.is_done()) {
      block = last_;
    }
    report(block, progress);
    BlockResult result;
    std::vector<BatchPart> parts;
    std::vector<BatchPart> spare;
    auto next = read_ahead(block, {});
    while (block < last_) {
      if (stops.load()) {
        file.sync();
        return BatchEnd::stopped;
      }
      std::swap(parts, spare);
      parts = next.get();
      next = read_ahead(block + 1, std::move(spare));
      work_.run(parts, result);
      const auto placed =
          placed_ ? std::optional(placed_->write(block, result.spectra)) : std::nullopt;
      detail::append_block(file, block, result, placed);
      ++block;
      report(block, progress);
    }
    if (!file.is_done()) {
      file.finish();
    }
    return BatchEnd::done;
  }

 private:
  PlacedParts placed_parts() {
    if (!placed_) {
      return {};
    }
    return {[this](const ShardBlock& block) { return placed_->holds(block); },
            [this] { placed_->sync(); }};
  }

  // The next block is read while this one is worked on, into the room of the one before.
  std::future<std::vector<BatchPart>> read_ahead(Index block, std::vector<BatchPart> room) {
    if (block >= last_) {
      return {};
    }
    return std::async(std::launch::async, [this, block, own = std::move(room)]() mutable {
      return source_.read(block, std::move(own));
    });
  }

  void report(Index block, const BatchProgress& progress) const {
    if (progress) {
      const auto done = std::min(plan_.rows, block * plan_.block_rows) - first_ * plan_.block_rows;
      const auto total = std::min(plan_.rows, last_ * plan_.block_rows) - first_ * plan_.block_rows;
      progress(done, total);
    }
  }

  const BatchJob& job_;
  BatchSource& source_;
  BatchPlan plan_;
  BlockWork work_;
  std::optional<PlacedResult> placed_;
  Index first_ = 0;
  Index last_ = 0;
  std::string stem_;
};

// Spectra of the first block that are worked on to tell the time.
constexpr Index timed_rows = 64;

std::vector<BatchPart> some_of(std::vector<BatchPart> parts, Index most) {
  for (auto& part : parts) {
    if (part.recording && part.recording->spectra.rows() > most) {
      auto recording = *part.recording;
      recording.spectra.values.resize(static_cast<std::size_t>(most * recording.spectra.points()));
      recording.map = MapGrid{most, 1, 0, 0};
      part.recording = std::make_shared<io::Recording>(std::move(recording));
      part.around.reset();
    }
  }
  return parts;
}

}  // namespace

BatchPlan plan_batch(const BatchJob& job) {
  const auto source = detail::open_source(job);
  const auto plan = detail::plan_of(job, source);
  detail::settled_manifest(job, plan);
  return plan;
}

BatchPlan estimate_batch(const BatchJob& job) {
  auto source = detail::open_source(job);
  auto plan = detail::plan_of(job, source);
  const BlockWork work(job, source, 1);
  const auto start = std::chrono::steady_clock::now();
  BlockResult ignored;
  work.run(some_of(source.read(0, {}), timed_rows), ignored);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto timed = job.is_table ? source.rows_of(0) : std::min(timed_rows, source.rows_of(0));
  plan.seconds = took.count() / static_cast<double>(std::max<Index>(1, timed)) *
                 static_cast<double>(plan.rows);
  return plan;
}

BatchScan scan_batch(const BatchJob& job,
                     const std::atomic<bool>& stops,
                     const BatchProgress& progress) {
  auto source = detail::open_source(job);
  BatchScan out;
  for (Index block = 0; block < source.blocks() && !stops.load(); ++block) {
    out.incomplete += source.count_incomplete(block);
    out.rows += source.rows_of(block);
    if (progress) {
      progress(out.rows, source.rows());
    }
  }
  return out;
}

BatchEnd run_shard(const BatchJob& job,
                   ShardChoice shard,
                   Index jobs,
                   const std::atomic<bool>& stops,
                   const BatchProgress& progress) {
  require(shard.count >= 1 && shard.index >= 0 && shard.index < shard.count,
          "a shard is I/N with I from 0 to N - 1");
  auto source = detail::open_source(job);
  return ShardRun(job, shard, jobs, source).run(stops, progress);
}

std::optional<BatchCounts> run_batch(const BatchJob& job,
                                     Index jobs,
                                     const std::atomic<bool>& stops,
                                     const BatchProgress& progress) {
  auto source = detail::open_source(job);
  if (ShardRun(job, {}, jobs, source).run(stops, progress) == BatchEnd::stopped) {
    return std::nullopt;
  }
  return detail::merge_shards(job, 1, source, true);
}

}  // namespace calcispec
