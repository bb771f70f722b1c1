// The ways to end: at once, when servers are back, when clients have gone, or by a drain (drain_timeout).
#include "dataplane/app/application.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/base/log.hpp"

namespace cenote::app {

void Application::shut_down(Ending ending) {
    if (ending_ != Ending::kNone) {
        log::info("asked to end a second time: fast exit");
        io_.stop();
        return;
    }
    ending_ = ending;
    ready_ = false;
    const auto config = runtime()->config;
    if (ending == Ending::kDrain) {
        // Not ready from now on, but still serving: Kubernetes withdraws the endpoint meanwhile.
        draining_ = true;
        drain_at_ = Clock::now() + config->drain_delay;
        ending_deadline_ = Clock::now() + config->drain_timeout;
        log::info(
            "draining: new connections for {} more ms, then each client leaves at the end of its transaction",
            std::chrono::duration_cast<std::chrono::milliseconds>(config->drain_delay).count()
        );
    } else {
        process_->shutting_down = true;
        listeners_.close_tcp();
        if (ending == Ending::kWaitForServers) {
            set_ledgers_paused(process_->registry.pools(), true);
            process_->registry.set_paused(true);
            renew(process_->registry.pools());
        }
    }
    every(std::chrono::milliseconds(20), ending_timer_, [this] {
        check_ending();
        return true;
    });
}

void Application::begin_drain() {
    process_->shutting_down = true;
    listeners_.close_tcp();
    for (const auto& worker : process_->workers) {
        worker->drain();
    }
}

bool Application::servers_are_back() const {
    for (const auto& row : pool_rows(*process_)) {
        if (row.sv_active + row.sv_tested + row.sv_being_canceled > 0) {
            return false;
        }
    }
    return true;
}

int Application::clients_left() const {
    int count = 0;
    for (const auto& worker : process_->workers) {
        count += worker->client_count() - worker->admin_count();
    }
    return count;
}

void Application::check_ending() {
    const auto now = Clock::now();
    switch (ending_) {
        case Ending::kNone:
            return;
        case Ending::kWaitForServers:
            if (servers_are_back()) {
                io_.stop();
            }
            return;
        case Ending::kWaitForClients:
            if (clients_left() == 0) {
                io_.stop();
            }
            return;
        case Ending::kDrain:
            if (!process_->shutting_down && now >= drain_at_) {
                begin_drain();
            }
            if (process_->shutting_down && clients_left() == 0) {
                log::info("drained");
                io_.stop();
            } else if (now >= ending_deadline_) {
                log::warning("drain_timeout is over: {} clients are cut off", clients_left());
                io_.stop();
            }
            return;
    }
}

}  // namespace cenote::app
