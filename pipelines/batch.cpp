#include "pipelines/batch.hpp"

#include "core/build_info.hpp"
#include "core/error.hpp"
#include "core/set_methods.hpp"
#include "io/map_source.hpp"
#include "io/nexus.hpp"
#include "pipelines/shard_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <numeric>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr Index block_numbers = 1 << 20;  // of a block by default

fs::path work_folder(const std::string& output) {
  return output + ".work";
}

std::string stem_of(const std::string& output, ShardChoice shard) {
  return (work_folder(output) /
          ("shard_" + std::to_string(shard.index) + "_of_" + std::to_string(shard.count)))
      .string();
}

std::string file_part(const std::string& input) {
  const auto colon = input.rfind(":/");
  return colon == std::string::npos || fs::exists(input) ? input : input.substr(0, colon);
}

// A map is worked on in parts: a step that looks at all spectra would see one part only.
void refuse_set_methods(std::span<const Step> steps) {
  for (const auto& step : steps) {
    const auto dot = step.name.find('.');
    if (dot != std::string::npos &&
        find_set_method(step.name.substr(0, dot), step.name.substr(dot + 1)) != nullptr) {
      throw Error(ErrorCode::bad_method,
                  step.name +
                      " looks at all spectra of a map together, and batch works on parts of "
                      "it; run this step with calcispec correct");
    }
  }
}

BatchPlan plan_of(const BatchJob& job, const io::MapSource& source) {
  refuse_set_methods(job.steps);
  BatchPlan plan;
  plan.rows = source.rows();
  plan.points = source.head().spectra.points();
  plan.block_rows =
      job.block_rows > 0
          ? job.block_rows
          : std::clamp<Index>(block_numbers / std::max<Index>(1, plan.points), 1, 8192);
  plan.blocks = (plan.rows + plan.block_rows - 1) / plan.block_rows;
  plan.output_bytes = 4.0 * static_cast<double>(plan.rows) * static_cast<double>(plan.points);
  return plan;
}

// All that decides the bytes of the result.
Json manifest_of(const BatchJob& job, const BatchPlan& plan) {
  const auto file = file_part(job.input);
  Json out;
  out["schema"] = 1;
  out["program"] = "calcispec";
  out["version"] = version();
  out["input"] = fs::absolute(file).string();
  out["block"] = job.input.size() > file.size() ? job.input.substr(file.size() + 1)
                                                : job.read.block.value_or("");
  out["input_bytes"] = fs::file_size(file);
  out["input_time"] = fs::last_write_time(file).time_since_epoch().count();
  out["technique"] = job.read.technique ? std::string(name_of(*job.read.technique)) : "";
  out["mode"] = job.read.mode ? std::string(name_of(*job.read.mode)) : "";
  out["steps"] = canonical_text(std::span(job.steps));
  out["rows"] = plan.rows;
  out["points"] = plan.points;
  out["block_rows"] = plan.block_rows;
  return out;
}

void write_whole(const fs::path& path, const std::string& text) {
  const auto temporary = path.string() + ".part";
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    throw Error(ErrorCode::output_failed, "cannot be written; is the disk full?", temporary);
  }
  fs::rename(temporary, path);
}

void make_work_folder(const std::string& output) {
  std::error_code fault;
  fs::create_directories(work_folder(output), fault);
  if (fault) {
    throw Error(ErrorCode::output_failed,
                "cannot be made: " + fault.message(),
                work_folder(output).string());
  }
}

void check_manifest(const BatchJob& job, const BatchPlan& plan) {
  const auto path = work_folder(job.output) / "manifest.json";
  const auto own = manifest_of(job, plan);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    make_work_folder(job.output);
    write_whole(path, own.dump(1) + "\n");
    return;
  }
  const auto other = Json::parse(stream, nullptr, false);
  for (const auto& [key, value] : own.items()) {
    if (other.is_discarded() || !other.contains(key) || other[key] != value) {
      throw Error(ErrorCode::bad_method,
                  "work begun here was another job: \"" + key +
                      "\" differs; take another output, or --force to begin anew",
                  path.string());
    }
  }
}

// What the steps make of the first spectra: axis, ordinate and words of the result.
io::Recording processed_head(const BatchJob& job, const io::MapSource& source) {
  auto head = source.head();
  const auto map = head.map;
  Diagnostics ignored;
  run_steps(job.steps, 1, head, nullptr, ignored);
  head.map = map;
  return head;
}

// Spectra as float32, then a byte per spectrum: 0 processed, 1 failed (its values are NaN).
std::vector<char> block_bytes(const SpectraMatrix& spectra) {
  const auto count = spectra.values.size();
  std::vector<float> values(count);
  std::transform(spectra.values.begin(), spectra.values.end(), values.begin(), [](double v) {
    return static_cast<float>(v);
  });
  std::vector<char> out(4 * count + static_cast<std::size_t>(spectra.rows()));
  std::memcpy(out.data(), values.data(), 4 * count);
  for (Index row = 0; row < spectra.rows(); ++row) {
    const auto own = spectra.row(row);
    const bool is_failed =
        std::any_of(own.begin(), own.end(), [](double v) { return std::isnan(v); });
    out[4 * count + static_cast<std::size_t>(row)] = is_failed ? char{1} : char{0};
  }
  return out;
}

class ShardRun {
 public:
  ShardRun(const BatchJob& job, ShardChoice shard, Index jobs)
      : job_(job), jobs_(jobs), source_(io::MapSource::open(job.input, job.read)) {
    plan_ = plan_of(job, source_);
    check_manifest(job, plan_);
    first_ = plan_.blocks * shard.index / shard.count;
    last_ = plan_.blocks * (shard.index + 1) / shard.count;
    stem_ = stem_of(job.output, shard);
    points_out_ = processed_head(job, source_).spectra.points();
  }

  BatchEnd run(const std::atomic<bool>& stops, const BatchProgress& progress) {
    ShardFile file(stem_, static_cast<std::uint64_t>(job_.sync_bytes));
    Index block = first_ + static_cast<Index>(file.blocks().size());
    if (file.is_done()) {
      block = last_;
    }
    report(block, progress);
    auto next = read_ahead(block);
    while (block < last_) {
      if (stops.load()) {
        file.sync();
        return BatchEnd::stopped;
      }
      auto spectra = next.get();
      next = read_ahead(block + 1);
      const auto bytes = process(std::move(spectra));
      file.append(block, bytes);
      ++block;
      report(block, progress);
    }
    if (!file.is_done()) {
      file.finish();
    }
    return BatchEnd::done;
  }

 private:
  // The next block is read while this one is worked on.
  std::future<SpectraMatrix> read_ahead(Index block) {
    if (block >= last_) {
      return {};
    }
    return std::async(std::launch::async, [this, block] {
      const Index row = block * plan_.block_rows;
      return source_.read(row, std::min(plan_.block_rows, plan_.rows - row));
    });
  }

  std::vector<char> process(SpectraMatrix spectra) {
    auto recording = source_.head();
    recording.map.reset();
    recording.spectra = std::move(spectra);
    Diagnostics ignored;  // failed spectra are marked
    run_steps(job_.steps, jobs_, recording, nullptr, ignored);
    if (recording.spectra.points() != points_out_) {
      throw Error(ErrorCode::bad_method,
                  "the steps give spectra of different lengths, which one map cannot hold");
    }
    return block_bytes(recording.spectra);
  }

  void report(Index block, const BatchProgress& progress) const {
    if (progress) {
      const auto done = std::min(plan_.rows, block * plan_.block_rows) - first_ * plan_.block_rows;
      const auto total = std::min(plan_.rows, last_ * plan_.block_rows) - first_ * plan_.block_rows;
      progress(done, total);
    }
  }

  const BatchJob& job_;
  Index jobs_;
  io::MapSource source_;
  BatchPlan plan_;
  Index first_ = 0;
  Index last_ = 0;
  Index points_out_ = 0;
  std::string stem_;
};

class Merge {
 public:
  Merge(const BatchJob& job, Index shards)
      : job_(job), shards_(shards), source_(io::MapSource::open(job.input, job.read)) {
    plan_ = plan_of(job, source_);
    check_manifest(job, plan_);
  }

  void run() {
    for (Index i = 0; i < shards_; ++i) {
      states_.push_back(read_shard_state(stem_of(job_.output, {i, shards_})));
      if (!states_.back().is_done) {
        throw Error(ErrorCode::bad_method,
                    "shard " + std::to_string(i) + " of " + std::to_string(shards_) +
                        " is not done; run it with --shard " + std::to_string(i) + "/" +
                        std::to_string(shards_),
                    job_.output);
      }
    }
    const auto temporary = job_.output + ".part";
    write(temporary);
    fs::rename(temporary, job_.output);
    fs::remove_all(work_folder(job_.output));
  }

 private:
  void write(const std::string& temporary) {
    const auto head = processed_head(job_, source_);
    io::NexusMap map(temporary, head, plan_.rows, job_.is_compressed);
    std::vector<double> status;
    const auto points = static_cast<std::size_t>(head.spectra.points());
    std::vector<float> values;
    Index row = 0;
    for (Index i = 0; i < shards_; ++i) {
      for (const auto& block : states_[static_cast<std::size_t>(i)].blocks) {
        const auto bytes = read_shard_block(stem_of(job_.output, {i, shards_}), block);
        const auto rows = bytes.size() / (4 * points + 1);
        values.resize(rows * points);
        std::memcpy(values.data(), bytes.data(), 4 * values.size());
        map.write(row, values);
        status.insert(status.end(), bytes.end() - static_cast<std::ptrdiff_t>(rows), bytes.end());
        row += static_cast<Index>(rows);
      }
    }
    if (row != plan_.rows) {
      throw Error(ErrorCode::bad_method,
                  "the shards hold " + std::to_string(row) + " of " + std::to_string(plan_.rows) +
                      " spectra; were they run with another --shard count?",
                  job_.output);
    }
    map.put_values("quality/status", status, "0: processed, 1: failed");
    map.put_text("steps", canonical_text(std::span(job_.steps)));
    map.put_text("manifest", manifest_of(job_, plan_).dump(1));
    map.finish();
  }

  const BatchJob& job_;
  Index shards_;
  io::MapSource source_;
  BatchPlan plan_;
  std::vector<ShardState> states_;
};

}  // namespace

BatchPlan plan_batch(const BatchJob& job) {
  const auto source = io::MapSource::open(job.input, job.read);
  const auto plan = plan_of(job, source);
  check_manifest(job, plan);
  return plan;
}

BatchEnd run_shard(const BatchJob& job,
                   ShardChoice shard,
                   Index jobs,
                   const std::atomic<bool>& stops,
                   const BatchProgress& progress) {
  require(shard.count >= 1 && shard.index >= 0 && shard.index < shard.count,
          "a shard is I/N with I from 0 to N - 1");
  return ShardRun(job, shard, jobs).run(stops, progress);
}

void merge_batch(const BatchJob& job, Index shards) {
  Merge(job, shards).run();
}

std::vector<ShardProgress> batch_status(const std::string& output) {
  const auto path = work_folder(output) / "manifest.json";
  std::ifstream stream(path, std::ios::binary);
  const auto manifest = Json::parse(stream, nullptr, false);
  if (!stream || manifest.is_discarded() || !manifest.contains("block_rows")) {
    throw Error(ErrorCode::bad_method, "there is no batch in progress for this output", output);
  }
  const auto rows = manifest["rows"].get<Index>();
  const auto block_rows = std::max<Index>(1, manifest["block_rows"].get<Index>());
  const Index blocks = (rows + block_rows - 1) / block_rows;
  Index count = 0;
  for (const auto& entry : fs::directory_iterator(work_folder(output))) {
    const auto name = entry.path().stem().string();
    const auto of = name.rfind("_of_");
    if (entry.path().extension() == ".journal" && of != std::string::npos) {
      count = std::max<Index>(count, std::atol(name.c_str() + of + 4));
    }
  }
  std::vector<ShardProgress> out;
  for (Index i = 0; i < count; ++i) {
    const auto state = read_shard_state(stem_of(output, {i, count}));
    out.push_back({static_cast<Index>(state.blocks.size()),
                   blocks * (i + 1) / count - blocks * i / count,
                   state.is_done});
  }
  return out;
}

}  // namespace calcispec
