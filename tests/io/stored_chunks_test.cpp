// Numbers read past the HDF5 library are those that the library reads, however they are packed.
#include "core/error.hpp"
#include "io/map_source.hpp"
#include "io/stored_chunks_private.hpp"
#include "tests/support/hdf5_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t stored_chunks_points = 70;

struct Packing {
  std::string name;
  std::vector<hsize_t> size;   // the last is `points`
  std::vector<hsize_t> chunk;  // empty: contiguous
  hid_t stored = H5T_IEEE_F32LE;
  bool is_shuffled = false;
  bool is_deflated = false;
  bool is_direct = true;  // read past the library
};

class StoredChunksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("chunks_") + info->name() + ".h5")).string();
  }
  void TearDown() override { fs::remove(path); }

  static std::vector<double> values_of(const std::vector<hsize_t>& size) {
    std::size_t count = 1;
    for (const auto n : size) {
      count *= n;
    }
    std::mt19937 random(5);
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(static_cast<double>(random() % 40000) / 16 - 100);  // exact as float32
    }
    return out;
  }

  // The first `written` rows of the first dimension; without chunks all of them.
  void write(const Packing& own,
             hsize_t user_block = 0,
             hsize_t written = 0,
             std::vector<double> values = {}) const {
    const hid_t files = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(files, user_block);
    const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, files, H5P_DEFAULT);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (!own.chunk.empty()) {
      H5Pset_chunk(creation, static_cast<int>(own.chunk.size()), own.chunk.data());
    }
    if (own.is_shuffled) {
      H5Pset_shuffle(creation);
    }
    if (own.is_deflated) {
      H5Pset_deflate(creation, 1);
    }
    const int rank = static_cast<int>(own.size.size());
    const hid_t space = H5Screate_simple(rank, own.size.data(), nullptr);
    const hid_t data =
        H5Dcreate2(file, "spectra", own.stored, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    auto part = own.size;
    part[0] = written > 0 ? written : part[0];
    const std::vector<hsize_t> start(own.size.size(), 0);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, part.data(), nullptr);
    const hid_t memory = H5Screate_simple(rank, part.data(), nullptr);
    if (values.empty()) {
      values = values_of(own.size);
    }
    H5Dwrite(data, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values.data());
    H5Sclose(memory);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(creation);
    H5Fclose(file);
    H5Pclose(files);
  }

  static void expect_rows(MapSource& source,
                          const std::vector<double>& values,
                          Index first,
                          Index count) {
    const auto from = values.begin() + first * static_cast<Index>(stored_chunks_points);
    const std::vector<double> wanted(from, from + count * static_cast<Index>(stored_chunks_points));
    EXPECT_EQ(source.read(first, count).values, wanted) << first << " " << count;
  }

  // In order, in steps that fit no chunk, then back and forth.
  static void expect_all(MapSource& source, const std::vector<double>& values) {
    const Index rows = source.rows();
    ASSERT_EQ(rows * static_cast<Index>(stored_chunks_points), static_cast<Index>(values.size()));
    for (Index first = 0; first < rows; first += 7) {
      expect_rows(source, values, first, std::min<Index>(7, rows - first));
    }
    expect_rows(source, values, rows / 2, rows - rows / 2);
    expect_rows(source, values, 3, 1);
    expect_rows(source, values, 0, rows);
    EXPECT_TRUE(source.read(2, 0).values.empty());
  }

  std::string path;
};

TEST_F(StoredChunksTest, AllPackingsGiveWhatWasWritten) {
  const hsize_t n = stored_chunks_points;
  const Packing packings[] = {
      {"contiguous",        {9, 12, n},  {},          H5T_IEEE_F32LE, false, false, true },
      {"contiguous double", {50, n},     {},          H5T_IEEE_F64LE, false, false, true },
      {"lines",             {9, 12, n},  {1, 12, n},  H5T_IEEE_F32LE, false, false, true },
      {"edges",             {9, 12, n},  {2, 5, n},   H5T_IEEE_F32LE, true,  true,  true },
      {"edges, plain",      {9, 12, n},  {4, 5, n},   H5T_IEEE_F64LE, false, false, true },
      {"deflate alone",     {50, n},     {8, n},      H5T_IEEE_F64LE, false, true,  true },
      {"shuffle alone",     {50, n},     {8, n},      H5T_IEEE_F32LE, true,  false, true },
      {"double",            {9, 12, n},  {3, 12, n},  H5T_IEEE_F64LE, true,  true,  true },
      {"one line",          {1, 60, n},  {1, 16, n},  H5T_IEEE_F32LE, true,  true,  true },
      {"cut spectra",       {50, n},     {8, 35},     H5T_IEEE_F32LE, true,  true,  false},
      {"planes",            {40, 60, n}, {40, 60, 7}, H5T_IEEE_F64LE, true,  true,  false},
      {"big-endian",        {50, n},     {8, n},      H5T_IEEE_F32BE, true,  true,  false},
      {"integers",          {50, n},     {8, n},      H5T_STD_I16LE,  true,  true,  false},
  };
  for (const auto& own : packings) {
    SCOPED_TRACE(own.name);
    write(own);
    auto source = MapSource::open(path, {});
    EXPECT_EQ(source.layout() != nullptr, own.is_direct);
    auto values = values_of(own.size);
    if (own.stored == H5T_STD_I16LE) {
      for (double& value : values) {
        value = std::trunc(value);
      }
    }
    expect_all(source, values);
  }
}

TEST_F(StoredChunksTest, SpectraWithMissingNumbersAreCountedAsStored) {
  const hsize_t n = stored_chunks_points;
  const Packing packings[] = {
      {"contiguous", {9, 12, n}, {},        H5T_IEEE_F32LE, false, false, true},
      {"edges",      {9, 12, n}, {4, 5, n}, H5T_IEEE_F64LE, false, false, true},
      {"packed",     {9, 12, n}, {4, 5, n}, H5T_IEEE_F32LE, true,  true,  true},
  };
  auto values = values_of({9, 12, n});
  values[5 * n] = std::nan("");
  values[5 * n + 9] = std::nan("");
  values[40 * n + n - 1] = std::numeric_limits<double>::infinity();
  values[107 * n + 3] = -std::numeric_limits<double>::infinity();
  for (const auto& own : packings) {
    SCOPED_TRACE(own.name);
    write(own, 0, 0, values);
    auto source = MapSource::open(path, {});
    EXPECT_EQ(source.count_incomplete(0, 108), 3);
    EXPECT_EQ(source.count_incomplete(6, 101), 1);
    EXPECT_EQ(source.count_incomplete(5, 1), 1);
    EXPECT_EQ(source.count_incomplete(0, 5), 0);
    EXPECT_EQ(source.count_incomplete(108, 0), 0);
    EXPECT_THROW(static_cast<void>(source.count_incomplete(100, 9)), Error);
  }
}

TEST_F(StoredChunksTest, ChunksThatWereNeverWrittenHoldTheFillValue) {
  const Packing own{
      "", {60, stored_chunks_points},
       {8,  stored_chunks_points},
       H5T_IEEE_F32LE, true, true, true
  };
  write(own, 0, 24);
  auto source = MapSource::open(path, {});
  auto values = values_of(own.size);
  std::fill(values.begin() + 24 * static_cast<Index>(stored_chunks_points), values.end(), 0.0);
  expect_all(source, values);
}

TEST_F(StoredChunksTest, ABlockOfTheUserMovesNothing) {
  const Packing own{
      "", {50, stored_chunks_points},
       {8,  stored_chunks_points},
       H5T_IEEE_F32LE, true, true, false
  };
  write(own, 1024);
  auto source = MapSource::open(path, {});
  EXPECT_EQ(source.layout(), nullptr);
  expect_all(source, values_of(own.size));
}

// Whatever a damaged file or a reader claims, it is answered.
TEST_F(StoredChunksTest, ClaimsThatDoNotFitAreRefused) {
  write({
      "", {50, stored_chunks_points},
       {8,  stored_chunks_points},
       H5T_IEEE_F32LE, true, true, true
  });
  const auto bytes = fs::file_size(path);
  const StoredLayout layout{4, 1, 50, stored_chunks_points, 1, 8, 1, 1};
  ASSERT_TRUE(layout.is_usable());
  std::vector<double> out(4 * stored_chunks_points);
  const auto read = [&](const StoredLayout& own, const StoredChunk& claim) {
    StoredChunks chunks(path, own, [&](std::int64_t, std::int64_t count) {
      return std::vector<StoredChunk>(static_cast<std::size_t>(count), claim);
    });
    return chunks.read(0, 4, out);
  };
  EXPECT_FALSE(read(layout, {0, 0}));
  EXPECT_FALSE(read(layout, {bytes, 100}));
  EXPECT_FALSE(read(layout, {bytes - 10, 11}));
  EXPECT_FALSE(read(layout, {UINT64_MAX, 100}));
  EXPECT_THROW(static_cast<void>(read(layout, {0, 100})), Error);  // no zlib stream
  auto plain = layout;
  plain.is_shuffled = plain.is_deflated = 0;
  EXPECT_FALSE(read(plain, {0, 100}));  // a chunk is larger
  StoredChunks silent(
      path, layout, [](std::int64_t, std::int64_t) { return std::vector<StoredChunk>(); });
  EXPECT_FALSE(silent.read(0, 4, out));
  for (const std::int64_t odd : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX}) {
    for (auto member : {&StoredLayout::number_bytes,
                        &StoredLayout::ny,
                        &StoredLayout::nx,
                        &StoredLayout::points,
                        &StoredLayout::chunk_y,
                        &StoredLayout::chunk_x}) {
      auto own = layout;
      own.*member = odd;
      EXPECT_FALSE(own.is_usable()) << odd;
    }
  }
}

TEST_F(StoredChunksTest, AFilterThatIsMissingIsNamed) {
  write({
      "", {50, stored_chunks_points},
       {8,  35                  },
       H5T_IEEE_F32LE, false, true, false
  });
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto name = bytes.find(std::string("deflate\0", 8));
  ASSERT_NE(name, std::string::npos);
  bytes.replace(name, 8, std::string("lzf\0\0\0\0\0", 8));
  bytes[name - 8] = 0x00;
  bytes[name - 7] = 0x7D;  // filter 32000
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  try {
    MapSource::open(path, {});
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("filter lzf"), std::string::npos) << error.what();
  }
}

TEST_F(StoredChunksTest, ADamagedChunkIsSaid) {
  write({
      "", {50, stored_chunks_points},
       {8,  stored_chunks_points},
       H5T_IEEE_F32LE, true, true, true
  });
  auto source = MapSource::open(path, {});
  const auto places = source.chunks(3, 1);
  ASSERT_EQ(places.size(), 1U);
  std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(places[0].offset + places[0].bytes / 2));
  stream << "damaged";
  stream.close();
  expect_rows(source, values_of({50, stored_chunks_points}), 0, 8);
  try {
    static_cast<void>(source.read(20, 8));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    EXPECT_NE(std::string(error.what()).find("damaged"), std::string::npos);
    EXPECT_EQ(error.place(), path);
  }
}

}  // namespace
}  // namespace calcispec::io
