#include "pipelines/cli/progress.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace calcispec::cli {
namespace {

constexpr auto first_shown = std::chrono::milliseconds(1000);
constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr int bar_width = 30;

}  // namespace

Progress::Progress(std::string label, bool is_quiet)
    : label_(std::move(label)),
      is_quiet_(is_quiet),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (is_drawn_) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::update(Index done, Index total) {
  const auto now = std::chrono::steady_clock::now();
  if (is_quiet_ || total <= 0 || now - start_ < first_shown) {
    return;
  }
  if (!is_terminal_) {
    const Index tenth = done * 10 / total;
    if (tenth > shown_tenth_) {
      shown_tenth_ = tenth;
      std::fprintf(stderr,
                   "%s: %lld %% (%lld of %lld)\n",
                   label_.c_str(),
                   static_cast<long long>(tenth) * 10,
                   static_cast<long long>(done),
                   static_cast<long long>(total));
    }
    return;
  }
  if (now - last_ < redraw_every && done < total) {
    return;
  }
  last_ = now;
  is_drawn_ = true;
  const auto filled = static_cast<std::size_t>(done * bar_width / total);
  const std::string bar = std::string(filled, '#') + std::string(bar_width - filled, '.');
  std::fprintf(stderr,
               "\r\033[K%s [%s] %lld of %lld",
               label_.c_str(),
               bar.c_str(),
               static_cast<long long>(done),
               static_cast<long long>(total));
  std::fflush(stderr);
}

bool use_color(std::string_view choice, int descriptor) {
  if (choice == "always" || choice == "never") {
    return choice == "always";
  }
  // Read before any thread starts; nothing in the program sets the environment.
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  const char* terminal = std::getenv("TERM");      // NOLINT(concurrency-mt-unsafe)
  return isatty(descriptor) == 1 && (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace calcispec::cli
