#include "io/reader_process.hpp"

#include "core/error.hpp"
#include "io/crash_origin_private.hpp"
#include "io/map_source.hpp"
#include "io/reader_limits.hpp"
#include "io/recording_packer_private.hpp"
#include "io/stored_chunks_private.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace calcispec::io {
namespace {

// Descriptors of the reader.
constexpr int file_descriptor = 4;
constexpr int socket_descriptor = 5;
constexpr int memory_descriptor = 6;
const std::string inner_path = "/proc/self/fd/4";

enum Request : std::uint8_t { request_load, request_map, request_rows, request_chunks };
enum Status : std::uint64_t { status_good, status_refused, status_crashed };

struct AnswerHead {
  std::uint64_t status = 0;
  std::uint64_t size = 0;  // of a crash: its signal
  CrashOrigin origin = CrashOrigin::not_known;
};

// Whole or not at all.
bool send_all(int socket, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const auto sent = ::send(socket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const auto got = ::recv(socket, at, size, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

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

template <typename Number>
void append_bytes(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(Number));
}

std::uint64_t size_of(int descriptor) {
  struct stat state {};
  return ::fstat(descriptor, &state) == 0 ? static_cast<std::uint64_t>(state.st_size) : 0;
}

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

namespace {

class Server {
 public:
  int run() {
    limit();
    tell_crashes([](CrashOrigin origin, int signal) {
      const AnswerHead head{status_crashed, static_cast<std::uint64_t>(signal), origin};
      send_all(socket_descriptor, &head, sizeof(head));
    });
    while (receive()) {
      limit_work();
      std::string answer;
      AnswerHead head;
      try {
        answer = reply();
      } catch (const Error& error) {
        head.status = status_refused;
        answer = error.place() + "\n" + error.what();
      } catch (const std::bad_alloc&) {
        head.status = status_refused;
        answer = inner_path +
                 "\nneeds more memory than its reader may have; --trust-input reads it "
                 "without a limit";
      }
      head.size = answer.size();
      if (!write_answer(answer) || !send_all(socket_descriptor, &head, sizeof(head))) {
        return 1;
      }
    }
    return 0;
  }

 private:
  static void limit() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPROF, SIG_DFL);  // whatever the parent had
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // Sanitizers reserve far more than they use.
    const auto most = reader_memory(size_of(file_descriptor));
    const rlimit memory{most, most};
    ::setrlimit(RLIMIT_AS, &memory);
#endif
  }

  // A signal ends this process where one answer takes more.
  static void limit_work() {
    const auto most = reader_work(size_of(file_descriptor)).count();
    constexpr std::int64_t second_us = 1000000;
    itimerval timer{};
    timer.it_value = {most / second_us, most % second_us};
    ::setitimer(ITIMER_PROF, &timer, nullptr);
  }

  bool receive() {
    std::uint64_t size = 0;
    constexpr std::uint64_t longest = 1U << 20U;
    if (!receive_all(socket_descriptor, &size, sizeof(size)) || size == 0 || size > longest) {
      return false;
    }
    request_.resize(size);
    return receive_all(socket_descriptor, request_.data(), size);
  }

  std::string reply() {
    ByteSource source({request_, inner_path});
    std::uint64_t at = 1;
    const auto kind = source.get<std::uint8_t>(0, "a request");
    if (kind == request_rows || kind == request_chunks) {
      const auto first = source.get<std::int64_t>(1, "a row");
      const auto count = source.get<std::int64_t>(9, "a number");
      return kind == request_rows ? rows(first, count) : chunks(first, count);
    }
    const auto options = options_from(source, at);
    if (kind == request_load) {
      return packed_file(load_here(options));
    }
    map_ = std::make_unique<MapSource>(MapSource::open(inner_path, options));
    LoadedFile file;
    file.recordings.push_back(map_->head());
    file.diagnostics = map_->diagnostics();
    std::string out;
    append_bytes(out, std::int64_t{map_->rows()});
    append_bytes(out, map_->layout() == nullptr ? StoredLayout{} : *map_->layout());
    return out + packed_file(file);
  }

  static LoadedFile load_here(const ReadOptions& options) {
    // The library resolves links, which bytes without a file do not stand.
    std::error_code fault;
    const bool is_file = !std::filesystem::canonical(inner_path, fault).empty() && !fault;
    const std::string bytes = !is_file ? whole_file() : std::string();
    const FileView file{bytes, inner_path, nullptr, is_file};
    for (const auto& format : formats()) {
      if (format.name == "hdf5_maps") {
        return format.read(file, options);
      }
    }
    return {};
  }

  static std::string whole_file() {
    std::string out(size_of(file_descriptor), '\0');
    for (std::size_t done = 0; done < out.size();) {
      const auto got =
          ::pread(file_descriptor, out.data() + done, out.size() - done, static_cast<off_t>(done));
      if (got <= 0) {
        throw Error(ErrorCode::unreadable_input, "cannot be read", inner_path);
      }
      done += static_cast<std::size_t>(got);
    }
    return out;
  }

  std::string rows(Index first, Index count) {
    if (!map_ || first < 0 || count < 1 || count > map_->rows() || first > map_->rows() - count) {
      throw Error(ErrorCode::unreadable_input, "rows outside the map were asked for", inner_path);
    }
    const auto block = map_->read(first, count);
    return {reinterpret_cast<const char*>(block.values.data()),
            block.values.size() * sizeof(double)};
  }

  std::string chunks(Index first, Index count) {
    constexpr Index most = 1 << 20;
    const auto* layout = map_ ? map_->layout() : nullptr;
    const Index total = layout == nullptr ? 0 : layout->chunks_y() * layout->chunks_x();
    if (first < 0 || count < 1 || count > most || first > total - count) {
      throw Error(ErrorCode::unreadable_input, "chunks outside the map were asked for", inner_path);
    }
    const auto places = map_->chunks(first, count);
    return {reinterpret_cast<const char*>(places.data()), places.size() * sizeof(StoredChunk)};
  }

  static bool write_answer(const std::string& answer) {
    if (size_of(memory_descriptor) < answer.size() &&
        ::ftruncate(memory_descriptor, static_cast<off_t>(answer.size())) != 0) {
      return false;
    }
    for (std::size_t done = 0; done < answer.size();) {
      const auto written = ::pwrite(
          memory_descriptor, answer.data() + done, answer.size() - done, static_cast<off_t>(done));
      if (written <= 0) {
        return false;
      }
      done += static_cast<std::size_t>(written);
    }
    return true;
  }

  std::string request_;
  std::unique_ptr<MapSource> map_;
};

}  // namespace

int serve_reader() {
  return Server().run();
}

}  // namespace calcispec::io
