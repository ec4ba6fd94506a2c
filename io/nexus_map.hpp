// NexusMap: the result of a batch as a NeXus file: spectra and numbers per spectrum, in parts.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace calcispec::io {

struct NexusMapOptions {
  bool is_compressed = true;  // shuffle and gzip
  bool has_spectra = true;    // else numbers per spectrum alone
  bool is_begun = false;      // begin_nexus_map() made the file
};

/// One number per spectrum below /entry, for example "composition/calcite/fraction".
struct NexusColumn {
  std::string name;
  std::string unit;
  std::string meaning;   // of codes: "0: quantified, 1: ..."
  bool is_code = false;  // a whole number from 0 to 255, stored as a byte
};

/// A file with axes and room for spectra, which go to their places later (placed_spectra.hpp).
/// Throws as NexusMap.
void begin_nexus_map(const std::string& path,
                     const Recording& head,
                     Index rows,
                     const NexusMapOptions& options);

class NexusMap {
 public:
  /// `head` gives axis, grid and words; its spectra are not written. Spectra are float32.
  /// Throws Error{output_failed}, as all functions here.
  NexusMap(const std::string& path,
           const Recording& head,
           Index rows,
           const NexusMapOptions& options);
  NexusMap(const NexusMap&) = delete;
  NexusMap& operator=(const NexusMap&) = delete;
  NexusMap(NexusMap&&) = delete;
  NexusMap& operator=(NexusMap&&) = delete;
  ~NexusMap();

  /// Spectra from row `first` on; compressed ones in rising order without gaps.
  void write(Index first, std::span<const float> values);

  void add_column(const NexusColumn& column);
  /// Numbers of an added column from row `first` on; fastest in rising order.
  void write_column(const std::string& name, Index first, std::span<const double> values);
  /// All numbers of a column, for summaries.
  [[nodiscard]] std::vector<double> read_column(const std::string& name) const;
  /// Makes the group of some columns a picture that viewers find: its signal, the places as axes.
  /// `errors` names the column of standard uncertainties; may be empty.
  void make_picture(const std::string& group, const std::string& signal, const std::string& errors);
  /// The picture that viewers show first.
  void set_default(const std::string& group);

  void put_text(const std::string& name, const std::string& text);
  void put_number(const std::string& name, double value);
  /// One text per spectrum.
  void put_texts(const std::string& name, std::span<const std::string> texts);
  void finish();

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace calcispec::io
