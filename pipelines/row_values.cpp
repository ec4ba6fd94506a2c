#include "pipelines/row_values.hpp"

#include "core/error.hpp"
#include "pipelines/report/fit_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace calcispec {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Codes {
  std::string_view ending;
  std::string_view meaning;
  double missing;
};

// In the order of the enumerations.
constexpr std::array<Codes, 8> code_table{
    {
     {"quality/status", "0: processed, 1: failed, 2: refused for quality", 1},
     {"quality/verdict", "0: good, 1: usable, 2: refused, 3: not checked", 3},
     {"quality/composition", "0: determined, 1: not determinable, 2: not tried", 2},
     {"fit/status",
         "0: converged, 1: at_bounds, 2: stalled, 3: iteration_limit, 4: failed, 5: not_fitted",
         4},
     {"/flag", "0: no, 1: yes, 2: not tried", 2},
     {"/checked", "0: no, 1: yes, 2: not tried", 2},
     {"marker status",
         "0: ok, 1: below_lod, 2: not_determinable, 3: uncalibrated, 4: not tried",
         4},
     {"phase status",
         "0: quantified, 1: below_lod, 2: ambiguous, 3: not_determinable, 4: no sign of it",
         4},
     }
};

const Codes* codes_of(const std::string& column) {
  std::string name = column;
  if (column.ends_with("/status") && column.starts_with("markers/")) {
    name = "marker status";
  } else if (column.ends_with("/status") && column.starts_with("composition/")) {
    name = "phase status";
  }
  const auto found = std::find_if(code_table.begin(), code_table.end(), [&](const Codes& row) {
    return name.ends_with(row.ending);
  });
  return found == code_table.end() ? nullptr : &*found;
}

void add_estimate(const std::string& place,
                  const Estimate& estimate,
                  const char* name,
                  const std::string& unit,
                  RowValues& row) {
  row.values.push_back({place + "/" + name, unit, estimate.value});
  row.values.push_back({place + "/u", unit, estimate.u});
  row.values.push_back({place + "/lo95", unit, estimate.lo95});
  row.values.push_back({place + "/hi95", unit, estimate.hi95});
}

void add_quality(const SpectrumAnalysis& entry, RowValues& row) {
  if (entry.quality.checks.empty()) {
    return;
  }
  double reasons = 0;
  double bit = 1;
  for (const auto& check : entry.quality.checks) {
    reasons += check.verdict == models::CheckVerdict::pass ? 0 : bit;
    bit *= 2;
  }
  row.values.push_back(
      {"quality/verdict", "", static_cast<double>(static_cast<int>(entry.quality.verdict))});
  row.values.push_back({"quality/reasons", "", reasons});
}

void add_composition(const models::Composition& composition, RowValues& row) {
  const bool is_ok = composition.total.status == EstimateStatus::ok;
  row.values.push_back({"quality/composition", "", is_ok ? 0.0 : 1.0});
  row.values.push_back({"axis/shift_cm1", "1/cm", composition.axis.shift_cm1});
  row.values.push_back({"axis/u", "1/cm", composition.axis.u});
  row.values.push_back({"axis/checked", "", composition.axis.checked ? 1.0 : 0.0});
  for (const auto& group : composition.groups) {
    const auto place = "composition/" + group.name;
    add_estimate(place, group.share, "fraction", "1", row);
    row.values.push_back(
        {place + "/status", "", static_cast<double>(static_cast<int>(group.status))});
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& phase : *list) {
      const bool is_group =
          std::any_of(composition.groups.begin(),
                      composition.groups.end(),
                      [&](const models::PhaseGroup& group) { return group.name == phase.phase; });
      const auto place = "composition/" + phase.phase + (is_group ? "_alone" : "");
      add_estimate(place, phase.share, "fraction", "1", row);
      row.values.push_back({place + "/lod", "1", phase.lod});
      row.values.push_back(
          {place + "/status", "", static_cast<double>(static_cast<int>(phase.status))});
    }
  }
  add_estimate("composition/unexplained", composition.unexplained, "fraction", "1", row);
  row.values.push_back(
      {"composition/unexplained/flag", "", composition.unexplained_flag ? 1.0 : 0.0});
}

// Little-endian, as every machine this is built for.
class ByteSink {
 public:
  template <typename Number>
  void put(Number value) {
    const auto* from = reinterpret_cast<const char*>(&value);  // NOLINT: bytes of a number
    out.append(from, sizeof(value));
  }
  void put_text(const std::string& text) {
    put(static_cast<std::uint32_t>(text.size()));
    out += text;
  }

  std::string out;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const char> bytes) : bytes_(bytes) {}

  template <typename Number>
  Number take() {
    Number value{};
    const auto part = take_bytes(sizeof(value));
    std::memcpy(&value, part.data(), sizeof(value));
    return value;
  }
  std::string take_text() {
    const auto part = take_bytes(take<std::uint32_t>());
    return {part.begin(), part.end()};
  }
  [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }

 private:
  std::span<const char> take_bytes(std::size_t count) {
    if (count > bytes_.size()) {
      throw Error(ErrorCode::unreadable_input, "a block of results ends early; run it again");
    }
    const auto part = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return part;
  }

  std::span<const char> bytes_;
};

}  // namespace

void add_values(const SpectrumAnalysis& entry, RowValues& row) {
  row.status = entry.status == AnalysisStatus::ok        ? RowStatus::processed
               : entry.status == AnalysisStatus::refused ? RowStatus::refused
                                                         : RowStatus::failed;
  row.message = entry.message;
  add_quality(entry, row);
  if (entry.composition) {
    add_composition(*entry.composition, row);
  }
  for (const auto& marker : entry.markers) {
    const auto place = "markers/" + marker.id;
    add_estimate(place, marker.value, "value", marker.unit, row);
    row.values.push_back(
        {place + "/status", "", static_cast<double>(static_cast<int>(marker.status))});
  }
}

void add_values(const SpectrumFit& entry, const BandModel& model, RowValues& row) {
  const auto& result = entry.result;
  const bool is_failed = result.status == FitStatus::failed;
  if (is_failed && row.status == RowStatus::processed) {
    row.status = RowStatus::failed;
    row.message = result.message;
  }
  row.values.push_back({"fit/status", "", static_cast<double>(static_cast<int>(result.status))});
  row.values.push_back({"fit/reduced_chi_square", "1", result.reduced_chi_square});
  row.values.push_back({"fit/noise_sigma", "", result.noise_sigma});
  const std::string axis = entry.recording ? entry.recording->spectra.axis->unit() : "";
  for (std::size_t b = 0; b < result.bands.size(); ++b) {
    for (const auto& column : band_columns(*model.bands[b].shape)) {
      const auto value = band_value(entry, b, column);
      const auto name = "fit/" + model.bands[b].id + "/" + column.name;
      const std::string unit = column.kind == BandColumn::Kind::axis ? axis : "";
      row.values.push_back({name, unit, value.value});
      row.values.push_back({name + "_u", unit, value.standard_error});
    }
  }
}

std::string meaning_of(const std::string& column) {
  const auto* codes = codes_of(column);
  return codes == nullptr ? std::string() : std::string(codes->meaning);
}

double missing_of(const std::string& column) {
  const auto* codes = codes_of(column);
  return codes == nullptr ? nan : codes->missing;
}

std::string pack_rows(std::span<const RowValues> rows) {
  std::unordered_map<std::string, std::uint16_t> numbers;
  ByteSink names;
  ByteSink sink;
  for (const auto& row : rows) {
    sink.put(static_cast<std::uint8_t>(row.status));
    sink.put(static_cast<std::int64_t>(row.index));
    for (const auto* text : {&row.input, &row.sha256, &row.id, &row.message}) {
      sink.put_text(*text);
    }
    sink.put(static_cast<std::uint16_t>(row.values.size()));
    for (const auto& value : row.values) {
      const auto [place, is_new] =
          numbers.try_emplace(value.name, static_cast<std::uint16_t>(numbers.size()));
      if (is_new) {
        names.put_text(value.name);
        names.put_text(value.unit);
      }
      sink.put(place->second);
      sink.put(value.value);
    }
  }
  ByteSink out;
  out.put(static_cast<std::uint16_t>(numbers.size()));
  return out.out + names.out + sink.out;
}

RowBlock unpack_rows(std::span<const char> bytes) {
  ByteReader reader(bytes);
  RowBlock out;
  out.columns.resize(reader.take<std::uint16_t>());
  for (auto& column : out.columns) {
    column.name = reader.take_text();
    column.unit = reader.take_text();
  }
  while (!reader.is_at_end()) {
    RowBlock::Row row;
    row.status = static_cast<RowStatus>(std::min<int>(2, reader.take<std::uint8_t>()));
    row.index = reader.take<std::int64_t>();
    for (auto* text : {&row.input, &row.sha256, &row.id, &row.message}) {
      *text = reader.take_text();
    }
    row.values.resize(reader.take<std::uint16_t>());
    for (auto& value : row.values) {
      value.column = reader.take<std::uint16_t>();
      value.value = reader.take<double>();
      if (value.column >= out.columns.size()) {
        throw Error(ErrorCode::unreadable_input,
                    "a block of results names no column; run it again");
      }
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace calcispec
