// One client from accept4 to the hand-over: does what its ClientLogin says. In the ClientGate's list until it has proven who it is, then in
// the WaitingRoom if its pool has no server yet, then gone: to a worker, to the console, or away. Gate thread.
//
//   state      | what it waits for                     | then
//   kLogin     | bytes                                 | as ClientLogin says
//   kDerive    | a helper thread                       | kLogin's steps
//   kWaiting   | its pool's first server               | kLeaving, or told why not
//   kLeaving   | its read to end, its login's end to go out | a ClientSeed
//   kCancel    | a cancel request to be delivered      | closed
//   kGone      | nothing
#pragma once

#include "dataplane/gate/client_connection.hpp"
#include "dataplane/gate/client_login.hpp"
#include "dataplane/pool/intrusive_list.hpp"
#include "dataplane/registry/admission.hpp"

#include <memory>
#include <string>

namespace cenote::gate {

class ClientGate;

class LoginConnection final : public ClientConnection {
public:
    LoginConnection(ClientGate& gate, Context& context, net::Fd fd, Origin origin);

    /// Reads what is there already (TCP_DEFER_ACCEPT: mostly all of it), then waits for more.
    void begin();
    /// The pool's first server has come. REQUIRES: it has been taken from the WaitingRoom.
    void finish(std::shared_ptr<const registry::Welcome> welcome);
    /// It was given its time.
    void time_out();

    pool::ListHook<LoginConnection> by_age;  // in the ClientGate's list

private:
    enum class State : std::uint8_t { kLogin, kDerive, kWaiting, kLeaving, kCancel, kGone };
    using Step = ClientLogin::Step;

    void on_read(Channel::Read read) override;
    void on_end() override;
    [[nodiscard]] std::string_view database_name() const override { return login_.identity().database; }
    [[nodiscard]] std::string_view user_name() const override { return login_.identity().user; }

    void proceed();
    [[nodiscard]] bool apply(const Step& step);
    [[nodiscard]] bool named();
    [[nodiscard]] ClientLogin::Facts facts() const;
    [[nodiscard]] bool flush();
    void derive();
    void passed();
    void enter_pool(registry::PoolRef pool);
    void wait_for_server(const registry::PoolRef& pool);
    void finish_now();
    void hand_over(std::uint32_t slot, std::int32_t secret, std::size_t worker);

    ClientGate& gate_;
    ClientLogin login_;
    std::string in_;   // not understood yet
    std::string out_;  // one send for all that one read brings about
    registry::Admission admission_;
    std::shared_ptr<const registry::Welcome> welcome_;
    Deadlines::Key wait_timeout_;
    State state_ = State::kLogin;
    bool counted_ = false;  // in max_client_conn, and no Admission yet
};

}  // namespace cenote::gate
