// Cancel requests: the key names worker and slot, so finding the client costs nothing; the request goes to the very server the client is
// linked to, which is not lent again before the request is through.
#include "dataplane/base/log.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cenote::worker {

void Worker::route_cancel(const protocol::CancelRequest& request) {
    const auto key = static_cast<std::uint32_t>(request.process_id);
    const std::size_t worker = key >> 24U;
    const std::uint32_t slot = (key & 0xFFFFFFU) - 1;
    if (worker < process_.workers.size()) {
        process_.workers[worker]->request_cancel(slot, request.secret_key);
    }
}

void Worker::request_cancel(std::uint32_t slot, std::int32_t secret) {
    loop_.post([this, slot, secret] { on_cancel_request(slot, secret); });
}

void Worker::on_cancel_request(std::uint32_t slot, std::int32_t secret) {
    ClientConnection* client = slot < clients_.size() ? clients_[slot] : nullptr;
    if (client == nullptr || client->secret != secret || client->state == ClientState::kClosed) {
        log::info("failed cancel request: no such client");
        return;
    }
    if (client->state == ClientState::kAdmin) {
        process_.admin_cancel({id_, client->slot, client->id});
        return;
    }
    ServerConnection* server = client->server;
    // A client that waits, or is between transactions, has nothing running that could be cancelled.
    if (client->state != ClientState::kActive || server == nullptr || server->state != ServerState::kActive || server->tracker.idle()) {
        return;
    }
    const auto limit = std::max<std::size_t>(server->pool->settings().limits.pool_size, 20);
    if (cancels_.size() >= limit * 2) {
        return;
    }
    auto fd = net::start_connect(server->address, {});
    if (!fd) {
        log::warning("cancel request: {}", fd.error().message);
        return;
    }
    auto cancel = std::make_unique<CancelConnection>();
    cancel->fd = fd->release();
    cancel->server = server;
    cancel->started = now_;
    ++server->cancels;
    server->pool->cancel_requests.fetch_add(1, std::memory_order_relaxed);
    loop_.add(cancel->fd, Watched::kCancel, cancel.get(), EPOLLOUT);
    cancels_.push_back(std::move(cancel));
    next_tick_ = std::min(next_tick_, now_ + std::chrono::milliseconds(200));
}

void Worker::on_cancel_event(CancelConnection& cancel, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && net::connect_error(cancel.fd)) {
        protocol::MessageWriter out;
        protocol::write_cancel_request(out, {cancel.server->process_id, cancel.server->secret_key});
        if (::send(cancel.fd, out.data().data(), out.data().size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
            static_cast<ssize_t>(out.data().size())) {
            loop_.modify(cancel.fd, EPOLLIN | EPOLLRDHUP);  // PostgreSQL closes when the signal has been sent
            return;
        }
    }
    end_cancel(cancel);
}

void Worker::end_cancel(CancelConnection& cancel) {
    ServerConnection& server = *cancel.server;
    loop_.remove(cancel.fd);
    ::close(cancel.fd);
    const auto found = std::find_if(cancels_.begin(), cancels_.end(), [&](const auto& one) { return one.get() == &cancel; });
    dead_cancels_.push_back(std::move(*found));
    *found = std::move(cancels_.back());
    cancels_.pop_back();
    server.pool->cancel_requests.fetch_sub(1, std::memory_order_relaxed);
    if (--server.cancels > 0) {
        return;
    }
    if (server.state == ServerState::kClosed) {
        dead_servers_.emplace_back(&server);
    } else if (server.state == ServerState::kBeingCanceled) {
        server.pool->being_canceled.fetch_sub(1, std::memory_order_relaxed);
        server.state = ServerState::kActive;
        put_back(server);
    }
}

}  // namespace cenote::worker
