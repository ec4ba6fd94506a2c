#include "pipelines/batch.hpp"

#include "core/build_info.hpp"
#include "core/error.hpp"
#include "core/set_methods.hpp"
#include "pipelines/batch_private.hpp"
#include "pipelines/hash_private.hpp"
#include "pipelines/shard_file.hpp"
#include "pipelines/spectrum_analyser.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <unistd.h>
#include <utility>

namespace calcispec {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// Numbers of a block by default: what is lost at a kill is little work, whatever is computed.
constexpr Index block_of_steps = 1 << 18;  // 2 MB, which stay in the cache
constexpr Index block_of_fits = 1 << 17;
constexpr double bytes_per_value = 8 * 150;  // of a result of an analysis, about
constexpr double bytes_per_fit = 8 * 20;     // of a band

std::string file_part(const std::string& input) {
  const auto colon = input.rfind(":/");
  return colon == std::string::npos || fs::exists(input) ? input : input.substr(0, colon);
}

void put_inputs(const BatchJob& job, Json& out) {
  if (!job.is_table) {
    const auto& input = job.inputs.front();
    const auto file = file_part(input);
    out["input"] = fs::absolute(file).string();
    out["block"] =
        input.size() > file.size() ? input.substr(file.size() + 1) : job.read.block.value_or("");
    out["input_bytes"] = fs::file_size(file);
    out["input_time"] = fs::last_write_time(file).time_since_epoch().count();
    return;
  }
  std::string list;
  for (const auto& input : job.inputs) {
    std::error_code fault;  // a file that is gone is a row of the result
    list += input + " " + std::to_string(fs::file_size(input, fault)) + " " +
            std::to_string(fs::last_write_time(input, fault).time_since_epoch().count()) + "\n";
  }
  out["inputs"] = job.inputs.size();
  out["inputs_sha256"] = sha256_text(list);
}

Json analysis_json(const AnalysisRequest& request) {
  Json out;
  out["method"] = request.method ? canonical_text(*request.method) : "built-in by technique";
  out["library_sha256"] = SpectrumAnalyser(request).library_sha256();
  out["calibration_sha256"] = request.calibration_sha256;
  out["each_alone"] = request.is_each_alone;
  if (request.composition.range_cm1) {
    out["range"] = {request.composition.range_cm1->first, request.composition.range_cm1->second};
  }
  return out;
}

Json fit_json_of(const FitRequest& request) {
  Json out;
  out["bands"] = request.bands.name;
  out["bands_sha256"] = request.bands.sha256;
  out["loss"] = fit_loss_name(request.fit.loss);
  out["gate"] = request.gate.value_or(map_gate);
  out["extra_starts"] = request.fit.extra_starts;
  out["max_iterations"] = request.fit.max_iterations;
  out["tolerance"] = request.fit.tolerance;
  out["scales_misfit"] = request.scales_misfit;
  return out;
}

// The first of several processes wins; all go on with what it wrote.
void write_first(const fs::path& path, const std::string& text) {
  const auto temporary = path.string() + "." + std::to_string(::getpid()) + ".part";
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    throw Error(ErrorCode::output_failed, "cannot be written; is the disk full?", temporary);
  }
  std::error_code is_there;
  fs::create_hard_link(temporary, path, is_there);
  if (is_there && !fs::exists(path)) {
    fs::rename(temporary, path);  // a file system without links
  }
  fs::remove(temporary, is_there);
}

void make_work_folder(const std::string& output) {
  std::error_code fault;
  fs::create_directories(detail::work_folder(output), fault);
  if (fault) {
    throw Error(ErrorCode::output_failed,
                "cannot be made: " + fault.message(),
                detail::work_folder(output).string());
  }
}

// What the steps ask of the spectra beside a block. A map is worked on in parts: a step that looks
// at all spectra would see one part only.
SetReach reach_of(std::span<const Step> steps) {
  SetReach sum;
  for (const auto& step : steps) {
    if (!detail::is_set_step(step)) {
      continue;
    }
    const auto reach = reach_of_set_method(step.family(), step.method());
    if (!reach) {
      throw Error(ErrorCode::bad_method,
                  step.name +
                      " looks at all spectra of a map together, and batch works on parts of "
                      "it; run this step with calcispec correct");
    }
    sum.lines += reach->lines;
    sum.spectra += reach->spectra;
  }
  return sum;
}

}  // namespace

namespace detail {

bool is_set_step(const Step& step) {
  return find_set_method(step.family(), step.method()) != nullptr;
}

fs::path work_folder(const std::string& output) {
  return output + ".work";
}

std::string stem_of(const std::string& output, ShardChoice shard) {
  return (work_folder(output) /
          ("shard_" + std::to_string(shard.index) + "_of_" + std::to_string(shard.count)))
      .string();
}

BatchSource open_source(const BatchJob& job) {
  if (job.is_table && job.writes_spectra()) {
    throw Error(ErrorCode::bad_method,
                "spectra of several files have no common axis to be written on; leave the steps "
                "out, or take correct, which writes one file per input");
  }
  const auto reach = reach_of(job.steps);
  const bool is_heavy = job.analysis || job.fit;
  BatchSource source(job.inputs,
                     job.is_table,
                     job.read,
                     job.block_rows,
                     is_heavy ? block_of_fits : block_of_steps);
  source.widen(reach);
  return source;
}

BatchPlan plan_of(const BatchJob& job, const BatchSource& source) {
  BatchPlan plan;
  plan.rows = source.rows();
  plan.points = job.is_table ? 0 : source.head().spectra.points();
  plan.block_rows = source.block_rows();
  plan.blocks = source.blocks();
  const double per_row =
      (job.writes_spectra() ? 4.0 * static_cast<double>(plan.points) : 0) +
      (job.analysis ? bytes_per_value : 0) +
      (job.fit ? bytes_per_fit * static_cast<double>(job.fit->bands.model.bands.size()) : 0);
  plan.output_bytes = per_row * static_cast<double>(plan.rows);
  return plan;
}

Json manifest_of(const BatchJob& job, const BatchPlan& plan) {
  Json out;
  out["schema"] = 3;
  out["program"] = "calcispec";
  out["version"] = version();
  put_inputs(job, out);
  out["technique"] = job.read.technique ? std::string(name_of(*job.read.technique)) : "";
  out["mode"] = job.read.mode ? std::string(name_of(*job.read.mode)) : "";
  out["ordinate"] = job.read.ordinate ? std::string(name_of(*job.read.ordinate)) : "";
  out["laser_nm"] = job.read.laser_nm.value_or(0);
  out["steps"] = canonical_text(std::span(job.steps));
  out["compression"] = job.is_compressed ? "gzip" : "none";
  if (job.analysis) {
    out["analysis"] = analysis_json(*job.analysis);
  }
  if (job.fit) {
    out["fit"] = fit_json_of(*job.fit);
  }
  out["rows"] = plan.rows;
  out["points"] = plan.points;
  out["block_rows"] = plan.block_rows;
  return out;
}

Json settled_manifest(const BatchJob& job, const BatchPlan& plan) {
  const auto path = work_folder(job.output) / "manifest.json";
  auto own = manifest_of(job, plan);
  if (!fs::exists(path)) {
    make_work_folder(job.output);
    write_first(path, own.dump(1) + "\n");
  }
  std::ifstream stream(path, std::ios::binary);
  const auto other = Json::parse(stream, nullptr, false);
  if (other == own) {
    return own;
  }
  std::string differing = "content";
  for (const auto& [key, value] : own.items()) {
    if (!other.is_object() || !other.contains(key) || other[key] != value) {
      differing = key;
      break;
    }
  }
  throw Error(ErrorCode::bad_method,
              "work begun here was another job: \"" + differing +
                  "\" differs; take another output, or --force to begin anew",
              path.string());
}

void settle_learnt(const BatchJob& job, const std::vector<std::string>& phases) {
  const auto path = work_folder(job.output) / "common.json";
  const Json own{
      {"phases", phases}
  };
  if (!fs::exists(path)) {
    write_first(path, own.dump(1) + "\n");
  }
  std::ifstream stream(path, std::ios::binary);
  if (Json::parse(stream, nullptr, false) != own) {
    throw Error(ErrorCode::bad_method,
                "what the spectra of the map have in common is not what the work begun here found; "
                "run all shards on processors of one kind, or with --each-alone",
                path.string());
  }
}

std::string learnt_text(const BatchJob& job) {
  std::ifstream stream(work_folder(job.output) / "common.json", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

io::Recording processed_head(const BatchJob& job, const BatchSource& source) {
  auto head = source.head();
  const auto map = head.map;
  head.map.reset();
  Diagnostics ignored;
  run_steps(job.steps, 1, head, nullptr, ignored);
  head.map = map;
  return head;
}

BlockContent content_of(std::span<const char> bytes) {
  std::uint64_t length = 0;
  const bool has_length = bytes.size() >= sizeof(length);
  if (has_length) {
    std::memcpy(&length, bytes.data(), sizeof(length));
  }
  if (!has_length || length > bytes.size() - sizeof(length)) {
    throw Error(ErrorCode::unreadable_input, "a block of results ends early; run it again");
  }
  const auto* first = bytes.data() + sizeof(length);
  // Eight bytes into an allocation: aligned for float.
  return {
      {reinterpret_cast<const float*>(first), length / sizeof(float)}, // NOLINT
      unpack_rows(bytes.subspan(sizeof(length) + length))
  };
}

}  // namespace detail

std::vector<ShardProgress> batch_status(const std::string& output) {
  const auto path = detail::work_folder(output) / "manifest.json";
  std::ifstream stream(path, std::ios::binary);
  const auto manifest = Json::parse(stream, nullptr, false);
  if (!stream || manifest.is_discarded() || !manifest.contains("block_rows")) {
    throw Error(ErrorCode::bad_method, "there is no batch in progress for this output", output);
  }
  const auto rows = manifest["rows"].get<Index>();
  const auto block_rows = std::max<Index>(1, manifest["block_rows"].get<Index>());
  const Index blocks = (rows + block_rows - 1) / block_rows;
  Index count = 0;
  for (const auto& entry : fs::directory_iterator(detail::work_folder(output))) {
    const auto name = entry.path().stem().string();
    const auto of = name.rfind("_of_");
    if (entry.path().extension() == ".journal" && of != std::string::npos) {
      count = std::max<Index>(count, std::atol(name.c_str() + of + 4));
    }
  }
  std::vector<ShardProgress> out;
  for (Index i = 0; i < count; ++i) {
    const auto state = read_shard_state(detail::stem_of(output, {i, count}));
    out.push_back({static_cast<Index>(state.blocks.size()),
                   blocks * (i + 1) / count - blocks * i / count,
                   state.is_done});
  }
  return out;
}

}  // namespace calcispec
