#include "dataplane/config/config_diff.hpp"
#include "memory_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cenote::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Config loaded(const std::string& text) {
    const auto result = load_text("p.ini", text, {}, test::files({}));
    EXPECT_TRUE(result) << result.error().message;
    return **result;
}

TEST(Diff, NothingChangedIsEmpty) {
    const Config config = loaded("[databases]\na = host=x\n[users]\nu = pool_size=1\n[pgbouncer]\nverbose = 1\n");
    EXPECT_TRUE(diff(config, config).empty());
}

TEST(Diff, TellsWhichDatabasesNeedNewConnections) {
    const ConfigDiff changes = diff(
        loaded("[databases]\ngone = host=x\nsame = host=x\nmoved = host=x\nresized = host=x pool_size=5\n* = host=x\n"),
        loaded("[databases]\nsame = host=x\nmoved = host=y\nresized = host=x pool_size=6\nfresh =\n* = host=x pool_size=3\n")
    );
    EXPECT_THAT(changes.databases_removed, ElementsAre("gone"));
    EXPECT_THAT(changes.databases_added, ElementsAre("fresh"));
    EXPECT_THAT(changes.databases_changed, ElementsAre("moved", "resized"));
    EXPECT_THAT(changes.databases_obsolete, ElementsAre("moved"));
    EXPECT_TRUE(changes.fallback_changed);
    EXPECT_FALSE(changes.fallback_obsolete);
    EXPECT_FALSE(changes.empty());
}

TEST(Diff, EveryParameterThatAConnectionWasOpenedWithMakesItObsolete) {
    for (const std::string parameter :
         {"host=y", "port=1", "dbname=b", "user=u", "connect_query=x", "client_encoding=UTF8", "datestyle=ISO", "timezone=UTC",
          "application_name=x"}) {
        EXPECT_THAT(diff(loaded("[databases]\na =\n"), loaded("[databases]\na = " + parameter + "\n")).databases_obsolete, ElementsAre("a"))
            << parameter;
    }
    for (const std::string parameter :
         {"pool_size=1", "min_pool_size=1", "pool_mode=session", "max_db_connections=1", "server_lifetime=1", "query_wait_timeout=1"}) {
        const ConfigDiff changes = diff(loaded("[databases]\na =\n"), loaded("[databases]\na = " + parameter + "\n"));
        EXPECT_THAT(changes.databases_obsolete, IsEmpty()) << parameter;
        EXPECT_THAT(changes.databases_changed, ElementsAre("a")) << parameter;
    }
    EXPECT_TRUE(diff(loaded(""), loaded("[databases]\n* =\n")).fallback_obsolete);
}

TEST(Diff, ListsSettingsByWhetherTheyTakeEffect) {
    const ConfigDiff changes = diff(
        loaded("[pgbouncer]\npool_mode = session\nlisten_port = 6000\n[users]\nu = pool_size=1\n"),
        loaded("[pgbouncer]\npool_mode = transaction\nlisten_port = 6001\nserver_tls_sslmode = disable\n[users]\nv = pool_size=1\n")
    );
    EXPECT_THAT(changes.settings_changed, ElementsAre("pool_mode", "server_tls_sslmode"));
    EXPECT_THAT(changes.settings_need_restart, ElementsAre("listen_port"));
    EXPECT_THAT(changes.users_changed, ElementsAre("u", "v"));
    EXPECT_TRUE(changes.server_connections_obsolete);
}

TEST(Diff, ARunningProcessKeepsWhatOnlyARestartChanges) {
    const Config running = loaded("[pgbouncer]\nlisten_port = 6000\nworkers = 2\nverbose = 1\n");
    const Config kept =
        keep_restart_settings(running, loaded("[pgbouncer]\nlisten_port = 6001\nworkers = 4\nverbose = 2\n[databases]\na =\n"));
    EXPECT_EQ(kept.listen_port, 6000);
    EXPECT_EQ(kept.workers, 2);
    EXPECT_EQ(kept.verbose, 2);
    EXPECT_NE(kept.find_database("a"), nullptr);
}

}  // namespace
}  // namespace cenote::config
