#include "io/inflate.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <zlib.h>

namespace calcispec::io {
namespace {

constexpr std::size_t largest_step = std::size_t{1} << 30U;

class Inflater {
 public:
  explicit Inflater(Packing packing) {
    constexpr int window = 15;
    constexpr int gzip_bit = 16;
    const int bits = packing == Packing::raw    ? -window
                     : packing == Packing::gzip ? window + gzip_bit
                                                : window;
    is_open_ = inflateInit2(&stream_, bits) == Z_OK;
  }
  ~Inflater() {
    if (is_open_) {
      inflateEnd(&stream_);
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  Inflater(Inflater&&) = delete;
  Inflater& operator=(Inflater&&) = delete;

  [[nodiscard]] bool is_open() const { return is_open_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool is_open_ = false;
};

// Bytes that come one after another: in memory, or where they are many in a file without a name.
class Room {
 public:
  Room() = default;
  ~Room() {
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  Room(Room&&) = delete;
  Room& operator=(Room&&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }

  void append(std::string_view more) {
    size_ += more.size();
    if (file_ >= 0) {
      write(more);
      return;
    }
    near_.append(more);
    if (near_.size() > most_in_memory && open_file()) {
      write(near_);
      near_ = std::string();
    }
  }

  // The first `size` bytes.
  Unpacked take(std::uint64_t size, bool is_complete) {
    if (file_ < 0) {
      const auto held = std::make_shared<const std::string>(std::move(near_));
      return {std::string_view(*held).substr(0, size), held, is_complete};
    }
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_, 0);
    if (address == MAP_FAILED) {
      fail();
    }
    const auto unmap = [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); };
    return {
        {static_cast<const char*>(address), size},
        std::shared_ptr<const void>(address, unmap),
        is_complete
    };
  }

 private:
  static constexpr std::size_t most_in_memory = std::size_t{64} << 20U;

  [[noreturn]] static void fail() {
    throw Error(ErrorCode::unreadable_input,
                "unpacks to more than fits in the folder for temporary files; let TMPDIR name a "
                "folder with more room, or unpack it first");
  }

  bool open_file() {
    std::error_code none;
    auto name = (std::filesystem::temp_directory_path(none) / "calcispec_XXXXXX").string();
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ >= 0) {
      ::unlink(name.c_str());
    }
    return file_ >= 0;
  }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto done = ::write(file_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) {
        continue;
      }
      if (done <= 0) {
        fail();
      }
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
  }

  std::string near_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace

Unpacked inflate(std::string_view packed, Packing packing, std::uint64_t limit) {
  Room room;
  Inflater inflater(packing);
  if (!inflater.is_open()) {
    return {};
  }
  auto& stream = inflater.stream();
  std::size_t taken = 0;
  std::string step(std::size_t{1} << 18U, '\0');
  while (true) {
    if (stream.avail_in == 0 && taken < packed.size()) {
      const auto size = std::min(packed.size() - taken, largest_step);
      // The library reads from here; its interface is older than const.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + taken));
      stream.avail_in = static_cast<uInt>(size);
      taken += size;
    }
    stream.next_out = reinterpret_cast<Bytef*>(step.data());
    stream.avail_out = static_cast<uInt>(step.size());
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    room.append(std::string_view(step).substr(0, step.size() - stream.avail_out));
    if (room.size() > limit) {
      return room.take(limit, false);
    }
    if (status == Z_STREAM_END) {
      const bool has_more = packing == Packing::gzip && stream.avail_in > 2 &&
                            stream.next_in[0] == 0x1F && stream.next_in[1] == 0x8B;
      if (!has_more || inflateReset(&stream) != Z_OK) {
        return room.take(room.size(), true);
      }
      continue;
    }
    if (status != Z_OK ||
        (stream.avail_in == 0 && taken == packed.size() && stream.avail_out == step.size())) {
      return room.take(room.size(), false);
    }
  }
}

std::uint32_t crc32_of(std::string_view bytes) {
  std::uint64_t done = 0;
  auto sum = crc32(0, nullptr, 0);
  while (done < bytes.size()) {
    const auto size = std::min<std::uint64_t>(bytes.size() - done, largest_step);
    sum = crc32(sum, reinterpret_cast<const Bytef*>(bytes.data() + done), static_cast<uInt>(size));
    done += size;
  }
  return static_cast<std::uint32_t>(sum);
}

}  // namespace calcispec::io
