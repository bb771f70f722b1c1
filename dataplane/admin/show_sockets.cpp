// SHOW CLIENTS, SERVERS, SOCKETS, ACTIVE_SOCKETS.
#include "dataplane/admin/cells.hpp"
#include "dataplane/admin/show.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::admin {
namespace {

using enum ColumnType;

enum class Detail { kStandard, kBuffers };

Table header(Detail detail) {
    Table table;
    table.columns = {
        {"type", kText},         {"user", kText},       {"database", kText},   {"replication", kText},      {"state", kText},
        {"addr", kText},         {"port", kInt4},       {"local_addr", kText}, {"local_port", kInt4},       {"connect_time", kTime},
        {"request_time", kTime}, {"wait", kInt4},       {"wait_us", kInt4},    {"close_needed", kInt4},     {"ptr", kText},
        {"link", kText},         {"remote_pid", kInt4}, {"tls", kText},        {"application_name", kText}, {"prepared_statements", kInt4},
        {"id", kInt4},
    };
    if (detail == Detail::kBuffers) {
        for (const std::string_view name : {"recv_pos", "pkt_pos", "pkt_remain", "send_pos", "send_remain", "pkt_avail", "send_avail"}) {
            table.columns.push_back({name, kInt4});
        }
    }
    return table;
}

void add(Table& table, std::string_view type, const SocketRow& socket, std::string state, Detail detail) {
    Row row{
        text(type),
        text(socket.user),
        text(socket.database),
        text(socket.replication),
        std::move(state),
        text(socket.address),
        number(socket.port),
        text(socket.local_address),
        number(socket.local_port),
        time(socket.connect_time),
        time(socket.request_time),
        whole_seconds(socket.wait),
        rest_of_second(socket.wait),
        flag(socket.close_needed),
        pointer(socket.pointer),
        pointer(socket.link),
        number(socket.remote_pid),
        text(socket.tls),
        text(socket.application_name),
        number(socket.prepared_statements),
        number(socket.id),
    };
    if (detail == Detail::kBuffers) {
        for (const int position :
             {socket.recv_pos, socket.pkt_pos, socket.pkt_remain, socket.send_pos, socket.send_remain, socket.pkt_avail, socket.send_avail
             }) {
            row.push_back(number(position));
        }
    }
    table.rows.push_back(std::move(row));
}

// In SHOW SOCKETS the states carry their side, and a server that is new is in its login: cl_active, sv_login.
std::string debug_state(std::string_view prefix, std::string_view state) {
    if (state == "new") {
        state = "login";
    }
    if (prefix == "cl_" && state == "idle") {
        state = "active";  // PgBouncer lists such a client among the active ones
    }
    return std::string(prefix) + std::string(state);
}

bool has_bytes(const SocketRow& socket) {
    return socket.recv_pos != 0 || socket.pkt_avail != 0 || socket.send_avail != 0 || socket.pkt_remain != 0;
}

Table sockets(const std::vector<ClientRow>& clients, const std::vector<ServerRow>& servers, bool only_active) {
    Table table = header(Detail::kBuffers);
    for (const ClientRow& client : clients) {
        if (!only_active || has_bytes(client)) {
            add(table, "C", client, debug_state("cl_", client.state), Detail::kBuffers);
        }
    }
    for (const ServerRow& server : servers) {
        if (!only_active || has_bytes(server)) {
            add(table, "S", server, debug_state("sv_", server.state), Detail::kBuffers);
        }
    }
    return table;
}

}  // namespace

Table show_clients(const std::vector<ClientRow>& clients) {
    Table table = header(Detail::kStandard);
    for (const ClientRow& client : clients) {
        add(table, "C", client, client.state, Detail::kStandard);
    }
    return table;
}

Table show_servers(const std::vector<ServerRow>& servers) {
    Table table = header(Detail::kStandard);
    for (const ServerRow& server : servers) {
        add(table, "S", server, server.state, Detail::kStandard);
    }
    return table;
}

Table show_sockets(const std::vector<ClientRow>& clients, const std::vector<ServerRow>& servers) {
    return sockets(clients, servers, false);
}

Table show_active_sockets(const std::vector<ClientRow>& clients, const std::vector<ServerRow>& servers) {
    return sockets(clients, servers, true);
}

}  // namespace cenote::admin
