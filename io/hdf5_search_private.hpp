// ObjectSearch: what every way of finding spectra in an HDF5 file asks for. Private to io.
#pragma once

#include "io/hdf5_signals_private.hpp"

#include <set>
#include <string>
#include <vector>

namespace calcispec::io::hdf5 {

/// Groups and datasets of an open file; the signals that were found so far.
class ObjectSearch {
 public:
  ObjectSearch(hid_t file, const std::string& path) : file_(file), path_(path) {}

  [[nodiscard]] hid_t file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<Signal>& signals() { return signals_; }

  static std::vector<std::string> names_in(hid_t group);
  /// Groups are visited once, however many links lead to them.
  bool is_new(hid_t group);
  void start_again() { seen_.clear(); }
  /// A dataset of one to three dimensions that is no signal yet.
  std::optional<Signal> open_signal(hid_t group, const std::string& path, const std::string& name);
  /// The same, even if it is one already.
  std::optional<Signal> open_again(hid_t group, const std::string& path, const std::string& name);
  /// A list of this length; without values: there is none.
  [[nodiscard]] AxisData read_axis(hid_t group, const std::string& name, hsize_t length) const;
  /// Writers that leave `axes` out often store the axis beside the data all the same.
  void find_loose_axis(hid_t group, const std::string& name, Signal& signal) const;
  /// Throws Error{unreadable_input} where they cannot be decoded.
  [[nodiscard]] std::vector<double> numbers(hid_t dataset, hsize_t count) const;
  void take(Signal signal);

 private:
  hid_t file_;
  const std::string& path_;
  std::set<haddr_t> seen_;   // groups
  std::set<haddr_t> taken_;  // datasets
  std::vector<Signal> signals_;
};

/// "cm¯¹", "cm⁻¹" and their like are 1/cm.
std::string plain_unit(const std::string& unit);

/// Files of MATLAB 7.3, which say so: the same rules as for MATLAB 5. Throws
/// Error{unreadable_input} where such a file holds no spectra that could be read.
void find_matlab(ObjectSearch& search);

/// Plain files: all pairs of an axis and a spectrum, unless a dataset has an axis of its own; else
/// the dataset with the surest axis, of those what its name does not call something else, of those
/// the largest; further ones are left out and said. `axis`: what the user names.
void find_plain(ObjectSearch& search, const std::optional<std::string>& axis);

}  // namespace calcispec::io::hdf5
