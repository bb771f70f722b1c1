// The console's clients: they live on the gate, their commands are run by the control thread, one at a time for each. Owns them. Gate
// thread, save where it says.
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/admin/rows.hpp"
#include "dataplane/gate/client_connection.hpp"
#include "dataplane/gate/welcome.hpp"
#include "dataplane/registry/key_slots.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace cenote::gate {

class Console;

//   idle  a read is under way; a whole command makes it busy
//   busy  the control thread runs its command; a little is read ahead, so that it is seen when the client leaves
// A reply that the client does not read holds up its next command, and beyond max_console_backlog ends it.
class ConsoleClient final : public ClientConnection {
public:
    ConsoleClient(Console& console, Context& context, net::Fd fd, Origin origin, std::string user, admin::Access access);

    void begin(std::string_view login_end, std::string early);
    void reply(std::string_view bytes);
    /// Its cancel key was used.
    void cancel();
    using ClientConnection::row;
    [[nodiscard]] admin::ClientRow row() const;

    std::uint32_t slot = 0;
    std::int32_t secret = 0;

private:
    void on_read(Channel::Read read) override;
    void on_end() override;
    [[nodiscard]] std::string_view database_name() const override { return "pgbouncer"; }
    [[nodiscard]] std::string_view user_name() const override { return user_; }
    void proceed();
    void send(std::string_view bytes);

    Console& console_;
    const std::string user_;
    const admin::Access access_;
    std::string in_;
    TimePoint request_at_;
    bool busy_ = false;
};

class Console {
public:
    explicit Console(Context& context) : context_(context) {}

    struct Guest {
        std::string user;
        admin::Access access = admin::Access::kStats;
        std::string unsent;         // goes out before the login's end
        std::string final_payload;  // of its authentication
        std::string early;          // sent along behind its password
    };
    /// A client that has proven who it is.
    void admit(net::Fd fd, const ClientConnection::Origin& origin, Guest guest);
    void reply(std::uint64_t id, std::string_view bytes);
    /// A cancel request for one of them. False: nobody has that key.
    bool cancel(std::uint32_t slot, std::int32_t secret);
    bool kill(std::uint64_t id);
    void close_all();
    void collect_rows(std::vector<admin::ClientRow>& rows) const;
    /// Any thread.
    [[nodiscard]] int count() const noexcept { return count_.load(std::memory_order_relaxed); }

    void forget(ConsoleClient& client);

private:
    Context& context_;
    registry::KeySlots slots_;
    std::unordered_map<std::uint64_t, std::shared_ptr<ConsoleClient>> clients_;  // by id
    std::atomic<int> count_{0};
};

/// In a time that does not tell how much of a guess was right.
[[nodiscard]] bool same_secret(std::int32_t a, std::int32_t b);

}  // namespace cenote::gate
