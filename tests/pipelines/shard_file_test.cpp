// Blocks on disk: what the journal vouches for is there, what it does not is cut off.
#include "pipelines/shard_file.hpp"

#include "core/error.hpp"

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
  for (const auto& block : state.blocks) {
    EXPECT_EQ(read_shard_block(stem, block), bytes_of(block.block));
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
