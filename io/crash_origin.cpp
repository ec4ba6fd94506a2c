#include "io/crash_origin_private.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <string_view>
#include <ucontext.h>

namespace calcispec::io {
namespace {

void (*told)(CrashOrigin, int) = nullptr;

// The file of code an address lies in.
std::string_view module_of(void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) {
    return {};
  }
  const std::string_view path(info.dli_fname);
  return path.substr(path.find_last_of('/') + 1);
}

CrashOrigin owner_of(std::string_view module, std::string_view own_module) {
  if (module.find("libhdf5") != std::string_view::npos) {
    return CrashOrigin::library;
  }
  const bool is_own = !module.empty() &&
                      (module == own_module || module.find("calcispec") != std::string_view::npos);
  return is_own ? CrashOrigin::own : CrashOrigin::not_known;
}

// The innermost frame that is none of the system's libraries, from the crash itself on: before it
// stand the handler and what a sanitizer puts around it.
CrashOrigin origin_of_crash(void* crashed_at) {
  std::array<void*, 64> frames{};
  const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  const auto own_module = module_of(reinterpret_cast<void*>(&tell_crashes));
  const auto end = frames.cbegin() + count;
  for (auto frame = std::find(frames.cbegin(), end, crashed_at); frame != end; ++frame) {
    const auto owner = owner_of(module_of(*frame), own_module);
    if (owner != CrashOrigin::not_known) {
      return owner;
    }
  }
  return CrashOrigin::not_known;
}

void handle_crash(int signal, siginfo_t* /*info*/, void* context) {
  ::signal(signal, SIG_DFL);
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the register holds an address
  told(origin_of_crash(reinterpret_cast<void*>(registers[REG_RIP])), signal);
  ::raise(signal);
}

}  // namespace

std::string crash_sentence(CrashOrigin origin, int signal) {
  const auto number = " (signal " + std::to_string(signal) + ")";
  if (origin == CrashOrigin::own) {
    return "its reader crashed on it outside the HDF5 library" + number +
           ", which is a fault of calcispec; please report it together with the file";
  }
  return (origin == CrashOrigin::library ? "the HDF5 library" : "its reader") +
         (" crashed on it" + number) + "; the file is damaged, copy or write it again";
}

void tell_crashes(void (*tell)(CrashOrigin, int)) {
  told = tell;
  // The first call loads what the later one in the handler needs.
  std::array<void*, 4> frames{};
  ::backtrace(frames.data(), static_cast<int>(frames.size()));
  // Stacks overflow too: the handler has its own.
  static std::array<char, std::size_t{256} << 10U> stack;
  stack_t other{};
  other.ss_sp = stack.data();
  other.ss_size = stack.size();
  ::sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_sigaction = handle_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace calcispec::io
