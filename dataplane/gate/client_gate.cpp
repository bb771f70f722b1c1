#include "dataplane/gate/client_gate.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/protocol/sqlstate.hpp"

#include <algorithm>

namespace cenote::gate {

namespace sqlstate = protocol::sqlstate;

ClientGate::ClientGate(Context& context, Canceller& cancel, Console& console_clients)
    : listeners(
          context.io, [this](net::Fd fd, const net::Address& peer, bool is_unix) { on_accepted(std::move(fd), peer, is_unix); },
          [this] { on_exhausted(); }
      ),
      canceller(cancel),
      console(console_clients),
      context_(context) {}

void ClientGate::on_accepted(net::Fd fd, const net::Address& peer, bool is_unix) {
    make_room();
    const auto client = std::make_shared<LoginConnection>(
        *this, context_, std::move(fd), ClientConnection::Origin{peer, is_unix, context_.process.next_id++, context_.now()}
    );
    held_.emplace(client.get(), client);
    unproven_.push_back(*client);
    logins_.fetch_add(1, std::memory_order_relaxed);
    arm_timeout();
    client->begin();
}

void ClientGate::make_room() {
    const std::size_t most = context_.max_unauthenticated();
    while (unproven_.size() >= most) {
        const TimePoint now = context_.now();
        if (overrun_told_ == TimePoint{} || now - overrun_told_ >= std::chrono::seconds(1)) {
            overrun_told_ = now;
            log::warning("{} clients have not logged in yet: the oldest are closed to let others in", unproven_.size());
        }
        unproven_.front()->close("too many clients that have not logged in");
    }
}

void ClientGate::on_exhausted() {
    constexpr int kAtOnce = 16;
    constexpr Duration kSpared = std::chrono::seconds(1);
    const TimePoint before = context_.now() - kSpared;
    for (int i = 0; i < kAtOnce && !unproven_.empty() && unproven_.front()->origin().since <= before; ++i) {
        unproven_.front()->close("no more file descriptors, and it has not logged in");
    }
}

void ClientGate::leave_list(LoginConnection& client) {
    if (client.by_age.linked) {
        unproven_.erase(client);
        if (unproven_.empty()) {
            context_.deadlines.drop(timeout_);
        }
    }
}

void ClientGate::forget(LoginConnection& client) {
    leave_list(client);
    if (held_.erase(&client) > 0) {
        logins_.fetch_sub(1, std::memory_order_relaxed);
    }
}

// One deadline for all: of the one that came first.
void ClientGate::arm_timeout() {
    const Duration limit = context_.config().client_login_timeout;
    if (timeout_.second == 0 && !unproven_.empty() && limit > Duration::zero()) {
        timeout_ = context_.deadlines.set(unproven_.front()->origin().since + limit, [this] { on_timeout(); });
    }
}

void ClientGate::on_timeout() {
    timeout_ = {};
    const Duration limit = context_.config().client_login_timeout;
    while (!unproven_.empty() && limit > Duration::zero() && context_.now() - unproven_.front()->origin().since >= limit) {
        unproven_.front()->time_out();
    }
    arm_timeout();
}

void ClientGate::serve(const registry::PoolRef& pool, const std::shared_ptr<const registry::Welcome>& welcome) {
    for (const auto& client : waiting.take(pool)) {
        client->finish(welcome);
    }
}

void ClientGate::refuse(const registry::PoolRef& pool, const Error& error) {
    for (const auto& client : waiting.take(pool)) {
        client->refuse(error);
    }
}

void ClientGate::drain() {
    for (const auto& client : waiting.take_all()) {
        client->refuse(Error{"server shutting down", sqlstate::kAdminShutdown});
    }
}

bool ClientGate::kill(std::uint64_t id) {
    for (const auto& [address, client] : held_) {
        if (client->origin().id == id) {
            const auto kept = client;
            kept->refuse(Error{"admin forced disconnect", sqlstate::kAdminShutdown});
            return true;
        }
    }
    return false;
}

void ClientGate::collect_rows(std::vector<admin::ClientRow>& rows) const {
    waiting.for_each([&](const LoginConnection& client, TimePoint since) {
        auto& row = rows.emplace_back(client.row(since));
        row.state = "waiting";
        row.wait = std::chrono::duration_cast<admin::Microseconds>(context_.now() - since);
    });
}

void ClientGate::close_all() {
    listeners.close_all();
    while (!held_.empty()) {
        const auto client = held_.begin()->second;
        client->close("server shutting down");
        forget(*client);
    }
}

}  // namespace cenote::gate
