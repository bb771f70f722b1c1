#include "dataplane/gate/canceller.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/gate/console.hpp"
#include "dataplane/gate/login_connection.hpp"
#include "dataplane/gate/post.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cenote::gate {

using Outcome = registry::CancelOrder::Outcome;

struct Canceller::Errand {
    registry::CancelOrder order;
    std::string line;
    std::shared_ptr<Channel> channel;  // none: it is queued
    Deadlines::Key limit;
    bool sent = false;
};

void Canceller::request(const std::shared_ptr<LoginConnection>& client, const protocol::CancelRequest& request) {
    constexpr const char* kDone = "cancel request";
    const std::string source = client->origin().is_unix ? "unix" : client->origin().peer.host();
    const TimePoint now = context_.now();
    if (!misses_.may_ask(source, now)) {
        client->close(kDone);
        return;
    }
    auto& workers = context_.process.workers;
    const auto place = registry::place_of(request.process_id, static_cast<std::uint32_t>(workers.size() + 1));
    if (place && place->table < workers.size()) {
        workers[place->table].find_cancel(
            place->slot, request.secret_key,
            [this, source, asker = std::weak_ptr(client)](std::optional<registry::CancelOrder> order) {
                post_to(context_.io, [this, source, asker, order = std::move(order)]() mutable { found(asker, source, std::move(order)); });
            }
        );
        return;
    }
    if (!place || !console_.cancel(place->slot, request.secret_key)) {
        missed(source);
    }
    client->close(kDone);
}

void Canceller::missed(const std::string& source) {
    const TimePoint now = context_.now();
    misses_.missed(source, now);
    if (miss_told_ != TimePoint{} && now - miss_told_ < std::chrono::seconds(1)) {
        ++untold_misses_;
        return;
    }
    miss_told_ = now;
    const auto before = std::exchange(untold_misses_, 0);
    log::info(
        "failed cancel request from {}: no such client, or it runs nothing{}", source,
        before > 0 ? fmt::format(" ({} more like it were not logged)", before) : ""
    );
}

void Canceller::found(const std::weak_ptr<LoginConnection>& client, const std::string& source, std::optional<registry::CancelOrder> order) {
    if (!order) {
        missed(source);
        if (const auto asker = client.lock()) {
            asker->close("cancel request");
        }
        return;
    }
    order->done = [client, told = std::move(order->done)](Outcome outcome) {
        if (told) {
            told(outcome);
        }
        if (const auto asker = client.lock()) {
            asker->close("cancel request");
        }
    };
    send(std::move(*order));
}

std::string Canceller::line_of(const net::Address& address) {
    return {reinterpret_cast<const char*>(&address.storage), static_cast<std::size_t>(address.size)};
}

void Canceller::send(registry::CancelOrder order) {
    const auto errand = std::make_shared<Errand>();
    errand->line = line_of(order.address);
    errand->order = std::move(order);
    errands_.insert(errand);
    Line& line = lines_[errand->line];
    const Duration limit = context_.config().cancel_wait_timeout;
    if (limit > Duration::zero()) {
        errand->limit = context_.deadlines.set(context_.now() + limit, [this, errand] {
            finish(errand, errand->sent ? Outcome::kUnknown : Outcome::kNotSent);
        });
    }
    if (line.under_way < context_.options.max_cancels) {
        connect(errand);
    } else if (line.queue.size() < context_.options.max_cancels) {
        line.queue.push_back(errand);
    } else {
        finish(errand, Outcome::kNotSent);
    }
}

void Canceller::connect(const Ref& errand) {
    auto fd = net::start_connect(errand->order.address, {});
    if (!fd) {
        log::warning("cancel request: {}", fd.error().message);
        finish(errand, Outcome::kNotSent);
        return;
    }
    ++lines_[errand->line].under_way;
    errand->channel = std::make_shared<Channel>(context_.io, std::move(*fd));
    errand->channel->connected([this, errand, channel = errand->channel](bool broken) {
        if (channel != errand->channel) {
            return;  // its time was over
        }
        if (auto connected = net::connect_error(channel->fd()); broken || !connected) {
            log::warning("cancel request: {}", connected ? "connect failed" : connected.error().message);
            finish(errand, Outcome::kNotSent);
            return;
        }
        deliver(errand);
    });
}

void Canceller::deliver(const Ref& errand) {
    protocol::MessageWriter out;
    protocol::write_cancel_request(out, {errand->order.process_id, errand->order.secret_key});
    // Sixteen bytes into the empty buffer of a new socket: all or nothing.
    if (errand->channel->send(out.data()) != Channel::Sent::kAll) {
        finish(errand, Outcome::kNotSent);
        return;
    }
    errand->sent = true;
    wait_for_end(errand);
}

void Canceller::wait_for_end(const Ref& errand) {
    errand->channel->read([this, errand, channel = errand->channel](Channel::Read read) {
        if (channel != errand->channel) {
            return;
        }
        if (!read.lost) {
            wait_for_end(errand);
            return;
        }
        // A reset may have come from anywhere on the way: then nobody knows whether the signal was sent.
        finish(errand, read.orderly ? Outcome::kDelivered : Outcome::kUnknown);
    });
}

void Canceller::finish(const Ref& errand, Outcome outcome) {
    const Ref kept = errand;
    if (errands_.erase(kept) == 0) {
        return;
    }
    context_.deadlines.drop(kept->limit);
    const auto line = lines_.find(kept->line);
    if (const auto channel = std::exchange(kept->channel, nullptr)) {
        channel->close();
        --line->second.under_way;
    } else {
        std::erase(line->second.queue, kept);
    }
    if (const auto done = std::exchange(kept->order.done, nullptr)) {
        done(outcome);
    }
    const auto next = lines_.find(kept->line);  // done() may have brought another order
    if (next == lines_.end()) {
        return;
    }
    if (!next->second.queue.empty() && next->second.under_way < context_.options.max_cancels) {
        const Ref first = next->second.queue.front();
        next->second.queue.pop_front();
        connect(first);
    } else if (next->second.queue.empty() && next->second.under_way == 0) {
        lines_.erase(next);
    }
}

void Canceller::stop() {
    while (!errands_.empty()) {
        const Ref errand = *errands_.begin();
        lines_[errand->line].queue.clear();
        finish(errand, errand->sent ? Outcome::kUnknown : Outcome::kNotSent);
    }
}

}  // namespace cenote::gate
