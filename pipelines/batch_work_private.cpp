#include "pipelines/batch_work_private.hpp"

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "pipelines/recording_fit.hpp"
#include "pipelines/spectrum_ids.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace calcispec::detail {

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

std::vector<char> BlockWork::run(std::vector<BatchPart> parts) const {
  std::vector<char> bytes(sizeof(std::uint64_t));
  std::vector<RowValues> rows;
  for (auto& part : parts) {
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
    const auto own = job_.steps.empty() ? part : processed(std::move(part));
    fit(own, found);
    if (job_.writes_spectra()) {
      append_spectra(own.recording->spectra, bytes, found);
    }
    std::move(found.begin(), found.end(), std::back_inserter(rows));
  }
  return bytes_of(std::move(bytes), rows);
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
BatchPart BlockWork::processed(BatchPart part) const {
  auto& recording = *part.recording;
  const auto map = recording.map;
  recording.map.reset();
  Diagnostics ignored;  // failed spectra are marked
  run_steps(job_.steps, jobs_, recording, nullptr, ignored);
  recording.map = map;
  if (points_out_ > 0 && recording.spectra.points() != points_out_) {
    throw Error(ErrorCode::bad_method,
                "the steps give spectra of different lengths, which one map cannot hold");
  }
  return part;
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
void BlockWork::append_spectra(const SpectraMatrix& spectra,
                               std::vector<char>& bytes,
                               std::vector<RowValues>& rows) {
  const auto points = static_cast<std::size_t>(spectra.points());
  const auto first = bytes.size();
  bytes.resize(first + spectra.values.size() * sizeof(float));
  // Eight bytes and floats into an allocation: aligned.
  auto* line = reinterpret_cast<float*>(bytes.data() + first);  // NOLINT
  for (std::size_t i = 0; i < rows.size(); ++i, line += points) {
    const auto own = spectra.row(static_cast<Index>(i));
    Index missing = 0;
    for (std::size_t k = 0; k < points; ++k) {
      line[k] = static_cast<float>(own[k]);
      missing += own[k] != own[k] ? 1 : 0;
    }
    if (missing > 0) {
      rows[i].status = RowStatus::failed;
    }
  }
}

}  // namespace calcispec::detail
