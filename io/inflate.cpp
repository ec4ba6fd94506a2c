#include "io/inflate.hpp"

#include <algorithm>
#include <limits>
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

}  // namespace

Unpacked inflate(std::string_view packed, Packing packing, std::uint64_t limit) {
  Unpacked out;
  Inflater inflater(packing);
  if (!inflater.is_open()) {
    return out;
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
    out.bytes.append(step.data(), step.size() - stream.avail_out);
    if (out.bytes.size() > limit) {
      out.bytes.resize(limit);
      return out;
    }
    if (status == Z_STREAM_END) {
      const bool has_more = packing == Packing::gzip && stream.avail_in > 2 &&
                            stream.next_in[0] == 0x1F && stream.next_in[1] == 0x8B;
      if (!has_more || inflateReset(&stream) != Z_OK) {
        out.is_complete = true;
        return out;
      }
      continue;
    }
    if (status != Z_OK ||
        (stream.avail_in == 0 && taken == packed.size() && stream.avail_out == step.size())) {
      return out;
    }
  }
}

bool inflate_exactly(std::string_view packed, std::span<char> out) {
  auto size = static_cast<uLongf>(out.size());
  return uncompress(reinterpret_cast<Bytef*>(out.data()),
                    &size,
                    reinterpret_cast<const Bytef*>(packed.data()),
                    packed.size()) == Z_OK &&
         size == out.size();
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
