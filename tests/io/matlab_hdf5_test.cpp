// MATLAB 7.3 files, made by a writer of our own; structs and cells are read as those of MATLAB 5.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/map_source.hpp"
#include "tests/support/matlab_hdf5_writer.hpp"
#include "tests/support/matlab_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;
using test::Mat73Writer;
using Place = Mat73Writer::Place;

class MatlabHdf5 : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("mat73_") + info->name() + ".mat")).string();
  }
  void TearDown() override { fs::remove(path); }

  [[nodiscard]] LoadedFile read(const std::string& block = {}) const {
    ReadOptions options;
    options.technique = Technique::raman;
    if (!block.empty()) {
      options.block = block;
    }
    return load(path, options);
  }
  [[nodiscard]] std::string fault() const {
    try {
      static_cast<void>(read());
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  static bool says(const LoadedFile& file, const std::string& code) {
    return std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [&](const auto& row) {
      return row.code == code;
    });
  }
  // Two spectra of four points, as a struct of PLS_Toolbox.
  static void data_set(Mat73Writer& mat, const Place& place, const std::string& class_name) {
    mat.structure(
        place,
        [&mat](hid_t own) {
          mat.text({own, "name"}, "a sample");
          mat.numbers({own, "imagesize"}, {1, 2}, {2, 1});
          mat.numbers({own, "data"}, {2, 4}, {1, 11, 2, 12, 3, 13, 4, 14}, H5T_STD_I16LE);
          mat.cell({own, "axisscale"},
                   {2, 2},
                   {[&](const Place& p) {
                      mat.numbers(p, {1, 2}, {0, 5});
                    },
                    [&](const Place& p) {
                      mat.numbers(p, {1, 4}, {100, 200, 300, 450});
                    },
                    [&](const Place& p) { mat.text(p, "um"); },
                    [&](const Place& p) { mat.text(p, "rel. 1/cm"); }});
        },
        class_name);
  }

  std::string path;
};

TEST_F(MatlabHdf5, DataSetsAreReadAsThoseOfMatlab5) {
  for (const std::string class_name : {"struct", "dataset"}) {
    {
      Mat73Writer mat(path);
      data_set(mat, mat.variable("spectra"), class_name);
      mat.numbers(mat.variable("larger"), {5, 6}, std::vector<double>(30, 1));
    }
    const auto file = read();
    ASSERT_EQ(file.recordings.size(), 1U);
    const auto& recording = file.recordings[0];
    ASSERT_EQ(recording.spectra.rows(), 2);
    EXPECT_EQ(recording.spectra.row(1)[2], 13);
    EXPECT_EQ(recording.spectra.axis->back(), 450);
    EXPECT_EQ(recording.spectra.axis->kind(), AxisKind::raman_shift);
    EXPECT_EQ(recording.map->nx, 2);
    EXPECT_EQ(recording.metadata.at("title"), "a sample");
    auto source = MapSource::open(path, {});
    EXPECT_EQ(source.rows(), 2);
    EXPECT_EQ(source.read(1, 1).row(0)[2], 13);
  }
}

TEST_F(MatlabHdf5, DataSetsInsideCellsAndStructs) {
  {
    Mat73Writer mat(path);
    mat.cell(mat.variable("runs"),
             {1, 2},
             {[&](const Place& p) { data_set(mat, p, "struct"); },
              [&](const Place& p) {
                mat.structure(p, [&](hid_t own) { data_set(mat, {own, "inner"}, "struct"); });
              }});
  }
  const auto file = read();
  ASSERT_EQ(file.recordings.size(), 2U);
  EXPECT_EQ(file.blocks.at(0).name, "/runs{1}");
  EXPECT_EQ(file.blocks.at(1).name, "/runs{2}.inner");
  EXPECT_EQ(file.recordings[1].spectra.row(0)[3], 4);
  EXPECT_EQ(read("runs{2}.inner").recordings.size(), 1U);
}

TEST_F(MatlabHdf5, MatrixAndAxisInAStruct) {
  {
    Mat73Writer mat(path);
    mat.structure(mat.variable("session"), [&](hid_t own) {
      mat.numbers({own, "Y"}, {5, 3}, {1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 21, 22, 23, 24, 25});
      mat.numbers({own, "wavenumber"}, {5, 1}, {1500, 1400, 1300, 1200, 1100});
      mat.empty({own, "notes"});
      mat.text({own, "title"}, "");
      mat.numbers({own, "Baseline"}, {5, 3}, std::vector<double>(15, 4));
    });
    mat.numbers(mat.variable("settings"), {1, 3}, {7, 9, 8});
  }
  const auto file = read();
  ASSERT_EQ(file.recordings.size(), 1U);
  const auto& spectra = file.recordings[0].spectra;
  ASSERT_EQ(spectra.rows(), 3);
  EXPECT_TRUE(spectra.axis->was_descending());
  EXPECT_EQ(spectra.row(2)[0], 25);
  EXPECT_EQ(spectra.row(1)[4], 11);
}

TEST_F(MatlabHdf5, EveryElementOfAStructIsRead) {
  {
    Mat73Writer mat(path);
    mat.structure(mat.variable("samples"), [&](hid_t own) {
      const auto list = [&](std::vector<double> values) -> Mat73Writer::Part {
        return [&mat, values = std::move(values)](const Place& p) {
          mat.numbers(p, {1, values.size()}, values);
        };
      };
      mat.field({own, "counts"}, {1, 2}, {list({5, 3, 8, 1}), list({6, 2, 9, 4})});
      mat.field({own, "shift"}, {1, 2}, {list({100, 200, 300, 400}), list({110, 210, 310, 410})});
    });
  }
  const auto file = read();
  ASSERT_EQ(file.recordings.size(), 2U);
  EXPECT_EQ(file.recordings[1].spectra.row(0)[2], 9);
  EXPECT_EQ(file.recordings[1].spectra.axis->front(), 110);
}

TEST_F(MatlabHdf5, CellsOfOneSizeAreSpectraEach) {
  {
    Mat73Writer mat(path);
    const auto spectrum = [&](double first) -> Mat73Writer::Part {
      return [&mat, first](const Place& p) { mat.numbers(p, {4, 1}, {first, 9, 2, 7}); };
    };
    mat.cell(mat.variable("all"), {3, 1}, {spectrum(1), spectrum(4), spectrum(6)});
    mat.numbers(mat.variable("wn"), {1, 4}, {900, 950, 1000, 1050});
  }
  const auto file = read();
  ASSERT_EQ(file.recordings.size(), 3U);
  EXPECT_EQ(file.recordings[2].spectra.row(0)[0], 6);
  EXPECT_EQ(file.recordings[2].spectra.axis->back(), 1050);
}

TEST_F(MatlabHdf5, CubesHaveTheirFirstDimensionFastest) {
  {
    Mat73Writer mat(path);
    std::vector<double> cube(2 * 3 * 4);
    for (std::size_t i = 0; i < cube.size(); ++i) {
      cube[i] = static_cast<double>(i);
    }
    mat.numbers(mat.variable("C"), {2, 3, 4}, cube);
    mat.numbers(mat.variable("WVN"), {1, 4}, {4000, 3000, 2000, 1000});
  }
  const auto file = read();
  const auto& recording = file.recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 6);
  EXPECT_EQ(recording.map->nx, 2);
  EXPECT_EQ(recording.map->ny, 3);
  EXPECT_EQ(recording.spectra.row(3)[3], 3);
  EXPECT_EQ(recording.spectra.row(3)[0], 3 + 6 * 3);
}

TEST_F(MatlabHdf5, ReferencesToNowhereAreRefused) {
  {
    const Mat73Writer mat(path);
    mat.references(mat.variable("lost"), {hobj_ref_t{987654321}, hobj_ref_t{24}});
  }
  EXPECT_NE(fault().find("leads nowhere"), std::string::npos) << fault();
}

TEST_F(MatlabHdf5, CellsThatHoldThemselvesAreRefused) {
  {
    const Mat73Writer mat(path);
    mat.references(mat.variable("ring"), {0});
    const auto self = mat.reference("/ring");
    mat.references(mat.variable("outer"), {self});
    // Written once more, now that its place is known.
    const hid_t own = H5Dopen2(mat.variable("ring").group, "ring", H5P_DEFAULT);
    H5Dwrite(own, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, &self);
    H5Dclose(own);
  }
  EXPECT_NE(fault().find("part of itself"), std::string::npos) << fault();
}

TEST_F(MatlabHdf5, DamageBesideSpectraIsSaid) {
  {
    Mat73Writer mat(path);
    data_set(mat, mat.variable("spectra"), "struct");
    mat.references(mat.variable("lost"), {hobj_ref_t{987654321}});
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.rows(), 2);
  EXPECT_TRUE(says(file, "cut_off"));
}

TEST_F(MatlabHdf5, WhatCannotBeReadIsASentence) {
  {
    Mat73Writer mat(path);
    mat.text(mat.variable("note"), "nothing here");
  }
  EXPECT_NE(fault().find("no matrix of spectra"), std::string::npos) << fault();
  {
    const Mat73Writer mat(path);
    mat.complex(mat.variable("Z"), {4, 3});
  }
  EXPECT_NE(fault().find("complex"), std::string::npos) << fault();
  {
    const Mat73Writer mat(path);
    mat.numbers(mat.variable("C"), {2, 2, 4, 2}, std::vector<double>(32, 1));
  }
  EXPECT_NE(fault().find("4 dimensions"), std::string::npos) << fault();
}

}  // namespace
}  // namespace calcispec::io
