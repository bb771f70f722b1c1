#include "dataplane/gate/gate.hpp"

#include "dataplane/gate/post.hpp"

#include <pthread.h>

#include <utility>

namespace cenote::gate {

Gate::Gate(registry::Process& process, registry::RuntimeRef runtime, ResolvePort resolve, Options options)
    : context_(process, std::move(runtime), std::move(resolve), std::move(options)),
      console_(context_),
      canceller_(context_, console_),
      clients_(context_, canceller_, console_),
      dialer_(context_, clients_),
      work_(net::asio::make_work_guard(context_.io)) {}

Gate::~Gate() { stop(); }

Result<void> Gate::open(const config::Config& config) { return clients_.listeners.open(config); }

void Gate::start() {
    thread_ = std::thread([this] { context_.io.run(); });
    ::pthread_setname_np(thread_.native_handle(), "gate");
}

void Gate::stop() {
    if (stopped_.exchange(true)) {
        return;
    }
    context_.derivations.stop();
    if (thread_.joinable()) {
        net::asio::post(context_.io, [this] { context_.io.stop(); });
        thread_.join();
    }
    close_down();
    // What was posted is seen through, not dropped with the loop: an order that is dropped later would speak to workers that are gone.
    context_.io.restart();
    context_.io.poll();
}

void Gate::close_down() {
    clients_.close_all();
    console_.close_all();
    canceller_.stop();
    dialer_.stop();
    context_.deadlines.clear();
}

void Gate::set_runtime(registry::RuntimeRef runtime) {
    post_to(context_.io, [this, runtime = std::move(runtime)]() mutable {
        context_.runtime = std::move(runtime);
        clients_.listeners.set_options(context_.config());
    });
}

void Gate::dial(registry::DialOrder order) {
    // An order dropped unread gives its place back: that is all there is to answer.
    if (!stopped_) {
        post_to(context_.io, [this, order = std::move(order)]() mutable {
            if (!stopped_) {
                dialer_.dial(std::move(order));
            }
        });
    }
}

void Gate::cancel(registry::CancelOrder order) {
    if (stopped_) {
        if (order.done) {
            order.done(registry::CancelOrder::Outcome::kNotSent);
        }
        return;
    }
    post_to(context_.io, [this, order = std::move(order)]() mutable {
        if (!stopped_) {
            canceller_.send(std::move(order));
        } else if (order.done) {
            order.done(registry::CancelOrder::Outcome::kNotSent);
        }
    });
}

void Gate::console_reply(std::uint64_t id, std::string bytes) {
    post_to(context_.io, [this, id, bytes = std::move(bytes)] { console_.reply(id, bytes); });
}

void Gate::close_tcp_listeners() {
    post_to(context_.io, [this] { clients_.listeners.close_tcp(); });
}

void Gate::drain() {
    post_to(context_.io, [this] { clients_.drain(); });
}

void Gate::refuse_waiting(registry::PoolRef pool, Error error) {
    post_to(context_.io, [this, pool = std::move(pool), error = std::move(error)] { clients_.refuse(pool, error); });
}

void Gate::kill_client(std::uint64_t id, std::function<void(bool)> done) {
    post_to(context_.io, [this, id, done = std::move(done)] { done(clients_.kill(id) || console_.kill(id)); });
}

void Gate::collect_rows(std::function<void(std::vector<admin::ClientRow>)> take) {
    post_to(context_.io, [this, take = std::move(take)] {
        std::vector<admin::ClientRow> rows;
        console_.collect_rows(rows);
        clients_.collect_rows(rows);
        take(std::move(rows));
    });
}

}  // namespace cenote::gate
