// Cancel requests, from a client's packet to the end that PostgreSQL puts to the connection that carries it on. Gate thread.
//
// A client: key -> worker and slot -> the worker finds who runs what -> a CancelOrder -> sent -> PostgreSQL closes -> the client's socket
// is closed, and not before: drivers wait for that to know that a late cancel will not hit their next query. An order, from a worker or
// from here: waits its turn at its server's address, connects, sends, reads to the end; `done` is called exactly once, whatever happens,
// within cancel_wait_timeout.
#pragma once

#include "dataplane/gate/channel.hpp"
#include "dataplane/gate/context.hpp"
#include "dataplane/gate/miss_limit.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/registry/seeds.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace cenote::gate {

class Console;
class LoginConnection;

class Canceller {
public:
    Canceller(Context& context, Console& console) : context_(context), console_(console) {}
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

    /// A client's CancelRequest; its connection is closed when it has been dealt with.
    void request(const std::shared_ptr<LoginConnection>& client, const protocol::CancelRequest& request);
    void send(registry::CancelOrder order);
    /// Every order that is not done yet is told so.
    void stop();
    [[nodiscard]] std::size_t under_way() const noexcept { return errands_.size(); }

private:
    struct Errand;
    /// The orders for one server address: so many at a time, PostgreSQL forks a process for each.
    struct Line {
        std::size_t under_way = 0;
        std::deque<std::shared_ptr<Errand>> queue;
    };
    using Ref = std::shared_ptr<Errand>;

    void found(const std::weak_ptr<LoginConnection>& client, const std::string& source, std::optional<registry::CancelOrder> order);
    void missed(const std::string& source);
    void connect(const Ref& errand);
    void deliver(const Ref& errand);
    void wait_for_end(const Ref& errand);
    void finish(const Ref& errand, registry::CancelOrder::Outcome outcome);
    [[nodiscard]] static std::string line_of(const net::Address& address);

    Context& context_;
    Console& console_;
    MissLimit misses_;
    std::map<std::string, Line> lines_;
    std::unordered_set<Ref> errands_;  // queued and under way
    TimePoint miss_told_;
    std::size_t untold_misses_ = 0;
};

}  // namespace cenote::gate
