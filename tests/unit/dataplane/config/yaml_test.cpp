#include "memory_files.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cenote::config {
namespace {

using test::files;
using test::refusal;

TEST(Yaml, SaysTheSameAsTheIniForm) {
    const auto yaml = load_text(
        "c.yaml",
        "pgbouncer:\n"
        "  listen_addr: '*'\n"
        "  pool_mode: transaction\n"
        "  admin_users: [alice, bob]\n"
        "  log_stats: false\n"
        "  unix_socket_mode: 0700\n"
        "  reserve_pool_timeout: 0.5\n"
        "  auth_file: /u\n"
        "databases:\n"
        "  orders: {host: db.example, port: 5432, pool_size: 12, connect_query: select 'x'}\n"
        "  plain:\n"
        "  '*': host=other user=u\n"
        "users:\n"
        "  reports:\n"
        "    pool_size: 3\n"
        "peers:\n"
        "  1: {host: /tmp/one}\n",
        {}, files({})
    );
    ASSERT_TRUE(yaml) << yaml.error().message;
    const auto ini = load_text(
        "c.yaml.ini",
        "[pgbouncer]\nlisten_addr = *\npool_mode = transaction\nadmin_users = alice,bob\nlog_stats = 0\nunix_socket_mode = 0700\n"
        "reserve_pool_timeout = 0.5\nauth_file = /u\n"
        "[databases]\norders = host=db.example port=5432 pool_size=12 connect_query='select ''x'''\nplain =\n* = host=other user=u\n"
        "[users]\nreports = pool_size=3\n[peers]\n1 = host=/tmp/one\n",
        {}, files({})
    );
    ASSERT_TRUE(ini) << ini.error().message;
    Config same = **yaml;
    same.path = (*ini)->path;
    same.conffile = (*ini)->conffile;
    same.files = (*ini)->files;
    same.warnings = (*ini)->warnings;  // likewise
    EXPECT_EQ(same, **ini);
}

TEST(Yaml, AnEmptyFileIsAllDefaults) {
    for (const std::string text : {"", "# nothing\n", "pgbouncer:\ndatabases:\n"}) {
        const auto loaded = load_text("c.yml", text, {}, files({}));
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_EQ((*loaded)->max_client_conn, 100);
        EXPECT_TRUE((*loaded)->databases.empty());
    }
}

struct BadYaml {
    std::string name;
    std::string text;
    std::string message;
};

class RefusedYaml : public testing::TestWithParam<BadYaml> {};

TEST_P(RefusedYaml, SaysFileLineAndReason) { EXPECT_EQ(refusal("c.yaml", GetParam().text), GetParam().message); }

INSTANTIATE_TEST_SUITE_P(
    Yaml, RefusedYaml,
    testing::Values(
        BadYaml{
            "unknown_setting", "pgbouncer:\n  pool_mode: session\n  pool_moed: x\n",
            "c.yaml:3: unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)"
        },
        BadYaml{"bad_value", "pgbouncer:\n  max_client_conn: many\n", "c.yaml:2: max_client_conn: \"many\" is not a number"},
        BadYaml{"unknown_section", "database:\n  a: {}\n", "c.yaml:1: unknown section \"database\" (did you mean \"databases\"?)"},
        BadYaml{"setting_at_the_top", "pool_mode: session\n", "c.yaml:1: \"pool_mode\" belongs under \"pgbouncer:\""},
        BadYaml{"scalar", "hello\n", "c.yaml:1: the file must be a map of names and values"},
        BadYaml{"list_of_databases", "databases:\n- a\n", "c.yaml:2: \"databases\" must be a map of names and values"},
        BadYaml{"nested_value", "pgbouncer:\n  pool_mode: {a: b}\n", "c.yaml:2: pool_mode: expected a plain value or a list"},
        BadYaml{"nested_list", "pgbouncer:\n  admin_users:\n  - a\n  - [b]\n", "c.yaml:4: admin_users: a list may hold plain values only"},
        BadYaml{"twice", "pgbouncer:\n  verbose: 1\n  verbose: 2\n", "c.yaml:3: \"verbose\" stands here twice"},
        BadYaml{
            "database_parameter", "databases:\n  a:\n    hots: x\n",
            "c.yaml:3: unknown connection parameter \"hots\" (did you mean \"host\"?)"
        },
        BadYaml{"empty_parameter", "databases:\n  a:\n    host:\n", "c.yaml:3: host has no value"},
        BadYaml{
            "connection_string", "databases:\n  a: what\n", "c.yaml:2: syntax error in connection string: expected \"=\" after \"what\""
        },
        BadYaml{
            "reserved", "databases:\n  pgbouncer: {host: x}\n", "c.yaml:2: database name \"pgbouncer\" is reserved for the admin console"
        },
        BadYaml{
            "tls", "pgbouncer:\n  client_tls_sslmode: require\n",
            "c.yaml:2: client_tls_sslmode \"require\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadYaml{"no_yaml", "pgbouncer:\n  a: [1, 2\n", "c.yaml:3: end of sequence flow not found"},
        BadYaml{"tab", "pgbouncer:\n\tverbose: 1\n", "c.yaml:2: illegal map value"}
    ),
    [](const auto& tested) { return tested.param.name; }
);

TEST(Yaml, DeepNestingIsAnErrorAndNoCrash) {
    EXPECT_NE(refusal("c.yaml", std::string(100000, '[')), "accepted");
    EXPECT_NE(refusal("c.yaml", std::string(100000, '{')), "accepted");
    EXPECT_NE(refusal("c.yaml", "a: &a [*a]\n"), "accepted");
}

}  // namespace
}  // namespace cenote::config
