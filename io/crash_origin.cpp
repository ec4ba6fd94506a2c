#include "io/crash_origin_private.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <string_view>

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

// The innermost frame that is neither the handler's nor one of the system's libraries.
CrashOrigin origin_of_crash() {
  std::array<void*, 64> frames{};
  const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  const auto own_module = module_of(reinterpret_cast<void*>(&tell_crashes));
  int at = 0;
  while (at < count && owner_of(module_of(frames[static_cast<std::size_t>(at)]), own_module) ==
                           CrashOrigin::own) {
    ++at;  // up to the frame through which the system called the handler
  }
  for (++at; at < count; ++at) {
    const auto owner = owner_of(module_of(frames[static_cast<std::size_t>(at)]), own_module);
    if (owner != CrashOrigin::not_known) {
      return owner;
    }
  }
  return CrashOrigin::not_known;
}

void handle_crash(int signal) {
  ::signal(signal, SIG_DFL);
  told(origin_of_crash(), signal);
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
  action.sa_handler = handle_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace calcispec::io
