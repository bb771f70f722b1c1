#include "dataplane/admin/rows.hpp"

#include <chrono>
#include <cstdint>

namespace cenote::admin {

StatsCounters& StatsCounters::operator+=(const StatsCounters& other) {
    server_assignment_count += other.server_assignment_count;
    xact_count += other.xact_count;
    query_count += other.query_count;
    client_bytes += other.client_bytes;
    server_bytes += other.server_bytes;
    xact_time += other.xact_time;
    query_time += other.query_time;
    wait_time += other.wait_time;
    client_parse_count += other.client_parse_count;
    server_parse_count += other.server_parse_count;
    bind_count += other.bind_count;
    client_login_count += other.client_login_count;
    return *this;
}

StatsCounters averages(const StatsCounters& older, const StatsCounters& newer, Microseconds elapsed) {
    StatsCounters out;
    if (elapsed.count() <= 0) {
        return out;
    }
    const auto grown = [&](std::uint64_t StatsCounters::* counter) {
        return newer.*counter < older.*counter ? std::uint64_t{0} : newer.*counter - older.*counter;
    };
    const double seconds = std::chrono::duration<double>(elapsed).count();
    for (const auto counter :
         {&StatsCounters::server_assignment_count, &StatsCounters::xact_count, &StatsCounters::query_count, &StatsCounters::client_bytes,
          &StatsCounters::server_bytes, &StatsCounters::client_parse_count, &StatsCounters::server_parse_count, &StatsCounters::bind_count,
          &StatsCounters::client_login_count}) {
        out.*counter = static_cast<std::uint64_t>(static_cast<double>(grown(counter)) / seconds);
    }
    const auto each = [&](std::uint64_t StatsCounters::* time, std::uint64_t StatsCounters::* count) {
        return grown(count) == 0 ? std::uint64_t{0} : grown(time) / grown(count);
    };
    out.xact_time = each(&StatsCounters::xact_time, &StatsCounters::xact_count);
    out.query_time = each(&StatsCounters::query_time, &StatsCounters::query_count);
    out.wait_time = each(&StatsCounters::wait_time, &StatsCounters::server_assignment_count);
    return out;
}

}  // namespace cenote::admin
