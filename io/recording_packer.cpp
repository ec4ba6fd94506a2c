#include "core/error.hpp"
#include "io/recording_packer_private.hpp"

#include <algorithm>
#include <cstring>

namespace calcispec::io {
namespace {

class Packer {
 public:
  template <typename Number>
  void number(Number value) {
    char raw[sizeof(Number)];
    std::memcpy(raw, &value, sizeof(Number));
    bytes_.append(raw, sizeof(Number));
  }
  void text(const std::string& value) {
    number(std::uint64_t{value.size()});
    bytes_ += value;
  }
  void numbers(std::span<const double> values) {
    number(std::uint64_t{values.size()});
    if (!values.empty()) {
      bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    }
  }
  template <typename Value, typename Put>
  void optional(const std::optional<Value>& value, Put&& put) {
    number(static_cast<std::uint8_t>(value ? 1 : 0));
    if (value) {
      put(*value);
    }
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  Unpacker(ByteSource& source, std::uint64_t& at) : source_(source), at_(at) {}

  template <typename Number>
  Number number() {
    const auto value = source_.get<Number>(at_, "the answer of the reader");
    at_ += sizeof(Number);
    return value;
  }
  std::uint64_t count(std::uint64_t size_of_one) {
    const auto value = number<std::uint64_t>();
    if (value > source_.size() / size_of_one) {
      source_.fail(at_, "the answer of the reader is damaged");
    }
    return value;
  }
  std::string text() {
    const auto size = count(1);
    const auto value = source_.bytes(at_, size, "the answer of the reader");
    at_ += size;
    return std::string(value);
  }
  std::vector<double> numbers() {
    const auto size = count(sizeof(double));
    const auto raw = source_.bytes(at_, size * sizeof(double), "the answer of the reader");
    std::vector<double> out(size);
    if (size > 0) {
      std::memcpy(out.data(), raw.data(), raw.size());
    }
    at_ += raw.size();
    return out;
  }
  template <typename Enum>
  Enum word(Enum last) {
    const auto value = number<std::int32_t>();
    if (value < 0 || value > static_cast<std::int32_t>(last)) {
      source_.fail(at_, "the answer of the reader is damaged");
    }
    return static_cast<Enum>(value);
  }
  bool flag() { return number<std::uint8_t>() != 0; }
  [[noreturn]] void fail() { source_.fail(at_, "the answer of the reader is damaged"); }

 private:
  ByteSource& source_;
  std::uint64_t& at_;
};

template <typename Enum>
std::int32_t code(Enum value) {
  return static_cast<std::int32_t>(value);
}

void pack_recording(Packer& out, const Recording& recording) {
  const auto& axis = *recording.spectra.axis;
  out.numbers(axis.values());
  out.number(code(axis.kind()));
  out.text(axis.unit());
  out.number(static_cast<std::uint8_t>(axis.was_descending() ? 1 : 0));
  out.numbers(recording.spectra.values);
  out.number(code(recording.ordinate));
  out.text(recording.y_unit);
  out.number(code(recording.technique));
  out.number(code(recording.mode));
  out.optional(recording.map, [&](const MapGrid& map) {
    out.number(std::int64_t{map.nx});
    out.number(std::int64_t{map.ny});
    out.number(map.step_x_um);
    out.number(map.step_y_um);
  });
  out.optional(recording.laser_nm, [&](double nm) { out.number(nm); });
  out.optional(recording.stored_axis, [&](const StoredAxis& stored) {
    out.number(stored.first);
    out.number(stored.last);
    out.text(stored.unit);
  });
  out.optional(recording.skim, [&](const Skim& skim) {
    out.number(std::int64_t{skim.rows});
    out.number(skim.y_min);
    out.number(skim.y_max);
    out.number(std::int64_t{skim.first_bad_row});
  });
  out.number(std::uint64_t{recording.names.size()});
  for (const auto& name : recording.names) {
    out.text(name);
  }
  out.number(std::uint64_t{recording.metadata.size()});
  for (const auto& [key, value] : recording.metadata) {
    out.text(key);
    out.text(value);
  }
}

// The checks of Axis::make hold for what another process says, too.
AxisPtr axis_from(Unpacker& in) {
  auto values = in.numbers();
  const auto kind = in.word(AxisKind::other);
  auto unit = in.text();
  const bool was_descending = in.flag();
  if (values.size() < 3) {
    in.fail();
  }
  if (was_descending) {
    values = {values.rbegin(), values.rend()};
  }
  try {
    return Axis::make(std::move(values), kind, std::move(unit));
  } catch (const Error&) {
    in.fail();
  }
}

Recording recording_from(Unpacker& in, Index rows_of_map) {
  Recording out;
  out.spectra.axis = axis_from(in);
  out.spectra.values = in.numbers();
  const auto points = static_cast<std::size_t>(out.spectra.points());
  if (out.spectra.values.empty() || out.spectra.values.size() % points != 0) {
    in.fail();
  }
  out.ordinate = in.word(OrdinateKind::unknown);
  out.y_unit = in.text();
  out.technique = in.word(Technique::unknown);
  out.mode = in.word(SamplingMode::unknown);
  if (in.flag()) {
    const auto nx = in.number<std::int64_t>();
    const auto ny = in.number<std::int64_t>();
    const auto step_x = in.number<double>();
    const auto step_y = in.number<double>();
    out.map = MapGrid{nx, ny, step_x, step_y};
  }
  if (in.flag()) {
    out.laser_nm = in.number<double>();
  }
  if (in.flag()) {
    StoredAxis stored;
    stored.first = in.number<double>();
    stored.last = in.number<double>();
    stored.unit = in.text();
    out.stored_axis = stored;
  }
  if (in.flag()) {
    Skim skim;
    skim.rows = in.number<std::int64_t>();
    skim.y_min = in.number<double>();
    skim.y_max = in.number<double>();
    skim.first_bad_row = in.number<std::int64_t>();
    out.skim = skim;
  }
  const auto rows = out.skim ? out.skim->rows : std::max(rows_of_map, out.spectra.rows());
  if (out.map && (out.map->nx < 1 || out.map->ny < 1 || out.map->nx > rows / out.map->ny)) {
    in.fail();
  }
  for (auto names = in.count(8); names > 0; --names) {
    out.names.push_back(in.text());
  }
  for (auto pairs = in.count(16); pairs > 0; --pairs) {
    auto key = in.text();
    out.metadata[std::move(key)] = in.text();
  }
  return out;
}

}  // namespace

std::string packed_options(const ReadOptions& options) {
  Packer out;
  out.optional(options.technique, [&](Technique value) { out.number(code(value)); });
  out.optional(options.mode, [&](SamplingMode value) { out.number(code(value)); });
  out.optional(options.ordinate, [&](OrdinateKind value) { out.number(code(value)); });
  out.optional(options.laser_nm, [&](double value) { out.number(value); });
  out.optional(options.block, [&](const std::string& value) { out.text(value); });
  out.optional(options.axis, [&](const std::string& value) { out.text(value); });
  out.number(static_cast<std::uint8_t>(options.is_skim ? 1 : 0));
  return out.take();
}

ReadOptions options_from(ByteSource& source, std::uint64_t& at) {
  Unpacker in(source, at);
  ReadOptions out;
  if (in.flag()) {
    out.technique = in.word(Technique::unknown);
  }
  if (in.flag()) {
    out.mode = in.word(SamplingMode::unknown);
  }
  if (in.flag()) {
    out.ordinate = in.word(OrdinateKind::unknown);
  }
  if (in.flag()) {
    out.laser_nm = in.number<double>();
  }
  if (in.flag()) {
    out.block = in.text();
  }
  if (in.flag()) {
    out.axis = in.text();
  }
  out.is_skim = in.flag();
  return out;
}

std::string packed_file(const LoadedFile& file) {
  Packer out;
  out.number(std::uint64_t{file.recordings.size()});
  for (const auto& recording : file.recordings) {
    pack_recording(out, recording);
  }
  out.number(std::uint64_t{file.blocks.size()});
  for (const auto& block : file.blocks) {
    out.text(block.name);
    out.text(block.content);
    out.number(static_cast<std::uint8_t>(block.is_used ? 1 : 0));
    out.text(block.reason);
  }
  out.number(std::uint64_t{file.diagnostics.size()});
  for (const auto& row : file.diagnostics) {
    out.number(code(row.severity));
    out.text(row.code);
    out.text(row.text);
    out.number(std::int64_t{row.spectrum});
  }
  return out.take();
}

LoadedFile file_from(std::string_view bytes, const std::string& path, Index rows) {
  ByteSource source({bytes, path});
  std::uint64_t at = 0;
  Unpacker in(source, at);
  LoadedFile out;
  out.path = path;
  for (auto recordings = in.count(64); recordings > 0; --recordings) {
    out.recordings.push_back(recording_from(in, rows));
  }
  if (out.recordings.empty()) {
    in.fail();
  }
  for (auto blocks = in.count(25); blocks > 0; --blocks) {
    Block block;
    block.name = in.text();
    block.content = in.text();
    block.is_used = in.flag();
    block.reason = in.text();
    out.blocks.push_back(std::move(block));
  }
  for (auto left = in.count(28); left > 0; --left) {
    Diagnostic row;
    row.severity = in.word(Severity::error);
    row.code = in.text();
    row.text = in.text();
    row.spectrum = in.number<std::int64_t>();
    out.diagnostics.push_back(std::move(row));
  }
  return out;
}

}  // namespace calcispec::io
