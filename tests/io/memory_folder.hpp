// Files in memory that lie beside each other, for formats of several files.
#pragma once

#include "io/format.hpp"

#include <map>
#include <string>

namespace calcispec::io {

class MemoryFolder {
 public:
  MemoryFolder() {
    siblings_.names = [this] {
      std::vector<std::string> names;
      for (const auto& [name, bytes] : files_) {
        names.push_back(name);
      }
      return names;
    };
    siblings_.bytes = [this](const std::string& name) -> std::optional<std::string_view> {
      const auto found = files_.find(name);
      return found == files_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
    };
  }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;
  MemoryFolder(MemoryFolder&&) = delete;
  MemoryFolder& operator=(MemoryFolder&&) = delete;
  ~MemoryFolder() = default;

  MemoryFolder& add(const std::string& name, const std::string& bytes) {
    files_[name] = bytes;
    return *this;
  }
  [[nodiscard]] FileView view(const std::string& name) const {
    const auto found = files_.find(name);
    return {found->second, found->first, &siblings_};
  }

 private:
  std::map<std::string, std::string> files_;
  Siblings siblings_;
};

}  // namespace calcispec::io
