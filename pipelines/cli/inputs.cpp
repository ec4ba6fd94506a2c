#include "pipelines/cli/inputs.hpp"

#include "core/error.hpp"
#include "io/format.hpp"
#include "io/siblings.hpp"
#include "pipelines/cli/options.hpp"

#include <algorithm>
#include <filesystem>
#include <fnmatch.h>
#include <fstream>
#include <glob.h>
#include <iterator>
#include <map>
#include <set>

namespace calcispec::cli {
namespace fs = std::filesystem;
namespace {

// A file's class is told from this much of it; whole spectra are read later.
constexpr std::size_t sniffed_bytes = std::size_t{1} << 20U;

bool is_match(const std::string& name, std::span<const std::string> globs) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  });
}

// Papers that lie beside spectra; text columns in them would be taken for data.
bool is_companion(const std::string& name) {
  static constexpr const char* globs[] = {
      "README*", "readme*", "MANIFEST*", "manifest*", "LICENSE*", "LICENCE*", "CHANGELOG*"};
  return std::any_of(std::begin(globs), std::end(globs), [&](const char* glob) {
    return fnmatch(glob, name.c_str(), 0) == 0;
  });
}

bool has_spectral_extension(const fs::path& path) {
  auto extension = path.extension().string();
  if (extension.size() < 2) {
    return false;
  }
  extension.erase(0, 1);
  for (char& letter : extension) {
    letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  }
  const auto formats = io::formats();
  return std::any_of(formats.begin(), formats.end(), [&](const io::Format& format) {
    const std::string list = " " + std::string(format.extensions) + " ";
    return list.find(" " + extension + " ") != std::string::npos;
  });
}

bool is_claimed(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(sniffed_bytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const auto name = path.string();
  const auto formats = io::formats();
  return std::any_of(formats.begin(), formats.end(), [&](const io::Format& format) {
    return format.sniff(io::FileView{bytes, name}) > 0;
  });
}

// A broken spectrum must show up as a failed input, so the extension counts here as well as the
// content; companions and everything else in the folder is passed over.
bool is_wanted(const fs::path& path, const FolderRules& rules) {
  const auto name = path.filename().string();
  if (!rules.include.empty()) {
    return is_match(name, rules.include);
  }
  return !is_companion(name) && (has_spectral_extension(path) || is_claimed(path));
}

class Collector {
 public:
  explicit Collector(const FolderRules& rules) : rules_(rules) {}

  void add_word(const std::string& word) {
    std::error_code error;
    if (fs::is_directory(word, error)) {
      add_folder(word);
    } else if (word != "-" && !fs::exists(word, error) &&
               word.find_first_of("*?[") != std::string::npos) {
      add_glob(word);
    } else {
      add_file(word);
    }
  }

  [[nodiscard]] InputList take() { return std::move(list_); }

 private:
  void add_file(const std::string& path) {
    if (!seen_.insert(path).second) {
      return;
    }
    std::error_code error;
    // Whether "file.h5:/entry" exists is for its reader to say.
    const bool is_inner_path = path.find(":/") != std::string::npos;
    const bool is_missing = path != "-" && !is_inner_path && !fs::exists(path, error);
    list_.inputs.push_back(
        {path, is_missing ? "there is no such file; check the name and the folder" : ""});
  }

  void add_glob(const std::string& pattern) {
    glob_t found{};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread starts
    const int status = glob(pattern.c_str(), 0, nullptr, &found);
    std::vector<std::string> paths;
    if (status == 0) {
      paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    globfree(&found);
    if (paths.empty()) {
      list_.inputs.push_back({pattern, "no file matches this pattern"});
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      std::error_code error;
      if (!fs::is_directory(path, error)) {
        add_file(path);
      }
    }
  }

  void add_folder(const std::string& folder) {
    const auto paths = files_below(folder);
    const auto before = list_.inputs.size();
    const auto skipped_before = list_.skipped;
    bool has_known = false;
    std::map<std::string, std::vector<std::string>> beside;  // names in each folder
    for (const auto& path : paths) {
      beside[path.parent_path().string()].push_back(path.filename().string());
    }
    for (const auto& path : paths) {
      has_known = has_known || seen_.contains(path.string());
      if (is_wanted(path, rules_) &&
          !io::is_part_of_another(path.string(), beside[path.parent_path().string()])) {
        add_file(path.string());
      } else {
        ++list_.skipped;
      }
    }
    if (list_.inputs.size() == before && !has_known) {
      list_.inputs.push_back({folder, empty_sentence(paths.size())});
      list_.skipped = skipped_before;
    }
  }

  [[nodiscard]] std::vector<fs::path> files_below(const std::string& folder) {
    std::vector<fs::path> paths;
    const auto take = [&](const fs::directory_entry& entry) {
      std::error_code error;
      const bool is_hidden = entry.path().filename().string().starts_with(".");
      if (!is_hidden && entry.is_regular_file(error)) {
        paths.push_back(entry.path());
      }
    };
    std::error_code error;
    const auto skip = fs::directory_options::skip_permission_denied;
    if (rules_.is_recursive) {
      for (fs::recursive_directory_iterator it(folder, skip, error), end; !error && it != end;
           it.increment(error)) {
        take(*it);
      }
    } else {
      for (fs::directory_iterator it(folder, skip, error), end; !error && it != end;
           it.increment(error)) {
        take(*it);
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  [[nodiscard]] std::string empty_sentence(std::size_t files) const {
    std::string text = "is a folder without spectra: ";
    text += files == 0 ? "it holds no files"
                       : "none of its " + std::to_string(files) + " files " +
                             (rules_.include.empty() ? "is in a known format"
                                                     : "has a name that --include allows");
    return text + (rules_.is_recursive ? "" : "; --recursive looks into its subfolders");
  }

  const FolderRules& rules_;
  InputList list_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<std::string> InputList::readable() const {
  std::vector<std::string> paths;
  for (const auto& input : inputs) {
    if (input.fault.empty()) {
      paths.push_back(input.path);
    }
  }
  return paths;
}

InputList find_inputs(std::span<const std::string> words, const FolderRules& rules) {
  Collector collector(rules);
  for (const auto& word : words) {
    collector.add_word(word);
  }
  return collector.take();
}

InputList find_inputs(const Options& options) {
  if (options.words().empty()) {
    throw Error(ErrorCode::invalid_argument,
                "no input was given; name files, folders, patterns in quotes, or - for standard "
                "input");
  }
  FolderRules rules;
  rules.is_recursive = options.knows("recursive") && options.has("recursive");
  rules.include = options.knows("include") ? options.list("include") : std::vector<std::string>();
  return find_inputs(options.words(), rules);
}

}  // namespace calcispec::cli
