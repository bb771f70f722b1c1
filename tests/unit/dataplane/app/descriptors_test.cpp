#include "dataplane/app/descriptors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::app {
namespace {

TEST(ShareDescriptors, PlentyMeansNobodyIsCut) {
    const auto shares = share_descriptors(1'000'000, 5000, 200);
    EXPECT_EQ(shares.servers, 200);
    EXPECT_EQ(shares.clients, 5000);
    EXPECT_TRUE(shares.enough);
    EXPECT_GE(shares.unauthenticated, 5000);  // all may log in at once
    EXPECT_LE(shares.unauthenticated, 1'000'000 / 8);
}

TEST(ShareDescriptors, TooFewCutsClientsBeforeServers) {
    const auto shares = share_descriptors(1024, 5000, 100);
    EXPECT_EQ(shares.own, 224);
    EXPECT_EQ(shares.servers, 100);
    EXPECT_EQ(shares.unauthenticated, 700 / 8);
    EXPECT_EQ(shares.clients, 700 - 700 / 8);
    EXPECT_FALSE(shares.enough);
}

TEST(ShareDescriptors, ServersGetHalfAtMost) {
    const auto shares = share_descriptors(1024, 100, 10'000);
    EXPECT_EQ(shares.servers, 400);
    EXPECT_EQ(shares.clients, 100);
    EXPECT_FALSE(shares.enough);
}

TEST(ShareDescriptors, NothingIsGivenTwice) {
    for (const std::int64_t limit : {16, 64, 256, 1024, 4096, 65536, 1 << 20}) {
        for (const std::int64_t clients : {1, 100, 1000, 100'000}) {
            for (const std::int64_t servers : {0, 20, 1000, 100'000}) {
                const auto shares = share_descriptors(limit, clients, servers);
                SCOPED_TRACE(fmt::format("limit {} clients {} servers {}", limit, clients, servers));
                EXPECT_LE(shares.own + shares.servers + shares.clients + shares.unauthenticated, limit);
                EXPECT_LE(shares.clients, clients);
                EXPECT_LE(shares.servers, servers);
                EXPECT_GT(shares.clients, 0);
                EXPECT_GT(shares.unauthenticated, 0);
                EXPECT_EQ(shares.enough, shares.clients == clients && shares.servers == servers);
            }
        }
    }
}

TEST(ServersWanted, LimitsCountAndPoolsWhereThereIsNone) {
    config::Config config;
    config.default_pool_size = 20;
    config.reserve_pool_size = 5;
    config.databases["one"].name = "one";
    config.databases["two"].max_db_connections = 100;
    EXPECT_EQ(servers_wanted(config), 25 + 100);
    config.fallback_database.emplace();
    EXPECT_EQ(servers_wanted(config), 25 + 100 + 25);
    config.max_db_connections = 7;
    EXPECT_EQ(servers_wanted(config), 7 + 100 + 7);
}

TEST(DescribeDescriptors, SaysWhatIsTooFew) {
    EXPECT_THAT(
        describe({1024, 4096, 4096}, share_descriptors(4096, 100, 20), 100),
        "open files: 4096 (limit was 1024, hard limit 4096); 20 kept for servers, at most 100 clients"
    );
    EXPECT_THAT(
        describe({1024, 1024, 1024}, share_descriptors(1024, 5000, 20), 5000), testing::HasSubstr("too few for max_client_conn = 5000")
    );
}

}  // namespace
}  // namespace cenote::app
