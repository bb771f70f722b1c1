#include "dataplane/admin/command.hpp"

#include "dataplane/admin/faked_parameters.hpp"
#include "dataplane/base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::admin {
namespace {

// PgBouncer's buffers: a longer word is "bad arguments".
constexpr std::size_t kMaxWord = 15;
constexpr std::size_t kMaxArgument = 63;
constexpr std::size_t kMaxValue = 255;
constexpr std::size_t kMaxMessage = 1023;

struct VerbRule {
    std::string_view word;
    Verb verb;
    Access access;
};

// "select" stands for "show" (PgBouncer has it so that drivers may `select version`). SET and SHOW look closer, in required_access.
constexpr std::array kVerbs{
    VerbRule{"disable", Verb::kDisable, Access::kAdmin}, VerbRule{"enable", Verb::kEnable, Access::kAdmin},
    VerbRule{"kill", Verb::kKill, Access::kAdmin},       VerbRule{"kill_client", Verb::kKillClient, Access::kAdmin},
    VerbRule{"pause", Verb::kPause, Access::kAdmin},     VerbRule{"reconnect", Verb::kReconnect, Access::kAdmin},
    VerbRule{"reload", Verb::kReload, Access::kAdmin},   VerbRule{"resume", Verb::kResume, Access::kAdmin},
    VerbRule{"select", Verb::kShow, Access::kStats},     VerbRule{"set", Verb::kSet, Access::kAdmin},
    VerbRule{"show", Verb::kShow, Access::kStats},       VerbRule{"shutdown", Verb::kShutdown, Access::kAdmin},
    VerbRule{"suspend", Verb::kSuspend, Access::kAdmin}, VerbRule{"wait_close", Verb::kWaitClose, Access::kAdmin},
};

struct ShowRule {
    std::string_view word;
    Show show;
    Access access;
};

constexpr std::array kShows{
    ShowRule{"active_sockets", Show::kActiveSockets, Access::kStats},
    ShowRule{"clients", Show::kClients, Access::kStats},
    ShowRule{"config", Show::kConfig, Access::kStats},
    ShowRule{"databases", Show::kDatabases, Access::kStats},
    ShowRule{"dns_hosts", Show::kDnsHosts, Access::kStats},
    ShowRule{"dns_zones", Show::kDnsZones, Access::kStats},
    ShowRule{"fds", Show::kFds, Access::kAdmin},  // it hands over sockets, cancel keys and passwords
    ShowRule{"help", Show::kHelp, Access::kStats},
    ShowRule{"lists", Show::kLists, Access::kStats},
    ShowRule{"mem", Show::kMem, Access::kStats},
    ShowRule{"peer_pools", Show::kPeerPools, Access::kStats},
    ShowRule{"peers", Show::kPeers, Access::kStats},
    ShowRule{"pools", Show::kPools, Access::kStats},
    ShowRule{"servers", Show::kServers, Access::kStats},
    ShowRule{"sockets", Show::kSockets, Access::kStats},
    ShowRule{"state", Show::kState, Access::kStats},
    ShowRule{"stats", Show::kStats, Access::kStats},
    ShowRule{"stats_averages", Show::kStatsAverages, Access::kStats},
    ShowRule{"stats_totals", Show::kStatsTotals, Access::kStats},
    ShowRule{"totals", Show::kTotals, Access::kStats},
    ShowRule{"users", Show::kUsers, Access::kStats},
    ShowRule{"version", Show::kVersion, Access::kStats},
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

Error invalid(std::string_view sql) {
    // Cut as PgBouncer's buffer cuts it, so that the answer to a huge query is not huge.
    std::string message = fmt::format("invalid command '{}', use SHOW HELP;", sql.substr(0, kMaxMessage));
    message.resize(std::min(message.size(), kMaxMessage));
    return {.message = std::move(message)};
}

Error bad_arguments() { return {.message = "bad arguments"}; }

/// A word or a quoted text: what stands in it, and how long it was as written.
struct Token {
    std::string text;
    std::size_t written = 0;
};

/// Reads the pieces of PgBouncer's three regular expressions from the left.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool skip_space() {
        const auto first = rest_.find_first_not_of(" \t\n\r");
        const std::size_t length = first == std::string_view::npos ? rest_.size() : first;
        rest_.remove_prefix(length);
        return length > 0;
    }

    /// [0-9a-z_]+ in any case, or "…" with "" for a quote.
    std::optional<Token> word() {
        if (rest_.starts_with('"')) {
            return quoted('"');
        }
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), [](char c) {
            return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
        });
        const auto length = static_cast<std::size_t>(end - rest_.begin());
        if (length == 0) {
            return std::nullopt;
        }
        Token token{std::string(rest_.substr(0, length)), length};
        rest_.remove_prefix(length);
        return token;
    }

    /// '…' with '' for a quote.
    std::optional<Token> string() { return rest_.starts_with('\'') ? quoted('\'') : std::nullopt; }

    bool take(char c) {
        if (!rest_.starts_with(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    /// [space] [; [space]] and nothing more.
    bool at_end() {
        skip_space();
        take(';');
        skip_space();
        return rest_.empty();
    }

private:
    std::optional<Token> quoted(char quote) {
        Token token;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == quote) {
                if (i + 1 == rest_.size() || rest_[i + 1] != quote) {
                    token.written = i + 1;
                    rest_.remove_prefix(token.written);
                    return token;
                }
                ++i;
            }
            token.text.push_back(rest_[i]);
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

struct Words {
    Token command;
    std::optional<Token> argument;
};

std::optional<Words> scan_words(std::string_view sql) {
    Scanner scanner(sql);
    scanner.skip_space();
    std::optional<Token> command = scanner.word();
    if (!command) {
        return std::nullopt;
    }
    Words words{*command, std::nullopt};
    if (scanner.skip_space()) {
        words.argument = scanner.word();
    }
    if (!scanner.at_end()) {
        return std::nullopt;
    }
    return words;
}

struct Assignment {
    Token key;
    Token value;
};

std::optional<Assignment> scan_set(std::string_view sql) {
    Scanner scanner(sql);
    scanner.skip_space();
    const std::optional<Token> verb = scanner.word();
    if (!verb || !same_word(verb->text, "set") || verb->written != verb->text.size() || !scanner.skip_space()) {
        return std::nullopt;
    }
    const std::optional<Token> key = scanner.word();
    if (!key) {
        return std::nullopt;
    }
    scanner.skip_space();
    if (!scanner.take('=')) {
        const std::optional<Token> to = scanner.word();
        if (!to || !same_word(to->text, "to") || to->written != 2) {
            return std::nullopt;
        }
    }
    scanner.skip_space();
    std::optional<Token> value = scanner.string();
    if (!value) {
        value = scanner.word();
    }
    if (!value || !scanner.at_end()) {
        return std::nullopt;
    }
    return Assignment{*key, *value};
}

Result<Command> parse_show(std::string_view sql, const std::string& name) {
    if (is_faked_parameter(name)) {
        return Command{.verb = Verb::kShow, .show = Show::kParameter, .argument = name};
    }
    for (const ShowRule& rule : kShows) {
        if (same_word(rule.word, name)) {
            return Command{.verb = Verb::kShow, .show = rule.show};
        }
    }
    return invalid(sql);
}

Result<Command> parse_shutdown(std::string_view sql, const std::string& mode) {
    Command command{.verb = Verb::kShutdown};
    if (same_word(mode, "wait_for_clients")) {
        command.shutdown = ShutdownMode::kWaitForClients;
    } else if (same_word(mode, "wait_for_servers")) {
        command.shutdown = ShutdownMode::kWaitForServers;
    } else if (!mode.empty()) {
        return invalid(sql);
    }
    return command;
}

Result<Command> parse_words(std::string_view sql, const Words& words) {
    const std::size_t argument_length = words.argument ? words.argument->written : 0;
    if (words.command.written > kMaxWord || argument_length > kMaxArgument) {
        return bad_arguments();
    }
    const auto* rule = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const VerbRule& candidate) {
        return same_word(candidate.word, words.command.text);
    });
    if (rule == kVerbs.end()) {
        return invalid(sql);
    }
    const std::string argument = words.argument ? words.argument->text : std::string();
    switch (rule->verb) {
        case Verb::kShow:
            return parse_show(sql, argument);
        case Verb::kShutdown:
            return parse_shutdown(sql, argument);
        case Verb::kSet:
            return invalid(sql);
        case Verb::kReload:
        case Verb::kSuspend:
            if (!argument.empty()) {
                return invalid(sql);
            }
            break;
        case Verb::kDisable:
        case Verb::kEnable:
            if (argument.empty()) {
                return Error{.message = "a database is required"};
            }
            break;
        case Verb::kKillClient:
            if (argument.empty() || argument.find_first_not_of("0123456789") != std::string::npos) {
                return Error{.message = "invalid client pointer supplied"};
            }
            break;
        case Verb::kPause:
        case Verb::kResume:
        case Verb::kReconnect:
        case Verb::kKill:
        case Verb::kWaitClose:
            break;
    }
    return Command{.verb = rule->verb, .argument = argument};
}

}  // namespace

Result<Command> parse_command(std::string_view sql) {
    if (const std::optional<Words> words = scan_words(sql)) {
        return parse_words(sql, *words);
    }
    if (const std::optional<Assignment> assignment = scan_set(sql)) {
        if (assignment->key.written > kMaxArgument || assignment->value.written > kMaxValue || assignment->key.text.empty()) {
            return bad_arguments();
        }
        return Command{.verb = Verb::kSet, .argument = assignment->key.text, .value = assignment->value.text};
    }
    return invalid(sql);
}

Access required_access(const Command& command) {
    if (command.verb == Verb::kSet && is_faked_parameter(command.argument)) {
        return Access::kStats;  // changes nothing
    }
    if (command.verb == Verb::kShow) {
        if (command.show == Show::kParameter) {
            return Access::kStats;
        }
        for (const ShowRule& rule : kShows) {
            if (rule.show == command.show) {
                return rule.access;
            }
        }
        return Access::kAdmin;
    }
    for (const VerbRule& rule : kVerbs) {
        if (rule.verb == command.verb) {
            return rule.access;
        }
    }
    return Access::kAdmin;  // a verb that is missing in the table is nobody's but the administrator's
}

std::string command_tag(const Command& command) {
    switch (command.verb) {
        case Verb::kShow:
            return "SHOW";
        case Verb::kSet:
            return is_faked_parameter(command.argument) ? "SET" : fmt::format("SET {}={}", command.argument, command.value);
        case Verb::kPause:
            return "PAUSE";
        case Verb::kResume:
            return "RESUME";
        case Verb::kSuspend:
            return "SUSPEND";
        case Verb::kReconnect:
            return "RECONNECT";
        case Verb::kKill:
            return "KILL";
        case Verb::kKillClient:
            return "KILL_CLIENT";
        case Verb::kDisable:
            return "DISABLE";
        case Verb::kEnable:
            return "ENABLE";
        case Verb::kReload:
            return "RELOAD";
        case Verb::kWaitClose:
            return "WAIT_CLOSE";
        case Verb::kShutdown:
            return "SHUTDOWN";
    }
    return "SHOW";
}

}  // namespace cenote::admin
