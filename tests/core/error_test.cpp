// What an error says, whatever it quotes.
#include "core/error.hpp"

#include <gtest/gtest.h>

namespace calcispec {
namespace {

TEST(Error, ASentenceIsWholeWhateverItQuotes) {
  const std::string quoted("a\0b\x1b[2J\x7f\xc2\xb5\n\tend", 15);
  const Error error(ErrorCode::unreadable_input, "\"" + quoted + "\" is no number", "f.txt:3");
  EXPECT_STREQ(error.what(), "\"a?b?[2J?\xc2\xb5\n\tend\" is no number");
  EXPECT_EQ(error.place(), "f.txt:3");
}

}  // namespace
}  // namespace calcispec
