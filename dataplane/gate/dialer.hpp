// Opens server connections: name, connect, login, connect_query, all within server_connect_timeout; then a worker has it. Owns what is
// under way. What becomes of a failure, for the pool and for those who wait, is decided here; when to try again, by the pool's keeper
// (health.retry_at). Gate thread.
//
//   outcome                               | the pool's health  | clients at the gate and in the workers' queues
//   ready, the pool's epoch is the order's | succeeded          | those at the gate go on
//   ready, but the epoch has moved        | -                  | wait on; the connection is closed, another is asked for
//   the server refuses (E, not 57P03)     | login_refused      | told its text and code, unless a server is open and up to date
//   we know no password it takes          | login_refused      | "server login failed: wrong password type", likewise
//   no address answers, 57P03, not in time | connect_failed     | wait on
#pragma once

#include "dataplane/gate/context.hpp"
#include "dataplane/registry/seeds.hpp"

#include <cstddef>
#include <memory>
#include <unordered_set>

namespace cenote::gate {

class ClientGate;
class Dial;

class Dialer {
public:
    Dialer(Context& context, ClientGate& clients) : context_(context), clients_(clients) {}
    ~Dialer();
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;

    void dial(registry::DialOrder order);
    /// Gives up what is under way; the places are given back.
    void stop();
    [[nodiscard]] std::size_t under_way() const noexcept { return dials_.size(); }

private:
    friend class Dial;
    void succeeded(Dial& dial);
    void failed(Dial& dial, const Error& error);
    void refused(Dial& dial, const Error& error);
    void over(Dial& dial);

    Context& context_;
    ClientGate& clients_;
    std::unordered_set<std::shared_ptr<Dial>> dials_;
};

}  // namespace cenote::gate
