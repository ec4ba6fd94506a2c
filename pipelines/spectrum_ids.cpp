#include "pipelines/spectrum_ids.hpp"

namespace calcispec {

std::string SpectrumIds::next(const std::string& input, const io::Recording& recording, Index row) {
  auto stem = input.substr(input.find_last_of('/') + 1);
  stem = stem.substr(0, stem.find_last_of('.'));
  const auto at = static_cast<std::size_t>(row);
  if (recording.spectra.rows() == 1) {
    return unique(stem);
  }
  const bool is_named = at < recording.names.size() && !recording.names[at].empty();
  return unique(stem + " " + (is_named ? recording.names[at] : "#" + std::to_string(row + 1)));
}

std::string SpectrumIds::unique(const std::string& id) {
  auto out = id;
  for (int k = 2; !seen_.insert(out).second; ++k) {
    out = id + " (" + std::to_string(k) + ")";
  }
  return out;
}

}  // namespace calcispec
