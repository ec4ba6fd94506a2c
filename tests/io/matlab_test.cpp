// MATLAB 5 files: data sets, maps and matrices in either byte order, packed and plain.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/matlab_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace calcispec::io {
namespace {

using test::MatWriter;

LoadedFile read_matlab(const std::string& bytes, const ReadOptions& options = {}) {
  return load_bytes({bytes, "made.mat"}, options);
}

// Two spectra of four points as PLS_Toolbox keeps them, in columns.
std::string data_set(const MatWriter& mat, const std::string& class_name) {
  const auto scales =
      mat.cell({2, 2},
               mat.doubles("", {1, 2}, {0, 5}) + mat.doubles("", {1, 4}, {100, 200, 300, 450}) +
                   mat.text("", "um") + mat.text("", "rel. 1/cm"));
  return mat.structure("spectra",
                       {"name", "imagesize", "data", "axisscale"},
                       mat.text("", "a sample") + mat.doubles("", {1, 2}, {2, 1}) +
                           mat.doubles_as_words("", {2, 4}, {1, 11, 2, 12, 3, 13, 4, 14}) + scales,
                       class_name);
}

TEST(Matlab, DataSetsAreReadInEitherByteOrderPlainOrPacked) {
  for (const bool is_big : {false, true}) {
    const MatWriter mat(is_big);
    for (const std::string class_name : {"", "dataset"}) {
      const auto variable = data_set(mat, class_name);
      for (const auto& bytes : {mat.file(variable), mat.file(mat.packed(variable))}) {
        const auto file = read_matlab(bytes);
        EXPECT_EQ(file.format, "matlab_v5");
        const auto& recording = file.recordings.at(0);
        ASSERT_EQ(recording.spectra.rows(), 2);
        EXPECT_EQ(recording.spectra.row(1)[2], 13);
        EXPECT_EQ(recording.spectra.axis->back(), 450);
        EXPECT_EQ(recording.spectra.axis->kind(), AxisKind::raman_shift);
        EXPECT_EQ(recording.map->nx, 2);
        EXPECT_EQ(recording.metadata.at("title"), "a sample");
      }
    }
  }
}

TEST(Matlab, PlainMatricesFindTheirAxis) {
  const MatWriter mat;
  const auto axis = mat.doubles("wavenumber", {4, 1}, {900, 1000, 1100, 1200});
  const auto time = mat.doubles("t", {1, 3}, {1, 2, 3});
  // Spectra in rows and in columns.
  const auto rows = mat.doubles("Y", {3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const auto columns = mat.doubles("Y", {4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const auto in_rows = read_matlab(mat.file(time + rows + axis)).recordings.at(0);
  EXPECT_EQ(in_rows.spectra.rows(), 3);
  EXPECT_EQ(in_rows.spectra.row(0)[1], 4);
  EXPECT_EQ(in_rows.spectra.axis->front(), 900);
  const auto in_columns = read_matlab(mat.file(time + columns + axis)).recordings.at(0);
  EXPECT_EQ(in_columns.spectra.row(2)[0], 9);
  EXPECT_EQ(in_columns.spectra.axis->back(), 1200);
}

TEST(Matlab, CytospecMapsAreCubes) {
  const MatWriter mat;
  std::vector<double> cube(2 * 3 * 4);
  std::iota(cube.begin(), cube.end(), 0.0);
  const auto recording = read_matlab(mat.file(mat.doubles("C", {2, 3, 4}, cube) +
                                              mat.doubles("WVN", {1, 4}, {4000, 3000, 2000, 1000})))
                             .recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 6);
  EXPECT_EQ(recording.map->nx, 2);
  EXPECT_EQ(recording.map->ny, 3);
  EXPECT_EQ(recording.spectra.row(3)[3], 3);  // x 1, y 1, first point, which is the highest
  EXPECT_EQ(recording.spectra.row(3)[0], 3 + 6 * 3);
}

TEST(Matlab, SmallElementsAndCellsBeyondTheirSizeAreRead) {
  const MatWriter mat;
  // The last cell is 8 bytes longer than the array around it says, as WITec writes it.
  auto odd = mat.cell({1, 1}, mat.doubles("", {1, 1}, {7}));
  odd[4] = static_cast<char>(odd[4] - 8);
  const auto scales =
      mat.cell({2, 1}, mat.doubles("", {0, 0}, {}) + mat.doubles("", {1, 3}, {1000, 1001, 1003}));
  const auto variable = mat.structure(
      "s", {"odd", "data", "axisscale"}, odd + mat.doubles("", {1, 3}, {5, 6, 7}) + scales);
  EXPECT_EQ(read_matlab(mat.file(variable)).recordings.at(0).spectra.row(0)[2], 7);
}

TEST(Matlab, MatrixAndAxisInAStructOfSeveralElements) {
  const MatWriter mat;
  const auto fields =
      mat.doubles("", {1, 4}, {5, 3, 8, 1}) + mat.doubles("", {1, 4}, {100, 200, 300, 400}) +
      mat.doubles("", {1, 4}, {6, 2, 9, 4}) + mat.doubles("", {1, 4}, {110, 210, 310, 410});
  const auto file =
      read_matlab(mat.file(mat.structure("samples", {"counts", "shift"}, fields, "", {1, 2})));
  ASSERT_EQ(file.recordings.size(), 2U);
  EXPECT_EQ(file.blocks.at(1).name, "samples(2).counts");
  EXPECT_EQ(file.recordings[1].spectra.row(0)[2], 9);
  EXPECT_EQ(file.recordings[1].spectra.axis->front(), 110);
}

TEST(Matlab, MatrixThatIsNoSmallerIsSaid) {
  const MatWriter mat;
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const auto file = read_matlab(mat.file(mat.doubles("raw", {3, 4}, values) +
                                         mat.doubles("smoothed", {3, 4}, values) +
                                         mat.doubles("wn", {1, 4}, {900, 1000, 1100, 1200})));
  ASSERT_EQ(file.recordings.size(), 1U);
  EXPECT_TRUE(std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [](const auto& row) {
    return row.code == "several_datasets" && row.text.find("smoothed") != std::string::npos;
  }));
}

TEST(Matlab, FilesWithoutSpectraAreRefused) {
  const MatWriter mat;
  try {
    read_matlab(mat.file(mat.text("note", "nothing here")));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("matrix"), std::string::npos);
  }
}

// Found by fuzzing: the class says numbers, the element holds characters.
TEST(Matlab, CharactersInTheClassOfNumbersAreNoAxis) {
  const MatWriter mat;
  const std::string matrix = mat.doubles("Y", {4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  for (const std::uint32_t characters : {16U, 17U, 18U}) {
    const auto axis =
        mat.array(6, {1, 4}, "wavenumber", mat.element(characters, std::string(16, 'a')));
    const auto file = read_matlab(mat.file(matrix + axis));
    ASSERT_FALSE(file.recordings.empty());
    EXPECT_EQ(file.diagnostics.front().code, "axis_missing");
  }
}

TEST(Matlab, DamageIsAnswered) {
  const MatWriter mat;
  expect_damage_answered(mat.file(data_set(mat, "dataset")), 4000);
  expect_damage_answered(mat.file(mat.packed(data_set(mat, ""))), 4000);
}

}  // namespace
}  // namespace calcispec::io
