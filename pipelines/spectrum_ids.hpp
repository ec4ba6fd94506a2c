// Names of spectra in results: from the file and what it says, made unique over a whole run.
#pragma once

#include "io/format.hpp"

#include <set>
#include <string>

namespace calcispec {

class SpectrumIds {
 public:
  /// "sample", or "sample spot 3" for a file of several; a name seen before gets " (2)".
  std::string next(const std::string& input, const io::Recording& recording, Index row);
  std::string unique(const std::string& id);

 private:
  std::set<std::string> seen_;
};

}  // namespace calcispec
