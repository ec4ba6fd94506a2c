#include "io/byte_source.hpp"

#include "core/error.hpp"
#include "io/text_spectra.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace calcispec::io {
namespace {

std::string fault_byte_source(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.place() + ": " + error.what();
  }
  return {};
}

TEST(ByteSource, ReadsBothByteOrders) {
  const std::string bytes("\x01\x02\x03\x04\x00\x00\x80\x3f", 8);
  const ByteSource little({bytes, "a"});
  const ByteSource big({bytes, "a"}, ByteOrder::big);
  EXPECT_EQ(little.get<std::uint16_t>(0, "x"), 0x0201);
  EXPECT_EQ(big.get<std::uint32_t>(0, "x"), 0x01020304U);
  EXPECT_EQ(little.get<float>(4, "x"), 1.0F);
  EXPECT_EQ(little.get<std::int8_t>(6, "x"), -128);
}

TEST(ByteSource, ARefusedReadNamesOffsetAndNeed) {
  const ByteSource source({"abcd", "short.bin"});
  const auto text =
      fault_byte_source([&] { static_cast<void>(source.get<double>(2, "the axis")); });
  EXPECT_NE(text.find("short.bin"), std::string::npos);
  EXPECT_NE(text.find("byte 2"), std::string::npos);
  EXPECT_NE(text.find("8 bytes of the axis should"), std::string::npos);
  EXPECT_NE(text.find("ends at byte 4"), std::string::npos);
}

TEST(ByteSource, HugeCountsNeitherWrapNorAllocate) {
  const ByteSource source({"abcdefgh", "a"});
  constexpr auto huge = std::numeric_limits<std::uint64_t>::max();
  for (const auto count : {huge, huge / 4 + 1, huge / 2, std::uint64_t{3}}) {
    EXPECT_NE(fault_byte_source([&] { static_cast<void>(source.list<float>(0, count, "y")); }), "");
  }
  EXPECT_FALSE(source.holds(huge, 1));
  EXPECT_FALSE(source.holds(1, huge));
  EXPECT_TRUE(source.holds(8, 0));
  EXPECT_EQ(source.list<float>(0, 2, "y").size(), 2U);
}

TEST(ByteSource, EvenAxisHoldsBothEndsExactly) {
  const auto axis = even_axis(4000.123, 399.7, 1868);
  EXPECT_EQ(axis.front(), 4000.123);
  EXPECT_EQ(axis.back(), 399.7);
}

}  // namespace
}  // namespace calcispec::io
