// A good file cut and mutated: each reading gives spectra or a sentence, within a second of CPU
// time, which other work on the machine does not lengthen. CALCISPEC_SWEEP=1 asks for the whole
// sweep: each byte up to 4 KB, then each 1 %, and 10,000 mutations. Under the address sanitizer no
// piece of memory larger than four times the file and 64 MB is asked for.
#pragma once

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
// Of the sanitizer; GCC does not install the header that declares it.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void*,
                                                                       std::size_t),
                                                         void (*freed)(const volatile void*));
#endif

namespace calcispec::test {

inline bool is_whole_sweep() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  return std::getenv("CALCISPEC_SWEEP") != nullptr;
}

// Of this process and of those it has waited for.
inline double cpu_seconds() {
  double out = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    out += static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  }
  return out;
}

/// The largest piece of memory asked for since it was set to 0; stays 0 without the sanitizer.
inline std::atomic<std::size_t>& largest_piece() {
  static std::atomic<std::size_t> largest{0};
#if defined(__SANITIZE_ADDRESS__)
  static const int is_watched = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t size) {
        if (size > largest.load(std::memory_order_relaxed)) {
          largest.store(size, std::memory_order_relaxed);
        }
      },
      [](const volatile void*) {});
  EXPECT_GT(is_watched, 0);
#endif
  return largest;
}

class DamageSweep {
 public:
  /// Of files whose content is packed memory has another bound.
  explicit DamageSweep(bool is_packed = false) : is_packed_(is_packed) {}

  // read(bytes) gives spectra or throws Error.
  template <typename Read>
  void run(const std::string& good, const Read& read) {
    const bool whole = is_whole_sweep();
    const std::size_t step = whole ? 1 : 997;
    const std::size_t share = whole ? 100 : 7;
    for (std::size_t length = 0; length < std::min<std::size_t>(4096, good.size());
         length += step) {
      answer(good.substr(0, length), read);
    }
    for (std::size_t part = 1; part < share; ++part) {
      answer(good.substr(0, good.size() * part / share), read);
    }
    std::mt19937 random(5);
    for (int i = 0; i < (whole ? 10000 : 3); ++i) {
      answer(mutated(good, random), read);
    }
    ++files_;
  }

  void print(const char* name) const {
    std::printf(
        "%s: %d files, %lld readings with spectra, %lld with a sentence, slowest %.2f s, largest "
        "piece of memory %zu bytes\n",
        name,
        files_,
        spectra_,
        sentences_,
        slowest_s_,
        largest_);
  }

  int files() const { return files_; }

 private:
  // Half of the bytes in the head, where counts and offsets stand.
  static std::string mutated(std::string bytes, std::mt19937& random) {
    const auto head = std::min<std::size_t>(1024, bytes.size());
    for (int k = 0; k < 8; ++k) {
      const auto range = k % 2 == 0 ? head : bytes.size();
      bytes[random() % range] = static_cast<char>(random() % 256);
    }
    return bytes;
  }

  template <typename Read>
  void answer(const std::string& bytes, const Read& read) {
    largest_piece() = 0;
    const double start = cpu_seconds();
    try {
      read(bytes);
      ++spectra_;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input) << error.what();
      EXPECT_EQ(std::string(error.what()).find("fault of calcispec"), std::string::npos)
          << error.what();
      ++sentences_;
    }
    const double took = cpu_seconds() - start;
    slowest_s_ = std::max(slowest_s_, took);
    EXPECT_LT(took, 1);
    if (!is_packed_) {
      const std::size_t piece = largest_piece();
      EXPECT_LE(piece, 4 * bytes.size() + (std::size_t{64} << 20U));
      largest_ = std::max(largest_, piece);
    }
  }

  bool is_packed_;
  int files_ = 0;
  long long spectra_ = 0;
  long long sentences_ = 0;
  double slowest_s_ = 0;
  std::size_t largest_ = 0;
};

}  // namespace calcispec::test
