// The fingerprints by which the operator knows that a pod runs what it was given: the same as the data plane's /status reports. Pure.
#pragma once

#include "dataplane/config/content_hash.hpp"

#include <string>
#include <string_view>

namespace cenote::specs {

/// The data plane's own function: that both sides agree is the contract.
using config::sha256_hex;

struct ConfigHashes {
    std::string config;  // of cenote.ini's bytes
    std::string auth;    // of userlist.txt's bytes; "" when there is none

    bool operator==(const ConfigHashes&) const = default;
};

[[nodiscard]] ConfigHashes config_hashes(std::string_view ini, std::string_view userlist);

}  // namespace cenote::specs
