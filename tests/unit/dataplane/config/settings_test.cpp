#include "dataplane/config/setting.hpp"
#include "dataplane/config/setting_value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace cenote::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// SHOW CONFIG of PgBouncer 1.26 on Linux, minus nothing: 99 names of 1.25.2, login_notify_message and pool_idle_timeout.
const std::vector<std::string> kPgBouncerNames{
    "admin_users",
    "application_name_add_host",
    "auth_dbname",
    "auth_file",
    "auth_hba_file",
    "auth_ident_file",
    "auth_ldap_options",
    "auth_query",
    "auth_type",
    "auth_user",
    "autodb_idle_timeout",
    "cancel_wait_timeout",
    "client_idle_timeout",
    "client_login_timeout",
    "client_tls13_ciphers",
    "client_tls_ca_file",
    "client_tls_cert_file",
    "client_tls_ciphers",
    "client_tls_dheparams",
    "client_tls_ecdhcurve",
    "client_tls_key_file",
    "client_tls_protocols",
    "client_tls_sslmode",
    "conffile",
    "default_pool_size",
    "disable_pqexec",
    "dns_max_ttl",
    "dns_nxdomain_ttl",
    "dns_zone_check_period",
    "idle_transaction_timeout",
    "ignore_startup_parameters",
    "job_name",
    "listen_addr",
    "listen_backlog",
    "listen_port",
    "log_connections",
    "log_disconnections",
    "log_pooler_errors",
    "log_stats",
    "logfile",
    "login_notify_message",
    "max_client_conn",
    "max_db_client_connections",
    "max_db_connections",
    "max_packet_size",
    "max_prepared_statements",
    "max_user_client_connections",
    "max_user_connections",
    "min_pool_size",
    "peer_id",
    "pidfile",
    "pkt_buf",
    "pool_idle_timeout",
    "pool_mode",
    "query_timeout",
    "query_wait_notify",
    "query_wait_timeout",
    "reserve_pool_size",
    "reserve_pool_timeout",
    "resolv_conf",
    "sbuf_loopcnt",
    "scram_iterations",
    "server_check_delay",
    "server_check_query",
    "server_connect_timeout",
    "server_fast_close",
    "server_idle_timeout",
    "server_lifetime",
    "server_login_retry",
    "server_reset_query",
    "server_reset_query_always",
    "server_round_robin",
    "server_tls13_ciphers",
    "server_tls_ca_file",
    "server_tls_cert_file",
    "server_tls_ciphers",
    "server_tls_key_file",
    "server_tls_protocols",
    "server_tls_sslmode",
    "so_reuseport",
    "stats_period",
    "stats_users",
    "suspend_timeout",
    "syslog",
    "syslog_facility",
    "syslog_ident",
    "tcp_defer_accept",
    "tcp_keepalive",
    "tcp_keepcnt",
    "tcp_keepidle",
    "tcp_keepintvl",
    "tcp_socket_buffer",
    "tcp_user_timeout",
    "track_extra_parameters",
    "transaction_timeout",
    "unix_socket_dir",
    "unix_socket_group",
    "unix_socket_mode",
    "user",
    "verbose"
};

TEST(SettingsTable, HoldsEveryNameOfPgBouncerAndMarksOurOwn) {
    std::vector<std::string> theirs;
    std::vector<std::string> ours;
    for (const Setting& setting : settings(Scope::kGlobal)) {
        (setting.cenote_only ? ours : theirs).emplace_back(setting.name);
    }
    EXPECT_EQ(theirs, kPgBouncerNames);
    EXPECT_THAT(
        ours, testing::ElementsAre("drain_delay", "drain_timeout", "http_listen_addr", "http_port", "io_engine", "watch_config", "workers")
    );
    EXPECT_EQ(find_setting(Scope::kGlobal, "service_name"), find_setting(Scope::kGlobal, "job_name"));
    EXPECT_EQ(find_setting(Scope::kDatabase, "reserve_pool"), find_setting(Scope::kDatabase, "reserve_pool_size"));
    EXPECT_EQ(find_setting(Scope::kGlobal, "Pool_Mode"), nullptr);
}

TEST(SettingsTable, IsAlphabeticalInEachScope) {
    for (const Scope scope : {Scope::kGlobal, Scope::kDatabase, Scope::kUser, Scope::kPeer}) {
        EXPECT_TRUE(std::is_sorted(settings(scope).begin(), settings(scope).end(), [](const Setting& a, const Setting& b) {
            return a.name < b.name;
        }));
    }
}

TEST(SettingsTable, RestartOnlySettingsAreThoseOfPgBouncer) {
    std::set<std::string> restart;
    for (const Setting& setting : settings(Scope::kGlobal)) {
        if (!setting.reloadable && !setting.cenote_only) {
            restart.emplace(setting.name);
        }
    }
    EXPECT_EQ(
        restart, (std::set<std::string>{
                     "disable_pqexec", "job_name", "listen_addr", "listen_backlog", "listen_port", "pidfile", "pkt_buf", "resolv_conf",
                     "so_reuseport", "track_extra_parameters", "unix_socket_dir", "unix_socket_group", "unix_socket_mode", "user"
                 })
    );
}

TEST(SettingsTable, EveryDefaultIsThatOfTheSnapshotAndRoundTrips) {
    const Config defaults;
    for (const Setting& setting : settings(Scope::kGlobal)) {
        Config parsed;
        if (setting.default_text) {
            const Result<void> assigned = assign_setting(setting, parsed, *setting.default_text);
            ASSERT_TRUE(assigned) << setting.name << ": " << assigned.error().message;
        }
        EXPECT_EQ(parsed, defaults) << setting.name << ": the table's default is not the field's";
        const std::optional<std::string> shown = value_text(setting, parsed);
        if (shown) {
            const Result<void> again = assign_setting(setting, parsed, *shown);
            EXPECT_TRUE(again) << setting.name << ": " << again.error().message;
            EXPECT_EQ(parsed, defaults) << setting.name << ": \"" << *shown << "\" does not read back";
        }
    }
}

TEST(SettingsTable, EveryWordReadsAndPrintsAsItself) {
    for (const Setting& setting : settings(Scope::kGlobal)) {
        for (const std::string_view word : setting.words) {
            Config config;
            if (assign_setting(setting, config, word)) {
                EXPECT_EQ(value_text(setting, config), std::string(word)) << setting.name;
            } else {
                EXPECT_THAT(setting.refused, testing::Contains(word)) << setting.name;
            }
        }
    }
    for (const std::string_view mode : {"session", "transaction", "statement"}) {
        Database database;
        ASSERT_TRUE(assign_setting(*find_setting(Scope::kDatabase, "pool_mode"), database, mode));
        EXPECT_EQ(to_string(database.pool_mode.value()), mode);
    }
    for (const std::string_view policy : {"round-robin", "disable"}) {
        Database database;
        ASSERT_TRUE(assign_setting(*find_setting(Scope::kDatabase, "load_balance_hosts"), database, policy));
        EXPECT_EQ(to_string(database.load_balance_hosts), policy);
    }
}

TEST(SettingsTable, EverySettingSaysWhatItIsFor) {
    for (const Scope scope : {Scope::kGlobal, Scope::kDatabase, Scope::kUser, Scope::kPeer}) {
        for (const Setting& setting : settings(scope)) {
            EXPECT_TRUE(setting.help.ends_with('.')) << setting.name;
        }
    }
}

struct BadValue {
    Scope scope;
    std::string name;
    std::string value;
    std::string reason;
};

class RefusedValue : public testing::TestWithParam<BadValue> {};

TEST_P(RefusedValue, IsRefusedWithItsReason) {
    const BadValue& bad = GetParam();
    const Result<void> checked = validate_setting(bad.scope, bad.name, bad.value);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, bad.reason);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedValue,
    testing::Values(
        BadValue{Scope::kGlobal, "pool_moed", "session", "unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)"},
        BadValue{Scope::kGlobal, "frobnicate", "1", "unknown setting \"frobnicate\""},
        BadValue{Scope::kGlobal, "", "1", "unknown setting \"\""},
        BadValue{Scope::kDatabase, "hots", "a", "unknown connection parameter \"hots\" (did you mean \"host\"?)"},
        BadValue{Scope::kUser, "pool_sice", "1", "unknown user parameter \"pool_sice\" (did you mean \"pool_size\"?)"},
        BadValue{Scope::kGlobal, "pool_mode", "transactions", "pool_mode: \"transactions\" is not one of session, transaction, statement"},
        BadValue{Scope::kGlobal, "max_client_conn", "many", "max_client_conn: \"many\" is not a number"},
        BadValue{Scope::kGlobal, "max_client_conn", "", "max_client_conn: \"\" is not a number"},
        BadValue{Scope::kGlobal, "max_client_conn", "--5", "max_client_conn: \"--5\" is not a number"},
        BadValue{Scope::kGlobal, "max_client_conn", "09", "max_client_conn: \"09\" is not a number"},
        BadValue{Scope::kGlobal, "max_client_conn", "10 ", "max_client_conn: \"10 \" is not a number"},
        BadValue{Scope::kGlobal, "max_client_conn", "-1", "max_client_conn: -1 is not between 0 and 2147483647"},
        BadValue{Scope::kGlobal, "max_client_conn", "2147483648", "max_client_conn: 2147483648 is not between 0 and 2147483647"},
        BadValue{Scope::kGlobal, "max_client_conn", "99999999999999999999", "max_client_conn: 99999999999999999999 is out of range"},
        BadValue{Scope::kGlobal, "listen_port", "0", "listen_port: 0 is not between 1 and 65535"},
        BadValue{Scope::kGlobal, "listen_port", "65536", "listen_port: 65536 is not between 1 and 65535"},
        BadValue{Scope::kGlobal, "http_port", "65536", "http_port: 65536 is not between 0 and 65535"},
        BadValue{Scope::kDatabase, "port", "0", "port: 0 is not between 1 and 65535"},
        BadValue{Scope::kDatabase, "pool_size", "-2", "pool_size: -2 is not between 0 and 2147483647"},
        BadValue{Scope::kGlobal, "peer_id", "16384", "peer_id: 16384 is not between 0 and 16383"},
        BadValue{Scope::kGlobal, "query_wait_timeout", "5min", "query_wait_timeout: \"5min\" is not a number of seconds"},
        BadValue{Scope::kGlobal, "query_wait_timeout", "-1", "query_wait_timeout: -1 is negative"},
        BadValue{Scope::kGlobal, "query_wait_timeout", "inf", "query_wait_timeout: \"inf\" is not a number of seconds"},
        BadValue{Scope::kGlobal, "query_wait_timeout", "nan", "query_wait_timeout: \"nan\" is not a number of seconds"},
        BadValue{Scope::kGlobal, "query_wait_timeout", "1e18", "query_wait_timeout: 1e18 is out of range"},
        BadValue{Scope::kGlobal, "stats_period", "0", "stats_period: 0 is less than 1"},
        BadValue{Scope::kGlobal, "log_stats", "maybe", "log_stats: \"maybe\" is not 0 or 1"},
        BadValue{
            Scope::kGlobal, "syslog_facility", "mail",
            "syslog_facility: \"mail\" is not one of auth, authpriv, daemon, user, local0, local1, local2, "
            "local3, local4, local5, local6, local7"
        },
        BadValue{
            Scope::kGlobal, "auth_type", "gss",
            "auth_type: \"gss\" is not one of any, trust, plain, md5, scram-sha-256, cert, hba, ldap, pam"
        },
        BadValue{
            Scope::kGlobal, "auth_type", "cert",
            "auth_type \"cert\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "auth_type", "HBA",
            "auth_type \"HBA\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "auth_type", "ldap",
            "auth_type \"ldap\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "auth_type", "pam",
            "auth_type \"pam\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "auth_hba_file", "/etc/hba",
            "auth_hba_file \"/etc/hba\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "disable_pqexec", "1",
            "disable_pqexec \"1\" is not supported yet and is refused, since ignoring it would weaken security"
        },
        BadValue{
            Scope::kGlobal, "disable_pqexec", "on",
            "disable_pqexec \"on\" is not supported yet and is refused, since ignoring it would weaken security"
        }
    )
);

TEST(SecurityThatIsNotThereYet, IsRefusedInEveryTlsModeThatProtects) {
    for (const std::string name : {"client_tls_sslmode", "server_tls_sslmode"}) {
        for (const std::string value : {"disable", "allow", "prefer", "PREFER"}) {
            EXPECT_TRUE(validate_setting(Scope::kGlobal, name, value)) << name << value;
        }
        for (const std::string value : {"require", "verify-ca", "verify-full", "Verify-Full"}) {
            const Result<void> checked = validate_setting(Scope::kGlobal, name, value);
            ASSERT_FALSE(checked) << name << value;
            EXPECT_EQ(
                checked.error().message,
                name + " \"" + value + "\" is not supported yet and is refused, since ignoring it would weaken security"
            );
        }
        EXPECT_FALSE(validate_setting(Scope::kGlobal, name, "yes"));
    }
    EXPECT_TRUE(validate_setting(Scope::kGlobal, "auth_hba_file", ""));
    EXPECT_TRUE(validate_setting(Scope::kGlobal, "disable_pqexec", "0"));
}

TEST(Values, ReadAsPgBouncerReadsThem) {
    EXPECT_EQ(*parse_seconds("5"), seconds{5});
    EXPECT_EQ(*parse_seconds("0.5"), milliseconds{500});
    EXPECT_EQ(*parse_seconds(".25"), milliseconds{250});
    EXPECT_EQ(*parse_seconds("1e3"), seconds{1000});
    EXPECT_EQ(*parse_integer("0777"), 0777);
    EXPECT_EQ(*parse_integer("0x10"), 16);
    EXPECT_EQ(*parse_integer("+7"), 7);
    EXPECT_EQ(*parse_integer("0"), 0);
    EXPECT_TRUE(*parse_flag("2"));
    EXPECT_TRUE(*parse_flag("On"));
    EXPECT_FALSE(*parse_flag("no"));
    EXPECT_EQ(parse_list(" a, b ,,c "), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(parse_list(" , ").empty());
}

TEST(Values, PrintAsPgBouncerPrintsThem) {
    EXPECT_EQ(seconds_text(seconds{3600}), "3600");
    EXPECT_EQ(seconds_text(milliseconds{500}), "0.5");
    EXPECT_EQ(seconds_text(Microseconds{1000001}), "1.000001");
    Config config;
    ASSERT_TRUE(assign_setting(*find_setting(Scope::kGlobal, "unix_socket_mode"), config, "0777"));
    EXPECT_EQ(value_text(*find_setting(Scope::kGlobal, "unix_socket_mode"), config), "511");  // seen with PgBouncer 1.18
    EXPECT_EQ(value_text(*find_setting(Scope::kGlobal, "auth_file"), config), std::nullopt);
    EXPECT_EQ(value_text(*find_setting(Scope::kGlobal, "logfile"), config), "");
    EXPECT_EQ(value_text(*find_setting(Scope::kGlobal, "verbose"), config), "0");
}

TEST(Values, MinusOneLeavesALinesParameterUnset) {
    Database database;
    database.pool_size = 3;
    ASSERT_TRUE(assign_setting(*find_setting(Scope::kDatabase, "pool_size"), database, "-1"));
    EXPECT_EQ(database.pool_size, std::nullopt);
    ASSERT_TRUE(assign_setting(*find_setting(Scope::kDatabase, "query_wait_timeout"), database, "0"));
    EXPECT_EQ(database.query_wait_timeout, Microseconds{0});
}

TEST(ConfigurationPage, IsWhatTheTableSays) {
    std::ifstream file(CENOTE_CONFIGURATION_PAGE);
    const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(page, settings_markdown()) << "write it anew: cenote --settings-doc > docs/configuration.md";
}

}  // namespace
}  // namespace cenote::config
