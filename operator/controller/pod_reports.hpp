// What pods say about themselves on GET /status: which configuration they run, and how many server connections they have.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::controller {

struct PodAddress {
    std::string ip;
    int port = 0;

    bool operator==(const PodAddress&) const = default;
};

struct PodReport {
    std::string version;
    std::string state;  // Running, Paused, Draining
    std::string config_hash;
    std::string auth_hash;
    std::string reload_error;
    std::int64_t server_limit = 0;  // server connections it may have, 0: no number is known
    std::int64_t server_open = 0;   // those it has, being opened ones included

    bool operator==(const PodReport&) const = default;
};

/// The body of /status. Pure; nullopt when it is not one.
[[nodiscard]] std::optional<PodReport> parse_report(std::string_view body);

/// What the pod of that uid last said; nullopt when it does not answer. Never waits.
using ReadReport = std::function<std::optional<PodReport>(const std::string& uid)>;

}  // namespace cenote::controller
