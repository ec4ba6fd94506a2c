// What a reader's process and its parent say to each other.
#pragma once

#include "io/crash_origin_private.hpp"

#include <cerrno>
#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>

namespace calcispec::io::detail {

// Descriptors of the reader.
inline constexpr int file_descriptor = 4;
inline constexpr int socket_descriptor = 5;
inline constexpr int memory_descriptor = 6;
inline const std::string inner_path = "/proc/self/fd/4";

enum Request : std::uint8_t { request_load, request_map, request_rows, request_chunks };
enum Status : std::uint64_t { status_good, status_refused, status_crashed };

struct AnswerHead {
  std::uint64_t status = 0;
  std::uint64_t size = 0;  // of a crash: its signal
  CrashOrigin origin = CrashOrigin::not_known;
};

// Whole or not at all; `pass` takes or gives a part, as ::send and ::recv do.
template <typename Byte, typename Pass>
bool pass_all(Byte* at, std::size_t size, const Pass& pass) {
  while (size > 0) {
    const auto passed = pass(at, size);
    if (passed < 0 && errno == EINTR) {
      continue;
    }
    if (passed <= 0) {
      return false;
    }
    at += passed;
    size -= static_cast<std::size_t>(passed);
  }
  return true;
}

inline bool send_all(int socket, const void* data, std::size_t size) {
  return pass_all(static_cast<const char*>(data), size, [&](const char* at, std::size_t left) {
    return ::send(socket, at, left, MSG_NOSIGNAL);
  });
}

inline bool receive_all(int socket, void* data, std::size_t size) {
  return pass_all(static_cast<char*>(data), size, [&](char* at, std::size_t left) {
    return ::recv(socket, at, left, 0);
  });
}

template <typename Number>
void append_bytes(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(Number));
}

inline std::uint64_t size_of(int descriptor) {
  struct stat state {};
  return ::fstat(descriptor, &state) == 0 ? static_cast<std::uint64_t>(state.st_size) : 0;
}

}  // namespace calcispec::io::detail
