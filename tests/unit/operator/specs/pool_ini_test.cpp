// The ini as the data plane reads it: loaded with its own loader, so that the two cannot disagree.
#include "operator/specs/pool_ini.hpp"

#include "dataplane/config/config_loader.hpp"
#include "operator/specs/pool_share.hpp"

#include <algorithm>

namespace cenote::specs {
namespace {

api::Spec spec() {
    api::Spec result;
    result.database.host = "db";
    result.database.name = "orders";
    result.database.credentials_secret = "c";
    return result;
}

std::shared_ptr<const config::Config> loaded(
    const api::Spec& wanted, std::int64_t share = 12, std::optional<std::string> users = std::nullopt
) {
    const auto list = make_userlist("app", "secret", users);
    const auto ini = pool_ini(wanted, {.username = "app", .userlist = *list, .max_client_conn = 1000});
    EXPECT_TRUE(ini) << ini.error().message;
    const std::string file = share > 0 ? share_text(wanted, share) : "";
    const auto config =
        config::load_text("/etc/cenote/config/cenote.ini", *ini, {}, [&file](const std::string& path) -> Result<std::string> {
            return path == "/etc/cenote/config/../share/share.ini" ? Result<std::string>(file)
                                                                   : Result<std::string>(Error{path + ": no such file"});
        });
    EXPECT_TRUE(config) << config.error().message << "\n" << *ini;
    return config ? *config : std::make_shared<const config::Config>();
}

TEST(PoolIni, OneNumberBinds) {
    const auto config = loaded(spec());
    const config::Database* database = config->find_database("orders");
    ASSERT_NE(database, nullptr);
    EXPECT_EQ(database->host, "db");
    EXPECT_EQ(database->user, "app");
    EXPECT_EQ(database->password, "");
    EXPECT_EQ(config->max_db_connections, 12);
    EXPECT_EQ(config->default_pool_size, 12);
    EXPECT_EQ(config->reserve_pool_size, 0);
    EXPECT_EQ(config->max_client_conn, 1000);
    EXPECT_EQ(config->auth_type, config::AuthType::kScramSha256);
    EXPECT_EQ(config->auth_file, "/etc/cenote/secrets/userlist.txt");
    EXPECT_EQ(config->listen_addr, std::vector<std::string>{"*"});
    EXPECT_EQ(config->listen_port, 6432);
    EXPECT_EQ(config->unix_socket_dir, "");
    EXPECT_EQ(config->http_listen_addr, "0.0.0.0");
    EXPECT_EQ(config->drain_timeout, std::chrono::seconds{60});
    EXPECT_EQ(config->pool_mode, config::PoolMode::kTransaction);
}

TEST(PoolIni, BeforeItHasAShareAPodHasItsFloor) {
    api::Spec any = spec();
    any.database.name.clear();
    for (const api::Spec& wanted : {spec(), any}) {
        const auto config = loaded(wanted, 0);
        EXPECT_EQ(config->max_db_connections, 1);
        EXPECT_EQ(config->default_pool_size, 1);
        EXPECT_EQ(config->max_user_connections, wanted.database.name.empty() ? 1 : 0);
    }
}

TEST(PoolShare, IsReadBackAndNeverUnlimited) {
    EXPECT_EQ(share_in(share_text(spec(), 12)), 12);
    EXPECT_EQ(share_in(share_text(spec(), 0)), 1);
    EXPECT_EQ(share_in(""), 0);
    EXPECT_EQ(share_in("max_db_connections = many"), 0);
}

// Ten names in userlist.txt, one of which is the application: it gets what there is.
TEST(PoolIni, ManyUsersShareThePod) {
    api::Spec wanted = spec();
    wanted.users_secret = "u";
    const auto config = loaded(wanted, 25, "\"a\" \"1\"\n\"b\" \"2\"\n");
    EXPECT_EQ(config->max_db_connections, 25);
    EXPECT_EQ(config->default_pool_size, 25);
    EXPECT_EQ(config->find_database("orders")->user, "");
}

TEST(PoolIni, Md5SecretsNeedTheMd5Method) {
    api::Spec wanted = spec();
    wanted.users_secret = "u";
    EXPECT_EQ(loaded(wanted, 5, "\"a\" \"md5aabbccddeeff00112233445566778899\"\n")->auth_type, config::AuthType::kMd5);
}

TEST(PoolIni, AnyDatabaseIsTheFallbackWithOneLimitForAll) {
    api::Spec wanted = spec();
    wanted.database.name.clear();
    const auto config = loaded(wanted);
    ASSERT_NE(config->fallback(), nullptr);
    EXPECT_EQ(config->fallback()->user, "app");
    EXPECT_EQ(config->max_user_connections, 12);
}

TEST(PoolIni, SettingsWinOverOurDefaultsButNotOverWhatWeOwn) {
    api::Spec wanted = spec();
    wanted.settings = {
        {"query_wait_timeout", "30"}, {"max_client_conn", "77"}, {"listen_port", "1"}, {"server_check_query", "select 1; -- x"}
    };
    const auto config = loaded(wanted);
    EXPECT_EQ(config->query_wait_timeout, std::chrono::seconds{30});
    EXPECT_EQ(config->max_client_conn, 77);
    EXPECT_EQ(config->listen_port, 6432);
    EXPECT_EQ(config->server_check_query, "select 1; -- x");
}

TEST(PoolIni, IgnoredStartupParametersAreAddedToWhatDriversSendAnyway) {
    api::Spec wanted = spec();
    wanted.settings = {{"ignore_startup_parameters", "search_path"}};
    const auto config = loaded(wanted);
    const auto& ignored = config->ignore_startup_parameters;
    EXPECT_NE(std::find(ignored.begin(), ignored.end(), "extra_float_digits"), ignored.end());
    EXPECT_NE(std::find(ignored.begin(), ignored.end(), "search_path"), ignored.end());
    EXPECT_EQ(config->server_login_retry, std::chrono::seconds{2});
}

TEST(PoolIni, StrangeNamesSurvive) {
    for (const char* name : {"Order Book", "it's", "a=b", "a;b", "#x", "ünïcode", "a\"b", "pgb[x]"}) {
        api::Spec wanted = spec();
        wanted.database.name = name;
        const auto config = loaded(wanted);
        ASSERT_NE(config->find_database(name), nullptr) << name;
        EXPECT_EQ(config->find_database(name)->dbname, name);
    }
}

}  // namespace
}  // namespace cenote::specs
