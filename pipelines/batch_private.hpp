// What planning, running and merging of a batch share: the open source, its plan, the manifest.
// Private to pipelines.
#pragma once

#include "pipelines/batch.hpp"
#include "pipelines/batch_source.hpp"
#include "pipelines/row_values.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace calcispec::detail {

std::filesystem::path work_folder(const std::string& output);
/// Path of a shard's files without their endings.
std::string stem_of(const std::string& output, ShardChoice shard);

BatchSource open_source(const BatchJob& job);
BatchPlan plan_of(const BatchJob& job, const BatchSource& source);
/// All that decides the bytes of the result.
nlohmann::ordered_json manifest_of(const BatchJob& job, const BatchPlan& plan);
/// The manifest on the disk: of this job (else Error{bad_method}), or made now.
nlohmann::ordered_json settled_manifest(const BatchJob& job, const BatchPlan& plan);

/// What is learnt of a map is written beside the results once; Error{bad_method} where a later run
/// finds something else.
void settle_learnt(const BatchJob& job, const std::vector<std::string>& phases);

/// The same as written; empty if nothing was.
std::string learnt_text(const BatchJob& job);

/// merge_batch() with a source that is open.
BatchCounts merge_shards(const BatchJob& job, Index shards, const BatchSource& source);

/// What the steps make of the first spectra: axis, ordinate and words of the result.
io::Recording processed_head(const BatchJob& job, const BatchSource& source);

/// A block on the disk: bytes of the spectra, the spectra as float32, the rows.
struct BlockContent {
  std::vector<char> bytes;
  std::span<const float> spectra;  // of the bytes
  RowBlock rows;
};
/// `spectra`: room for a number of 8 bytes, then float32.
std::vector<char> bytes_of(std::vector<char> spectra, std::span<const RowValues> rows);
BlockContent content_of(std::vector<char> bytes);

}  // namespace calcispec::detail
