// SpectrumAnalyser: what analyze() does with each spectrum, for spectra that are at hand.
#pragma once

#include "pipelines/analysis.hpp"

#include <memory>
#include <string>
#include <vector>

namespace calcispec {

/// analyse() may be called by several threads at a time.
class SpectrumAnalyser {
 public:
  /// `request.inputs` is not used. Throws as analyze() does.
  explicit SpectrumAnalyser(AnalysisRequest request);
  SpectrumAnalyser(const SpectrumAnalyser&) = delete;
  SpectrumAnalyser& operator=(const SpectrumAnalyser&) = delete;
  SpectrumAnalyser(SpectrumAnalyser&&) = delete;
  SpectrumAnalyser& operator=(SpectrumAnalyser&&) = delete;
  ~SpectrumAnalyser();

  /// Learns from spectra of a map what they have in common; analyse() then uses it for those of the
  /// same axis. To be called before analyse(). The ids of the phases found; empty: nothing learnt.
  std::vector<std::string> learn(const std::shared_ptr<const io::Recording>& samples);

  /// Without input, id and diagnostics of the file, which the caller knows.
  [[nodiscard]] SpectrumAnalysis analyse(const std::shared_ptr<const io::Recording>& recording,
                                         Index row) const;
  [[nodiscard]] std::string library_sha256() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace calcispec
