#include "io/hdf5_chunk_index_private.hpp"
#include "io/hdf5_private.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace calcispec::io::hdf5 {
namespace {

constexpr std::uint64_t no_address = UINT64_MAX;
constexpr std::uint64_t most_header_bytes = std::uint64_t{1} << 20;
constexpr int most_header_blocks = 64;

// Part of the file; a number that lies outside it spoils all.
class Bytes {
 public:
  Bytes(int file, std::uint64_t offset, std::uint64_t count) : bytes_(count) {
    for (std::uint64_t done = 0; done < count;) {
      const auto got =
          ::pread(file, bytes_.data() + done, count - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        bytes_.resize(done);
        return;
      }
      done += static_cast<std::uint64_t>(got);
    }
  }

  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] bool starts_with(std::string_view magic) const {
    return bytes_.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes_.begin(), [](char a, unsigned char b) {
             return static_cast<unsigned char>(a) == b;
           });
  }
  /// Little-endian, of 1 to 8 bytes.
  [[nodiscard]] std::uint64_t number(std::uint64_t at, std::uint64_t size) {
    if (at > bytes_.size() || size > bytes_.size() - at) {
      is_good_ = false;
      return 0;
    }
    std::uint64_t out = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      out |= std::uint64_t{bytes_[at + i]} << (8 * i);
    }
    return out;
  }

 private:
  std::vector<unsigned char> bytes_;
  bool is_good_ = true;
};

struct Block {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// The layout message of an object header (IV.A), of version 1 or 2, with its continuations.
class ObjectHeader {
 public:
  ObjectHeader(int file, std::uint64_t address) : file_(file) {
    constexpr std::uint64_t longest_prefix = 64;
    Bytes prefix(file, address, longest_prefix);
    if (prefix.starts_with("OHDR")) {
      is_second_ = true;
      const auto flags = prefix.number(5, 1);
      has_order_ = (flags & 4U) != 0;
      const std::uint64_t times = (flags & 32U) != 0 ? 16 : 0;
      const std::uint64_t limits = (flags & 16U) != 0 ? 4 : 0;
      const std::uint64_t size_at = 6 + times + limits;
      const std::uint64_t size_bytes = std::uint64_t{1} << (flags & 3U);
      blocks_.push_back({address + size_at + size_bytes, prefix.number(size_at, size_bytes)});
    } else if (prefix.number(0, 1) == 1) {
      blocks_.push_back({address + 16, prefix.number(8, 4)});
    }
    if (!prefix.is_good()) {
      blocks_.clear();
    }
  }

  // Root of the B-tree of chunks; no_address: another kind of layout.
  std::uint64_t chunk_tree(std::uint64_t rank) {
    for (std::size_t b = 0; b < blocks_.size() && b < most_header_blocks; ++b) {
      if (blocks_[b].bytes > most_header_bytes) {
        break;
      }
      if (const auto root = look_in(blocks_[b], rank)) {
        return *root;
      }
    }
    return no_address;
  }

 private:
  enum Message : std::uint64_t { layout_message = 8, continuation_message = 16 };

  std::optional<std::uint64_t> look_in(Block block, std::uint64_t rank) {
    Bytes bytes(file_, block.offset, block.bytes);
    const std::uint64_t head = is_second_ ? (has_order_ ? 6 : 4) : 8;
    const std::uint64_t kind_bytes = is_second_ ? 1 : 2;
    for (std::uint64_t at = 0; at + head <= bytes.size();) {
      const auto kind = bytes.number(at, kind_bytes);
      const auto size = bytes.number(at + kind_bytes, 2);
      if (kind == layout_message) {
        return root_in(bytes, at + head, rank);
      }
      if (kind == continuation_message) {
        follow(bytes, at + head);
      }
      at += head + size;
    }
    return std::nullopt;
  }

  // Version 3, chunked, numbers of a data set of this rank.
  static std::uint64_t root_in(Bytes& bytes, std::uint64_t at, std::uint64_t rank) {
    constexpr std::uint64_t chunked = 2;
    const bool is_known = bytes.number(at, 1) == 3 && bytes.number(at + 1, 1) == chunked &&
                          bytes.number(at + 2, 1) == rank + 1;
    const auto root = bytes.number(at + 3, 8);
    return is_known && bytes.is_good() ? root : no_address;
  }

  // Of a version 2 header: between a signature and a checksum.
  void follow(Bytes& bytes, std::uint64_t at) {
    constexpr std::uint64_t signature = 4;
    constexpr std::uint64_t around = 8;
    Block next{bytes.number(at, 8), bytes.number(at + 8, 8)};
    if (is_second_ && next.bytes >= around) {
      next = {next.offset + signature, next.bytes - around};
    }
    if (bytes.is_good()) {
      blocks_.push_back(next);
    }
  }

  int file_;
  bool is_second_ = false;
  bool has_order_ = false;
  std::vector<Block> blocks_;
};

// Where chunks begin, counted in chunks: compared as the tree orders them.
using Corner = std::pair<std::uint64_t, std::uint64_t>;  // line, place in the line

class ChunkTree {
 public:
  ChunkTree(int file, const StoredLayout& layout, bool is_flat)
      : file_(file), layout_(layout), is_flat_(is_flat) {}

  std::optional<std::vector<StoredChunk>> places(std::uint64_t root,
                                                 std::int64_t first,
                                                 std::int64_t count) {
    constexpr std::int64_t spare_nodes = 64;
    constexpr std::int64_t nodes_per_chunk = 8;
    first_ = first;
    out_.assign(static_cast<std::size_t>(count), {});
    nodes_left_ = spare_nodes + nodes_per_chunk * count;
    return visit(root, -1) ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  [[nodiscard]] std::uint64_t key_bytes() const { return 8 + 8 * (is_flat_ ? 3U : 4U); }

  [[nodiscard]] Corner corner_of(std::int64_t chunk) const {
    return {static_cast<std::uint64_t>(chunk / layout_.chunks_x()),
            static_cast<std::uint64_t>(chunk % layout_.chunks_x())};
  }

  Corner corner_at(Bytes& bytes, std::uint64_t key) const {
    const auto x = bytes.number(key + (is_flat_ ? 8 : 16), 8);
    const auto y = is_flat_ ? 0 : bytes.number(key + 8, 8);
    return {y / static_cast<std::uint64_t>(layout_.chunk_y),
            x / static_cast<std::uint64_t>(layout_.chunk_x)};
  }

  // A node and what is asked for below it. `level`: that it must have; -1: any.
  bool visit(std::uint64_t address, std::int64_t level) {
    constexpr std::uint64_t head_bytes = 24;
    constexpr std::int64_t most_levels = 32;
    if (--nodes_left_ < 0) {
      return false;
    }
    Bytes head(file_, address, head_bytes);
    const auto own = static_cast<std::int64_t>(head.number(5, 1));
    const auto entries = head.number(6, 2);
    constexpr std::uint64_t raw_chunks = 1;
    if (!head.starts_with("TREE") || head.number(4, 1) != raw_chunks || !head.is_good() ||
        own > most_levels || (level >= 0 && own != level)) {
      return false;
    }
    const auto step = key_bytes() + 8;
    Bytes bytes(file_, address + head_bytes, entries * step + key_bytes());
    const auto last = first_ + static_cast<std::int64_t>(out_.size()) - 1;
    for (std::uint64_t i = 0; i < entries; ++i) {
      const auto key = i * step;
      const auto corner = corner_at(bytes, key);
      const auto child = bytes.number(key + key_bytes(), 8);
      if (!bytes.is_good()) {
        return false;
      }
      if (corner > corner_of(last)) {
        break;
      }
      // The key that ends the last node of all is that of its last chunk.
      if (own == 0) {
        take(bytes, key, corner, child);
      } else if (corner_at(bytes, key + step) >= corner_of(first_) && !visit(child, own - 1)) {
        return false;
      }
    }
    return bytes.is_good();
  }

  // A chunk that some of its filters left out has a mask, and is the library's to read.
  void take(Bytes& bytes, std::uint64_t key, const Corner& corner, std::uint64_t address) {
    const auto across = static_cast<std::uint64_t>(layout_.chunks_x());
    const auto lines = static_cast<std::uint64_t>(layout_.chunks_y());
    if (corner < corner_of(first_) || corner.first >= lines || corner.second >= across) {
      return;
    }
    const auto chunk = static_cast<std::int64_t>(corner.first * across + corner.second);
    if (bytes.number(key + 4, 4) == 0) {
      out_[static_cast<std::size_t>(chunk - first_)] = {address, bytes.number(key, 4)};
    }
  }

  int file_;
  const StoredLayout& layout_;
  bool is_flat_;
  std::int64_t first_ = 0;
  std::int64_t nodes_left_ = 0;
  std::vector<StoredChunk> out_;
};

// Descriptor of a single file on the disk whose addresses have 8 bytes; -1: another kind.
int plain_file(hid_t file) {
  const Handle access(H5Fget_access_plist(file), H5Pclose);
  const Handle creation(H5Fget_create_plist(file), H5Pclose);
  std::size_t address_bytes = 0;
  std::size_t length_bytes = 0;
  void* descriptor = nullptr;
  const bool is_plain = H5Pget_driver(access.id()) == H5FD_SEC2 &&
                        H5Pget_sizes(creation.id(), &address_bytes, &length_bytes) >= 0 &&
                        address_bytes == 8 && length_bytes == 8 &&
                        H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0 &&
                        descriptor != nullptr;
  return is_plain ? *static_cast<const int*>(descriptor) : -1;
}

int rank_of(hid_t data) {
  const Handle space(H5Dget_space(data), H5Sclose);
  return H5Sget_simple_extent_ndims(space.id());
}

// The library finds the first chunk at once if it is there at all.
bool agrees_with_library(hid_t data, const StoredChunk& chunk) {
  const hsize_t corner[3] = {0, 0, 0};
  unsigned mask = 0;
  haddr_t offset = HADDR_UNDEF;
  hsize_t bytes = 0;
  return chunk.bytes == 0 ||
         (H5Dget_chunk_info_by_coord(data, corner, &mask, &offset, &bytes) >= 0 &&
          offset == chunk.offset && bytes == chunk.bytes);
}

}  // namespace

std::optional<std::vector<StoredChunk>> indexed_chunks(hid_t data,
                                                       const StoredLayout& layout,
                                                       std::int64_t first,
                                                       std::int64_t count) {
  const Handle file(H5Iget_file_id(data), H5Fclose);
  const int descriptor = plain_file(file.id());
  const int rank = rank_of(data);
  H5O_info_t info;
  if (descriptor < 0 || (rank != 2 && rank != 3) || H5Oget_info(data, &info) < 0) {
    return std::nullopt;
  }
  const auto root =
      ObjectHeader(descriptor, info.addr).chunk_tree(static_cast<std::uint64_t>(rank));
  if (root == no_address) {
    return std::nullopt;
  }
  ChunkTree tree(descriptor, layout, rank == 2);
  const auto top = tree.places(root, 0, 1);
  if (!top || !agrees_with_library(data, top->front())) {
    return std::nullopt;
  }
  return tree.places(root, first, count);
}

}  // namespace calcispec::io::hdf5
