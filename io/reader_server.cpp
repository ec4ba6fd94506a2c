// The process that reads a file which is not trusted: answers until its socket closes.
#include "core/error.hpp"
#include "io/byte_source.hpp"
#include "io/map_source.hpp"
#include "io/reader_limits.hpp"
#include "io/reader_process.hpp"
#include "io/reader_process_private.hpp"
#include "io/recording_packer_private.hpp"
#include "io/stored_chunks_private.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace calcispec::io {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

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
