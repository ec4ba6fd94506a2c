#include "pipelines/shard_file.hpp"

#include "core/error.hpp"
#include "pipelines/crc32c_private.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace calcispec {
namespace {

constexpr std::chrono::seconds sync_time{5};

std::string shard_file_line_of(const ShardBlock& block) {
  return std::to_string(block.block) + " " + std::to_string(block.offset) + " " +
         std::to_string(block.bytes) + " " + std::to_string(block.crc) + " " +
         std::to_string(block.placed_crc) + "\n";
}

}  // namespace

ShardState read_shard_state(const std::string& stem) {
  ShardState out;
  std::ifstream stream(stem + ".journal", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  text.resize(text.rfind('\n') + 1);  // a line that was cut off vouches for nothing
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line == "done") {
      out.is_done = true;
      break;
    }
    ShardBlock block;
    std::istringstream words(line);
    if (!(words >> block.block >> block.offset >> block.bytes >> block.crc >> block.placed_crc)) {
      break;
    }
    out.blocks.push_back(block);
  }
  return out;
}

ShardReader::ShardReader(const std::string& stem)
    : path_(stem + ".dat"), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}

ShardReader::~ShardReader() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

std::span<const char> ShardReader::read(const ShardBlock& block) {
  struct stat state {};
  const bool is_there = file_ >= 0 && ::fstat(file_, &state) == 0 &&
                        block.offset <= static_cast<std::uint64_t>(state.st_size) &&
                        block.bytes <= static_cast<std::uint64_t>(state.st_size) - block.offset;
  std::uint64_t done = 0;
  if (is_there) {
    bytes_.resize(block.bytes);
    while (done < block.bytes) {
      const auto got = ::pread(
          file_, bytes_.data() + done, block.bytes - done, static_cast<off_t>(block.offset + done));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        break;
      }
      done += static_cast<std::uint64_t>(got);
    }
  }
  if (!is_there || done < block.bytes || detail::crc32c(bytes_) != block.crc) {
    throw Error(ErrorCode::unreadable_input,
                "block " + std::to_string(block.block) +
                    " is not what the journal says; run the shard again",
                path_);
  }
  return bytes_;
}

ShardFile::ShardFile(const std::string& stem, std::uint64_t sync_bytes, PlacedParts placed)
    : stem_(stem),
      placed_(std::move(placed)),
      sync_bytes_(sync_bytes),
      last_sync_(std::chrono::steady_clock::now()) {
  constexpr int mode = 0644;
  lock_ = ::open((stem + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  if (lock_ < 0) {
    fail(stem + ".lock");
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    throw Error(ErrorCode::output_failed,
                "another process is working on this shard; wait for it or stop it",
                stem + ".lock");
  }
  data_ = ::open((stem + ".dat").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  journal_ = ::open((stem + ".journal").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  if (data_ < 0 || journal_ < 0) {
    fail(data_ < 0 ? stem + ".dat" : stem + ".journal");
  }
  read_journal();
}

ShardFile::~ShardFile() {
  for (const int file : {data_, journal_, lock_}) {
    if (file >= 0) {
      ::close(file);
    }
  }
}

void ShardFile::fail(const std::string& path) const {
  throw Error(ErrorCode::output_failed,
              "cannot be written: " + std::generic_category().message(errno) +
                  "; what is done stays, the same command goes on from there",
              path);
}

void ShardFile::read_journal() {
  const auto state = read_shard_state(stem_);
  std::string safe;
  ShardReader reader(stem_);
  for (const auto& block : state.blocks) {
    try {
      static_cast<void>(reader.read(block));
    } catch (const Error&) {
      break;
    }
    if (block.offset != size_ || (placed_.holds && !placed_.holds(block))) {
      break;
    }
    size_ += block.bytes;
    safe += shard_file_line_of(block);
    blocks_.push_back(block);
  }
  is_done_ = state.is_done && blocks_.size() == state.blocks.size();
  if (is_done_) {
    return;
  }
  if (::ftruncate(data_, static_cast<off_t>(size_)) != 0 ||
      ::ftruncate(journal_, static_cast<off_t>(safe.size())) != 0 ||
      ::lseek(data_, 0, SEEK_END) < 0 || ::lseek(journal_, 0, SEEK_END) < 0) {
    fail(stem_ + ".dat");
  }
}

void ShardFile::write_all(int file, std::span<const char> bytes, const std::string& path) const {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      fail(path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void ShardFile::append(Index block,
                       std::span<const std::span<const char>> pieces,
                       PlacedPart placed) {
  ShardBlock record{block, size_, 0, 0, placed.crc};
  for (const auto& piece : pieces) {
    record.crc = detail::crc32c(piece, record.crc);
    record.bytes += piece.size();
    write_all(data_, piece, stem_ + ".dat");
  }
  size_ += record.bytes;
  unsafe_bytes_ += record.bytes + placed.bytes;
  pending_ += shard_file_line_of(record);
  waiting_.push_back(record);
  if (unsafe_bytes_ >= sync_bytes_ || std::chrono::steady_clock::now() - last_sync_ >= sync_time) {
    sync();
  }
}

void ShardFile::sync() {
  last_sync_ = std::chrono::steady_clock::now();
  if (waiting_.empty()) {
    return;
  }
  if (placed_.sync) {
    placed_.sync();
  }
  if (::fdatasync(data_) != 0) {
    fail(stem_ + ".dat");
  }
  write_all(journal_, pending_, stem_ + ".journal");
  if (::fdatasync(journal_) != 0) {
    fail(stem_ + ".journal");
  }
  blocks_.insert(blocks_.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  pending_.clear();
  unsafe_bytes_ = 0;
}

void ShardFile::finish() {
  sync();
  write_all(journal_, std::string_view("done\n"), stem_ + ".journal");
  if (::fdatasync(journal_) != 0) {
    fail(stem_ + ".journal");
  }
  is_done_ = true;
}

}  // namespace calcispec
