// What is wrong with a spec beyond its schema: settings by the data plane's own table, settings the operator owns, what this version
// cannot do yet. Pure. A pool with problems keeps what it runs; the problems go into a condition and an Event.
#pragma once

#include "operator/api/connection_pool.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cenote::api {

struct Problem {
    std::string path;     // "spec.settings[1].value"
    std::string message;  // "query_wait_timeout: expected seconds, not \"soon\""

    bool operator==(const Problem&) const = default;
};

/// All problems, in the order of the fields. Empty = good.
[[nodiscard]] std::vector<Problem> validate(const Spec& spec);

/// "spec.a: x; spec.b: y", for a condition's message.
[[nodiscard]] std::string describe(const std::vector<Problem>& problems);

/// Why the operator sets this setting itself, and the field to use instead; "" if users may set it.
[[nodiscard]] std::string_view owned_setting_reason(std::string_view setting);

}  // namespace cenote::api
