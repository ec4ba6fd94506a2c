#include "io/file.hpp"

#include "core/error.hpp"
#include "io/known_formats.hpp"
#include "io/siblings.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace calcispec::io {
namespace {

constexpr std::size_t largest_file = std::size_t{8} << 30U;

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw Error(ErrorCode::unreadable_input, message, path);
}

// A file mapped into memory for reading. One of a few megabytes is read: to unmap its pages takes
// longer where the system must tell other processors, seven times the reading of 64 KB measured.
class Mapping {
 public:
  explicit Mapping(const std::string& path, bool may_be_large = false) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      fail(path, "cannot be opened: " + std::generic_category().message(errno));
    }
    struct stat state {};
    if (::fstat(file, &state) != 0 || S_ISDIR(state.st_mode)) {
      ::close(file);
      fail(path, "is a folder or cannot be read; name a file");
    }
    size_ = static_cast<std::size_t>(state.st_size);
    if (size_ > largest_file && !may_be_large) {
      ::close(file);
      fail(path, "is larger than 8 GB, the most that is read at once; split it");
    }
    if (size_ <= small_file) {
      read_small(file);
    } else {
      void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      data_ = address == MAP_FAILED ? nullptr : static_cast<const char*>(address);
    }
    ::close(file);
    if (size_ > 0 && data_ == nullptr) {
      fail(path, "cannot be read");
    }
  }
  ~Mapping() {
    if (data_ != nullptr && small_ == nullptr) {
      ::munmap(const_cast<char*>(data_), size_);
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping(Mapping&&) = delete;
  Mapping& operator=(Mapping&&) = delete;

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

 private:
  static constexpr std::size_t small_file = std::size_t{4} << 20U;

  void read_small(int file) {
    small_ = std::make_unique_for_overwrite<char[]>(size_ + 1);
    data_ = small_.get();
    std::size_t done = 0;
    while (done < size_) {
      const auto more = ::read(file, small_.get() + done, size_ - done);
      if (more < 0 && errno == EINTR) {
        continue;
      }
      if (more < 0) {
        data_ = nullptr;
        return;
      }
      if (more == 0) {
        break;
      }
      done += static_cast<std::size_t>(more);
    }
    size_ = done;
  }

  std::unique_ptr<char[]> small_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

// What lies beside a file, mapped when it is asked for.
class Folder {
 public:
  explicit Folder(const std::string& path)
      : folder_(path.substr(0, path.size() - name_of(path).size())) {
    siblings_.names = [this] { return names(); };
    siblings_.bytes = [this](const std::string& name) { return bytes(name); };
  }

  [[nodiscard]] const Siblings* siblings() const { return &siblings_; }

 private:
  std::vector<std::string> names() {
    if (!is_listed_) {
      is_listed_ = true;
      std::error_code error;
      const auto where = std::filesystem::path(folder_.empty() ? "." : folder_);
      for (std::filesystem::directory_iterator it(where, error), end; !error && it != end;
           it.increment(error)) {
        names_.push_back(it->path().filename().string());
      }
    }
    return names_;
  }

  std::optional<std::string_view> bytes(const std::string& name) {
    auto& mapping = mappings_[name];
    if (!mapping) {
      mapping = std::make_unique<Mapping>(folder_ + name, true);
    }
    return mapping->bytes();
  }

  std::string folder_;
  bool is_listed_ = false;
  std::vector<std::string> names_;
  std::map<std::string, std::unique_ptr<Mapping>> mappings_;
  Siblings siblings_;
};

std::string sha256_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < length; ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 15U];
  }
  return out;
}

struct Opened {
  Opened(const std::string& path, bool may_be_large) : mapping(path, may_be_large), folder(path) {}

  Mapping mapping;
  Folder folder;
};

struct Scored {
  const Format* format = nullptr;
  int score = 0;
};

// No two formats say this much of the same bytes: the order of the table stays without meaning.
constexpr int says_all = 98;

Scored best_by_sniff(const FileView& file) {
  Scored best;
  for (const auto& format : formats()) {
    const int score = format.sniff(file);
    if (score > best.score) {
      best = {&format, score};
    }
    if (score >= says_all) {
      break;
    }
  }
  return best;
}

// What lies beside a file is asked for only where its own bytes say little: to list a folder of
// thousands of files for each of them takes longer than to read them.
const Format* best_format(const FileView& file) {
  constexpr int says_enough = 30;
  auto alone = file;
  alone.siblings = nullptr;
  const auto best = best_by_sniff(alone);
  return best.score >= says_enough || file.siblings == nullptr ? best.format
                                                               : best_by_sniff(file).format;
}

}  // namespace

LoadedFile load_bytes(const FileView& file, const ReadOptions& options) {
  if (file.bytes.empty()) {
    fail(std::string(file.path), "the file is empty; export it again");
  }
  const auto* best = best_format(file);
  const auto mark = file.bytes.substr(0, 2);
  if (best == nullptr && (mark == "\xFF\xFE" || mark == "\xFE\xFF")) {
    fail(std::string(file.path), "the text is UTF-16; save it as UTF-8");
  }
  const auto sentence = best == nullptr ? how_to_export(file) : std::string();
  if (!sentence.empty()) {
    fail(std::string(file.path), sentence);
  }
  if (best == nullptr) {
    fail(std::string(file.path),
         "holds no table of numbers and no format that is known here; export the spectrum as text "
         "with an axis column and an ordinate column");
  }
  if (options.block && !best->has_choice) {
    fail(std::string(file.path),
         "is read as " + std::string(best->name) +
             ", whose files hold no blocks to choose from; leave --block out");
  }
  auto loaded = best->read(file, options);
  loaded.sha256 = sha256_of(file.bytes);
  return loaded;
}

OpenedFile open_file(const std::string& path, const ReadOptions& options) {
  if (path == "-") {
    const auto bytes = std::make_shared<const std::string>(std::istreambuf_iterator<char>(std::cin),
                                                           std::istreambuf_iterator<char>());
    return {load_bytes({*bytes, "-"}, options), bytes};
  }
  // "map.h5:/entry/data": the part after the colon is a block of the file.
  auto own = options;
  auto name = path;
  const auto colon = path.rfind(":/");
  struct stat state {};
  if (colon != std::string::npos && ::stat(path.c_str(), &state) != 0) {
    own.block = path.substr(colon + 1);
    name = path.substr(0, colon);
  }
  const auto opened = std::make_shared<const Opened>(name, options.is_skim);
  const FileView view{opened->mapping.bytes(), name, opened->folder.siblings(), true};
  return {load_bytes(view, own), opened};
}

LoadedFile load(const std::string& path, const ReadOptions& options) {
  auto opened = open_file(path, options);
  for (auto& recording : opened.file.recordings) {
    recording.read_row = nullptr;
  }
  return std::move(opened.file);
}

}  // namespace calcispec::io
