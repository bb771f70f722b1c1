#include "dataplane/session/client_startup.hpp"

#include "dataplane/protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::session {
namespace {

constexpr std::size_t kMaxName = 128;  // PgBouncer's MAX_USERNAME and MAX_DBNAME

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

void set(ClientIdentity& identity, const TrackedNames& tracked, int index, std::string_view value) {
    const auto place = static_cast<std::size_t>(index);
    const bool encoding = tracked.names()[place] == "client_encoding";
    identity.parameters =
        with_value(identity.parameters, place, encoding ? canonical_encoding(value) : std::string(value), tracked.names().size());
}

// One word of `options`; a backslash quotes the next character (postgres.c, pg_split_opts).
std::string next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    std::string word;
    while (!text.empty() && text.front() != ' ' && text.front() != '\t' && text.front() != '\n') {
        if (text.front() == '\\' && text.size() > 1) {
            text.remove_prefix(1);
        }
        word.push_back(text.front());
        text.remove_prefix(1);
    }
    return word;
}

Result<void> read_options(
    ClientIdentity& identity, const TrackedNames& tracked, const std::vector<std::string>& ignored, std::string_view options
) {
    while (true) {
        std::string word = next_word(options);
        if (word.empty()) {
            return {};
        }
        if (word == "-c") {
            word = next_word(options);
        } else if (word.starts_with("-c")) {
            word.erase(0, 2);
        } else if (word.starts_with("--")) {
            word.erase(0, 2);
        } else {
            return Error{"unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed"};
        }
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            return Error{"unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed"};
        }
        const auto name = word.substr(0, equals);
        if (const int index = tracked.index_of(name); index >= 0) {
            set(identity, tracked, index, std::string_view(word).substr(equals + 1));
        } else if (!contains(ignored, name) && !contains(ignored, "options")) {
            return Error{fmt::format("unsupported startup parameter in options: {}", name)};
        }
    }
}

}  // namespace

Result<ClientIdentity> read_startup(
    const protocol::StartupMessage& message, const TrackedNames& tracked, const std::vector<std::string>& ignored, std::string_view peer
) {
    ClientIdentity identity;
    identity.parameters = std::make_shared<ParameterSet>();
    identity.negotiate = message.protocol > protocol::kProtocol30;
    for (const auto& [name, value] : message.parameters) {
        if (name == "user") {
            identity.user = value;
        } else if (name == "database") {
            identity.database = value;
        } else if (name == "replication") {
            identity.replication = !(value == "0" || value == "off" || value == "false" || value == "no");
        } else if (name == "options") {
            if (auto read = read_options(identity, tracked, ignored, value); !read) {
                return std::move(read).error();
            }
        } else if (name.starts_with("_pq_.")) {
            identity.unknown_options.push_back(name);
            identity.negotiate = true;
        } else if (const int index = tracked.index_of(name); index >= 0) {
            set(identity, tracked, index, value);
        } else if (!contains(ignored, name)) {
            return Error{fmt::format("unsupported startup parameter: {}", name)};
        }
    }
    if (identity.user.empty()) {
        return Error{"no username supplied", protocol::sqlstate::kInvalidAuthorization};
    }
    if (identity.database.empty()) {
        identity.database = identity.user;
    }
    if (identity.user.size() >= kMaxName) {
        return Error{"username too long", protocol::sqlstate::kInvalidAuthorization};
    }
    if (identity.database.size() >= kMaxName) {
        return Error{"database name too long", protocol::sqlstate::kInvalidCatalogName};
    }
    if (!peer.empty()) {
        const auto index = static_cast<std::size_t>(tracked.index_of("application_name"));
        const auto& values = identity.parameters->values;
        const std::string name = index < values.size() && !values[index].empty() ? values[index] : "app";
        identity.parameters = with_value(identity.parameters, index, fmt::format("{} - {}", name, peer), tracked.names().size());
    }
    return identity;
}

}  // namespace cenote::session
