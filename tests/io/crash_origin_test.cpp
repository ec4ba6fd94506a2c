// Whose code crashed: in a process of its own, once in the HDF5 library and once here.
#include "io/crash_origin_private.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace calcispec::io {
namespace {

int crash_pipe = -1;

void write_down(CrashOrigin origin, int signal) {
  const std::uint64_t row[2] = {static_cast<std::uint64_t>(origin),
                                static_cast<std::uint64_t>(signal)};
  if (::write(crash_pipe, row, sizeof(row)) < 0) {
    ::_exit(9);
  }
}

struct Crash {
  CrashOrigin origin = CrashOrigin::not_known;
  int signal = 0;  // as told, and as the process ended
};

Crash crash_of(void (*work)()) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    crash_pipe = ends[1];
    tell_crashes(write_down);
    work();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::uint64_t row[2] = {0, 0};
  EXPECT_EQ(::read(ends[0], row, sizeof(row)), static_cast<ssize_t>(sizeof(row)));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), static_cast<int>(row[1]));
  return {static_cast<CrashOrigin>(row[0]), static_cast<int>(row[1])};
}

TEST(CrashOrigin, TheLibrarysCrashIsToldFromOurs) {
  H5open();
  const auto there =
      // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that nothing has
      crash_of([] { H5is_library_threadsafe(reinterpret_cast<hbool_t*>(std::uintptr_t{16})); });
  EXPECT_EQ(there.origin, CrashOrigin::library);
  EXPECT_EQ(there.signal, SIGSEGV);
  EXPECT_EQ(crash_of([] { ::raise(SIGBUS); }).origin, CrashOrigin::own);
  EXPECT_EQ(crash_of([] { ::abort(); }).origin, CrashOrigin::own);
}

// Called by the library: still ours.
TEST(CrashOrigin, ACallbackIsOurs) {
  H5open();
  const auto crash = crash_of([] {
    H5Eset_auto2(
        H5E_DEFAULT,
        [](hid_t, void*) -> herr_t {
          ::raise(SIGFPE);
          return 0;
        },
        nullptr);
    H5Fopen("/nonexistent", H5F_ACC_RDONLY, H5P_DEFAULT);
  });
  EXPECT_EQ(crash.origin, CrashOrigin::own);
  EXPECT_EQ(crash.signal, SIGFPE);
}

TEST(CrashOrigin, SentencesSayWhatToDo) {
  EXPECT_EQ(crash_sentence(CrashOrigin::library, 11),
            "the HDF5 library crashed on it (signal 11); the file is damaged, copy or write it "
            "again");
  EXPECT_NE(crash_sentence(CrashOrigin::own, 6).find("please report it"), std::string::npos);
  EXPECT_EQ(crash_sentence(CrashOrigin::not_known, 7).rfind("its reader crashed on it", 0), 0U);
}

}  // namespace
}  // namespace calcispec::io
