// What must be there before a pool can be made or changed: a chain of checks over what was observed. Pure. The first that fails is
// reported; the running pool stays as it is.
#pragma once

#include "operator/controller/observed.hpp"

#include <optional>
#include <string>

namespace cenote::controller {

/// Why nothing is done, for the Ready condition and an Event.
struct Finding {
    std::string reason;   // CamelCase
    std::string message;  // for people

    bool operator==(const Finding&) const = default;
};

[[nodiscard]] std::optional<Finding> first_finding(const Observed& observed);

}  // namespace cenote::controller
