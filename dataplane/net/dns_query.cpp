#include "dataplane/net/dns_query.hpp"

#include <fmt/format.h>

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

namespace cenote::net {
namespace {

constexpr const char* kHostsFile = "/etc/hosts";
constexpr const char* kHostsVariable = "CARES_HOSTS";  // c-ares reads another file by it, which tests need

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

// Names that must not be asked of a DNS server (RFC 6761, 6.3).
bool is_localhost(std::string_view host) {
    const auto name = lower_case(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
    return name == "localhost" || name.ends_with(".localhost");
}

bool same(const Address& one, const Address& other) {
    return one.size == other.size && std::memcmp(&one.storage, &other.storage, one.size) == 0;
}

void add(DnsQuery::Found& found, const Address& address) {
    if (std::none_of(found.addresses.begin(), found.addresses.end(), [&](const Address& known) { return same(known, address); })) {
        found.addresses.push_back(address);
    }
}

// What /etc/hosts says, as libc has it; both loopback addresses if it says nothing. Read here, because c-ares 1.18 leaks its own answer
// to "localhost" and asks a DNS server for the names below it.
DnsQuery::Found find_localhost(const std::string& host) {
    const char* other = std::getenv(kHostsVariable);
    std::ifstream file(other != nullptr ? other : kHostsFile);
    DnsQuery::Found found;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string address;
        words >> address;
        const bool named = std::any_of(std::istream_iterator<std::string>(words), {}, [&](const std::string& name) {
            return lower_case(name) == lower_case(host);
        });
        if (auto literal = named ? literal_address(address, 0) : Result<Address>(Error{})) {
            add(found, *literal);
        }
    }
    return found.addresses.empty() ? DnsQuery::Found{{*literal_address("127.0.0.1", 0), *literal_address("::1", 0)}} : found;
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
        add(found, address);
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
        if (is_localhost(host)) {
            tell(find_localhost(host));
            return;
        }
        static const int library = ::ares_library_init(ARES_LIB_INIT_ALL);
        ares_options options{};
        // c-ares takes these as char*, and copies them.
        std::string lookups = "fb";
        std::string resolv_conf = settings.resolv_conf;
        options.lookups = lookups.data();
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
        hints.ai_flags = ARES_AI_ENVHOSTS;
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

    void on_answer(int status, const ares_addrinfo* info) {
        if (answered) {
            return;
        }
        if (auto found = status == ARES_SUCCESS && info != nullptr ? to_found(*info) : Found{}; !found.addresses.empty()) {
            tell(std::move(found));
            return;
        }
        const bool known = status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME || status == ARES_SUCCESS;
        tell(Failed{status == ARES_SUCCESS ? "no address" : ::ares_strerror(status), known});
    }

    // Posts, because it may be called from within c-ares, where the channel must not be destroyed.
    void tell(std::variant<Found, Failed> answer) {
        answered = true;
        asio::post(io, [self = shared_from_this(), answer = std::move(answer)]() mutable {
            self->close();
            if (const auto call = std::exchange(self->done, nullptr)) {
                call(std::move(answer));
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
