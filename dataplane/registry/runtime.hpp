// What a process runs by: one immutable snapshot, replaced whole by a reload. Shared as shared_ptr<const Runtime>.
#pragma once

#include "dataplane/auth/user_list.hpp"
#include "dataplane/config/config.hpp"
#include "dataplane/session/parameters.hpp"

#include <memory>
#include <string>

namespace cenote::registry {

struct Runtime {
    std::shared_ptr<const config::Config> config;
    std::shared_ptr<const auth::UserList> users;
    session::TrackedNames tracked;
    std::string config_hash;  // sha256 of the configuration file's bytes, hex
    std::string auth_hash;    // of auth_file's; empty without one
};
using RuntimeRef = std::shared_ptr<const Runtime>;

}  // namespace cenote::registry
