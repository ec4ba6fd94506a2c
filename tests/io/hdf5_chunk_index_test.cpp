// The index of a data set's chunks, read from the file itself, says what the HDF5 library says.
#include "io/hdf5_chunk_index_private.hpp"
#include "io/hdf5_private.hpp"
#include "io/map_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;
using hdf5::Handle;

constexpr hsize_t indexed_points = 6;

struct IndexedSet {
  std::string name;
  std::vector<hsize_t> size;
  std::vector<hsize_t> chunk;
  H5F_libver_t oldest = H5F_LIBVER_EARLIEST;
  H5F_libver_t newest = H5F_LIBVER_LATEST;
  hsize_t written = 0;  // of the first dimension; 0: all
  bool is_backwards = false;
  bool is_deflated = false;
  bool has_attributes = false;  // so many that the object header is continued elsewhere
  bool is_indexed = true;
};

class ChunkIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    hdf5::prepare_library();
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("index_") + info->name() + ".h5")).string();
  }
  void TearDown() override { fs::remove(path); }

  // Line by line, so that chunks are allocated in this order.
  void write(const IndexedSet& own) const {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_libver_bounds(access.id(), own.oldest, own.newest);
    const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    const int rank = static_cast<int>(own.size.size());
    H5Pset_chunk(creation.id(), rank, own.chunk.data());
    if (own.is_deflated) {
      H5Pset_deflate(creation.id(), 1);
    }
    const Handle space(H5Screate_simple(rank, own.size.data(), nullptr), H5Sclose);
    const Handle data(H5Dcreate2(file.id(),
                                 "spectra",
                                 H5T_IEEE_F32LE,
                                 space.id(),
                                 H5P_DEFAULT,
                                 creation.id(),
                                 H5P_DEFAULT),
                      H5Dclose);
    auto line = own.size;
    line[0] = 1;
    const hsize_t numbers =
        std::accumulate(line.begin(), line.end(), hsize_t{1}, std::multiplies<>());
    std::vector<float> values(numbers);
    const Handle memory(H5Screate_simple(rank, line.data(), nullptr), H5Sclose);
    const hsize_t lines = own.written > 0 ? own.written : own.size[0];
    for (hsize_t k = 0; k < lines; ++k) {
      std::vector<hsize_t> start(own.size.size(), 0);
      start[0] = own.is_backwards ? lines - 1 - k : k;
      std::iota(values.begin(), values.end(), static_cast<float>(start[0] * numbers));
      H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, line.data(), nullptr);
      H5Dwrite(data.id(), H5T_NATIVE_FLOAT, memory.id(), space.id(), H5P_DEFAULT, values.data());
    }
    for (int k = 0; own.has_attributes && k < 6; ++k) {
      const Handle one(H5Screate(H5S_SCALAR), H5Sclose);
      const std::string name = "attribute " + std::to_string(k);
      const Handle attribute(
          H5Acreate2(data.id(), name.c_str(), H5T_IEEE_F64LE, one.id(), H5P_DEFAULT, H5P_DEFAULT),
          H5Aclose);
    }
  }

  struct Opened {
    Handle file;
    Handle data;
    StoredLayout layout;
  };
  [[nodiscard]] Opened open(const IndexedSet& own) const {
    Opened out{Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose), {}, {}};
    out.data = Handle(H5Dopen2(out.file.id(), "spectra", H5P_DEFAULT), H5Dclose);
    const auto rank = own.size.size();
    out.layout = {4,
                  rank == 3 ? static_cast<std::int64_t>(own.size[0]) : 1,
                  static_cast<std::int64_t>(own.size[rank - 2]),
                  static_cast<std::int64_t>(own.size[rank - 1]),
                  rank == 3 ? static_cast<std::int64_t>(own.chunk[0]) : 1,
                  static_cast<std::int64_t>(own.chunk[rank - 2]),
                  0,
                  own.is_deflated ? 1 : 0};
    return out;
  }

  // What the library says of one chunk; {0, 0}: not there.
  static StoredChunk by_library(const Opened& own, std::int64_t chunk, std::size_t rank) {
    const auto y = chunk / own.layout.chunks_x() * own.layout.chunk_y;
    const auto x = chunk % own.layout.chunks_x() * own.layout.chunk_x;
    const hsize_t corner[3] = {
        static_cast<hsize_t>(rank == 3 ? y : x), static_cast<hsize_t>(rank == 3 ? x : 0), 0};
    unsigned mask = 0;
    haddr_t offset = HADDR_UNDEF;
    hsize_t bytes = 0;
    const bool is_there =
        H5Dget_chunk_info_by_coord(own.data.id(), corner, &mask, &offset, &bytes) >= 0 &&
        offset != HADDR_UNDEF;
    return is_there ? StoredChunk{offset, bytes} : StoredChunk{};
  }

  std::string path;
};

TEST_F(ChunkIndexTest, SaysWhatTheLibrarySays) {
  const hsize_t n = indexed_points;
  std::vector<IndexedSet> sets;
  const auto add = [&](const char* name, std::vector<hsize_t> size, std::vector<hsize_t> chunk) {
    size.push_back(n);
    chunk.push_back(n);
    sets.push_back({name, std::move(size), std::move(chunk)});
    return &sets.back();
  };
  add("one chunk", {9}, {9});
  add("flat", {500}, {2});
  add("three levels", {90, 60}, {1, 1});
  add("edges", {31, 23}, {4, 5});
  add("lines", {300, 8}, {1, 8});
  add("backwards", {40, 30}, {1, 3})->is_backwards = true;
  add("deflated", {50, 20}, {2, 3})->is_deflated = true;
  add("in part", {60, 40}, {2, 2})->written = 21;
  add("continued", {30, 20}, {1, 2})->has_attributes = true;
  for (const bool has_attributes : {false, true}) {
    auto* second = add("second header", {30, 20}, {1, 2});
    second->oldest = second->newest = H5F_LIBVER_V18;
    second->has_attributes = has_attributes;
  }
  auto* newest = add("newest", {30, 20}, {1, 2});
  newest->oldest = H5F_LIBVER_LATEST;
  newest->is_indexed = false;
  for (const auto& own : sets) {
    SCOPED_TRACE(own.name);
    write(own);
    const auto opened = open(own);
    const auto total = opened.layout.chunks_y() * opened.layout.chunks_x();
    for (const auto& [first, count] : {
             std::pair<std::int64_t, std::int64_t>{0,         total          },
             {total / 3, (total + 1) / 2},
             {total - 1, 1              }
    }) {
      const auto found = hdf5::indexed_chunks(opened.data.id(), opened.layout, first, count);
      ASSERT_EQ(found.has_value(), own.is_indexed);
      for (std::int64_t k = 0; found && k < count; ++k) {
        const auto wanted = by_library(opened, first + k, own.size.size());
        ASSERT_EQ((*found)[static_cast<std::size_t>(k)].offset, wanted.offset) << first + k;
        ASSERT_EQ((*found)[static_cast<std::size_t>(k)].bytes, wanted.bytes) << first + k;
      }
    }
  }
}

// More chunks than the library is asked for one by one, and an index of another kind.
TEST_F(ChunkIndexTest, ManyChunksAreReadWithoutAnIndexToo) {
  for (const bool is_new : {false, true}) {
    IndexedSet own{
        "many", {100, 100, indexed_points},
         {1,   1,   indexed_points}
    };
    own.oldest = is_new ? H5F_LIBVER_LATEST : H5F_LIBVER_EARLIEST;
    write(own);
    auto source = MapSource::open(path, {});
    ASSERT_EQ(source.rows(), 10000);
    const auto values = source.read(0, 10000).values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], static_cast<double>(i));
    }
    EXPECT_EQ(source.read(9990, 10).values.back(), 59999.0);
  }
}

// Nodes that lead in circles or past the end, and any other damage, are answered.
TEST_F(ChunkIndexTest, DamageIsAnswered) {
  const IndexedSet own{
      "damage", {40, 30, indexed_points},
       {1,  1,  indexed_points}
  };
  write(own);
  std::vector<char> bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::string_view whole(bytes.data(), bytes.size());
  std::vector<std::size_t> places;  // of nodes
  for (auto at = whole.find("TREE"); at != std::string_view::npos;
       at = whole.find("TREE", at + 1)) {
    places.push_back(at);
  }
  ASSERT_GT(places.size(), 10U);
  std::mt19937 random(3);
  int answered = 0;
  for (int round = 0; round < 400; ++round) {
    auto damaged = bytes;
    const auto place = places[random() % places.size()];
    for (unsigned k = 0; k < 1 + random() % 4; ++k) {
      const auto at = std::min(place + 4 + random() % 120, damaged.size() - 1);
      damaged[at] = round % 3 == 0 ? char{0} : static_cast<char>(random());
    }
    if (round % 5 == 0) {
      damaged.resize(place + random() % 60);
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(damaged.data(), static_cast<std::streamsize>(damaged.size()));
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    const Handle data(file.is_open() ? H5Dopen2(file.id(), "spectra", H5P_DEFAULT) : -1, H5Dclose);
    if (!data.is_open()) {
      continue;
    }
    const StoredLayout layout{4, 40, 30, indexed_points, 1, 1, 0, 0};
    const auto found = hdf5::indexed_chunks(data.id(), layout, 0, 1200);
    EXPECT_TRUE(!found || found->size() == 1200U);
    ++answered;
  }
  EXPECT_GT(answered, 50);
}

}  // namespace
}  // namespace calcispec::io
