// gzip and zip of exports: one member, several, parts of one another, damage.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/siblings.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/zip_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

const std::string packed_files_table = "Raman shift (1/cm),counts\n100,1\n200,2.5\n300,3\n400,2\n";

std::string packed_files_fault_of(const std::string& bytes) {
  try {
    load_bytes({bytes, "made.zip"}, {});
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Packed, GzipIsReadAsWhatItHolds) {
  const auto file = load_bytes({test::gzip_bytes(packed_files_table), "a.csv.gz"}, {});
  EXPECT_EQ(file.format, "plain_columns");
  EXPECT_EQ(file.path, "a.csv.gz");
  EXPECT_EQ(file.recordings.at(0).spectra.row(0)[1], 2.5);
  // Members of one file follow each other.
  const auto two = test::gzip_bytes(packed_files_table.substr(0, 40)) +
                   test::gzip_bytes(packed_files_table.substr(40));
  EXPECT_EQ(load_bytes({two, "a.gz"}, {}).recordings.at(0).spectra.points(), 4);
}

TEST(Packed, GzipThatIsCutOffIsSaid) {
  std::string lines = "x,y\n";
  for (int i = 0; i < 3000; ++i) {
    lines += std::to_string(100 + i) + "," + std::to_string(i * i % 977) + "\n";
  }
  auto bytes = test::gzip_bytes(lines);
  bytes.resize(bytes.size() - 300);
  const auto file = load_bytes({bytes, "a.gz"}, {});
  EXPECT_EQ(file.diagnostics.back().code, "cut_off");
  EXPECT_LT(file.recordings.at(0).spectra.points(), 3000);
}

TEST(Packed, EveryMemberOfAZipIsRead) {
  const auto bytes = test::zip_bytes({
      {"run/a.csv",     packed_files_table    },
      {"run/b.csv",     packed_files_table    },
      {"run/notes.pdf", std::string("%PDF\0\1", 6)},
      {"__MACOSX/run/._a.csv",               packed_files_table               }
  });
  const auto file = load_bytes({bytes, "runs.zip"}, {});
  EXPECT_EQ(file.recordings.size(), 2U);
  ASSERT_EQ(file.blocks.size(), 3U);
  EXPECT_FALSE(file.blocks[2].is_used);
  EXPECT_EQ(file.format, "plain_columns");
  ReadOptions options;
  options.block = "run/b.csv";
  EXPECT_EQ(load_bytes({bytes, "runs.zip"}, options).recordings.size(), 1U);
}

TEST(Packed, PartsOfOneAnotherAreFoundInsideTheZip) {
  test::ByteWriter numbers;
  for (int i = 0; i < 8; ++i) {
    numbers.put(static_cast<float>(i));
  }
  const auto bytes = test::zip_bytes({
      {"m.dat", numbers.bytes()                 },
      {"m.hdr",
       "ENVI\nsamples = 2\nlines = 1\nbands = 4\ndata type = 4\ninterleave = bip\n"
       "wavelength = {1000, 1010, 1020, 1030}\n"}
  });
  const auto file = load_bytes({bytes, "m.zip"}, {});
  EXPECT_EQ(file.format, "envi");
  ASSERT_EQ(file.recordings.size(), 1U);
  EXPECT_EQ(file.recordings[0].spectra.row(1)[0], 4);
}

TEST(Packed, WhatCannotBeUnpackedIsSaid) {
  EXPECT_NE(packed_files_fault_of(test::zip_bytes({
                                      {"[Content_Types].xml", "<x/>"}
  }))
                .find("office"),
            std::string::npos);
  auto locked = test::zip_bytes({
      {"a.csv", packed_files_table}
  });
  locked[locked.find("PK\x01\x02") + 8] = 1;
  EXPECT_NE(packed_files_fault_of(locked).find("encrypted"), std::string::npos);
  auto wrong = test::zip_bytes({
      {"b.csv", packed_files_table},
      {"a.csv", packed_files_table}
  });
  wrong[wrong.find("200,2.5")] = '9';  // of the second, which is stored
  const auto half = load_bytes({wrong, "made.zip"}, {});
  EXPECT_EQ(half.recordings.size(), 1U);
  EXPECT_NE(half.blocks.at(1).reason.find("damaged"), std::string::npos);
  EXPECT_NE(
      packed_files_fault_of(test::zip_bytes({
                                {"in.zip", test::zip_bytes({{"a.csv", packed_files_table}})}
  }))
          .find("zip file itself"),
      std::string::npos);
}

TEST(Packed, DamageIsAnswered) {
  expect_damage_answered(test::zip_bytes({
                             {"a.csv", packed_files_table},
                             {"b.csv", packed_files_table}
  }),
                         3000);
  expect_damage_answered(test::gzip_bytes(packed_files_table), 2000);
}

TEST(Siblings, PartsOfAnotherFileAreTold) {
  const std::vector<std::string> names{
      "Map.HDR", "map.dat", "t.dat", "t.bsp", "t.seq", "big.dmt", "BIG_0000_0001.dmd", "lone.dat"};
  EXPECT_TRUE(is_part_of_another("x/map.dat", names));
  EXPECT_FALSE(is_part_of_another("x/Map.HDR", names));
  EXPECT_TRUE(is_part_of_another("t.bsp", names));
  EXPECT_TRUE(is_part_of_another("t.seq", names));
  EXPECT_FALSE(is_part_of_another("t.dat", names));
  EXPECT_TRUE(is_part_of_another("BIG_0000_0001.dmd", names));
  EXPECT_FALSE(is_part_of_another("big.dmt", names));
  EXPECT_FALSE(is_part_of_another("lone.dat", names));
}

}  // namespace
}  // namespace calcispec::io
