#include "pipelines/batch_work_private.hpp"

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "pipelines/recording_fit.hpp"
#include "pipelines/spectrum_ids.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace calcispec::detail {
namespace {

void keep_rows(Index first, Index count, SpectraMatrix& spectra) {
  auto& values = spectra.values;
  const Index points = spectra.points();
  values.erase(values.begin() + (first + count) * points, values.end());
  values.erase(values.begin(), values.begin() + first * points);
}

}  // namespace

BlockWork::BlockWork(const BatchJob& job, BatchSource& source, Index jobs)
    : job_(job), jobs_(jobs), is_table_(job.is_table) {
  if (job.analysis) {
    auto request = *job.analysis;
    if (!request.method && !is_table_) {
      request.method = builtin_method(source.head().technique, source.head().mode);
    }
    if (request.method) {
      request.method->display.clear();  // nothing is drawn
    }
    request.composition.draws_curves = false;
    request.jobs = jobs;
    analyser_.emplace(std::move(request));
    learn(source);
  }
  for (std::size_t k = 0; k < job.steps.size(); ++k) {
    shared_steps_ = is_set_step(job.steps[k]) ? k + 1 : shared_steps_;
  }
  if (job.writes_spectra()) {
    points_out_ = processed_head(job, source).spectra.points();
  }
}

void BlockWork::learn(BatchSource& source) {
  const auto samples = source.samples();
  if (samples) {
    learnt_ = analyser_->learn(samples);
  }
}

void BlockWork::run(const std::vector<BatchPart>& parts, BlockResult& out) const {
  std::vector<RowValues> rows;
  for (const auto& part : parts) {
    if (!part.recording) {
      RowValues row;
      row.status = RowStatus::failed;
      row.input = part.input;
      row.id = part.input;
      row.message = part.fault;
      rows.push_back(std::move(row));
      continue;
    }
    auto found = rows_of(part);
    analyse(part, found);
    process(part);
    fit(part, found);
    if (job_.writes_spectra()) {  // of a map, which has one part
      put_spectra(part.recording->spectra, out.spectra, found);
    }
    std::move(found.begin(), found.end(), std::back_inserter(rows));
  }
  out.rows = pack_rows(rows);
}

// Texts stand in tables alone: of a map the place says which spectrum it is.
std::vector<RowValues> BlockWork::rows_of(const BatchPart& part) const {
  const Index count = part.recording->spectra.rows();
  std::vector<RowValues> rows(static_cast<std::size_t>(count));
  SpectrumIds ids;
  for (Index i = 0; i < count && is_table_; ++i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    row.input = part.input;
    row.sha256 = part.sha256;
    row.index = part.first + i;
    row.id = ids.next(part.input, *part.recording, i);
  }
  return rows;
}

// The analysis is through with the spectra as read: they are overwritten.
void BlockWork::process(const BatchPart& part) const {
  if (job_.steps.empty()) {
    return;
  }
  auto& recording = *part.recording;
  const auto map = recording.map;
  const auto steps = std::span(job_.steps);
  Diagnostics ignored;  // failed spectra are marked
  if (part.around) {
    const Index count = recording.spectra.rows();
    run_steps(steps.first(shared_steps_), jobs_, *part.around, nullptr, ignored);
    keep_rows(part.own_first, count, part.around->spectra);
    recording = std::move(*part.around);
  } else {
    run_steps(steps.first(shared_steps_), jobs_, recording, nullptr, ignored);
  }
  recording.map.reset();
  run_steps(steps.subspan(shared_steps_), jobs_, recording, nullptr, ignored);
  recording.map = map;
  if (points_out_ > 0 && recording.spectra.points() != points_out_) {
    throw Error(ErrorCode::bad_method,
                "the steps give spectra of different lengths, which one map cannot hold");
  }
}

void BlockWork::analyse(const BatchPart& part, std::vector<RowValues>& rows) const {
  if (!analyser_) {
    return;
  }
  parallel_for(static_cast<Index>(rows.size()), jobs_, [&](Index i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    add_values(analyser_->analyse(part.recording, i), row);
    if (!is_table_) {
      row.message.clear();
    }
  });
}

void BlockWork::fit(const BatchPart& part, std::vector<RowValues>& rows) const {
  if (!job_.fit) {
    return;
  }
  auto request = *job_.fit;
  request.steps.clear();  // are run already
  request.jobs = jobs_;
  const auto run = fit_recording(request, *part.recording);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    add_values(run.spectra[i], model_of(run, run.spectra[i]), rows[i]);
    if (!is_table_) {
      rows[i].message.clear();
    }
  }
}

// A spectrum that holds NaN could not be processed.
void BlockWork::put_spectra(const SpectraMatrix& spectra,
                            std::vector<float>& out,
                            std::vector<RowValues>& rows) {
  const auto points = static_cast<std::size_t>(spectra.points());
  out.resize(spectra.values.size());
  auto* line = out.data();
  for (std::size_t i = 0; i < rows.size(); ++i, line += points) {
    const auto own = spectra.row(static_cast<Index>(i));
    std::uint64_t missing = 0;  // as wide as a number, so that the loop runs in lanes
    for (std::size_t k = 0; k < points; ++k) {
      line[k] = static_cast<float>(own[k]);
      missing |= own[k] != own[k] ? 1U : 0U;
    }
    if (missing != 0) {
      rows[i].status = RowStatus::failed;
    }
  }
}

void append_block(ShardFile& file,
                  Index block,
                  const BlockResult& result,
                  const std::optional<PlacedPart>& placed) {
  const std::uint64_t length = placed ? 0 : sizeof(float) * result.spectra.size();
  const auto bytes_at = [](const void* data, std::size_t size) {
    return std::span(static_cast<const char*>(data), size);
  };
  const std::array pieces{bytes_at(&length, sizeof(length)),
                          bytes_at(result.spectra.data(), length),
                          bytes_at(result.rows.data(), result.rows.size())};
  file.append(block, pieces, placed.value_or(PlacedPart{}));
}

}  // namespace calcispec::detail
