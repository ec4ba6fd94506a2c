// FolderWatch: files that a spectrometer's program exports are analysed as they come.
#pragma once

#include "pipelines/analysis.hpp"
#include "pipelines/row_values.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace calcispec {

struct WatchJob {
  std::string output;  // CSV, one row per spectrum; what is done stands in <output>.work
  AnalysisRequest analysis;
  /// A file is ready when its size and time have not changed for so long.
  std::chrono::milliseconds settle{2000};
};

struct WatchedFile {
  std::string path;
  Index spectra = 0;
  std::string fault;  // why there are none
};

/// Every file is done once, by its content; a file written anew replaces its rows. Nothing is
/// moved or deleted. What is done is kept as blocks of a batch are: a kill loses nothing.
class FolderWatch {
 public:
  /// Throws Error{output_failed} where the output cannot be written or is in use, Error{bad_method}
  /// where work begun here was of another method.
  explicit FolderWatch(const WatchJob& job);
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  FolderWatch(FolderWatch&&) = delete;
  FolderWatch& operator=(FolderWatch&&) = delete;
  ~FolderWatch();

  /// Looks at the files of the folder as they are now; analyses those that are ready and new, and
  /// returns them. Call it again and again.
  std::vector<WatchedFile> look(const std::vector<std::string>& files);
  /// Files that were seen and are not ready yet.
  [[nodiscard]] Index waiting() const noexcept { return waiting_; }
  /// Writes the table, if it has changed. Throws Error{output_failed}.
  void write_table();

 private:
  struct Parts;
  struct Seen {
    std::uintmax_t size = 0;
    std::int64_t time = 0;
    std::chrono::steady_clock::time_point since;
    bool is_done = false;
  };

  bool is_ready(const std::string& path, Seen& seen) const;
  WatchedFile analyse(const std::string& path);

  const WatchJob& job_;
  std::unique_ptr<Parts> parts_;
  std::map<std::string, Seen> seen_;
  Index waiting_ = 0;
  bool is_changed_ = true;
};

}  // namespace calcispec
