// The console's grammar: one SQL text -> one Command, and who may run it. Pure.
//   word [word | "quoted"] [;]        SET key (= | to) (word | 'string') [;]
// Case-insensitive; `select X` means `show X`. Texts of errors are PgBouncer's (admin.c), since scripts match them.
#pragma once

#include "dataplane/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cenote::admin {

enum class Verb {
    kShow,
    kSet,
    kPause,
    kResume,
    kSuspend,
    kReconnect,
    kKill,
    kKillClient,
    kDisable,
    kEnable,
    kReload,
    kWaitClose,
    kShutdown
};

enum class Show {
    kHelp,
    kVersion,
    kPools,
    kClients,
    kServers,
    kActiveSockets,
    kSockets,
    kStats,
    kStatsTotals,
    kStatsAverages,
    kTotals,
    kDatabases,
    kUsers,
    kLists,
    kConfig,
    kState,
    kMem,
    kDnsHosts,
    kDnsZones,
    kPeers,
    kPeerPools,
    kFds,
    kParameter  // SHOW client_encoding and its like: some drivers ask; `argument` names it
};

enum class ShutdownMode { kImmediate, kWaitForServers, kWaitForClients };

/// kStats: stats_users and admin_users; kAdmin: admin_users only.
enum class Access { kStats, kAdmin };

struct Command {
    Verb verb = Verb::kShow;
    Show show = Show::kHelp;                           // of kShow
    ShutdownMode shutdown = ShutdownMode::kImmediate;  // of kShutdown
    std::string argument{};  // database of PAUSE…, client id of KILL_CLIENT, key of SET, parameter of kParameter; "" = none
    std::string value{};     // of SET

    bool operator==(const Command&) const = default;
};

/// Errors: "invalid command '…', use SHOW HELP;", "bad arguments", "a database is required", "invalid client pointer supplied".
[[nodiscard]] Result<Command> parse_command(std::string_view sql);

/// From one table of verbs and one of SHOWs; what is not in them needs kAdmin. The session must ask this before it runs any command
/// (CVE-2026-6667: in PgBouncer each command checked for itself, and KILL_CLIENT did not).
[[nodiscard]] Access required_access(const Command& command);

/// "PAUSE", "SET key=value", "SHOW": the CommandComplete tag of a command that succeeded.
[[nodiscard]] std::string command_tag(const Command& command);

inline constexpr std::string_view kAdminAccessNeeded = "admin access needed";

}  // namespace cenote::admin
