// What planning, running and merging of a batch share: the open source, its plan, the manifest.
// Private to pipelines.
#pragma once

#include "pipelines/batch.hpp"
#include "pipelines/batch_source.hpp"
#include "pipelines/row_values.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

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

/// merge_batch() with a source that is open; `is_fresh`: the blocks were run or checked just now.
BatchCounts merge_shards(const BatchJob& job,
                         Index shards,
                         const BatchSource& source,
                         bool is_fresh);

/// Its answer for a spectrum depends on others.
bool is_set_step(const Step& step);

/// What the steps make of the first spectra: axis, ordinate and words of the result.
io::Recording processed_head(const BatchJob& job, const BatchSource& source);

/// What was computed of a block: processed spectra, and the rows as pack_rows() makes them.
struct BlockResult {
  std::vector<float> spectra;
  std::string rows;
};
/// The same as it stands in the data file of a shard: the length of the spectra, they, the rows.
struct BlockContent {
  std::span<const float> spectra;  // of the bytes read
  RowBlock rows;
};
BlockContent content_of(std::span<const char> bytes);

}  // namespace calcispec::detail
