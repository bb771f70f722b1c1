#include "dataplane/app/shutdown.hpp"

#include "dataplane/app/snapshot.hpp"
#include "dataplane/base/log.hpp"

namespace cenote::app {

bool Shutdown::begin(Phase how, TimePoint now) {
    if (!phase_.move_to(how)) {
        return false;
    }
    const auto config = runtime_.config();
    if (how == Phase::kDrainAnnounced) {
        // Not ready from now on, but still serving: Kubernetes withdraws the endpoint meanwhile.
        drain_at_ = now + config->drain_delay;
        deadline_ = now + config->drain_timeout;
        log::info(
            "draining: new connections for {} more ms, then each client leaves at the end of its transaction",
            std::chrono::duration_cast<std::chrono::milliseconds>(config->drain_delay).count()
        );
        return true;
    }
    process_.shutting_down = true;
    staff_.gate.close_tcp_listeners();
    if (how == Phase::kWaitingForServers) {
        pools_.hold_all();
    }
    return true;
}

void Shutdown::begin_drain() {
    process_.shutting_down = true;
    staff_.gate.close_tcp_listeners();
    staff_.gate.drain();
    for (const auto& worker : staff_.workers) {
        worker->drain();
    }
}

bool Shutdown::servers_are_back() const {
    for (const auto& row : pool_rows(process_)) {
        if (row.sv_active + row.sv_tested + row.sv_being_canceled > 0) {
            return false;
        }
    }
    return true;
}

int Shutdown::clients_left() const {
    int count = staff_.gate.login_count();
    for (const auto& worker : process_.workers) {
        count += worker.clients.load(std::memory_order_relaxed);
    }
    return count;
}

bool Shutdown::is_over(TimePoint now) {
    switch (phase_.get()) {
        case Phase::kWaitingForServers:
            return servers_are_back();
        case Phase::kWaitingForClients:
            return clients_left() == 0;
        case Phase::kDrainAnnounced:
            if (now >= drain_at_ && phase_.move_to(Phase::kDraining)) {
                begin_drain();
            }
            break;
        case Phase::kDraining:
            if (clients_left() == 0) {
                log::info("drained");
                return true;
            }
            break;
        case Phase::kStarting:
        case Phase::kRunning:
        case Phase::kPaused:
        case Phase::kSuspended:
        case Phase::kEnded:
            return false;
    }
    if (now >= deadline_) {
        log::warning("drain_timeout is over: {} clients are cut off", clients_left());
        return true;
    }
    return false;
}

}  // namespace cenote::app
