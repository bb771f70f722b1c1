#include "dataplane/gate/console.hpp"

#include "dataplane/auth/crypto.hpp"
#include "dataplane/gate/console_input.hpp"
#include "dataplane/protocol/sqlstate.hpp"

#include <span>
#include <utility>

namespace cenote::gate {

bool same_secret(std::int32_t a, std::int32_t b) {
    const auto bytes = [](const std::int32_t& value) { return std::string_view(reinterpret_cast<const char*>(&value), sizeof value); };
    return auth::equal_in_constant_time(bytes(a), bytes(b));
}

ConsoleClient::ConsoleClient(Console& console, Context& context, net::Fd fd, Origin origin, std::string user, admin::Access access)
    : ClientConnection(context, std::move(fd), origin),
      console_(console),
      user_(std::move(user)),
      access_(access),
      request_at_(origin.since) {}

void ConsoleClient::begin(std::string_view login_end, std::string early) {
    in_ = std::move(early);
    send(login_end);
    if (!ended()) {
        proceed();
    }
}

void ConsoleClient::send(std::string_view bytes) {
    switch (channel_.send(bytes)) {
        case Channel::Sent::kAll:
            return;
        case Channel::Sent::kBroken:
            close("client unexpected eof");
            return;
        case Channel::Sent::kBlocked:
            break;
    }
    if (channel_.unsent() > context_.options.max_console_backlog) {
        close("client does not read its reply");
        return;
    }
    channel_.flushed([this, self = shared_from_this()](bool broken) {
        if (ended()) {
            return;
        }
        if (broken) {
            close("client unexpected eof");
        } else {
            proceed();
        }
    });
}

void ConsoleClient::on_read(Channel::Read read) {
    if (read.lost) {
        close("client unexpected eof");
        return;
    }
    in_.append(read.bytes);
    proceed();
}

void ConsoleClient::proceed() {
    if (!busy_ && channel_.unsent() == 0) {
        std::string_view rest = in_;
        ConsoleInput input = take_console_input(rest);
        in_.erase(0, in_.size() - rest.size());
        switch (input.kind) {
            case ConsoleInput::Kind::kMore:
                break;
            case ConsoleInput::Kind::kTerminate:
                close("client close request");
                return;
            case ConsoleInput::Kind::kRefused:
                refuse(input.error);
                return;
            case ConsoleInput::Kind::kQuery:
                busy_ = true;
                request_at_ = context_.now();
                context_.process.ports.admin_query(origin().id, access_ == admin::Access::kAdmin, std::move(input.sql));
                break;
        }
    }
    // Read ahead no more than one message: the rest stays in the socket.
    if (in_.size() <= kMaxConsoleMessage) {
        read_more();
    }
}

void ConsoleClient::reply(std::string_view bytes) {
    busy_ = false;
    const auto self = shared_from_this();
    send(bytes);
    if (!ended()) {
        proceed();
    }
}

void ConsoleClient::cancel() {
    if (busy_) {
        context_.process.ports.admin_cancel(origin().id);
    }
}

// A command that runs goes on: a PAUSE stays, as PgBouncer has it, and its answer finds nobody.
void ConsoleClient::on_end() { console_.forget(*this); }

admin::ClientRow ConsoleClient::row() const {
    auto row = ClientConnection::row(request_at_);
    row.state = "active";
    row.recv_pos = static_cast<int>(in_.size());
    return row;
}

void Console::admit(net::Fd fd, const ClientConnection::Origin& origin, Guest guest) {
    auto client = std::make_shared<ConsoleClient>(*this, context_, std::move(fd), origin, std::move(guest.user), guest.access);
    client->slot = slots_.reserve();
    auth::random_bytes(std::span(reinterpret_cast<std::uint8_t*>(&client->secret), sizeof client->secret));
    clients_.emplace(origin.id, client);
    count_.fetch_add(1, std::memory_order_relaxed);
    const auto table = static_cast<std::uint32_t>(context_.process.workers.size());
    const CancelKey key{registry::pid_of({table, client->slot}, table + 1), client->secret};
    client->begin(
        guest.unsent + write_console_login_end(guest.final_payload, context_.process.version_number, key), std::move(guest.early)
    );
}

void Console::forget(ConsoleClient& client) {
    slots_.release(client.slot);
    count_.fetch_sub(1, std::memory_order_relaxed);
    clients_.erase(client.origin().id);
}

void Console::reply(std::uint64_t id, std::string_view bytes) {
    const auto found = clients_.find(id);
    if (found != clients_.end()) {
        const auto client = found->second;
        client->reply(bytes);
    }
}

bool Console::cancel(std::uint32_t slot, std::int32_t secret) {
    for (const auto& [id, client] : clients_) {
        if (client->slot == slot && same_secret(client->secret, secret)) {
            const auto kept = client;
            kept->cancel();
            return true;
        }
    }
    return false;
}

bool Console::kill(std::uint64_t id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) {
        return false;
    }
    const auto client = found->second;
    client->refuse(Error{"admin forced disconnect", protocol::sqlstate::kAdminShutdown});
    return true;
}

void Console::close_all() {
    while (!clients_.empty()) {
        const auto client = clients_.begin()->second;
        client->close("server shutting down");
    }
}

void Console::collect_rows(std::vector<admin::ClientRow>& rows) const {
    for (const auto& [id, client] : clients_) {
        rows.push_back(client->row());
    }
}

}  // namespace cenote::gate
