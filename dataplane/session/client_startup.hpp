// What a client's StartupMessage asks for, checked as PgBouncer checks it. Pure.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/session/parameters.hpp"

#include <string>
#include <vector>

namespace cenote::session {

struct ClientIdentity {
    std::string user;
    std::string database;
    Parameters parameters;  // tracked ones the client named, canonical where Cenote knows the spelling; never null
    bool replication = false;
    bool negotiate = false;                    // the client asked for more than 3.0: answer NegotiateProtocolVersion before authenticating
    std::vector<std::string> unknown_options;  // "_pq_.…" names, for that answer
};

/// ignored: ignore_startup_parameters. peer: "host:port" for application_name_add_host, empty = off.
[[nodiscard]] Result<ClientIdentity> read_startup(
    const protocol::StartupMessage& message, const TrackedNames& tracked, const std::vector<std::string>& ignored, std::string_view peer
);

}  // namespace cenote::session
