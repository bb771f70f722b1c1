// One server connection on its way, from the order to its last ReadyForQuery. Tries one address after the other; its Dialer is told how it
// ended, once. Held by the Dialer and by the handlers of its channel. Gate thread.
//
//   kResolve  a name is being looked up   | addresses: kConnect · none, not in time: the next host
//   kConnect  connect is under way        | kLogin · fails, not in time: the next address
//   kLogin    ServerLogin speaks          | kEnded: ready, refused · breaks, not in time: the next address
//   kDerive   its keys are being derived  | kLogin
//   kEnded    the Dialer knows
#pragma once

#include "dataplane/gate/address_plan.hpp"
#include "dataplane/gate/channel.hpp"
#include "dataplane/gate/context.hpp"
#include "dataplane/registry/seeds.hpp"
#include "dataplane/session/server_login.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::gate {

class Dialer;

class Dial : public std::enable_shared_from_this<Dial> {
public:
    Dial(Dialer& dialer, Context& context, registry::DialOrder order);
    Dial(const Dial&) = delete;
    Dial& operator=(const Dial&) = delete;

    void begin();
    /// Nothing is heard of it any more; its place is given back.
    void give_up();

    [[nodiscard]] const registry::PoolRef& pool() const noexcept { return pool_; }
    [[nodiscard]] std::uint32_t epoch() const noexcept { return order_.epoch; }
    [[nodiscard]] registry::Place& place() noexcept { return order_.place; }
    [[nodiscard]] const session::ServerLogin::Welcome& welcome() const { return login_->welcome(); }
    [[nodiscard]] const registry::PoolSettings& settings() const { return *settings_; }
    [[nodiscard]] std::size_t host_index() const { return plan_->host_index(); }
    /// The finished connection. REQUIRES: it has succeeded.
    [[nodiscard]] registry::ServerSeed make_seed();
    [[nodiscard]] std::string describe() const;
    void log_end(std::string_view reason) const;

private:
    enum class State : std::uint8_t { kResolve, kConnect, kLogin, kDerive, kEnded };

    void try_next();
    void resolve(const std::string& host);
    void connect(const net::Address& address);
    void on_connected(bool broken);
    void read_more();
    void on_bytes();
    void on_step(session::ServerLogin::Step step);
    void derive(std::function<void()> derivation);
    void on_login_error(const Error& error);
    void address_failed(std::string_view reason, Error error);
    void limit_step(const char* reason);
    [[nodiscard]] session::ServerLogin make_login() const;

    Dialer& dialer_;
    Context& context_;
    registry::DialOrder order_;
    const registry::PoolRef pool_;
    registry::PoolSettingsRef settings_;
    std::optional<AddressPlan> plan_;
    std::optional<session::ServerLogin> login_;
    std::shared_ptr<Channel> channel_;
    std::string in_;
    net::Address address_;
    Error last_error_;
    Deadlines::Key limit_;  // of the step
    TimePoint began_;
    TimePoint deadline_;
    std::uint64_t id_ = 0;
    std::uint32_t step_ = 0;  // an answer that comes for an earlier one is late
    State state_ = State::kResolve;
};

}  // namespace cenote::gate
