#include "dataplane/net/dns_query.hpp"

#include <fmt/format.h>

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <utility>

namespace cenote::net {
namespace {

// Names that must not be asked of a DNS server, and mean this machine whatever /etc/hosts says or does not say (RFC 6761, 6.3).
bool is_localhost(std::string host) {
    std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (host.ends_with('.')) {
        host.pop_back();
    }
    return host == "localhost" || host.ends_with(".localhost");
}

DnsQuery::Found loopback() { return {{*literal_address("127.0.0.1", 0), *literal_address("::1", 0)}, std::chrono::seconds(0)}; }

bool same(const Address& one, const Address& other) {
    return one.size == other.size && std::memcmp(&one.storage, &other.storage, one.size) == 0;
}

DnsQuery::Found to_found(const ares_addrinfo& info) {
    DnsQuery::Found found;
    bool first = true;
    for (const auto* node = info.nodes; node != nullptr; node = node->ai_next) {
        if (node->ai_family != AF_INET && node->ai_family != AF_INET6) {
            continue;
        }
        Address address;
        std::memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
        address.size = node->ai_addrlen;
        if (std::none_of(found.addresses.begin(), found.addresses.end(), [&](const Address& known) { return same(known, address); })) {
            found.addresses.push_back(address);
        }
        const std::chrono::seconds ttl(std::max(node->ai_ttl, 0));
        found.ttl = first ? ttl : std::min(found.ttl, ttl);
        first = false;
    }
    return found;
}

}  // namespace

struct DnsQuery::State : std::enable_shared_from_this<State> {
    // A socket of c-ares', which closes it itself.
    struct Socket {
        Socket(asio::io_context& io, int fd) : descriptor(io, fd) {}
        asio::posix::stream_descriptor descriptor;
        bool wants[2] = {false, false};    // to read, to write
        bool waiting[2] = {false, false};  // for the same
        bool open = true;
    };

    State(asio::io_context& context, std::string name, Done fn) : io(context), timer(context), host(std::move(name)), done(std::move(fn)) {}
    ~State() { close(); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void start(const DnsSettings& settings) {
        static const int library = ::ares_library_init(ARES_LIB_INIT_ALL);
        ares_options options{};
        // c-ares takes these as char*, and copies them.
        std::string files_first = is_localhost(host) ? "f" : "fb";
        std::string resolv_conf = settings.resolv_conf;
        options.lookups = files_first.data();
        options.resolvconf_path = resolv_conf.data();
        options.timeout = static_cast<int>(settings.first_timeout.count());
        options.tries = kDnsTries;
        options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
            static_cast<State*>(self)->on_socket(fd, read != 0, write != 0);
        };
        options.sock_state_cb_data = this;
        const int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                         (resolv_conf.empty() ? 0 : ARES_OPT_RESOLVCONF);
        int status = library;
        if (status == ARES_SUCCESS) {
            status = ::ares_init_options(&channel, &options, mask);
        }
        if (status == ARES_SUCCESS && !settings.servers.empty()) {
            status = ::ares_set_servers_ports_csv(channel, settings.servers.c_str());
        }
        if (status != ARES_SUCCESS) {
            on_answer(status, nullptr);
            return;
        }
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_flags = ARES_AI_ENVHOSTS;  // $CARES_HOSTS, for tests; otherwise /etc/hosts
        ::ares_getaddrinfo(
            channel, host.c_str(), nullptr, &hints,
            [](void* self, int code, int, ares_addrinfo* info) {
                static_cast<State*>(self)->on_answer(code, info);
                if (info != nullptr) {
                    ::ares_freeaddrinfo(info);
                }
            },
            this
        );
        set_timer();
    }

    // Called from within c-ares, so it only notes and posts: the channel must not be destroyed in here.
    void on_answer(int status, const ares_addrinfo* info) {
        if (answered || !done) {
            return;
        }
        answered = true;
        auto found = status == ARES_SUCCESS && info != nullptr ? to_found(*info) : Found{};
        if (found.addresses.empty() && is_localhost(host)) {
            found = loopback();
        }
        std::variant<Found, Failed> answer = std::move(found);
        if (std::get<Found>(answer).addresses.empty()) {
            const bool known = status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME || status == ARES_SUCCESS;
            answer = Failed{status == ARES_SUCCESS ? "no address" : ::ares_strerror(status), known};
        }
        asio::post(io, [self = shared_from_this(), answer = std::move(answer)]() mutable {
            self->close();
            if (const auto tell = std::exchange(self->done, nullptr)) {
                tell(std::move(answer));
            }
        });
    }

    void on_socket(int fd, bool read, bool write) {
        const auto known = sockets.find(fd);
        if (!read && !write) {
            if (known != sockets.end()) {
                known->second->open = false;
                known->second->descriptor.release();
                sockets.erase(known);
            }
            return;
        }
        auto& socket = known != sockets.end() ? known->second : sockets[fd] = std::make_shared<Socket>(io, fd);
        socket->wants[0] = read;
        socket->wants[1] = write;
        wait(socket, 0);
        wait(socket, 1);
    }

    void wait(const std::shared_ptr<Socket>& socket, int direction) {
        if (!socket->open || !socket->wants[direction] || socket->waiting[direction]) {
            return;
        }
        socket->waiting[direction] = true;
        const auto what = direction == 0 ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
        socket->descriptor.async_wait(what, [weak = weak_from_this(), socket, direction](error_code) {
            socket->waiting[direction] = false;
            const auto self = weak.lock();
            if (!self || !socket->open || !socket->wants[direction]) {
                return;
            }
            const int fd = socket->descriptor.native_handle();
            ::ares_process_fd(self->channel, direction == 0 ? fd : ARES_SOCKET_BAD, direction == 1 ? fd : ARES_SOCKET_BAD);
            self->wait(socket, direction);
            self->set_timer();
        });
    }

    // When c-ares wants to send again or give up.
    void set_timer() {
        timeval left{};
        if (channel == nullptr || ::ares_timeout(channel, nullptr, &left) == nullptr) {
            timer.cancel();
            return;
        }
        timer.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec + 1));
        timer.async_wait([weak = weak_from_this()](error_code cancelled) {
            const auto self = weak.lock();
            if (!cancelled && self && self->channel != nullptr) {
                ::ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
                self->set_timer();
            }
        });
    }

    void close() {
        timer.cancel();
        answered = true;  // destroying tells everyone who waits
        if (auto* open = std::exchange(channel, nullptr)) {
            ::ares_destroy(open);
        }
    }

    asio::io_context& io;
    asio::steady_timer timer;
    std::string host;
    Done done;
    ares_channel channel = nullptr;
    std::map<int, std::shared_ptr<Socket>> sockets;
    bool answered = false;
};

DnsQuery::DnsQuery(asio::io_context& io, const DnsSettings& settings, const std::string& host, Done done)
    : state_(std::make_shared<State>(io, host, std::move(done))) {
    state_->start(settings);
}

DnsQuery::~DnsQuery() {
    state_->done = nullptr;
    state_->close();
}

}  // namespace cenote::net
