#include "pipelines/cli/outputs.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <unistd.h>

namespace calcispec::cli {
namespace fs = std::filesystem;
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void output_failed(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::output_failed, "cannot be written: " + why, path);
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string temporary_name(const std::string& path) {
  const fs::path whole(path);
  return (folder_of(whole) / ("." + whole.filename().string() + ".part" + std::to_string(getpid())))
      .string();
}

// Devices and pipes (/dev/null, /dev/full, a fifo) are written in place: renaming would replace
// them.
bool is_special(const std::string& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void write_plain(const std::string& path, std::string_view content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    output_failed(path, reason(errno));
  }
  errno = 0;
  const bool is_written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  const bool is_closed = std::fclose(file) == 0;
  if (!is_written || !is_closed) {
    output_failed(path, reason(is_written ? errno : write_error));
  }
}

std::string output_stem(const std::string& input) {
  if (input == "-") {
    return "stdin";
  }
  const auto stem = fs::path(input).stem().string();
  return stem.empty() ? "spectrum" : stem;
}

// A signal handler may touch nothing but this.
volatile std::sig_atomic_t interrupt_count = 0;

void on_interrupt(int signal) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void print(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0 && errno == EPIPE) {
      throw ClosedPipe{};
    }
    if (written < 0) {
      output_failed("standard output", reason(errno));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void print_message(std::string_view text) {
  std::string line = "calcispec: " + std::string(text) + "\n";
  // Messages quote files: no control letter of theirs reaches the terminal.
  std::replace_if(
      line.begin(),
      line.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 32 && c != '\n') || c == 127; },
      '?');
  std::fputs(line.c_str(), stderr);
}

void check_output(const std::string& path, bool force) {
  if (path == "-" || is_special(path)) {
    return;
  }
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::is_directory(status)) {
    throw Error(ErrorCode::invalid_argument, "is a folder; a file name was expected here", path);
  }
  if (fs::exists(status) && !force) {
    throw Error(ErrorCode::invalid_argument,
                "exists already; choose another name or give --force to replace it",
                path);
  }
  const auto folder = folder_of(path);
  if (!fs::is_directory(folder, error)) {
    output_failed(path, "there is no folder '" + folder.string() + "'; make it first");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    output_failed(path, "the folder '" + folder.string() + "': " + reason(errno));
  }
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    output_failed(path, error.message());
  }
  if (!fs::is_directory(path, error)) {
    output_failed(path, "it is a file; a folder was expected here");
  }
}

void make_picture_folder(const std::string& path, bool force) {
  make_folder(path);
  const fs::directory_iterator files(path);
  const bool has_pictures = std::any_of(
      begin(files), end(files), [](const auto& file) { return file.path().extension() == ".svg"; });
  if (has_pictures && !force) {
    throw Error(ErrorCode::invalid_argument,
                "holds pictures already; --force replaces those of the same name, or name "
                "another folder",
                path);
  }
}

bool is_folder_name(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

std::vector<std::string> output_names(const std::string& target,
                                      std::span<const std::string> inputs,
                                      std::string_view extension) {
  if (!is_folder_name(target)) {
    if (inputs.size() > 1) {
      throw Error(ErrorCode::invalid_argument,
                  std::to_string(inputs.size()) +
                      " inputs cannot go into one output; give a folder, for example -o results/",
                  "-o " + target);
    }
    return std::vector<std::string>(inputs.size(), target);
  }
  std::set<std::string> taken;
  std::vector<std::string> outputs;
  for (const auto& input : inputs) {
    const auto stem = output_stem(input);
    std::string name = stem;
    for (int count = 2; !taken.insert(name).second; ++count) {
      name = stem + "_" + std::to_string(count);
    }
    outputs.push_back((fs::path(target) / (name + std::string(extension))).string());
  }
  return outputs;
}

std::vector<std::string> plan_outputs(const std::string& target,
                                      std::span<const std::string> inputs,
                                      std::string_view extension,
                                      bool force) {
  auto outputs = output_names(target, inputs, extension);
  if (is_folder_name(target)) {
    make_folder(target);
  }
  for (const auto& output : outputs) {
    check_output(output, force);
  }
  return outputs;
}

void print_plan(const InputList& list, const std::string& target, std::string_view extension) {
  const auto readable = list.readable();
  const auto outputs = output_names(target, readable, extension);
  auto output = outputs.begin();
  for (const auto& input : list.inputs) {
    print(input.path + "  " +
          (input.fault.empty() ? "would be written to " + *output++ : input.fault) + "\n");
  }
}

void write_output_file(const std::string& path,
                       const std::function<void(const std::string& temporary)>& write) {
  if (is_special(path)) {
    write(path);
    return;
  }
  const auto temporary = temporary_name(path);
  std::error_code error;
  try {
    write(temporary);
  } catch (const Error& failure) {
    fs::remove(temporary, error);
    // The temporary name would only puzzle the reader.
    throw Error(failure.code(), failure.what(), path);
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
  fs::rename(temporary, path, error);
  if (error) {
    const auto why = error.message();
    fs::remove(temporary, error);
    output_failed(path, why);
  }
}

void write_output(const std::string& path, std::string_view content) {
  if (path == "-") {
    print(content);
    return;
  }
  write_output_file(path, [&](const std::string& temporary) { write_plain(temporary, content); });
}

void watch_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
}

void check_interrupt() {
  if (interrupt_count > 0) {
    throw Error(ErrorCode::interrupted, "stopped; finished results are kept");
  }
}

}  // namespace calcispec::cli
