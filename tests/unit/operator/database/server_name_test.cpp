#include "operator/database/server_name.hpp"

#include <gtest/gtest.h>

namespace cenote::database {
namespace {

TEST(QualifiedHosts, AShortNameIsOfThePoolsNamespace) {
    EXPECT_EQ(qualified_hosts("orders-db", "shop"), "orders-db.shop.svc");
    EXPECT_EQ(qualified_hosts("a, b.other", "shop"), "a.shop.svc,b.other");
    for (const char* host : {"db.other", "db.example.com", "10.0.0.1", "::1", "/run/postgresql", "localhost"}) {
        EXPECT_EQ(qualified_hosts(host, "shop"), host);
    }
    EXPECT_EQ(qualified_hosts("db", ""), "db") << "without a cluster there are no namespaces in names";
}

TEST(ServerKey, TwoTeamsServicesOfOneNameAreTwoServers) {
    EXPECT_NE(server_key(qualified_hosts("postgres", "a"), 5432), server_key(qualified_hosts("postgres", "b"), 5432));
    EXPECT_EQ(server_key(qualified_hosts("postgres", "a"), 5432), server_key(qualified_hosts("postgres.a.svc", "b"), 5432));
}

TEST(ServerKey, SpellingsOfOneServer) {
    EXPECT_EQ(server_key("DB.shop.svc", 1), server_key("db.shop.svc.cluster.local.", 1));
    EXPECT_EQ(server_key("a, b", 1), server_key("b,a", 1));
    EXPECT_EQ(server_key("localhost", 1), server_key("127.0.0.1", 1));
    EXPECT_NE(server_key("a", 1), server_key("b", 1));
    EXPECT_NE(server_key("a", 1), server_key("a", 2));
}

class AliasesTest : public testing::Test {
protected:
    bool together(const char* a, const char* b) const { return aliases_.canonical(a) == aliases_.canonical(b); }

    ServerAliases aliases_;
    TimePoint now_{};
};

TEST_F(AliasesTest, NamesThatLeadToOneInstanceAreOne) {
    aliases_.seen("db.shop:5432", "i1", now_);
    EXPECT_FALSE(together("db.shop:5432", "10.0.0.1:5432"));
    aliases_.seen("10.0.0.1:5432", "i1", now_);
    aliases_.seen("other:5432", "i2", now_);
    EXPECT_TRUE(together("db.shop:5432", "10.0.0.1:5432"));
    EXPECT_FALSE(together("db.shop:5432", "other:5432"));
}

TEST_F(AliasesTest, ARestartOfTheServerDoesNotSplitIt) {
    aliases_.seen("a", "i1", now_);
    aliases_.seen("b", "i1", now_);
    now_ += std::chrono::seconds(30);
    aliases_.seen("a", "i2", now_);  // b is not asked yet
    EXPECT_TRUE(together("a", "b"));
    aliases_.seen("b", "i2", now_ + std::chrono::seconds(20));
    EXPECT_TRUE(together("a", "b"));
}

TEST_F(AliasesTest, NamesThatPartAreApartAfterAWhile) {
    aliases_.seen("rw", "i1", now_);
    aliases_.seen("ro", "i1", now_);
    for (int i = 0; i < 6; ++i) {
        now_ += std::chrono::seconds(30);
        aliases_.seen("rw", "i1", now_);
        aliases_.seen("ro", "i2", now_);
    }
    EXPECT_FALSE(together("rw", "ro"));
}

TEST_F(AliasesTest, AServerThatCannotTellIsOnlyItself) {
    aliases_.seen("a", "", now_);
    aliases_.seen("b", "", now_);
    EXPECT_FALSE(together("a", "b"));
}

}  // namespace
}  // namespace cenote::database
