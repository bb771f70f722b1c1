// Values -> cells, in PgBouncer's forms. Only for the show_*.cpp files.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/admin/table.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace cenote::admin {

inline Cell text(std::string_view value) { return std::string(value); }

template <class Number>
Cell number(Number value) {
    return fmt::format("{}", value);
}

inline Cell flag(bool value) { return value ? "1" : "0"; }

inline Cell null_if_empty(std::string_view value) { return value.empty() ? Cell{} : Cell{value}; }

inline Cell mode_or_null(const std::optional<config::PoolMode>& mode) { return mode ? text(config::to_string(*mode)) : Cell{}; }

/// The whole seconds of a waiting time, and the microseconds that are left.
inline Cell whole_seconds(Microseconds value) { return number(value.count() / 1'000'000); }
inline Cell rest_of_second(Microseconds value) { return number(value.count() % 1'000'000); }

/// "2026-01-31 12:00:00 UTC"; the epoch stands for "never" and is empty.
inline Cell time(WallTime value) {
    if (value == WallTime{}) {
        return "";
    }
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(value)));
}

/// "0x55d0c0ffee00"; 0 is empty.
inline Cell pointer(std::uint64_t value) { return value == 0 ? Cell{""} : Cell{fmt::format("{:#x}", value)}; }

}  // namespace cenote::admin
