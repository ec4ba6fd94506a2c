#include "pipelines/watch.hpp"

#include "core/error.hpp"
#include "pipelines/batch_table_private.hpp"
#include "pipelines/batch_work_private.hpp"
#include "pipelines/shard_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace calcispec {

namespace fs = std::filesystem;

namespace {

BatchJob batch_of(const WatchJob& job) {
  BatchJob out;
  out.is_table = true;
  out.inputs = {job.output};  // only the place of the work folder counts
  out.analysis = job.analysis;
  out.read = job.analysis.read;
  out.output = job.output;
  return out;
}

// A folder of one method, as a manifest of a batch says it.
void check_method(const BatchJob& job) {
  const auto path = detail::work_folder(job.output) / "manifest.json";
  auto own = detail::manifest_of(job, {});
  own.erase("inputs_sha256");
  const auto text = own.dump(1) + "\n";
  std::ifstream stream(path, std::ios::binary);
  const std::string known{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (known == text) {
    return;
  }
  if (!known.empty()) {
    throw Error(ErrorCode::bad_method,
                "what is done here was done with another method, library or version; take another "
                "output, or --force to begin anew",
                path.string());
  }
  std::error_code fault;
  fs::create_directories(path.parent_path(), fault);
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    throw Error(ErrorCode::output_failed, "cannot be written", path.string());
  }
}

}  // namespace

struct FolderWatch::Parts {
  explicit Parts(const WatchJob& job)
      : batch(batch_of(job)),
        stem((detail::work_folder(job.output) / "files").string()),
        source(detail::open_source(batch)),
        work(batch, source, job.analysis.jobs) {
    check_method(batch);
    file.emplace(stem, 1);
    ShardReader reader(stem);
    for (const auto& block : file->blocks()) {
      add(detail::content_of(reader.read(block)).rows);
    }
  }

  // The rows of a file take the place of what it gave before.
  void add(RowBlock block) {
    if (block.rows.empty()) {
      return;
    }
    const auto& first = block.rows.front();
    done.insert(first.input + "\n" + first.sha256);
    const auto known = places.find(first.input);
    if (known != places.end()) {
      rows[known->second] = std::move(block);
      return;
    }
    places.emplace(first.input, rows.size());
    rows.push_back(std::move(block));
  }

  BatchJob batch;
  std::string stem;
  BatchSource source;
  detail::BlockWork work;
  std::optional<ShardFile> file;
  std::vector<RowBlock> rows;  // per file, in the order they came
  std::map<std::string, std::size_t> places;
  std::set<std::string> done;  // path and hash
};

FolderWatch::FolderWatch(const WatchJob& job) : job_(job), parts_(std::make_unique<Parts>(job)) {}
FolderWatch::~FolderWatch() = default;

bool FolderWatch::is_ready(const std::string& path, Seen& seen) const {
  std::error_code fault;
  const auto size = fs::file_size(path, fault);
  const auto time = fault ? fs::file_time_type{} : fs::last_write_time(path, fault);
  if (fault) {
    return false;
  }
  const auto now = std::chrono::steady_clock::now();
  const std::int64_t ticks = time.time_since_epoch().count();
  if (seen.since.time_since_epoch().count() == 0 || seen.size != size || seen.time != ticks) {
    seen = {size, ticks, now, false};
  }
  return !seen.is_done && now - seen.since >= job_.settle;
}

std::vector<WatchedFile> FolderWatch::look(const std::vector<std::string>& files) {
  std::vector<WatchedFile> out;
  waiting_ = 0;
  for (const auto& path : files) {
    auto& seen = seen_[path];
    if (is_ready(path, seen)) {
      seen.is_done = true;
      auto own = analyse(path);
      if (!own.path.empty()) {
        out.push_back(std::move(own));
      }
    }
    waiting_ += seen.is_done ? 0 : 1;
  }
  return out;
}

// Without path: its content is known.
WatchedFile FolderWatch::analyse(const std::string& path) {
  const auto parts = read_parts(path, job_.analysis.read);
  if (parts.empty()) {
    return {};
  }
  const auto& first = parts.front();
  if (parts_->done.contains(path + "\n" + first.sha256) && !first.sha256.empty()) {
    return {};
  }
  detail::BlockResult result;
  parts_->work.run(parts, result);
  detail::append_block(*parts_->file, static_cast<Index>(parts_->file->blocks().size()), result);
  parts_->file->sync();
  auto block = unpack_rows(result.rows);
  WatchedFile out{path, static_cast<Index>(block.rows.size()), first.fault};
  parts_->add(std::move(block));
  is_changed_ = true;
  return out;
}

void FolderWatch::write_table() {
  if (!is_changed_) {
    return;
  }
  std::vector<RowBlock::Column> columns;
  std::set<std::string> known;
  for (const auto& block : parts_->rows) {
    for (const auto& column : block.columns) {
      if (known.insert(column.name).second) {
        columns.push_back(column);
      }
    }
  }
  detail::TableWriter table(job_.output, columns, {});
  for (const auto& block : parts_->rows) {
    table.add(block);
  }
  table.finish();
  is_changed_ = false;
}

}  // namespace calcispec
