// BlockWork: what is computed of one block of a batch, on all threads. Private to pipelines.
#pragma once

#include "pipelines/batch_private.hpp"
#include "pipelines/shard_file.hpp"
#include "pipelines/spectrum_analyser.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace calcispec::detail {

class BlockWork {
 public:
  /// Learns from the map what its spectra have in common. Throws as SpectrumAnalyser does.
  BlockWork(const BatchJob& job, BatchSource& source, Index jobs);

  /// The result of a block, in the room of the one before; the same for every number of threads.
  /// The steps change the parts. Throws Error{bad_method} if the steps give spectra of another
  /// length than those of the head.
  void run(const std::vector<BatchPart>& parts, BlockResult& out) const;
  /// Ids of the phases found in the samples of the map; empty: every spectrum is estimated alone.
  [[nodiscard]] const std::vector<std::string>& learnt() const { return learnt_; }

 private:
  void learn(BatchSource& source);
  [[nodiscard]] std::vector<RowValues> rows_of(const BatchPart& part) const;
  void analyse(const BatchPart& part, std::vector<RowValues>& rows) const;
  void fit(const BatchPart& part, std::vector<RowValues>& rows) const;
  static void put_spectra(const SpectraMatrix& spectra,
                          std::vector<float>& out,
                          std::vector<RowValues>& rows);
  void process(const BatchPart& part) const;

  const BatchJob& job_;
  Index jobs_;
  bool is_table_;
  std::size_t shared_steps_ = 0;  // of the first steps: after them no spectrum asks for others
  Index points_out_ = 0;
  std::optional<SpectrumAnalyser> analyser_;
  std::vector<std::string> learnt_;
};

/// The block as content_of() reads it. `placed`: the spectra are written elsewhere, not here.
void append_block(ShardFile& file,
                  Index block,
                  const BlockResult& result,
                  const std::optional<PlacedPart>& placed = std::nullopt);

}  // namespace calcispec::detail
