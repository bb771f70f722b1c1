#include "dataplane/admin/rows.hpp"

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

}  // namespace cenote::admin
