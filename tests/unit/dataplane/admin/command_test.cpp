#include "dataplane/admin/command.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cenote::admin {
namespace {

struct Parsed {
    std::string sql;
    Command command;
    Access access;
    std::string tag;
};

class AcceptedCommand : public testing::TestWithParam<Parsed> {};

TEST_P(AcceptedCommand, IsReadAuthorisedAndTagged) {
    const Parsed& expected = GetParam();
    const Result<Command> command = parse_command(expected.sql);
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_EQ(*command, expected.command);
    EXPECT_EQ(required_access(*command), expected.access);
    EXPECT_EQ(command_tag(*command), expected.tag);
}

Command shown(Show what) { return {.verb = Verb::kShow, .show = what}; }
Command plain(Verb verb, const std::string& argument = "") { return {.verb = verb, .argument = argument}; }
Command stopped(ShutdownMode mode) { return {.verb = Verb::kShutdown, .shutdown = mode}; }
Command assigned(const std::string& key, const std::string& value) { return {.verb = Verb::kSet, .argument = key, .value = value}; }

INSTANTIATE_TEST_SUITE_P(
    Show, AcceptedCommand,
    testing::Values(
        Parsed{"SHOW HELP", shown(Show::kHelp), Access::kStats, "SHOW"},
        Parsed{"show version;", shown(Show::kVersion), Access::kStats, "SHOW"},
        Parsed{"select version", shown(Show::kVersion), Access::kStats, "SHOW"},
        Parsed{" \t\r\nShOw\n\tPoOlS \n; \n", shown(Show::kPools), Access::kStats, "SHOW"},
        Parsed{"show \"clients\"", shown(Show::kClients), Access::kStats, "SHOW"},
        Parsed{"\"show\" servers", shown(Show::kServers), Access::kStats, "SHOW"},
        Parsed{"show active_sockets", shown(Show::kActiveSockets), Access::kStats, "SHOW"},
        Parsed{"show sockets", shown(Show::kSockets), Access::kStats, "SHOW"},
        Parsed{"show stats", shown(Show::kStats), Access::kStats, "SHOW"},
        Parsed{"show stats_totals", shown(Show::kStatsTotals), Access::kStats, "SHOW"},
        Parsed{"show stats_averages", shown(Show::kStatsAverages), Access::kStats, "SHOW"},
        Parsed{"show totals", shown(Show::kTotals), Access::kStats, "SHOW"},
        Parsed{"show databases", shown(Show::kDatabases), Access::kStats, "SHOW"},
        Parsed{"show users", shown(Show::kUsers), Access::kStats, "SHOW"},
        Parsed{"show lists", shown(Show::kLists), Access::kStats, "SHOW"},
        Parsed{"show config", shown(Show::kConfig), Access::kStats, "SHOW"},
        Parsed{"show state", shown(Show::kState), Access::kStats, "SHOW"}, Parsed{"show mem", shown(Show::kMem), Access::kStats, "SHOW"},
        Parsed{"show dns_hosts", shown(Show::kDnsHosts), Access::kStats, "SHOW"},
        Parsed{"show dns_zones", shown(Show::kDnsZones), Access::kStats, "SHOW"},
        Parsed{"show peers", shown(Show::kPeers), Access::kStats, "SHOW"},
        Parsed{"show peer_pools", shown(Show::kPeerPools), Access::kStats, "SHOW"},
        Parsed{"show fds", shown(Show::kFds), Access::kAdmin, "SHOW"},
        Parsed{
            "show Client_Encoding", {.verb = Verb::kShow, .show = Show::kParameter, .argument = "Client_Encoding"}, Access::kStats, "SHOW"
        }
    )
);

INSTANTIATE_TEST_SUITE_P(
    Verbs, AcceptedCommand,
    testing::Values(
        Parsed{"PAUSE", plain(Verb::kPause), Access::kAdmin, "PAUSE"},
        Parsed{"pause orders;", plain(Verb::kPause, "orders"), Access::kAdmin, "PAUSE"},
        Parsed{"pause \"we\"\"ird; db\" ;", plain(Verb::kPause, "we\"ird; db"), Access::kAdmin, "PAUSE"},
        Parsed{"pause \"\"", plain(Verb::kPause), Access::kAdmin, "PAUSE"},
        Parsed{"RESUME", plain(Verb::kResume), Access::kAdmin, "RESUME"},
        Parsed{"SUSPEND", plain(Verb::kSuspend), Access::kAdmin, "SUSPEND"},
        Parsed{"RECONNECT d", plain(Verb::kReconnect, "d"), Access::kAdmin, "RECONNECT"},
        Parsed{"KILL d", plain(Verb::kKill, "d"), Access::kAdmin, "KILL"}, Parsed{"KILL", plain(Verb::kKill), Access::kAdmin, "KILL"},
        Parsed{"KILL_CLIENT 42", plain(Verb::kKillClient, "42"), Access::kAdmin, "KILL_CLIENT"},
        Parsed{"DISABLE d", plain(Verb::kDisable, "d"), Access::kAdmin, "DISABLE"},
        Parsed{"ENABLE d", plain(Verb::kEnable, "d"), Access::kAdmin, "ENABLE"},
        Parsed{"RELOAD;", plain(Verb::kReload), Access::kAdmin, "RELOAD"},
        Parsed{"WAIT_CLOSE", plain(Verb::kWaitClose), Access::kAdmin, "WAIT_CLOSE"},
        Parsed{"SHUTDOWN", stopped(ShutdownMode::kImmediate), Access::kAdmin, "SHUTDOWN"},
        Parsed{"shutdown wait_for_clients", stopped(ShutdownMode::kWaitForClients), Access::kAdmin, "SHUTDOWN"},
        Parsed{"SHUTDOWN WAIT_FOR_SERVERS;", stopped(ShutdownMode::kWaitForServers), Access::kAdmin, "SHUTDOWN"}
    )
);

INSTANTIATE_TEST_SUITE_P(
    Set, AcceptedCommand,
    testing::Values(
        Parsed{"SET verbose = 1", assigned("verbose", "1"), Access::kAdmin, "SET verbose=1"},
        Parsed{"set verbose=1;", assigned("verbose", "1"), Access::kAdmin, "SET verbose=1"},
        Parsed{"set pool_mode to transaction", assigned("pool_mode", "transaction"), Access::kAdmin, "SET pool_mode=transaction"},
        Parsed{"set x TO 'it''s; fine'", assigned("x", "it's; fine"), Access::kAdmin, "SET x=it's; fine"},
        Parsed{"set x = ''", assigned("x", ""), Access::kAdmin, "SET x="},
        Parsed{"set x to\"v\"", assigned("x", "v"), Access::kAdmin, "SET x=v"},
        Parsed{"SET DateStyle TO 'ISO'", assigned("DateStyle", "ISO"), Access::kStats, "SET"},
        Parsed{"SET extra_float_digits = 3", assigned("extra_float_digits", "3"), Access::kStats, "SET"}
    )
);

struct Refused {
    std::string sql;
    std::string message;
};

class RefusedCommand : public testing::TestWithParam<Refused> {};

TEST_P(RefusedCommand, SaysWhatPgBouncerSays) {
    const Result<Command> command = parse_command(GetParam().sql);
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().message, GetParam().message);
    EXPECT_EQ(command.error().sqlstate, "08P01");
}

INSTANTIATE_TEST_SUITE_P(
    Commands, RefusedCommand,
    testing::Values(
        Refused{"", "invalid command '', use SHOW HELP;"}, Refused{";", "invalid command ';', use SHOW HELP;"},
        Refused{"show", "invalid command 'show', use SHOW HELP;"}, Refused{"show nope", "invalid command 'show nope', use SHOW HELP;"},
        Refused{"drop table x", "invalid command 'drop table x', use SHOW HELP;"},
        Refused{"select 1", "invalid command 'select 1', use SHOW HELP;"},
        Refused{"pause a b", "invalid command 'pause a b', use SHOW HELP;"},
        Refused{"show pools; show users", "invalid command 'show pools; show users', use SHOW HELP;"},
        Refused{"show pools;;", "invalid command 'show pools;;', use SHOW HELP;"},
        Refused{"reload x", "invalid command 'reload x', use SHOW HELP;"},
        Refused{"suspend x", "invalid command 'suspend x', use SHOW HELP;"},
        Refused{"shutdown now", "invalid command 'shutdown now', use SHOW HELP;"}, Refused{"set", "invalid command 'set', use SHOW HELP;"},
        Refused{"set a", "invalid command 'set a', use SHOW HELP;"}, Refused{"set a b", "invalid command 'set a b', use SHOW HELP;"},
        Refused{"set a = ", "invalid command 'set a = ', use SHOW HELP;"},
        Refused{"set a = 'x", "invalid command 'set a = 'x', use SHOW HELP;"},
        Refused{"set a = 'x'y", "invalid command 'set a = 'x'y', use SHOW HELP;"},
        Refused{"set a = -1", "invalid command 'set a = -1', use SHOW HELP;"}, Refused{"set \"\" = 1", "bad arguments"},
        Refused{"pause \"open", "invalid command 'pause \"open', use SHOW HELP;"},
        Refused{"pause a-b", "invalid command 'pause a-b', use SHOW HELP;"}, Refused{"disable", "a database is required"},
        Refused{"enable", "a database is required"}, Refused{"kill_client", "invalid client pointer supplied"},
        Refused{"kill_client 0x5", "invalid client pointer supplied"}, Refused{"averyveryverylongverb", "bad arguments"},
        Refused{"pause " + std::string(64, 'x'), "bad arguments"}, Refused{"set a = '" + std::string(255, 'x') + "'", "bad arguments"}
    )
);

TEST(Commands, AHugeQueryMakesAShortError) {
    EXPECT_EQ(parse_command(std::string(1000000, '\'')).error().message.size(), 1023U);
    EXPECT_EQ(parse_command("pause " + std::string(1000000, '"')).error().message, "bad arguments");
}

// Authorisation must not depend on what a verb's author remembered: all verbs but SHOW are the administrator's.
TEST(Access, EveryVerbButShowNeedsTheAdministrator) {
    for (const Verb verb :
         {Verb::kSet, Verb::kPause, Verb::kResume, Verb::kSuspend, Verb::kReconnect, Verb::kKill, Verb::kKillClient, Verb::kDisable,
          Verb::kEnable, Verb::kReload, Verb::kWaitClose, Verb::kShutdown}) {
        EXPECT_EQ(required_access({.verb = verb, .argument = "1"}), Access::kAdmin) << static_cast<int>(verb);
    }
    EXPECT_EQ(required_access({.verb = static_cast<Verb>(99)}), Access::kAdmin);
    EXPECT_EQ(required_access({.verb = Verb::kShow, .show = static_cast<Show>(99)}), Access::kAdmin);
}

}  // namespace
}  // namespace cenote::admin
