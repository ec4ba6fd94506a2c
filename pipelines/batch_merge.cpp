// merge_batch: the shards of a batch become one NeXus file, with summaries of maps, and a table.
#include "core/build_info.hpp"
#include "core/error.hpp"
#include "io/nexus_map.hpp"
#include "models/map_summary.hpp"
#include "pipelines/batch_placed_private.hpp"
#include "pipelines/batch_private.hpp"
#include "pipelines/batch_table_private.hpp"
#include "pipelines/shard_file.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using detail::BlockContent;

constexpr std::size_t waiting_rows = 4096;  // before columns are written

// The number of a group of columns that stands for it in pictures.
std::string signal_of(const std::string& group) {
  if (group.starts_with("composition/")) {
    return "fraction";
  }
  if (group.starts_with("markers/")) {
    return "value";
  }
  return group.starts_with("fit/") ? "area" : "";
}

std::string error_of(const std::string& signal) {
  return signal == "area" ? "area_u" : "u";
}

std::string group_of(const std::string& column) {
  return column.substr(0, column.rfind('/'));
}

class Merge {
 public:
  Merge(const BatchJob& job, Index shards, const BatchSource& source)
      : job_(job),
        shards_(shards),
        source_(source),
        plan_(detail::plan_of(job, source_)),
        manifest_(detail::settled_manifest(job, plan_)) {}

  BatchCounts run(bool is_fresh) {
    for (Index i = 0; i < shards_; ++i) {
      states_.push_back(read_shard_state(detail::stem_of(job_.output, {i, shards_})));
      if (!states_.back().is_done) {
        throw Error(ErrorCode::bad_method,
                    "shard " + std::to_string(i) + " of " + std::to_string(shards_) +
                        " is not done; run it with --shard " + std::to_string(i) + "/" +
                        std::to_string(shards_),
                    job_.output);
      }
    }
    counts_.is_table = job_.is_table;
    look_through();
    // The file that shards come together in is made anew, the one that already holds the spectra
    // is completed.
    const bool is_placed = detail::PlacedResult::is_for(job_, shards_);
    const auto temporary = is_placed ? placed_file(is_fresh) : job_.output + ".part";
    write(temporary, is_placed);
    detail::sync_path(temporary);
    fs::rename(temporary, job_.output);
    detail::sync_path(fs::absolute(job_.output).parent_path());
    fs::remove_all(detail::work_folder(job_.output));
    return counts_;
  }

 private:
  template <typename Use>
  void for_blocks(Use&& use) const {
    for (Index i = 0; i < shards_; ++i) {
      ShardReader reader(detail::stem_of(job_.output, {i, shards_}));
      for (const auto& block : states_[static_cast<std::size_t>(i)].blocks) {
        use(detail::content_of(reader.read(block)));
      }
    }
  }

  [[nodiscard]] std::string placed_file(bool is_fresh) const {
    detail::PlacedResult placed(job_, source_);
    for (const auto& block : states_.front().blocks) {
      if (!is_fresh && !placed.holds(block)) {
        throw Error(
            ErrorCode::bad_method,
            "block " + std::to_string(block.block) + " is not what the journal says; run it again",
            job_.output);
      }
    }
    return placed.begin_merge().string();
  }

  // Which columns there are; of a map without any the blocks need not be read twice.
  void look_through() {
    if (!job_.analysis && !job_.fit) {
      rows_ = plan_.rows;
      return;
    }
    for_blocks([&](const BlockContent& content) {
      rows_ += static_cast<Index>(content.rows.rows.size());
      for (const auto& column : content.rows.columns) {
        if (numbers_.try_emplace(column.name, columns_.size()).second) {
          columns_.push_back(column);
        }
      }
    });
  }

  void write(const std::string& temporary, bool is_placed) {
    auto head = job_.writes_spectra() ? detail::processed_head(job_, source_) : source_.head();
    io::NexusMap map(
        temporary, head, rows_, {job_.is_compressed, job_.writes_spectra(), is_placed});
    map.add_column({"quality/status", "", meaning_of("quality/status"), true});
    for (const auto& column : columns_) {
      const auto meaning = meaning_of(column.name);
      map.add_column({column.name, column.unit, meaning, !meaning.empty()});
    }
    detail::TableWriter table(job_.table, columns_, job_.is_table ? MapGrid{} : grid());
    waiting_.resize(columns_.size());
    for_blocks([&](const BlockContent& content) {
      if (job_.writes_spectra() && !is_placed) {
        map.write(next_row_ + static_cast<Index>(status_.size()), content.spectra);
      }
      add(content.rows);
      table.add(content.rows);
      if (status_.size() >= waiting_rows) {
        flush(map);
      }
    });
    flush(map);
    if (next_row_ != rows_) {
      throw Error(ErrorCode::bad_method,
                  "the shards hold " + std::to_string(next_row_) + " of " + std::to_string(rows_) +
                      " spectra; were they run with another --shard count?",
                  job_.output);
    }
    make_pictures(map);
    put_texts(map);
    map.finish();
    table.finish();
  }

  void add(const RowBlock& block) {
    std::vector<std::size_t> places;
    places.reserve(block.columns.size());
    for (const auto& column : block.columns) {
      places.push_back(numbers_.at(column.name));
    }
    const auto first = status_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      waiting_[c].resize(first + block.rows.size(), missing_of(columns_[c].name));
    }
    for (std::size_t i = 0; i < block.rows.size(); ++i) {
      const auto& row = block.rows[i];
      status_.push_back(static_cast<double>(static_cast<int>(row.status)));
      count(row.status);
      for (const auto& value : row.values) {
        const auto place = places[value.column];
        waiting_[place][first + i] = value.value;
        // Shares that are numbers decide which picture comes first.
        if (value.value > 0 && columns_[place].name.ends_with("/fraction")) {
          ++seen_[group_of(columns_[place].name)];
        }
      }
      if (job_.is_table) {
        inputs_.push_back(row.input);
        hashes_.push_back(row.sha256);
        ids_.push_back(row.id);
        messages_.push_back(row.message);
      }
    }
  }

  void count(RowStatus status) {
    counts_.processed += status == RowStatus::processed ? 1 : 0;
    counts_.failed += status == RowStatus::failed ? 1 : 0;
    counts_.refused += status == RowStatus::refused ? 1 : 0;
  }

  void flush(io::NexusMap& map) {
    map.write_column("quality/status", next_row_, status_);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      map.write_column(columns_[c].name, next_row_, waiting_[c]);
      waiting_[c].clear();
    }
    next_row_ += static_cast<Index>(status_.size());
    status_.clear();
  }

  // Every group with a number that stands for it; the commonest phase comes first.
  void make_pictures(io::NexusMap& map) const {
    std::set<std::string> done;
    std::string first;
    Index most = 0;
    for (const auto& column : columns_) {
      const auto group = group_of(column.name);
      const auto signal = signal_of(group);
      if (signal.empty() || column.name != std::string(group).append("/").append(signal) ||
          !done.insert(group).second) {
        continue;
      }
      if (!summarise(map, group, signal)) {
        continue;
      }
      map.make_picture(group, signal, error_of(signal));
      const auto seen = seen_.find(group);
      const Index pixels = seen == seen_.end() ? 0 : seen->second;
      if (first.empty() || (pixels > most && group != "composition/unexplained")) {
        first = group;
        most = pixels;
      }
    }
    map.make_picture("quality", "status", "");
    if (!job_.writes_spectra()) {
      map.set_default(first.empty() ? "quality" : first);
    }
  }

  [[nodiscard]] MapGrid grid() const {
    return source_.head().map.value_or(MapGrid{rows_, 1, 0, 0});
  }

  // False if no spectrum has a number.
  [[nodiscard]] bool summarise(io::NexusMap& map,
                               const std::string& group,
                               const std::string& signal) const {
    const auto values = map.read_column(group + "/" + signal);
    const auto u = map.read_column(group + "/" + error_of(signal));
    const auto own = job_.is_table ? MapGrid{rows_, 1, 0, 0} : grid();
    const auto summary = models::summarise_map(values, u, own);
    if (summary.count == 0) {
      return false;
    }
    const auto place = "summary/" + group + "/";
    map.put_number(place + "count", static_cast<double>(summary.count));
    map.put_number(place + "median", summary.median);
    map.put_number(place + "iqr", summary.iqr);
    map.put_number(place + "spread", summary.spread);
    if (!job_.is_table && own.ny > 1) {
      map.put_number(place + "moran_i", summary.moran_i);
      map.put_number(place + "moran_z", summary.moran_z);
    }
    return true;
  }

  void put_texts(io::NexusMap& map) const {
    map.put_text("steps", canonical_text(std::span(job_.steps)));
    map.put_text("manifest", manifest_.dump(1));
    map.put_text("provenance/program", "calcispec");
    map.put_text("provenance/version", std::string(version()));
    map.put_text("provenance/cpu_level", std::string(cpu_level()));
    map.put_text("provenance/steps", canonical_text(std::span(job_.steps)));
    if (job_.analysis) {
      const auto& own = manifest_["analysis"];
      map.put_text("provenance/method", own["method"].get<std::string>());
      map.put_text("provenance/library_sha256", own["library_sha256"].get<std::string>());
      map.put_text("provenance/calibration_sha256", own["calibration_sha256"].get<std::string>());
      map.put_text("provenance/common", detail::learnt_text(job_));
      map.put_text("provenance/notice",
                   "For research use only. Not for diagnosis or treatment decisions.");
    }
    if (job_.fit) {
      map.put_text("provenance/bands", job_.fit->bands.name);
      map.put_text("provenance/bands_sha256", job_.fit->bands.sha256);
    }
    if (job_.is_table) {
      map.put_texts("table/input", inputs_);
      map.put_texts("table/sha256", hashes_);
      map.put_texts("table/id", ids_);
      map.put_texts("table/message", messages_);
    }
  }

  const BatchJob& job_;
  Index shards_;
  const BatchSource& source_;
  BatchPlan plan_;
  nlohmann::ordered_json manifest_;
  std::vector<ShardState> states_;
  std::vector<RowBlock::Column> columns_;  // in the order of their first row
  std::map<std::string, std::size_t> numbers_;
  std::map<std::string, Index> seen_;  // pixels with a share above 0, per group
  BatchCounts counts_;
  Index rows_ = 0;
  Index next_row_ = 0;
  std::vector<double> status_;                // of rows that are not written yet
  std::vector<std::vector<double>> waiting_;  // the same, per column
  std::vector<std::string> inputs_;           // of tables
  std::vector<std::string> hashes_;
  std::vector<std::string> ids_;
  std::vector<std::string> messages_;
};

}  // namespace

BatchCounts detail::merge_shards(const BatchJob& job,
                                 Index shards,
                                 const BatchSource& source,
                                 bool is_fresh) {
  return Merge(job, shards, source).run(is_fresh);
}

BatchCounts merge_batch(const BatchJob& job, Index shards) {
  return detail::merge_shards(job, shards, detail::open_source(job), false);
}

}  // namespace calcispec
