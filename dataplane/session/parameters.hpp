// The server settings that follow a client from server to server: client_encoding, DateStyle, TimeZone, standard_conforming_strings,
// application_name and those of track_extra_parameters (PgBouncer's varcache). A set is immutable and shared: the clients of one
// application and the servers that last served them point to the same one, so "does this server fit" is one comparison.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::session {

/// Names in a fixed order; made once from the configuration. Index = place in a ParameterSet.
class TrackedNames {
public:
    /// So many names at the front are reported by every server at its login.
    static constexpr std::size_t kAlwaysReported = 5;
    /// Empty by default, and an empty one is a value like any other: the next client must not bear the last one's name.
    static constexpr std::size_t kApplicationName = 4;
    explicit TrackedNames(const std::vector<std::string>& extra);
    /// Case-insensitive; -1 if not tracked.
    [[nodiscard]] int index_of(std::string_view name) const noexcept;
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

private:
    std::vector<std::string> names_;
};

/// values[i] belongs to TrackedNames::names()[i]; empty = not known, not to be set.
struct ParameterSet {
    std::vector<std::string> values;
    bool operator==(const ParameterSet&) const = default;
};
using Parameters = std::shared_ptr<const ParameterSet>;

[[nodiscard]] Parameters with_value(const Parameters& set, std::size_t index, std::string_view value, std::size_t count);

/// "SET a='x';SET b='y'" that turns `server` into `client`; empty if nothing differs. A value that is not known is left alone.
[[nodiscard]] std::string difference(const TrackedNames& names, const ParameterSet& client, const ParameterSet& server);

/// PostgreSQL's own spelling of an encoding a client named ("utf-8" -> "UTF8"); others as they came.
[[nodiscard]] std::string canonical_encoding(std::string_view name);

}  // namespace cenote::session
