#include "dataplane/worker/rows.hpp"

namespace cenote::worker {
namespace {

std::string application_name_of(const session::Parameters& parameters) {
    constexpr auto kIndex = session::TrackedNames::kApplicationName;
    return parameters && parameters->values.size() > kIndex ? parameters->values[kIndex] : std::string();
}

void set_addresses(admin::SocketRow& row, int fd, const net::Address& remote) {
    const auto local = fd >= 0 ? net::local_of(fd) : net::Address{};
    row.address = remote.host();
    row.port = remote.port();
    row.local_address = local.host();
    row.local_port = local.port();
}

std::string state_of(const Client& client) {
    switch (client.state) {
        case ClientState::kWaiting:
            return "waiting";
        case ClientState::kIdle:
            return "idle";
        default:
            return "active";
    }
}

std::string state_of(const Server& server, TimePoint now) {
    switch (server.life.state()) {
        case ServerState::kIdle:
            return now - server.idle_since > server.pool().settings()->server_check_delay ? "used" : "idle";
        case ServerState::kTested:
            return "tested";
        case ServerState::kHeld:
            return "being_canceled";
        default:
            return "active";
    }
}

admin::WallTime to_wall(TimePoint point, TimePoint now, admin::WallTime wall) {
    return point == TimePoint{} ? admin::WallTime{} : wall - std::chrono::duration_cast<admin::WallTime::duration>(now - point);
}

}  // namespace

admin::ClientRow row_of(const Client& client, TimePoint now, admin::WallTime wall) {
    admin::ClientRow row;
    row.database = client.pool().database->name;
    row.user = client.admission.user().name;
    row.state = state_of(client);
    set_addresses(row, client.stream.fd, client.stream.fd >= 0 ? net::peer_of(client.stream.fd) : net::Address{});
    row.connect_time = to_wall(client.connected_at, now, wall);
    row.request_time = to_wall(client.request_at, now, wall);
    if (client.state == ClientState::kWaiting) {
        row.wait = std::chrono::duration_cast<config::Microseconds>(now - client.request_at);
    }
    row.pointer = client.id;
    row.link = client.server != nullptr ? client.server->id : 0;
    row.application_name = application_name_of(client.parameters);
    row.id = static_cast<std::int64_t>(client.id);
    row.recv_pos = client.stream.in ? static_cast<int>(client.stream.in->size()) : 0;
    row.send_remain = client.stream.out ? static_cast<int>(client.stream.out->size()) : 0;
    return row;
}

admin::ServerRow row_of(const Server& server, TimePoint now, admin::WallTime wall) {
    admin::ServerRow row;
    row.database = server.pool().database->name;
    row.user = server.pool().user->name;
    row.state = state_of(server, now);
    set_addresses(row, server.stream.fd, server.address);
    row.connect_time = to_wall(server.connected_at, now, wall);
    row.request_time = to_wall(server.linked_at, now, wall);
    row.close_needed = server.obsolete();
    row.pointer = server.id;
    row.link = server.client != nullptr ? server.client->id : 0;
    row.remote_pid = server.process_id;
    row.application_name = application_name_of(server.parameters);
    row.id = static_cast<std::int64_t>(server.id);
    return row;
}

}  // namespace cenote::worker
