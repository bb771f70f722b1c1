#include "dataplane/config/config_diff.hpp"
#include "memory_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cenote::config {
namespace {

using testing::ElementsAre;

Config loaded(const std::string& text) {
    const auto result = load_text("p.ini", text, {}, test::files({}));
    EXPECT_TRUE(result) << result.error().message;
    return **result;
}

TEST(Diff, EveryParameterThatAConnectionWasOpenedWithTellsThemApart) {
    const auto fits = [](const std::string& parameters) {
        const Config before = loaded("[databases]\na =\n");
        const Config after = loaded("[databases]\na = " + parameters + "\n");
        return same_connection(*before.find_database("a"), *after.find_database("a"));
    };
    for (const std::string parameter :
         {"host=y", "port=1", "dbname=b", "connect_query=x", "client_encoding=UTF8", "datestyle=ISO", "timezone=UTC", "application_name=x"
         }) {
        EXPECT_FALSE(fits(parameter)) << parameter;
    }
    for (const std::string parameter :
         {"", "pool_size=1", "min_pool_size=1", "pool_mode=session", "max_db_connections=1", "server_lifetime=1", "query_wait_timeout=1",
          "load_balance_hosts=disable"}) {
        EXPECT_TRUE(fits(parameter)) << parameter;
    }
}

TEST(Diff, NamesTheSettingsThatWaitForARestart) {
    EXPECT_THAT(
        settings_that_need_restart(
            loaded("[pgbouncer]\npool_mode = session\nlisten_port = 6000\n"),
            loaded("[pgbouncer]\npool_mode = transaction\nlisten_port = 6001\nworkers = 3\n")
        ),
        ElementsAre("listen_port", "workers")
    );
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
