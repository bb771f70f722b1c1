#include "dataplane/gate/dialer.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/gate/client_gate.hpp"
#include "dataplane/gate/dial.hpp"
#include "dataplane/protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote::gate {

Dialer::~Dialer() = default;

void Dialer::dial(registry::DialOrder order) {
    const auto dial = std::make_shared<Dial>(*this, context_, std::move(order));
    dials_.insert(dial);
    dial->begin();
}

void Dialer::over(Dial& dial) {
    const auto kept = dial.shared_from_this();
    const auto pool = dial.pool();
    dials_.erase(kept);
    dial.give_up();
    if (pool->gone) {
        clients_.refuse(pool, Error{fmt::format("no such database: {}", pool->database->name), protocol::sqlstate::kInvalidCatalogName});
    }
    context_.process.ports.look_after(pool);
}

void Dialer::succeeded(Dial& dial) {
    const auto kept = dial.shared_from_this();
    const auto pool = dial.pool();
    std::shared_ptr<const registry::Welcome> welcome;
    pool::WorkerId target = pool->keeper;
    {
        const std::lock_guard lock(pool->mutex);
        // Its settings have changed while it was opened: it is not what the pool would open now.
        if (pool->epoch.load() == dial.epoch()) {
            dial.place().opened_locked();
            pool->health.succeeded();
            welcome = WaitingRoom::welcome_locked(*pool);
            if (!welcome) {
                welcome = std::make_shared<const registry::Welcome>(registry::Welcome{dial.epoch(), dial.welcome().parameters});
                pool->welcome = welcome;
            }
            if (const auto* head = pool->ledger.head()) {
                target = head->worker;
            }
            if (dial.settings().database.load_balance_hosts == config::LoadBalanceHosts::kDisable) {
                pool->next_address = dial.host_index();
            }
        }
    }
    if (!welcome) {
        dial.log_end("obsolete connection");
        over(dial);
        return;
    }
    dials_.erase(kept);
    context_.process.workers[target].adopt_server(dial.make_seed());
    clients_.serve(pool, welcome);
}

void Dialer::failed(Dial& dial, const Error& error) {
    const auto pool = dial.pool();
    {
        const std::lock_guard lock(pool->mutex);
        if (pool->epoch.load() == dial.epoch()) {
            pool->health.connect_failed(context_.now(), dial.settings().server_login_retry);
        }
    }
    log::warning("{}/{}: server connection failed: {}", pool->database->name, pool->user->name, error.message);
    over(dial);
}

void Dialer::refused(Dial& dial, const Error& error) {
    const auto kept = dial.shared_from_this();
    const auto pool = dial.pool();
    bool nobody_serves = false;
    bool meant_for_now = false;
    {
        const std::lock_guard lock(pool->mutex);
        meant_for_now = pool->epoch.load() == dial.epoch();
        if (meant_for_now) {
            pool->health.login_refused(context_.now(), dial.settings().server_login_retry, error);
        }
        // Servers of an earlier epoch go as they come back: whoever waits, waits for this one.
        nobody_serves = pool->ledger.open() == 0 || !WaitingRoom::welcome_locked(*pool);
    }
    if (meant_for_now && nobody_serves) {
        clients_.refuse(pool, error);
        context_.process.workers[pool->keeper].refuse_waiting(pool, error);
    }
    over(dial);
}

void Dialer::stop() {
    for (const auto& dial : std::exchange(dials_, {})) {
        dial->give_up();
    }
}

}  // namespace cenote::gate
