// Exports packed as a zip archive: every member that can be read, or the one that is chosen.
#include "core/error.hpp"
#include "io/byte_source.hpp"
#include "io/file.hpp"
#include "io/inflate.hpp"
#include "io/siblings.hpp"
#include "io/spectra_rows_private.hpp"

#include <algorithm>
#include <map>
#include <memory>

// Layout: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
namespace calcispec::io {
namespace {

constexpr std::string_view local_magic("PK\x03\x04", 4);
constexpr std::string_view entry_magic("PK\x01\x02", 4);
constexpr std::string_view end_magic("PK\x05\x06", 4);
constexpr std::uint64_t end_size = 22;
constexpr std::uint64_t entry_size = 46;
constexpr std::uint64_t local_size = 30;
constexpr std::size_t most_members = 10000;

struct Member {
  std::string name;
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t start = 0;  // of its local header
};

// Office files are archives too; known_formats.cpp has the word on them.
int sniff_zip_archive(const FileView& file) {
  if (!starts_with(file, local_magic)) {
    return 0;
  }
  const bool is_office = file.bytes.find("[Content_Types].xml") != std::string_view::npos ||
                         (file.bytes.size() > 38 && file.bytes.substr(30, 8) == "mimetype");
  return is_office ? 0 : 94;
}

class Archive {
 public:
  explicit Archive(const FileView& file) : source_(file) { read_entries(); }

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  // Bytes of a member; kept until the archive goes.
  std::string_view bytes(const Member& member) {
    const auto known = unpacked_.find(member.start);
    if (known != unpacked_.end()) {
      return known->second.bytes;
    }
    return unpacked_.emplace(member.start, unpack(member)).first->second.bytes;
  }

 private:
  void read_entries() {
    const auto end = find_end();
    const auto count = source_.get<std::uint16_t>(end + 10, "the number of members");
    std::uint64_t at = source_.get<std::uint32_t>(end + 16, "the place of the list of members");
    for (std::size_t i = 0; i < std::min<std::size_t>(count, most_members); ++i) {
      if (source_.bytes(at, entry_size, "an entry of the list of members").substr(0, 4) !=
          entry_magic) {
        source_.fail(at, "an entry of the list of members was expected; the zip file is damaged");
      }
      Member member;
      member.flags = source_.get<std::uint16_t>(at + 8, "flags");
      member.method = source_.get<std::uint16_t>(at + 10, "a method");
      member.crc = source_.get<std::uint32_t>(at + 16, "a sum");
      member.packed = source_.get<std::uint32_t>(at + 20, "a size");
      member.size = source_.get<std::uint32_t>(at + 24, "a size");
      member.start = source_.get<std::uint32_t>(at + 42, "the place of a member");
      const auto name = source_.get<std::uint16_t>(at + 28, "a length");
      const auto extra = source_.get<std::uint16_t>(at + 30, "a length");
      const auto comment = source_.get<std::uint16_t>(at + 32, "a length");
      member.name = source_.text(at + entry_size, name, "the name of a member");
      at += entry_size + name + extra + comment;
      const bool is_folder = member.name.empty() || member.name.back() == '/';
      const bool is_litter =
          member.name.rfind("__MACOSX/", 0) == 0 || name_of(member.name).substr(0, 1) == ".";
      if (!is_folder && !is_litter) {
        members_.push_back(std::move(member));
      }
    }
  }

  // The last record may be followed by a comment of up to 64 KB.
  [[nodiscard]] std::uint64_t find_end() const {
    constexpr std::uint64_t longest_comment = 65535;
    const auto least = source_.size() > end_size + longest_comment
                           ? source_.size() - end_size - longest_comment
                           : 0;
    for (std::uint64_t at = source_.size() < end_size ? 0 : source_.size() - end_size + 1;
         at-- > least;) {
      if (source_.holds(at, end_size) && source_.bytes(at, 4, "the end") == end_magic) {
        return at;
      }
    }
    source_.fail(source_.size(),
                 "the list of members of the zip file is missing; it is cut off, copy it again");
  }

  [[nodiscard]] Unpacked unpack(const Member& member) const {
    constexpr std::uint64_t big = 0xFFFFFFFFU;
    if (member.packed == big || member.size == big || member.start == big) {
      source_.fail(member.start, member.name + " is larger than 4 GB; unpack it first");
    }
    if ((member.flags & 1U) != 0) {
      source_.fail(member.start, member.name + " is encrypted; unpack it first");
    }
    source_.need(member.start, local_size, "the head of a member");
    const auto name = source_.get<std::uint16_t>(member.start + 26, "a length");
    const auto extra = source_.get<std::uint16_t>(member.start + 28, "a length");
    const auto packed =
        source_.bytes(member.start + local_size + name + extra, member.packed, member.name);
    Unpacked out;
    if (member.method == 0) {
      out.bytes = packed;
    } else if (member.method == 8) {
      out = inflate(packed, Packing::raw, member.size);
    } else {
      source_.fail(member.start,
                   member.name + " is packed by method " + std::to_string(member.method) +
                       ", which is not read; unpack it first");
    }
    if (out.bytes.size() != member.size || crc32_of(out.bytes) != member.crc) {
      source_.fail(member.start, member.name + " is damaged in the zip file; pack it again");
    }
    return out;
  }

  ByteSource source_;
  std::vector<Member> members_;
  std::map<std::uint64_t, Unpacked> unpacked_;
};

class ZipReader {
 public:
  ZipReader(const FileView& file, const ReadOptions& options)
      : file_(file), options_(options), archive_(std::make_shared<Archive>(file)) {}

  LoadedFile run() {
    siblings_.names = [this] {
      std::vector<std::string> names;
      for (const auto& member : archive_->members()) {
        names.emplace_back(name_of(member.name));
      }
      return names;
    };
    siblings_.bytes = [this](const std::string& name) -> std::optional<std::string_view> {
      for (const auto& member : archive_->members()) {
        if (name_of(member.name) == name) {
          return archive_->bytes(member);
        }
      }
      return std::nullopt;
    };
    const auto names = siblings_.names();
    std::string fault;
    for (const auto& member : archive_->members()) {
      read_member(member, is_part_of_another(member.name, names), fault);
    }
    if (out_.recordings.empty()) {
      throw Error(ErrorCode::unreadable_input,
                  options_.block ? "the zip file holds no member \"" + *options_.block +
                                       "\" that can be read; info lists them"
                  : fault.empty() ? "the zip file is empty"
                                  : "none of the members of the zip file can be read; " + fault,
                  std::string(file_.path));
    }
    out_.path = std::string(file_.path);
    keep_alive(out_, archive_);
    return std::move(out_);
  }

 private:
  void read_member(const Member& member, bool is_part, std::string& fault) {
    Block block{member.name, std::to_string(member.size) + " bytes", false, {}};
    const auto number = std::to_string(out_.blocks.size() + 1);
    const bool is_chosen = options_.block ? *options_.block == member.name ||
                                                *options_.block == "/" + member.name ||
                                                *options_.block == number
                                          : !is_part;
    if (!is_chosen) {
      block.reason = is_part ? "belongs to another member" : "not chosen";
      out_.blocks.push_back(std::move(block));
      return;
    }
    auto inner = options_;
    inner.block.reset();
    const auto path = std::string(file_.path) + ":/" + member.name;
    try {
      const auto bytes = archive_->bytes(member);
      if (starts_with({bytes, {}}, local_magic)) {
        throw Error(ErrorCode::unreadable_input, "is a zip file itself; unpack it first", path);
      }
      auto loaded = load_bytes({bytes, path, &siblings_}, inner);
      block.is_used = true;
      block.reason = "read as " + loaded.format;
      out_.format = out_.recordings.empty() ? loaded.format : out_.format;
      for (auto& recording : loaded.recordings) {
        out_.recordings.push_back(std::move(recording));
      }
      for (auto& diagnostic : loaded.diagnostics) {
        out_.diagnostics.push_back(std::move(diagnostic));
      }
    } catch (const Error& error) {
      block.reason = error.what();
      out_.diagnostics.push_back({Severity::warning,
                                  "member_left_out",
                                  member.name + " of the zip file is left out: " + error.what(),
                                  -1});
      fault = fault.empty() ? member.name + ": " + error.what() : fault;
    }
    out_.blocks.push_back(std::move(block));
  }

  const FileView& file_;
  const ReadOptions& options_;
  std::shared_ptr<Archive> archive_;
  Siblings siblings_;
  LoadedFile out_;
};

LoadedFile read_zip_archive(const FileView& file, const ReadOptions& options) {
  return ZipReader(file, options).run();
}

}  // namespace

Format zip_archive_format() {
  return {"zip_archive",
          "any of these packed as zip",
          "zip",
          sniff_zip_archive,
          read_zip_archive,
          true};
}

}  // namespace calcispec::io
