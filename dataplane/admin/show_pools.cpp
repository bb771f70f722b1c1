// SHOW POOLS, PEER_POOLS, PEERS.
#include "dataplane/admin/cells.hpp"
#include "dataplane/admin/show.hpp"

#include <vector>

namespace cenote::admin {

using enum ColumnType;

Table show_pools(const std::vector<PoolRow>& pools) {
    Table table;
    table.columns = {
        {"database", kText},
        {"user", kText},
        {"cl_active", kInt4},
        {"cl_waiting", kInt4},
        {"cl_active_cancel_req", kInt4},
        {"cl_waiting_cancel_req", kInt4},
        {"sv_active", kInt4},
        {"sv_active_cancel", kInt4},
        {"sv_being_canceled", kInt4},
        {"sv_idle", kInt4},
        {"sv_used", kInt4},
        {"sv_tested", kInt4},
        {"sv_login", kInt4},
        {"maxwait", kInt4},
        {"maxwait_us", kInt4},
        {"pool_mode", kText},
        {"load_balance_hosts", kText},
    };
    for (const PoolRow& pool : pools) {
        table.rows.push_back({
            text(pool.database),
            text(pool.user),
            number(pool.cl_active),
            number(pool.cl_waiting),
            number(pool.cl_active_cancel_req),
            number(pool.cl_waiting_cancel_req),
            number(pool.sv_active),
            number(pool.sv_active_cancel),
            number(pool.sv_being_canceled),
            number(pool.sv_idle),
            number(pool.sv_used),
            number(pool.sv_tested),
            number(pool.sv_login),
            whole_seconds(pool.max_wait),
            rest_of_second(pool.max_wait),
            text(config::to_string(pool.pool_mode)),
            null_if_empty(pool.load_balance_hosts),
        });
    }
    return table;
}

Table show_peer_pools() {
    Table table;
    table.columns = {
        {"peer_id", kInt4},  {"cl_active_cancel_req", kInt4}, {"cl_waiting_cancel_req", kInt4}, {"sv_active_cancel", kInt4},
        {"sv_login", kInt4},
    };
    return table;
}

Table show_peers(const config::Config& config) {
    Table table;
    table.columns = {{"peer_id", kInt4}, {"host", kText}, {"port", kInt4}, {"pool_size", kInt4}};
    for (const config::Peer& peer : config.peers) {
        table.rows.push_back(
            {number(peer.id), text(peer.host), number(peer.port), number(peer.pool_size.value_or(config.default_pool_size))}
        );
    }
    return table;
}

}  // namespace cenote::admin
