// Numbers of files to doubles and back, against the numbers they were made of.
#include "core/stored_numbers.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace calcispec {
namespace {

// Counts around those that are worked on at once.
constexpr int counts[] = {0, 1, 7, 16, 17, 511, 512, 513, 1300};

template <typename Number>
std::vector<Number> numbers(int count) {
  std::mt19937 random(static_cast<unsigned>(count) + 1);
  std::normal_distribution<Number> normal;
  std::vector<Number> out(static_cast<std::size_t>(count));
  for (auto& value : out) {
    value = std::ldexp(normal(random), static_cast<int>(random() % 60) - 30);
  }
  return out;
}

template <typename Number>
std::vector<char> bytes_of(const std::vector<Number>& values) {
  std::vector<char> out(values.size() * sizeof(Number));
  if (!values.empty()) {
    std::memcpy(out.data(), values.data(), out.size());
  }
  return out;
}

template <typename Number>
std::vector<char> planes_of(const std::vector<Number>& values) {
  const auto plain = bytes_of(values);
  std::vector<char> out(plain.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t b = 0; b < sizeof(Number); ++b) {
      out[b * values.size() + i] = plain[i * sizeof(Number) + b];
    }
  }
  return out;
}

template <typename Number>
class StoredNumbers : public testing::Test {};
using Numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(StoredNumbers, Numbers);

TYPED_TEST(StoredNumbers, BecomeTheDoublesTheyAre) {
  constexpr Index size = sizeof(TypeParam);
  for (const int count : counts) {
    const auto values = numbers<TypeParam>(count);
    const std::vector<double> expected(values.begin(), values.end());
    std::vector<double> out(values.size(), -1);
    doubles_of_stored(bytes_of(values), size, out);
    EXPECT_EQ(out, expected) << count;
    out.assign(values.size(), -1);
    doubles_of_planes(planes_of(values), count, size, out);
    EXPECT_EQ(out, expected) << count;
  }
}

TYPED_TEST(StoredNumbers, APartOfThePlanesIsThatPart) {
  constexpr Index size = sizeof(TypeParam);
  const auto values = numbers<TypeParam>(1300);
  const auto planes = planes_of(values);
  std::vector<double> out(600);
  doubles_of_planes(std::span(planes).subspan(650), 1300, size, out);
  EXPECT_EQ(out, std::vector<double>(values.begin() + 650, values.begin() + 1250));
}

TYPED_TEST(StoredNumbers, AreFiniteUnlessOneIsNot) {
  constexpr Index size = sizeof(TypeParam);
  using Limits = std::numeric_limits<TypeParam>;
  for (const int count : counts) {
    auto values = numbers<TypeParam>(count);
    EXPECT_TRUE(are_stored_finite(bytes_of(values), size)) << count;
    for (std::size_t at = 0; at < values.size(); at += 13) {
      const auto before = values[at];
      for (const auto bad : {Limits::quiet_NaN(), -Limits::infinity()}) {
        values[at] = bad;
        EXPECT_FALSE(are_stored_finite(bytes_of(values), size)) << count << " " << at;
      }
      values[at] = -Limits::max();
      EXPECT_TRUE(are_stored_finite(bytes_of(values), size)) << count << " " << at;
      values[at] = before;
    }
  }
}

TEST(StoredFloats, GoToThePlanesTheyComeFrom) {
  for (const int count : counts) {
    const auto values = numbers<float>(count);
    std::vector<char> out(4 * values.size());
    planes_of_floats(values, out);
    EXPECT_EQ(out, planes_of(values)) << count;
  }
}

TEST(StoredFloats, OfTheWrongSizeAreRefused) {
  const std::vector<char> bytes(12);
  std::vector<double> out(4);
  EXPECT_THROW(doubles_of_stored(bytes, 4, out), Error);
  EXPECT_THROW(doubles_of_planes(bytes, 4, 4, out), Error);
  EXPECT_THROW(doubles_of_planes(bytes, 3, 3, out), Error);
  EXPECT_THROW(static_cast<void>(are_stored_finite(bytes, 8)), Error);
  EXPECT_THROW(static_cast<void>(are_stored_finite(bytes, 0)), Error);
  std::vector<char> few(15);
  EXPECT_THROW(planes_of_floats(std::vector<float>(4), few), Error);
}

}  // namespace
}  // namespace calcispec
