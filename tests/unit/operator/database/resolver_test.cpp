#include "operator/database/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::database {
namespace {

using testing::ElementsAre;

TEST(SplitHosts, CommasAndBlanks) {
    EXPECT_THAT(split_hosts(" a , b,,c "), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(split_hosts(" , ").empty());
}

// Addresses and socket directories need no name service, so a deadline long past does not matter.
TEST(Resolve, TakesAddressesAndDirectoriesAsTheyAre) {
    const auto found = resolve("127.0.0.1,::1,/var/run/postgresql", TimePoint{});
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre(Candidate{"127.0.0.1", "127.0.0.1"}, Candidate{"::1", "::1"}, Candidate{"/var/run/postgresql", ""}));
}

TEST(Resolve, NothingGivenIsAnError) { EXPECT_FALSE(resolve("", TimePoint{})); }

}  // namespace
}  // namespace cenote::database
