#include "dataplane/config/content_hash.hpp"
#include "dataplane/config/setting.hpp"
#include "memory_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace cenote::config {
namespace {

using std::chrono::seconds;
using test::files;
using test::refusal;

Config loaded(const std::string& text, const std::vector<Override>& overrides = {}) {
    const auto result = load_text("p.ini", text, overrides, files({}));
    EXPECT_TRUE(result) << result.error().message;
    return result ? **result : Config{};
}

TEST(Loader, OverridesWinOverTheFile) {
    const Config config =
        loaded("[pgbouncer]\npool_mode = session\nlisten_port = 7000\n", {{"pool_mode", "transaction"}, {"service_name", "x"}});
    EXPECT_EQ(config.pool_mode, PoolMode::kTransaction);
    EXPECT_EQ(config.listen_port, 7000);
    EXPECT_EQ(config.job_name, "x");
    EXPECT_EQ(config.conffile, "p.ini");
    EXPECT_THAT(config.files, testing::ElementsAre("p.ini"));
}

TEST(Loader, BadOverridesSayWhereTheyCameFrom) {
    EXPECT_EQ(refusal("p.ini", "", {{"pool_moed", "x"}}), "--set: unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)");
    EXPECT_EQ(refusal("p.ini", "", {{"listen_port", "0", "LISTEN_PORT"}}), "LISTEN_PORT: listen_port: 0 is not between 1 and 65535");
}

TEST(Loader, AMissingFileIsAnError) {
    const auto result = load("/no/such.ini", {}, files({}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "/no/such.ini: No such file or directory");
    EXPECT_EQ(read_file("/no/such.ini").error().message, "/no/such.ini: No such file or directory");
    EXPECT_EQ(read_file("/").error().message, "/: cannot be read");
}

TEST(Loader, FingerprintsAreSha256) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Loader, ReadsWholeFiles) {
    const std::string path = testing::TempDir() + "cenote_config_test.txt";
    const std::string text(100000, 'x');
    std::ofstream(path) << text;
    EXPECT_EQ(*read_file(path), text);
    std::ofstream(path, std::ios::trunc) << "";
    EXPECT_EQ(*read_file(path), "");
    std::remove(path.c_str());
}

TEST(Loader, WarnsOfWhatPgBouncerAllowsSilently) {
    EXPECT_THAT(
        loaded("[pgbouncer]\nmin_pool_size = 30\n[databases]\na = pool_size=5 min_pool_size=6\nb = min_pool_size=20\nc = password=x\n")
            .warnings,
        testing::ElementsAre(
            "p.ini: auth_type md5 without auth_file: no client can log in",
            "p.ini:2: min_pool_size 30 is larger than the pool size 20 and is capped at it",
            "p.ini:4: database \"a\": min_pool_size 6 is larger than the pool size 5 and is capped at it",
            "p.ini:6: database \"c\": password has no effect without user"
        )
    );
    EXPECT_TRUE(loaded("[pgbouncer]\nauth_file = u\nmin_pool_size = 20\ndefault_pool_size = 0\n").warnings.empty());
    EXPECT_TRUE(loaded("[pgbouncer]\nauth_type = any\n").warnings.empty());
}

TEST(Loader, WarnsOfWhatHasNoEffect) {
    EXPECT_THAT(
        loaded("[pgbouncer]\nauth_type = any\nsbuf_loopcnt = 7\nclient_tls_sslmode = prefer\nauth_query = select 1\n").warnings,
        testing::ElementsAre(
            "p.ini:3: sbuf_loopcnt has no effect yet", "p.ini:4: client_tls_sslmode has no effect yet",
            "p.ini:5: auth_query has no effect yet"
        )
    );
    // The value it has anyway: nothing is missed.
    EXPECT_TRUE(loaded("[pgbouncer]\nauth_type = any\nsbuf_loopcnt = 5\nclient_tls_sslmode = disable\n").warnings.empty());
}

TEST(Loader, SetChangesOneSettingOfACopy) {
    const Config before = loaded("[pgbouncer]\npool_mode = session\n");
    const auto after = with_setting(before, "query_wait_timeout", "7");
    ASSERT_TRUE(after);
    EXPECT_EQ((*after)->query_wait_timeout, seconds{7});
    EXPECT_EQ(before.query_wait_timeout, seconds{120});
    EXPECT_EQ(with_setting(before, "listen_port", "7").error().message, "listen_port cannot be changed while running");
    EXPECT_EQ(with_setting(before, "pool_mode", "x").error().message, "pool_mode: \"x\" is not one of session, transaction, statement");
    EXPECT_EQ(with_setting(before, "nope", "x").error().message, "unknown setting \"nope\"");
    EXPECT_FALSE(with_setting(before, "server_tls_sslmode", "require"));
}

TEST(Effective, UserOverDatabaseOverGeneral) {
    const Config config = loaded(
        "[databases]\nd = pool_size=5 min_pool_size=1 reserve_pool=2 pool_mode=statement query_wait_timeout=6 server_lifetime=60 "
        "max_db_connections=9 "
        "max_db_client_connections=8\nplain =\n"
        "[users]\nu = pool_size=3 reserve_pool_size=4 pool_mode=transaction query_wait_timeout=0 max_user_connections=2 "
        "max_user_client_connections=3 "
        "query_timeout=1 client_idle_timeout=2 idle_transaction_timeout=3 transaction_timeout=4\nempty =\n"
    );
    const Database& d = *config.find_database("d");
    const Database& plain = *config.find_database("plain");
    const User* u = config.find_user("u");
    const User* empty = config.find_user("empty");
    EXPECT_EQ(config.pool_size_for(d, u), 3);
    EXPECT_EQ(config.pool_size_for(d, empty), 5);
    EXPECT_EQ(config.pool_size_for(d, nullptr), 5);
    EXPECT_EQ(config.pool_size_for(plain, nullptr), 20);
    EXPECT_EQ(config.min_pool_size_for(d), 1);
    EXPECT_EQ(config.min_pool_size_for(plain), 0);
    EXPECT_EQ(config.reserve_pool_size_for(d, u), 4);
    EXPECT_EQ(config.reserve_pool_size_for(d, empty), 2);
    EXPECT_EQ(config.pool_mode_for(d, u), PoolMode::kTransaction);
    EXPECT_EQ(config.pool_mode_for(d, empty), PoolMode::kStatement);
    EXPECT_EQ(config.pool_mode_for(plain, nullptr), PoolMode::kSession);
    EXPECT_EQ(config.query_wait_timeout_for(d, u), seconds{0});
    EXPECT_EQ(config.query_wait_timeout_for(d, nullptr), seconds{6});
    EXPECT_EQ(config.query_wait_timeout_for(plain, empty), seconds{120});
    EXPECT_EQ(config.server_lifetime_for(d), seconds{60});
    EXPECT_EQ(config.server_lifetime_for(plain), seconds{3600});
    EXPECT_EQ(config.max_db_connections_for(d), 9);
    EXPECT_EQ(config.max_db_client_connections_for(d), 8);
    EXPECT_EQ(config.max_user_connections_for(u), 2);
    EXPECT_EQ(config.max_user_connections_for(empty), 0);
    EXPECT_EQ(config.max_user_client_connections_for(u), 3);
    EXPECT_EQ(config.query_timeout_for(u), seconds{1});
    EXPECT_EQ(config.client_idle_timeout_for(u), seconds{2});
    EXPECT_EQ(config.idle_transaction_timeout_for(u), seconds{3});
    EXPECT_EQ(config.transaction_timeout_for(u), seconds{4});
}

TEST(Effective, ZeroInALineLeavesTheGeneralLimit) {
    const Config config = loaded(
        "[pgbouncer]\nmax_db_connections = 5\nmax_user_connections = 6\nquery_timeout = 7\nserver_lifetime = 8\n"
        "[databases]\nd = max_db_connections=0 server_lifetime=0 pool_size=0\n[users]\nu = max_user_connections=0 query_timeout=0\n"
    );
    EXPECT_EQ(config.max_db_connections_for(*config.find_database("d")), 5);
    EXPECT_EQ(config.server_lifetime_for(*config.find_database("d")), seconds{8});
    EXPECT_EQ(config.pool_size_for(*config.find_database("d"), nullptr), 0);  // a size of zero is a value of its own: no limit
    EXPECT_EQ(config.max_user_connections_for(config.find_user("u")), 6);
    EXPECT_EQ(config.query_timeout_for(config.find_user("u")), seconds{7});
}

TEST(Effective, TheFallbackServesUnknownNames) {
    const Config config = loaded("[databases]\na = host=x dbname=real\n* = host=y\n");
    EXPECT_EQ(config.find_database("*"), nullptr);
    EXPECT_EQ(config.resolve_database("a")->dbname, "real");
    EXPECT_EQ(config.resolve_database("b")->name, "b");
    EXPECT_EQ(config.resolve_database("b")->dbname, "b");
    EXPECT_EQ(config.resolve_database("b")->host, "y");
    EXPECT_EQ(loaded("[databases]\n* = dbname=one\n").resolve_database("b")->dbname, "one");
    EXPECT_EQ(loaded("").resolve_database("b"), std::nullopt);
}

/// ";name = value", "; name = value" and ";* = value" without their semicolons; auth_hba_file stays out, since it is refused.
std::string uncommented(const std::string& example) {
    std::istringstream in(example);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const auto name = line.find_first_not_of("; ");
        const auto name_end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789*", name == std::string::npos ? 0 : name);
        if (line.starts_with(';') && name_end != std::string::npos && name_end != name && line.substr(name_end).starts_with(" =")) {
            line.erase(0, name);
        }
        if (!line.starts_with("auth_hba_file")) {
            out += line + "\n";
        }
    }
    return out;
}

// The example that comes with PgBouncer's package, as it is and with every commented setting put into force.
TEST(PgBouncersExample, LoadsAsItIsAndWithEverySettingInForce) {
    const Result<std::string> example = read_file("/usr/share/doc/pgbouncer/examples/pgbouncer.ini");
    if (!example) {
        GTEST_SKIP() << "PgBouncer's package is not installed: " << example.error().message;
    }
    const auto as_it_is = load_text("pgbouncer.ini", *example);
    ASSERT_TRUE(as_it_is) << as_it_is.error().message;
    EXPECT_EQ((*as_it_is)->listen_port, 6432);

    const std::string in_force = uncommented(*example);
    const auto all = load_text("pgbouncer.ini", in_force, {}, test::files({}));
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ((*all)->databases.size(), 4U);
    EXPECT_NE((*all)->fallback(), nullptr);
    EXPECT_EQ((*all)->find_user("user1")->max_user_connections, 10);
    EXPECT_EQ((*all)->find_database("forcedb")->connect_query, "SELECT 1");
}

}  // namespace
}  // namespace cenote::config
