#include "models/reference_library.hpp"

#include "core/error.hpp"
#include "models/csv_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace calcispec::models {
namespace {

TEST(ReferenceLibrary, EveryBandHasSourceWidthAndPosition) {
  const auto library = builtin_library();
  EXPECT_GT(library.phases.size(), 40U);
  EXPECT_EQ(library.sha256.size(), 64U);
  for (const auto& phase : library.phases) {
    for (const auto technique :
         {BandTechnique::raman, BandTechnique::ftir_transmission, BandTechnique::ftir_atr}) {
      for (const auto& band : phase.bands(technique)) {
        EXPECT_FALSE(band.source.empty()) << phase.id;
        EXPECT_GT(band.fwhm_cm1, 0) << phase.id;
        EXPECT_TRUE(band.position_cm1 > 100 && band.position_cm1 < 4000) << phase.id;
      }
    }
  }
}

TEST(ReferenceLibrary, IdsAreUniqueAndFindable) {
  const auto library = builtin_library();
  std::set<std::string> ids;
  for (const auto& phase : library.phases) {
    EXPECT_TRUE(ids.insert(phase.id).second) << phase.id;
    EXPECT_EQ(library.find(phase.id), &phase);
  }
  EXPECT_EQ(library.find("unobtainium"), nullptr);
}

class LibraryFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = std::filesystem::path(::testing::TempDir()) / ("library_" + std::string(info->name()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string fault() const {
    try {
      library_from_folder(folder.string());
    } catch (const Error& error) {
      return error.place() + "|" + error.what();
    }
    return {};
  }
  std::filesystem::path folder;
};

const std::string header =
    "phase,technique,position_cm1,fwhm_cm1,rel_intensity,shape,assignment,source,status\n";

TEST_F(LibraryFolder, HoldsOnlyThePhasesOfItsBands) {
  write("bands.csv",
        header +
            "calcite,raman,1086,4,100,pv,v1,own,measured\n"
            "mine,raman,500,4,100,gauss,,own,measured\n");
  const auto library = library_from_folder(folder.string());
  ASSERT_EQ(library.phases.size(), 2U);
  EXPECT_EQ(library.find("calcite")->formula, "CaCO3");
  EXPECT_EQ(library.find("mine")->family, "mine");
}

TEST(ReferenceLibrary, AtrRowsAreMeasuredOrDerivedFromTransmission) {
  const auto library = builtin_library();
  const auto* vaterite = library.find("vaterite");
  ASSERT_EQ(vaterite->ftir_atr.size(), vaterite->ftir_transmission.size());
  for (const auto& band : vaterite->ftir_atr) {
    EXPECT_EQ(band.status, SourceStatus::derived);
  }
  // Measured rows stay alone.
  for (const auto& band : library.find("calcite")->ftir_atr) {
    EXPECT_NE(band.status, SourceStatus::derived);
  }
}

TEST_F(LibraryFolder, FaultsNameFileAndLine) {
  EXPECT_NE(fault().find("bands.csv"), std::string::npos);
  write("bands.csv", header + "calcite,raman,10x6,4,100,pv,v1,own,measured\n");
  EXPECT_NE(fault().find("bands.csv:2"), std::string::npos);
  write("bands.csv", header + "calcite,raman,nan,4,100,pv,v1,own,measured\n");
  EXPECT_NE(fault().find("not a finite number"), std::string::npos);
  write("bands.csv", header + "calcite,raman,1086,4,inf,pv,v1,own,measured\n");
  EXPECT_NE(fault().find("not a finite number"), std::string::npos);
  write("bands.csv", header + "calcite,raman,1086,4,100,pv,v1,,measured\n");
  EXPECT_NE(fault().find("no source"), std::string::npos);
  write("bands.csv", header + "calcite,raman,1086\n");
  EXPECT_NE(fault().find("3 cells"), std::string::npos);
}

TEST(CsvTable, ReadsQuotesAndWindowsLines) {
  const CsvTable table(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x, \"\"y\"\"\",2.5\r\n",
      "t.csv");
  ASSERT_EQ(table.rows(), 1);
  EXPECT_EQ(table.text(0, "a"), "x, \"y\"");
  EXPECT_EQ(table.number(0, "b"), 2.5);
}

}  // namespace
}  // namespace calcispec::models
