#include "core/error.hpp"
#include "io/stored_chunks_private.hpp"
#include "io/zlib_block.hpp"

#include <algorithm>
#include <array>
#include <bit>
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

// `count` little-endian numbers; with `stride` the bytes of a number lie so far apart.
template <typename Number, typename Bits>
void to_doubles(const char* from, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) {
    Bits bits = 0;
    std::memcpy(&bits, from + i * sizeof(Bits), sizeof(Bits));
    out[i] = static_cast<double>(std::bit_cast<Number>(bits));
  }
}

template <typename Number, typename Bits>
void from_planes(const char* from, std::size_t stride, std::size_t count, double* out) {
  constexpr std::size_t piece = 512;
  std::array<Bits, piece> bits{};
  for (std::size_t done = 0; done < count; done += piece) {
    const std::size_t many = std::min(piece, count - done);
    const auto* plane = reinterpret_cast<const unsigned char*>(from + done);
    for (std::size_t i = 0; i < many; ++i) {
      Bits value = 0;
      for (std::size_t b = 0; b < sizeof(Bits); ++b) {
        value |= static_cast<Bits>(plane[b * stride + i]) << (8 * b);
      }
      bits[i] = value;
    }
    for (std::size_t i = 0; i < many; ++i) {
      out[done + i] = static_cast<double>(std::bit_cast<Number>(bits[i]));
    }
  }
}

// All bits of the exponent are set in NaN and infinities alone: the largest exponent tells. Several
// side by side, so that none waits for the last.
template <typename Bits>
bool are_finite(const char* from, std::size_t count, Bits exponent) {
  constexpr std::size_t lanes = 64 / sizeof(Bits);
  std::array<Bits, lanes> largest{};
  const auto take = [&](std::size_t i, Bits& top) {
    Bits bits = 0;
    std::memcpy(&bits, from + i * sizeof(Bits), sizeof(Bits));
    top = std::max(top, bits & exponent);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      take(i + k, largest[k]);
    }
  }
  for (; i < count; ++i) {
    take(i, largest[0]);
  }
  return *std::max_element(largest.begin(), largest.end()) != exponent;
}

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
  const bool is_single = layout_.number_bytes == 4;
  if (!layout_.is_packed()) {
    const auto size = static_cast<std::size_t>(layout_.number_bytes);
    packed_.resize(piece_bytes);
    const auto offset = places_.at(run.chunk).offset + skipped * size;
    for (std::size_t done = 0; done < numbers;) {
      const auto many = std::min(piece_bytes / size, numbers - done);
      read_bytes(offset + done * size, {packed_.data(), many * size});
      is_single ? to_doubles<float, std::uint32_t>(packed_.data(), many, out + done)
                : to_doubles<double, std::uint64_t>(packed_.data(), many, out + done);
      done += many;
    }
    return;
  }
  const auto& bytes = unpacked(run.chunk);
  const auto stride = bytes.size() / static_cast<std::size_t>(layout_.number_bytes);
  if (layout_.is_shuffled != 0) {
    is_single ? from_planes<float, std::uint32_t>(bytes.data() + skipped, stride, numbers, out)
              : from_planes<double, std::uint64_t>(bytes.data() + skipped, stride, numbers, out);
  } else {
    const auto* from = bytes.data() + skipped * static_cast<std::size_t>(layout_.number_bytes);
    is_single ? to_doubles<float, std::uint32_t>(from, numbers, out)
              : to_doubles<double, std::uint64_t>(from, numbers, out);
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
  const auto points = static_cast<std::size_t>(layout_.points);
  const auto at_once = std::max<std::size_t>(1, piece_bytes / row_bytes);
  auto offset = places_.at(run.chunk).offset + static_cast<std::uint64_t>(run.skipped) * row_bytes;
  std::int64_t out = 0;
  for (std::size_t left = static_cast<std::size_t>(run.rows); left > 0;) {
    const auto rows = std::min(at_once, left);
    packed_.resize(at_once * row_bytes);
    read_bytes(offset, {packed_.data(), rows * row_bytes});
    for (std::size_t i = 0; i < rows; ++i) {
      const auto* row = packed_.data() + i * row_bytes;
      const bool is_whole =
          layout_.number_bytes == 4
              ? are_finite<std::uint32_t>(row, points, 0x7F800000U)
              : are_finite<std::uint64_t>(row, points, std::uint64_t{0x7FF} << 52U);
      out += is_whole ? 0 : 1;
    }
    offset += rows * row_bytes;
    left -= rows;
  }
  return out;
}

}  // namespace calcispec::io
