#include "core/error.hpp"
#include "core/stored_numbers.hpp"
#include "io/stored_chunks_private.hpp"
#include "io/zlib_block.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace calcispec::io {
namespace {

constexpr std::int64_t most_kept = std::int64_t{64} << 20;
constexpr std::int64_t places_at_once = 1024;
constexpr std::size_t piece_bytes = std::size_t{1} << 17;  // stays in the cache

}  // namespace

bool StoredLayout::is_usable() const {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  const auto is_size = [](std::int64_t n) { return n >= 1 && n < most; };
  const bool are_sizes = (number_bytes == 4 || number_bytes == 8) && is_size(ny) && is_size(nx) &&
                         is_size(points) && is_size(chunk_y) && is_size(chunk_x);
  if (!are_sizes || nx > most / ny || points > most / (nx * ny) || chunk_x > most / chunk_y) {
    return false;
  }
  const auto side_by_side = static_cast<double>(chunk_y) * static_cast<double>(row_bytes()) *
                            static_cast<double>(chunks_x() * chunk_x);
  return !is_packed() || side_by_side <= static_cast<double>(most_kept);
}

StoredChunks::StoredChunks(const std::string& path, const StoredLayout& layout, Locate locate)
    : path_(path), layout_(layout), locate_(std::move(locate)) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat state {};
  if (file_ < 0 || ::fstat(file_, &state) != 0) {
    fail("cannot be opened");
  }
  file_bytes_ = static_cast<std::uint64_t>(state.st_size);
}

StoredChunks::~StoredChunks() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

void StoredChunks::fail(const std::string& message) const {
  throw Error(ErrorCode::unreadable_input, message, path_);
}

void StoredChunks::read_bytes(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const auto got = ::pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      fail("ends within its spectra: damaged, or changed while it was read");
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

// Places of all chunks that hold these rows; many are asked for at once and kept.
bool StoredChunks::find_chunks(std::int64_t first, std::int64_t count) {
  const auto across = layout_.chunks_x();
  const bool is_one_line = layout_.ny == 1;  // then not all of the line are needed
  const auto begin =
      is_one_line ? first / layout_.chunk_x : first / layout_.nx / layout_.chunk_y * across;
  const auto last = first + count - 1;
  const auto end =
      is_one_line ? last / layout_.chunk_x + 1 : (last / layout_.nx / layout_.chunk_y + 1) * across;
  places_.erase(places_.begin(), places_.lower_bound(begin));
  if (!places_.empty() && places_.begin()->first != begin) {
    places_.clear();
  }
  const auto known = begin + static_cast<std::int64_t>(places_.size());
  if (known < end) {
    const auto total = across * layout_.chunks_y();
    const auto many = std::min(total - known, std::max(end - known, places_at_once));
    const auto found = locate_(known, many);
    if (found.size() != static_cast<std::size_t>(many)) {
      return false;
    }
    for (std::size_t k = 0; k < found.size(); ++k) {
      places_[known + static_cast<std::int64_t>(k)] = found[k];
    }
  }
  const auto whole = static_cast<std::uint64_t>(layout_.chunk_y * layout_.chunk_x) *
                     static_cast<std::uint64_t>(layout_.row_bytes());
  return std::all_of(places_.begin(), places_.lower_bound(end), [&](const auto& own) {
    const auto& place = own.second;
    return place.bytes > 0 && place.offset <= file_bytes_ &&
           place.bytes <= file_bytes_ - place.offset &&
           (layout_.is_deflated != 0 ? place.bytes <= 2 * whole + 4096 : place.bytes >= whole);
  });
}

// The bytes of a packed chunk, still shuffled.
const std::vector<char>& StoredChunks::unpacked(std::int64_t chunk) {
  const auto known = unpacked_.find(chunk);
  if (known != unpacked_.end()) {
    return known->second;
  }
  const auto& place = places_.at(chunk);
  const auto whole = static_cast<std::size_t>(layout_.chunk_y * layout_.chunk_x) *
                     static_cast<std::size_t>(layout_.row_bytes());
  std::vector<char> bytes(whole);
  if (layout_.is_deflated == 0) {
    read_bytes(place.offset, bytes);
  } else {
    packed_.resize(place.bytes);
    read_bytes(place.offset, packed_);
    if (!inflate_exactly({packed_.data(), packed_.size()}, bytes)) {
      fail("a packed part of its spectra is damaged");
    }
  }
  return unpacked_[chunk] = std::move(bytes);
}

StoredChunks::Run StoredChunks::run_at(std::int64_t row, std::int64_t most) const {
  const auto y = row / layout_.nx;
  const auto x = row % layout_.nx;
  const auto end = std::min(layout_.nx, (x / layout_.chunk_x + 1) * layout_.chunk_x);
  return {y / layout_.chunk_y * layout_.chunks_x() + x / layout_.chunk_x,
          y % layout_.chunk_y * layout_.chunk_x + x % layout_.chunk_x,
          std::min(most, end - x)};
}

void StoredChunks::read_rows(const Run& run, double* out) {
  const auto numbers = static_cast<std::size_t>(run.rows * layout_.points);
  const auto skipped = static_cast<std::size_t>(run.skipped * layout_.points);
  if (!layout_.is_packed()) {
    const auto size = static_cast<std::size_t>(layout_.number_bytes);
    packed_.resize(piece_bytes);
    const auto offset = places_.at(run.chunk).offset + skipped * size;
    for (std::size_t done = 0; done < numbers;) {
      const auto many = std::min(piece_bytes / size, numbers - done);
      read_bytes(offset + done * size, {packed_.data(), many * size});
      doubles_of_stored({packed_.data(), many * size}, layout_.number_bytes, {out + done, many});
      done += many;
    }
    return;
  }
  const std::span<const char> bytes = unpacked(run.chunk);
  const auto size = static_cast<std::size_t>(layout_.number_bytes);
  if (layout_.is_shuffled != 0) {
    const auto stride = static_cast<Index>(bytes.size() / size);
    doubles_of_planes(bytes.subspan(skipped), stride, layout_.number_bytes, {out, numbers});
  } else {
    doubles_of_stored(
        bytes.subspan(skipped * size, numbers * size), layout_.number_bytes, {out, numbers});
  }
}

// Chunks whose last row lies before `end`, and those that nothing was asked of.
void StoredChunks::forget(std::int64_t end) {
  for (auto own = unpacked_.begin(); own != unpacked_.end();) {
    const auto y = std::min(layout_.ny, (own->first / layout_.chunks_x() + 1) * layout_.chunk_y);
    const auto x = std::min(layout_.nx, (own->first % layout_.chunks_x() + 1) * layout_.chunk_x);
    const bool is_done = (y - 1) * layout_.nx + x <= end || places_.count(own->first) == 0;
    own = is_done ? unpacked_.erase(own) : std::next(own);
  }
}

bool StoredChunks::read(std::int64_t first, std::int64_t count, std::span<double> out) {
  if (count < 1) {
    return true;
  }
  if (!find_chunks(first, count)) {
    return false;
  }
  forget(first);
  for (std::int64_t done = 0; done < count;) {
    const auto run = run_at(first + done, count - done);
    read_rows(run, out.data() + done * layout_.points);
    done += run.rows;
    forget(first + done);
  }
  return true;
}

std::optional<std::int64_t> StoredChunks::count_incomplete(std::int64_t first, std::int64_t count) {
  if (layout_.is_packed() || count < 1 || !find_chunks(first, count)) {
    return std::nullopt;
  }
  std::int64_t out = 0;
  for (std::int64_t done = 0; done < count;) {
    const auto run = run_at(first + done, count - done);
    out += count_incomplete(run);
    done += run.rows;
  }
  return out;
}

std::int64_t StoredChunks::count_incomplete(const Run& run) {
  const auto row_bytes = static_cast<std::size_t>(layout_.row_bytes());
  const auto at_once = std::max<std::size_t>(1, piece_bytes / row_bytes);
  auto offset = places_.at(run.chunk).offset + static_cast<std::uint64_t>(run.skipped) * row_bytes;
  std::int64_t out = 0;
  for (std::size_t left = static_cast<std::size_t>(run.rows); left > 0;) {
    const auto rows = std::min(at_once, left);
    packed_.resize(at_once * row_bytes);
    read_bytes(offset, {packed_.data(), rows * row_bytes});
    for (std::size_t i = 0; i < rows; ++i) {
      const auto* row = packed_.data() + i * row_bytes;
      const bool is_whole = are_stored_finite({row, row_bytes}, layout_.number_bytes);
      out += is_whole ? 0 : 1;
    }
    offset += rows * row_bytes;
    left -= rows;
  }
  return out;
}

}  // namespace calcispec::io
