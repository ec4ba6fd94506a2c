// SpectrumAnalyser: what analyze() does with each spectrum, for spectra that are at hand.
#pragma once

#include "pipelines/analysis.hpp"

#include <memory>
#include <string>

namespace calcispec {

/// Thread-safe.
class SpectrumAnalyser {
 public:
  /// `request.inputs` is not used. Throws as analyze() does.
  explicit SpectrumAnalyser(AnalysisRequest request);
  SpectrumAnalyser(const SpectrumAnalyser&) = delete;
  SpectrumAnalyser& operator=(const SpectrumAnalyser&) = delete;
  SpectrumAnalyser(SpectrumAnalyser&&) = delete;
  SpectrumAnalyser& operator=(SpectrumAnalyser&&) = delete;
  ~SpectrumAnalyser();

  /// Without input, id and diagnostics of the file, which the caller knows.
  [[nodiscard]] SpectrumAnalysis analyse(const std::shared_ptr<const io::Recording>& recording,
                                         Index row) const;
  [[nodiscard]] std::string library_sha256() const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace calcispec
