// The console's front: who may, the welcome, and its queries, which the control thread answers.
#include "dataplane/admin/show.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

namespace cenote::worker {
namespace {

namespace sqlstate = protocol::sqlstate;
constexpr std::uint32_t kMaxConsoleQuery = 64 * 1024;

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

bool Worker::admit_console(ClientConnection& client, const session::ClientIdentity& identity) {
    const auto& c = config();
    const bool own_user = identity.user == kConsoleDatabase && net::local_of(client.fd).is_unix() &&
                          net::peer_uid(client.fd) == static_cast<std::int64_t>(::geteuid());
    if (own_user || c.auth_type == config::AuthType::kAny || contains(c.admin_users, identity.user)) {
        client.admin_access = admin::Access::kAdmin;
    } else if (!contains(c.stats_users, identity.user)) {
        disconnect(client, sqlstate::kInvalidAuthorization, "not allowed");
        return false;
    }
    client.login->needs_no_password = own_user;
    return true;
}

void Worker::welcome_console(ClientConnection& client) {
    protocol::MessageWriter out;
    write_authentication_ok(client, out);
    for (const auto& [name, value] : admin::welcome_parameters(process_.version_number)) {
        protocol::write_parameter_status(out, name, value);
    }
    write_key_and_ready(client, out);
    client.user = std::make_unique<std::string>(client.login->identity.user);
    client.state = ClientState::kAdmin;
    client.login.reset();
    leave_login_list(client);
    admin_count_.fetch_add(1, std::memory_order_relaxed);
    if (send_bytes(client.fd, client.out, out.data()) == Sent::kBroken) {
        close_client(client, "client unexpected eof");
    }
}

void Worker::read_admin(ClientConnection& client, std::uint32_t events) {
    if (client.admin_busy) {
        if ((events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) {
            close_client(client, "client unexpected eof");
            return;
        }
        // One command at a time; what is sent meanwhile stays in the socket.
        arm_client(client, client.armed & ~static_cast<std::uint32_t>(EPOLLIN));
        return;
    }
    const Read got = read_some(client.fd, client.in);
    if (got.lost) {
        close_client(client, "client unexpected eof");
        return;
    }
    process_admin(client, got.bytes);
}

void Worker::process_admin(ClientConnection& client, std::string_view rest) {
    while (!client.admin_busy && rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxConsoleQuery) {
            disconnect(client, sqlstate::kProtocolViolation, "bad packet");
            return;
        }
        if (rest.size() < header.total()) {
            break;
        }
        auto body = rest.substr(protocol::kHeaderSize, header.length - 4);
        rest.remove_prefix(static_cast<std::size_t>(header.total()));
        if (header.type == protocol::frontend::kTerminate) {
            close_client(client, "client close request");
            return;
        }
        if (header.type != protocol::frontend::kQuery) {
            disconnect(client, sqlstate::kProtocolViolation, "extended query protocol not supported by admin console");
            return;
        }
        client.admin_busy = true;
        client.request_at = now_;
        process_.admin_query({id_, client.slot, client.id}, client.admin_access, std::string(body.substr(0, body.find('\0'))));
    }
    keep(client.in, rest);
}

void Worker::admin_reply(ClientRef ref, std::string bytes) {
    loop_.post([this, ref, bytes = std::move(bytes)] {
        ClientConnection* client = ref.slot < clients_.size() ? clients_[ref.slot] : nullptr;
        if (client == nullptr || client->id != ref.id) {
            return;
        }
        client->admin_busy = false;
        switch (send_bytes(client->fd, client->out, bytes)) {
            case Sent::kBroken:
                close_client(*client, "client unexpected eof");
                return;
            case Sent::kBlocked:
                arm_client(*client, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
                break;
            case Sent::kAll:
                arm_client(*client, EPOLLIN | EPOLLRDHUP);
                break;
        }
        if (const auto kept = std::move(client->in)) {  // the next command came along with this one
            process_admin(*client, *kept);
        }
    });
}

}  // namespace cenote::worker
