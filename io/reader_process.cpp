#include "io/reader_process.hpp"

#include "core/error.hpp"
#include "io/reader_limits.hpp"
#include "io/reader_process_private.hpp"
#include "io/recording_packer_private.hpp"
#include "io/stored_chunks_private.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace calcispec::io {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

// A descriptor that closes itself, moved above those the reader will have.
class Descriptor {
 public:
  explicit Descriptor(int id = -1) {
    if (id >= 0) {
      constexpr int first_free = 10;
      id_ = ::fcntl(id, F_DUPFD_CLOEXEC, first_free);
      ::close(id);
    }
  }
  Descriptor(Descriptor&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  void reset() {
    if (id_ >= 0) {
      ::close(std::exchange(id_, -1));
    }
  }
  [[nodiscard]] int id() const { return id_; }
  [[nodiscard]] bool is_open() const { return id_ >= 0; }

 private:
  int id_ = -1;
};

}  // namespace

struct ReaderProcess::Parts {
  std::string path;
  Descriptor socket;
  Descriptor memory;
  pid_t process = -1;
  std::uint64_t file_size = 0;
  std::string fault;  // once it is gone

  ~Parts() { end(); }

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, path);
  }

  int end() {
    int status = 0;
    socket.reset();
    if (process > 0) {
      ::kill(process, SIGKILL);
      while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
      }
      process = -1;
    }
    return status;
  }

  Descriptor open_file(const FileView& file) const {
    if (file.is_file) {
      return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    Descriptor out(::memfd_create("calcispec", MFD_CLOEXEC));
    for (std::size_t done = 0; out.is_open() && done < file.bytes.size();) {
      const auto written = ::write(out.id(), file.bytes.data() + done, file.bytes.size() - done);
      if (written <= 0 && errno != EINTR) {
        return Descriptor();
      }
      done += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    return out;
  }

  void start(const std::string& program, const FileView& file) {
    const auto input = open_file(file);
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
      fail("no reader could be started: too many open files");
    }
    socket = Descriptor(pair[0]);
    const Descriptor other(pair[1]);
    memory = Descriptor(::memfd_create("calcispec", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!input.is_open() || !memory.is_open() || !socket.is_open()) {
      fail("cannot be opened for its reader");
    }
    // What was mapped here must stay there.
    ::fcntl(memory.id(), F_ADD_SEALS, F_SEAL_SHRINK);
    file_size = size_of(input.id());
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    for (const int standard : {0, 1, 2}) {
      posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, input.id(), file_descriptor);
    posix_spawn_file_actions_adddup2(&actions, other.id(), socket_descriptor);
    posix_spawn_file_actions_adddup2(&actions, memory.id(), memory_descriptor);
    std::string name = program;
    std::string word = reader_word;
    char* const arguments[] = {name.data(), word.data(), nullptr};
    const int status =
        ::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0) {
      process = -1;
      fail("its reader " + program +
           " could not be started: " + std::generic_category().message(status));
    }
  }

  [[nodiscard]] bool waits_for_answer(std::chrono::milliseconds most) const {
    const auto end = std::chrono::steady_clock::now() + most;
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd one{socket.id(), POLLIN, 0};
      const int ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready >= 0 || errno != EINTR) {
        return ready > 0;
      }
    }
  }

  [[noreturn]] void explain_crash(CrashOrigin origin, std::uint64_t signal) {
    end();
    constexpr std::uint64_t last_signal = 64;
    fault = crash_sentence(origin, static_cast<int>(std::min(signal, last_signal)));
    fail(fault);
  }

  [[noreturn]] void explain_end(bool is_late) {
    const int status = end();
    if (is_late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)) {
      fault =
          "its reader took too long and was stopped; the file is damaged, or --trust-input reads "
          "it without a limit";
    } else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
      fault = crash_sentence(CrashOrigin::not_known, WTERMSIG(status));
    } else {
      fault = "its reader ended without an answer; the file is damaged, or memory ran out";
    }
    fail(fault);
  }

  /// The answer in shared memory, handed to `use`.
  template <typename Use>
  auto ask(const std::string& request, std::uint64_t bytes, Use&& use) {
    if (process < 0) {
      fail(fault.empty() ? "its reader is gone" : fault);
    }
    std::string framed;
    append_bytes(framed, std::uint64_t{request.size()});
    framed += request;
    AnswerHead head;
    const bool is_sent = send_all(socket.id(), framed.data(), framed.size());
    if (is_sent && !waits_for_answer(reader_time(file_size + bytes))) {
      explain_end(true);
    }
    if (!is_sent || !receive_all(socket.id(), &head, sizeof(head))) {
      explain_end(false);
    }
    if (head.status == status_crashed) {
      explain_crash(head.origin, head.size);
    }
    if (head.size == 0 || head.size > size_of(memory.id())) {
      explain_end(false);
    }
    void* address = ::mmap(nullptr, head.size, PROT_READ, MAP_SHARED, memory.id(), 0);
    if (address == MAP_FAILED) {
      fail("needs more memory than there is");
    }
    const auto unmap = [size = head.size](void* mapped) { ::munmap(mapped, size); };
    const std::unique_ptr<void, decltype(unmap)> mapping(address, unmap);
    const std::string_view answer(static_cast<const char*>(address), head.size);
    if (head.status != status_good) {
      refuse(std::string(answer));
    }
    return use(answer);
  }

  // "place\nsentence"; the reader knows the file by its descriptor.
  [[noreturn]] void refuse(const std::string& answer) const {
    const auto cut = std::min(answer.find('\n'), answer.size() - 1);
    auto place = answer.substr(0, cut);
    place = place.rfind(inner_path, 0) == 0 ? path + place.substr(inner_path.size()) : path;
    throw Error(ErrorCode::unreadable_input, answer.substr(cut + 1), place);
  }
};

ReaderProcess::ReaderProcess(const std::string& program, const FileView& file)
    : parts_(std::make_unique<Parts>()) {
  parts_->path = std::string(file.path);
  parts_->start(program, file);
}
ReaderProcess::ReaderProcess(ReaderProcess&&) noexcept = default;
ReaderProcess& ReaderProcess::operator=(ReaderProcess&&) noexcept = default;
ReaderProcess::~ReaderProcess() = default;

LoadedFile ReaderProcess::load(const ReadOptions& options) {
  std::string request;
  append_bytes(request, request_load);
  return parts_->ask(request + packed_options(options), 0, [&](std::string_view answer) {
    return file_from(answer, parts_->path);
  });
}

LoadedFile ReaderProcess::open_map(const ReadOptions& options,
                                   Index& rows,
                                   std::optional<StoredLayout>& layout) {
  std::string request;
  append_bytes(request, request_map);
  return parts_->ask(request + packed_options(options), 0, [&](std::string_view answer) {
    const ByteSource source({answer, parts_->path});
    rows = source.get<std::int64_t>(0, "the number of rows");
    const auto own = source.get<StoredLayout>(sizeof(std::int64_t), "the layout");
    layout = own.is_usable() ? std::optional(own) : std::nullopt;
    return file_from(answer.substr(sizeof(std::int64_t) + sizeof(own)), parts_->path, rows);
  });
}

std::vector<StoredChunk> ReaderProcess::map_chunks(Index first, Index count) {
  std::string request;
  append_bytes(request, request_chunks);
  append_bytes(request, std::int64_t{first});
  append_bytes(request, std::int64_t{count});
  return parts_->ask(request, 0, [&](std::string_view answer) {
    std::vector<StoredChunk> out(answer.size() / sizeof(StoredChunk));
    std::memcpy(out.data(), answer.data(), out.size() * sizeof(StoredChunk));
    return out;
  });
}

std::vector<double> ReaderProcess::map_rows(Index first, Index count, Index points) {
  std::string request;
  append_bytes(request, request_rows);
  append_bytes(request, std::int64_t{first});
  append_bytes(request, std::int64_t{count});
  const auto numbers = static_cast<std::uint64_t>(count * points);
  return parts_->ask(request, 8 * numbers, [&](std::string_view answer) {
    std::vector<double> out(numbers);
    if (answer.size() != 8 * numbers) {
      parts_->fail("its reader answered with another number of spectra");
    }
    std::memcpy(out.data(), answer.data(), answer.size());
    return out;
  });
}

}  // namespace calcispec::io
