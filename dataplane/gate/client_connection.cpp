#include "dataplane/gate/client_connection.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/gate/welcome.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote::gate {

std::string ClientConnection::describe() const {
    const auto database = database_name();
    const auto user = user_name();
    return fmt::format(
        "C-{:#x}: {}/{}@{}:{}", origin_.id, database.empty() ? "(nodb)" : database, user.empty() ? "(nouser)" : user,
        origin_.is_unix ? "unix" : origin_.peer.host(), origin_.peer.port()
    );
}

admin::ClientRow ClientConnection::row(TimePoint request_at) const {
    const auto wall = std::chrono::system_clock::now();
    const TimePoint now = context_.now();
    const auto to_wall = [&](TimePoint point) { return wall - std::chrono::duration_cast<admin::WallTime::duration>(now - point); };
    const auto local = net::local_of(channel_.fd());
    admin::ClientRow row;
    row.user = user_name();
    row.database = database_name();
    row.address = origin_.is_unix ? "unix" : origin_.peer.host();
    row.port = origin_.peer.port();
    row.local_address = local.host();
    row.local_port = local.port();
    row.connect_time = to_wall(origin_.since);
    row.request_time = to_wall(request_at);
    row.pointer = origin_.id;
    row.id = static_cast<std::int64_t>(origin_.id);
    row.send_remain = static_cast<int>(channel_.unsent());
    return row;
}

void ClientConnection::log_end(std::string_view reason) const {
    if (context_.config().log_disconnections) {
        log::info("{} closing because: {} {}", describe(), reason, age_of(origin_.since, context_.now()));
    }
}

void ClientConnection::leave() {
    if (!left_) {
        left_ = true;
        on_end();
    }
}

void ClientConnection::read_more() {
    if (reading_ || !channel_.open()) {
        return;
    }
    reading_ = true;
    channel_.read([this, self = shared_from_this()](Channel::Read read) {
        reading_ = false;
        if (!parting_) {
            if (channel_.open()) {
                on_read(read);
            }
        } else if (read.lost) {
            hang_up();
        } else {
            read_more();
        }
    });
}

void ClientConnection::refuse(const Error& error) {
    if (ended()) {
        return;
    }
    const auto self = shared_from_this();  // leaving may drop the list's
    if (context_.config().log_pooler_errors) {
        log::warning("{} pooler error: {}", describe(), error.message);
    }
    log_end(error.message);
    parting_ = true;
    const auto sent = channel_.send(write_fatal(error.sqlstate, error.message));
    leave();
    // Bounded: who floods the gate with logins that are refused does not get to keep the sockets too.
    if (sent == Channel::Sent::kBroken || context_.lingering >= context_.max_unauthenticated()) {
        hang_up();
        return;
    }
    lingers_ = true;
    ++context_.lingering;
    farewell_ = context_.deadlines.set(context_.now() + context_.options.farewell, [this, self] { hang_up(); });
    if (sent == Channel::Sent::kAll) {
        part();
        return;
    }
    channel_.flushed([this, self](bool broken) { broken ? hang_up() : part(); });
}

void ClientConnection::part() {
    if (!channel_.open()) {
        return;
    }
    channel_.shut_down();
    if (reading_) {
        return;  // the read under way goes on with it
    }
    // Most clients have closed by now, or will at once: no need to wait for them through the reactor.
    while (true) {
        const auto read = channel_.read_now();
        if (read.lost) {
            hang_up();
            return;
        }
        if (read.bytes.empty()) {
            break;
        }
    }
    read_more();
}

void ClientConnection::hang_up() {
    context_.deadlines.drop(farewell_);
    channel_.close();
    if (std::exchange(lingers_, false)) {
        --context_.lingering;
    }
}

void ClientConnection::close(std::string_view reason) {
    if (!channel_.open()) {
        return;
    }
    const auto self = shared_from_this();
    if (!parting_) {
        log_end(reason);
    }
    leave();
    hang_up();
}

}  // namespace cenote::gate
