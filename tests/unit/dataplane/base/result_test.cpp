#include "dataplane/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace cenote {
namespace {

Result<int> parse(const std::string& text) {
    if (text != "7") {
        return Error{"not a seven", "22023"};
    }
    return 7;
}

TEST(Result, HoldsAValueOrAnError) {
    EXPECT_EQ(*parse("7"), 7);
    const auto failed = parse("8");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (Error{"not a seven", "22023"}));
}

TEST(Result, MovesItsValueOut) {
    Result<std::unique_ptr<int>> held = std::make_unique<int>(3);
    const auto taken = *std::move(held);
    EXPECT_EQ(*taken, 3);
}

TEST(Result, OfNothingIsSuccessUntilToldOtherwise) {
    EXPECT_TRUE(Result<void>{});
    EXPECT_EQ(Result<void>{Error{"no"}}.error().message, "no");
}

TEST(ResultDeathTest, AskingAnErrorForItsValueIsOurBug) { EXPECT_DEATH(static_cast<void>(parse("8").value()), "assertion failed"); }

TEST(Error, KeepsItsCodeWhenSaidWhere) {
    const auto error = with_context("users.txt:3", Error{"bad line", "F0000"});
    EXPECT_EQ(error.message, "users.txt:3: bad line");
    EXPECT_EQ(error.sqlstate, "F0000");
}

}  // namespace
}  // namespace cenote
