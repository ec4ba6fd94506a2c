// NexusWriter: NeXus groups, axes and data sets of an open file, with the mirror for HyperSpy.
// Private to io.
#pragma once

#include "io/format.hpp"
#include "io/hdf5_private.hpp"
#include "io/placed_spectra.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace calcispec::io::detail {

using hdf5::Handle;

constexpr const char* spectra_path = "/entry/data/intensity";

/// How the chunks of a data set of spectra follow each other.
SpectraGrid spectra_grid(hid_t data);
/// Place of its first number, for a data set of `rank` dimensions.
std::array<hsize_t, 3> chunk_corner(const SpectraGrid& grid, Index chunk, int rank);
/// Where the chunks of a data set lie that has room for all of them. Throws Error{output_failed}.
SpectraPlaces spectra_places(hid_t data, const std::string& path);

/// Throws Error{output_failed} with the path from every function.
class NexusWriter {
 public:
  /// A new file, or one that a writer made.
  explicit NexusWriter(const std::string& path, bool is_new = true);
  void run(std::span<const Recording> recordings);
  Handle start();

  struct Dimension {
    std::string name;
    std::string label;
    std::string unit;
    std::vector<double> values;
    bool is_spectral = false;
  };

  void check(hid_t result) const;
  Handle make_group(hid_t where, const std::string& name, const std::string& kind) const;
  // Without times of creation, which would make the bytes differ from run to run.
  static Handle creation_of(hid_t kind);
  /// For links whose groups are made where they are missing.
  static Handle intermediate_links();
  // Attributes are texts of fixed length, which every reader understands.
  static Handle text_type(std::size_t length);
  void put_text(hid_t object, const char* name, const std::string& text) const;
  void put_texts(hid_t object, const char* name, const std::vector<std::string>& texts) const;
  template <typename Number>
  void put_number(hid_t object, const char* name, Number value) const {
    constexpr bool is_real = std::is_floating_point_v<Number>;
    const hid_t type = is_real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle own(H5Acreate2(object, name, type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose);
    check(own.id());
    check(H5Awrite(own.id(), type, &value));
  }

  // As h5py writes and reads truth values: an enumeration of one byte.
  void put_flag(hid_t object, const char* name, bool value) const;
  void put_dataset_text(hid_t group, const char* name, const std::string& text) const;
  void put_axis(hid_t group, const Dimension& axis) const;
  static std::vector<double> steps(Index count, double step);
  static std::vector<Dimension> dimensions_of(const Recording& recording, Index rows);
  struct Target {
    std::string name;
    hid_t stored;  // type of a number
    bool is_compressed = true;
  };

  Handle add(const Recording& recording,
             const std::vector<Dimension>& axes,
             hid_t entry,
             const Target& target);
  // Chunks of whole spectra that follow each other, about 1 MB; without compression all of them
  // have their places at once, and nothing is written there.
  Handle make_data(hid_t group, const Target& target, const std::vector<Dimension>& axes) const;
  // The same data as HyperSpy wants it: links and a group per axis.
  void mirror(const std::vector<Dimension>& axes,
              hid_t experiments,
              const std::string& name,
              const std::string& target) const;
  void put_hyperspy_axis(hid_t group, const std::string& name, const Dimension& axis) const;
  [[nodiscard]] hid_t file() const { return file_.id(); }

 private:
  std::string path_;
  Handle file_;
};

}  // namespace calcispec::io::detail
