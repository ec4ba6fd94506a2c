// Rows of numbers: the same doubles as the standard library gives, and no other rows.
#include "io/number_row_private.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace calcispec::io {
namespace {

double exact(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(NumberRow, GivesTheNearestDoubles) {
  std::mt19937_64 random(3);
  const std::array<const char*, 5> forms{"%.7e", "%.17g", "%.3f", "%.0f", "%.12E"};
  for (int i = 0; i < 20000; ++i) {
    const double power = static_cast<double>(random() % 60) - 30;
    const double value = (static_cast<double>(random()) / 1e19 - 0.9) * std::pow(10.0, power);
    char text[400];
    std::snprintf(text, sizeof(text), forms[random() % forms.size()], value);
    std::array<double, 1> out{};
    ASSERT_TRUE(parse_row(text, '\t', out)) << text;
    EXPECT_EQ(out[0], exact(text)) << text;
  }
}

TEST(NumberRow, TakesBlanksAndADelimiterAtTheEnd) {
  std::array<double, 4> out{};
  EXPECT_TRUE(parse_row("1, -2.5 ,+3e2,.5", ',', out));
  EXPECT_EQ(out, (std::array<double, 4>{1, -2.5, 300, 0.5}));
  EXPECT_TRUE(parse_row("1\t2\t3\t4\t", '\t', out));
  EXPECT_TRUE(parse_row("1\t2\t3\tnan", '\t', out));
}

TEST(NumberRow, LeavesAllOtherRowsAlone) {
  std::array<double, 2> out{};
  for (const char* row :
       {"", "1", "1;2;3", "1;;2", "1;x", "1e;2", "1 2", "1;2 3", "1;2e400", ";1;2"}) {
    EXPECT_FALSE(parse_row(row, ';', out)) << row;
  }
}

TEST(NumberRow, CellsAreSkippedByTheirDelimiters) {
  EXPECT_EQ(behind_cells("a\tb\t1\t2", '\t', 2), "1\t2");
  EXPECT_EQ(behind_cells("a\tb", '\t', 2), "");
  EXPECT_EQ(behind_cells("1", '\t', 0), "1");
}

}  // namespace
}  // namespace calcispec::io
