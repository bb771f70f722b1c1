#include "memory_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cenote::config {
namespace {

using test::files;
using test::refusal;

struct BadIni {
    std::string name;
    std::string text;
    std::string message;
};

class RefusedIni : public testing::TestWithParam<BadIni> {};

TEST_P(RefusedIni, SaysFileLineAndReason) { EXPECT_EQ(refusal("p.ini", GetParam().text), GetParam().message); }

INSTANTIATE_TEST_SUITE_P(
    Ini, RefusedIni,
    testing::Values(
        BadIni{
            "unknown_setting", "[pgbouncer]\npool_moed = session\n", "p.ini:2: unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)"
        },
        BadIni{"bad_value", "[pgbouncer]\n\n; comment\nmax_client_conn = x\n", "p.ini:4: max_client_conn: \"x\" is not a number"},
        BadIni{"no_equals", "[pgbouncer]\npool_mode transaction\n", "p.ini:2: syntax error: expected \"name = value\""},
        BadIni{"only_a_name", "[pgbouncer]\npool_mode", "p.ini:2: syntax error: expected \"name = value\""},
        BadIni{"no_name", "[pgbouncer]\n= 5\n", "p.ini:2: syntax error: the name is empty"},
        BadIni{
            "section_open", "[pgbouncer\npool_mode = session\n",
            "p.ini:1: syntax error: \"]\" is missing\np.ini:2: \"pool_mode\" stands before the first [section]"
        },
        BadIni{"before_section", "pool_mode = session\n", "p.ini:1: \"pool_mode\" stands before the first [section]"},
        BadIni{
            "unknown_section", "[database]\na = host=x\nb = host=y\n", "p.ini:1: unknown section [database] (did you mean [databases]?)"
        },
        BadIni{"section_case", "[PGBOUNCER]\n", "p.ini:1: unknown section [PGBOUNCER]"},
        BadIni{"reserved", "[databases]\npgbouncer = host=x\n", "p.ini:2: database name \"pgbouncer\" is reserved for the admin console"},
        BadIni{"unknown_parameter", "[databases]\na = hots=x\n", "p.ini:2: unknown connection parameter \"hots\" (did you mean \"host\"?)"},
        BadIni{"bad_port", "[databases]\na = port=0\n", "p.ini:2: port: 0 is not between 1 and 65535"},
        BadIni{"bad_mode", "[databases]\na = pool_mode=tx\n", "p.ini:2: pool_mode: \"tx\" is not one of session, transaction, statement"},
        BadIni{"no_value", "[databases]\na = host= port=5\n", "p.ini:2: syntax error in connection string: host has no value"},
        BadIni{"empty_value", "[databases]\na = host=''\n", "p.ini:2: syntax error in connection string: host has no value"},
        BadIni{"value_missing_at_end", "[databases]\na = host=\n", "p.ini:2: syntax error in connection string: host has no value"},
        BadIni{
            "open_quote", "[databases]\na = password='x\n",
            "p.ini:2: syntax error in connection string: the quote of password is not closed"
        },
        BadIni{
            "after_quote", "[databases]\na = password='x'port=5\n",
            "p.ini:2: syntax error in connection string: no space after the closing quote of password"
        },
        BadIni{"bare_word", "[databases]\na = local\n", "p.ini:2: syntax error in connection string: expected \"=\" after \"local\""},
        BadIni{"nameless_pair", "[databases]\na = =x\n", "p.ini:2: syntax error in connection string: a name is missing before \"=\""},
        BadIni{"open_name", "[databases]\n\"a = host=x\n", "p.ini:2: syntax error: expected \"name = value\""},
        BadIni{"empty_name", "[databases]\n\"\" = host=x\n", "p.ini:2: syntax error: the name is empty"},
        BadIni{"unknown_user_parameter", "[users]\nu = port=1\n", "p.ini:2: unknown user parameter \"port\""},
        BadIni{"peer_id", "[peers]\nx = host=a\n", "p.ini:2: peer id \"x\" is not a number between 1 and 16383"},
        BadIni{"peer_host", "[peers]\n1 = port=5\n", "p.ini:2: peer 1 has no host"},
        BadIni{"no_include", "%include other.ini\n", "p.ini:1: cannot include other.ini: No such file or directory"},
        BadIni{
            "nowhere", "[pgbouncer]\nunix_socket_dir =\n", "p.ini:2: nowhere to listen on: listen_addr and unix_socket_dir are both empty"
        },
        BadIni{"same_port", "[pgbouncer]\nlisten_addr = *\nhttp_port = 6432\n", "p.ini:3: http_port and listen_port are both 6432"},
        BadIni{"zero_byte", std::string("[pgbouncer]\nuser = a\0b\n", 23), "p.ini:2: the line holds a zero byte"},
        BadIni{
            "all_of_them", "[pgbouncer]\nlisten_port = 99999\nnope = 1\n[databases]\na = b\n",
            "p.ini:2: listen_port: 99999 is not between 1 and 65535\np.ini:3: unknown setting \"nope\"\n"
            "p.ini:5: syntax error in connection string: expected \"=\" after \"b\""
        }
    ),
    [](const auto& tested) { return tested.param.name; }
);

TEST(Ini, NoPieceOfAPasswordIsShown) {
    for (const std::string line : {
             "host=x password=my sesame",
             "host=x password=my sesame open=1",
             "passwd=my sesame",
             "PASSWORD=my sesame=",
             "password=my sesame='open",
             "password=my sesame='o'pen",
             "password=my port=5 sesame=1",
         }) {
        const std::string message = refusal("p.ini", "[databases]\na = " + line + "\n");
        EXPECT_THAT(message, testing::StartsWith("p.ini:2: ")) << line;
        EXPECT_THAT(message, testing::Not(testing::HasSubstr("sesame"))) << message;
        const std::string yaml = refusal("p.yaml", "databases:\n  a: \"" + line + "\"\n");
        EXPECT_THAT(yaml, testing::Not(testing::HasSubstr("sesame"))) << yaml;
    }
    const std::string alias = refusal("p.yaml", "databases:\n  a: {host: x, password: *sesame}\n");
    EXPECT_THAT(alias, testing::AllOf(testing::StartsWith("p.yaml:2: "), testing::Not(testing::HasSubstr("sesame"))));
    EXPECT_THAT(refusal("p.yaml", "databases:\n  a:\n    password: x\n    prot: 5\n"), testing::HasSubstr("\"prot\""));
}

TEST(Ini, DiagnosticsComeInTheOrderOfTheLines) {
    EXPECT_EQ(
        refusal("p.ini", "[pgbouncer]\nnope = 1\nbroken\n"),
        "p.ini:2: unknown setting \"nope\"\np.ini:3: syntax error: expected \"name = value\""
    );
}

TEST(Ini, ABinaryFileMakesAShortMessage) {
    std::string garbage;
    for (int i = 0; i < 10000; ++i) {
        garbage += "\x01\x02 junk\n";
    }
    const std::string message = refusal("p.ini", garbage);
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 50);
    EXPECT_THAT(message, testing::EndsWith("… and more"));
}

TEST(Ini, ReadsWhatPgBouncerReads) {
    const auto loaded = load_text(
        "p.ini",
        "\xEF\xBB\xBF; a comment\r\n"
        "# another\r\n"
        "  [databases]  ; comment\r\n"
        "plain =\r\n"
        "a.b-c = host=/tmp,127.0.0.1 port=6000 connect_query='select ''x;#'''  user=u   password='p w'\r\n"
        "\"na\"\"me x\"=dbname=real load_balance_hosts=disable reserve_pool=4\r\n"
        "* = host=fallback\r\n"
        "[pgbouncer] pool_mode = Transaction\r\n"
        "server_reset_query = select ';' # kept\r\n"
        "reserve_pool_timeout\t=\t0.5\r\n"
        "admin_users = a, b\r\n"
        "max_client_conn = 5\r\n"
        "max_client_conn = 6\r\n"
        "[users]\r\n"
        "u = pool_mode=statement max_user_connections=7\r\n"
        "[peers]\r\n"
        "2 = host=/tmp/two",
        {}, files({})
    );
    ASSERT_TRUE(loaded) << loaded.error().message;
    const Config& config = **loaded;
    ASSERT_NE(config.find_database("plain"), nullptr);
    EXPECT_EQ(config.find_database("plain")->dbname, "plain");
    EXPECT_EQ(config.find_database("plain")->host, "");
    const Database* full = config.find_database("a.b-c");
    ASSERT_NE(full, nullptr);
    EXPECT_EQ(full->host, "/tmp,127.0.0.1");
    EXPECT_EQ(full->port, 6000);
    EXPECT_EQ(full->connect_query, "select 'x;#'");
    EXPECT_EQ(full->user, "u");
    EXPECT_EQ(full->password, "p w");
    const Database* odd = config.find_database("na\"me x");
    ASSERT_NE(odd, nullptr);
    EXPECT_EQ(odd->dbname, "real");
    EXPECT_EQ(odd->reserve_pool_size, 4);
    EXPECT_EQ(odd->load_balance_hosts, LoadBalanceHosts::kDisable);
    EXPECT_EQ(config.databases.size(), 3U);
    ASSERT_NE(config.fallback(), nullptr);
    EXPECT_EQ(config.fallback()->host, "fallback");
    EXPECT_EQ(config.pool_mode, PoolMode::kTransaction);
    EXPECT_EQ(config.server_reset_query, "select ';' # kept");
    EXPECT_EQ(config.reserve_pool_timeout, std::chrono::milliseconds{500});
    EXPECT_EQ(config.admin_users, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(config.max_client_conn, 6);
    EXPECT_EQ(config.find_user("u")->max_user_connections, 7);
    ASSERT_EQ(config.peers.size(), 1U);
    EXPECT_EQ(config.peers[0].id, 2);
    EXPECT_EQ(config.peers[0].port, 6432);
}

TEST(Ini, IncludesFilesAndNamesThemInErrors) {
    const FileReader reader = files(
        {{"/etc/p.ini", "[pgbouncer]\n%include more.ini\n%include /abs.ini\nauth_file = /etc/users\n"},
         {"/etc/more.ini", "max_client_conn = 7\n[databases]\na = host=x\n"},  // beside the file that includes it
         {"/abs.ini", "[pgbouncer]\npool_mode = statement\n"}}
    );
    const auto loaded = load("/etc/p.ini", {}, reader);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ((*loaded)->max_client_conn, 7);
    EXPECT_EQ((*loaded)->pool_mode, PoolMode::kStatement);
    EXPECT_NE((*loaded)->find_database("a"), nullptr);
    EXPECT_THAT((*loaded)->files, testing::ElementsAre("/etc/p.ini", "/etc/more.ini", "/abs.ini", "/etc/users"));

    const auto broken = load("p.ini", {}, files({{"p.ini", "[pgbouncer]\n%include b.ini\n"}, {"b.ini", "verbose = x\n"}}));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().message, "b.ini:1: verbose: \"x\" is not a number");  // the section goes on in the included file
}

TEST(Ini, AFileThatIncludesItselfIsRefused) {
    const auto loaded = load("p.ini", {}, files({{"p.ini", "%include p.ini\n"}}));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message, "p.ini:1: %include is nested deeper than 10 files");
}

}  // namespace
}  // namespace cenote::config
