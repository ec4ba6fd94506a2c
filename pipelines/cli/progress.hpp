// Progress on standard error for long work, and the rules for colour.
#pragma once

#include "core/export.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace calcispec::cli {

/// A bar on a terminal, one line per 10 % otherwise; nothing when quiet or within the first second.
class Progress {
 public:
  Progress(std::string label, bool is_quiet);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Removes an unfinished bar.
  ~Progress();

  /// Not thread-safe: the caller serialises.
  void update(Index done, Index total);

 private:
  std::string label_;
  bool is_quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  Index shown_tenth_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

/// `choice`: auto, always or never. Automatic is on for a terminal, unless NO_COLOR is set and not
/// empty or TERM is dumb. Standard output is descriptor 1, standard error 2.
bool use_color(std::string_view choice, int descriptor);

}  // namespace calcispec::cli
