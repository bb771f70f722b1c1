// Names to addresses within a deadline. getaddrinfo cannot be interrupted, so it runs on a thread of its own that is left behind when time
// is up.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cenote::database {

/// One place to try: `host` is what the certificate is checked against, `address` where the socket goes (empty for a socket directory).
struct Candidate {
    std::string host;
    std::string address;

    bool operator==(const Candidate&) const = default;
};

/// PgBouncer's host list: "a,b", blanks around commas allowed. Pure.
[[nodiscard]] std::vector<std::string> split_hosts(std::string_view hosts);

/// All addresses of all hosts, in order. Fails only if no host gives any.
[[nodiscard]] Result<std::vector<Candidate>> resolve(std::string_view hosts, TimePoint deadline);

}  // namespace cenote::database
