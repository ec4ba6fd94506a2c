// Blocks on disk: what the journal vouches for is there, what it does not is cut off.
#include "pipelines/shard_file.hpp"

#include "core/error.hpp"
#include "pipelines/crc32c_private.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

class ShardFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("shard_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    stem = (folder / "s").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  static std::vector<char> bytes_of(Index block) {
    return std::vector<char>(static_cast<std::size_t>(100 + block), static_cast<char>(block));
  }
  void write(Index blocks) const {
    ShardFile file(stem, 1);
    for (Index b = static_cast<Index>(file.blocks().size()); b < blocks; ++b) {
      file.append(b, bytes_of(b));
    }
  }

  fs::path folder;
  std::string stem;
};

TEST_F(ShardFiles, GoOnWhereTheyWereLeft) {
  write(3);
  write(7);
  const auto state = read_shard_state(stem);
  ASSERT_EQ(state.blocks.size(), 7U);
  EXPECT_FALSE(state.is_done);
  ShardReader reader(stem);
  for (const auto& block : state.blocks) {
    const auto bytes = reader.read(block);
    EXPECT_EQ(std::vector<char>(bytes.begin(), bytes.end()), bytes_of(block.block));
  }
}

TEST_F(ShardFiles, AreNotDoneBeforeFinish) {
  {
    ShardFile file(stem, 1);
    file.append(0, bytes_of(0));
    file.finish();
  }
  EXPECT_TRUE(read_shard_state(stem).is_done);
  EXPECT_TRUE(ShardFile(stem, 1).is_done());
}

TEST_F(ShardFiles, CutOffTailsAndDamagedBlocksAreDoneAgain) {
  write(5);
  const auto whole = fs::file_size(stem + ".dat");
  // A block that was written but not vouched for, and half a line of the journal.
  std::ofstream(stem + ".dat", std::ios::app | std::ios::binary) << "half a block";
  std::ofstream(stem + ".journal", std::ios::app | std::ios::binary) << "5 510 1";
  {
    ShardFile file(stem, 1);
    EXPECT_EQ(file.blocks().size(), 5U);
  }
  EXPECT_EQ(fs::file_size(stem + ".dat"), whole);
  // A byte of block 2 turned over: it and all after it are done again.
  {
    std::fstream data(stem + ".dat", std::ios::in | std::ios::out | std::ios::binary);
    data.seekp(100 + 101 + 50);
    data.put('x');
  }
  {
    ShardFile file(stem, 1);
    EXPECT_EQ(file.blocks().size(), 2U);
  }
  write(5);
  EXPECT_EQ(fs::file_size(stem + ".dat"), whole);
}

// A part of a block that lies elsewhere must be there too.
TEST_F(ShardFiles, PlacedPartsAreAskedFor) {
  Index synced = 0;
  std::uint32_t lost = 1000;
  const PlacedParts placed{[&](const ShardBlock& block) { return block.placed_crc != lost; },
                           [&] { ++synced; }};
  {
    ShardFile file(stem, 250, placed);
    for (Index b = 0; b < 6; ++b) {
      const auto bytes = bytes_of(b);
      const std::span<const char> piece(bytes);
      file.append(b, std::span(&piece, 1), {50, static_cast<std::uint32_t>(10 + b)});
    }
    // 100 + b bytes here and 50 there: every second block.
    EXPECT_EQ(synced, 3);
    EXPECT_EQ(file.blocks().size(), 6U);
  }
  lost = 13;
  EXPECT_EQ(ShardFile(stem, 250, placed).blocks().size(), 3U);
  EXPECT_EQ(read_shard_state(stem).blocks.size(), 3U);
}

// Reversed bits of x^32 + ...; vectors of RFC 3720, appendix B.4, and against one bit at a time.
TEST(Crc32c, AgreesWithThePlainLoopForEveryLength) {
  const std::vector<char> zeros(32, 0);
  EXPECT_EQ(detail::crc32c(zeros), 0x8A9136AAU);
  const std::vector<char> ones(32, static_cast<char>(0xFF));
  EXPECT_EQ(detail::crc32c(ones), 0x62A8AB43U);
  std::vector<char> bytes(40000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>((i * i * 31 + i / 7) & 0xFFU);
  }
  std::uint32_t plain = 0xFFFFFFFFU;
  std::size_t done = 0;
  for (const std::size_t length :
       {0U, 1U, 7U, 8U, 4096U, 12287U, 12288U, 12289U, 24576U, 30001U, 40000U}) {
    for (; done < length; ++done) {
      plain ^= static_cast<unsigned char>(bytes[done]);
      for (int bit = 0; bit < 8; ++bit) {
        plain = (plain >> 1U) ^ ((plain & 1U) != 0 ? 0x82F63B78U : 0U);
      }
    }
    const std::span<const char> part(bytes.data(), length);
    EXPECT_EQ(detail::crc32c(part), ~plain) << length;
    const auto cut = length / 3;
    EXPECT_EQ(detail::crc32c(part.subspan(cut), detail::crc32c(part.first(cut))), ~plain) << length;
  }
}

TEST_F(ShardFiles, UnsyncedBlocksAreNotVouchedFor) {
  ShardFile file(stem, 1 << 20);
  file.append(0, bytes_of(0));
  EXPECT_TRUE(read_shard_state(stem).blocks.empty());
  file.sync();
  EXPECT_EQ(read_shard_state(stem).blocks.size(), 1U);
}

TEST_F(ShardFiles, ASecondProcessIsKeptOut) {
  const ShardFile file(stem, 1);
  try {
    const ShardFile second(stem, 1);
    ADD_FAILURE() << "two writers of one shard";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_failed);
  }
}

}  // namespace
}  // namespace calcispec
