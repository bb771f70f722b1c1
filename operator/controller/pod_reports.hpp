// What pods say about themselves on GET /status: which configuration they run. Asked all at once, within one short deadline.
#pragma once

#include "dataplane/base/clock.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

    bool operator==(const PodReport&) const = default;
};

/// The body of /status. Pure; nullopt when it is not one.
[[nodiscard]] std::optional<PodReport> parse_report(std::string_view body);

/// One answer for each address, in order; nullopt for a pod that does not answer well in time.
using AskPods = std::function<std::vector<std::optional<PodReport>>(const std::vector<PodAddress>&)>;

/// The real one.
[[nodiscard]] std::vector<std::optional<PodReport>> ask_pods(const std::vector<PodAddress>& pods, Duration timeout);

}  // namespace cenote::controller
