#include "operator/standalone/port_book.hpp"

#include "operator/kube/json.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace cenote::standalone {

bool is_port_free(const std::string& address, int port) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_in);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(static_cast<std::uint16_t>(port));
        size = sizeof(sockaddr_in6);
    } else {
        *v4 = {};
        v4->sin_family = AF_INET;
        v4->sin_port = htons(static_cast<std::uint16_t>(port));
        if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) != 1) {
            v4->sin_addr.s_addr = htonl(INADDR_ANY);
        }
    }
    const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // connections in TIME_WAIT do not count
    const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0 && ::listen(fd, 1) == 0;
    ::close(fd);
    return free;
}

PortBook::PortBook(std::filesystem::path file, std::string address) : file_(std::move(file)), address_(std::move(address)) {
    std::ifstream in(file_);
    std::ostringstream text;
    text << in.rdbuf();
    if (const auto known = kube::parse_json(text.str()); known && known->is_object()) {
        for (const auto& [pool, port] : known->items()) {
            if (port.is_number_integer() && port > 0 && port < 65536) {
                ports_[pool] = port.get<int>();
            }
        }
    }
}

bool PortBook::is_taken(int port) const {
    return std::any_of(ports_.begin(), ports_.end(), [port](const auto& entry) { return entry.second == port; });
}

int PortBook::port_of(const std::string& pool, std::optional<int> stated, bool running) {
    const auto known = ports_.find(pool);
    const int before = known == ports_.end() ? 0 : known->second;
    int port = before;
    if (stated) {
        port = *stated;
    } else if (before == 0 || (!running && !is_port_free(address_, before))) {
        port = kFirstPort;
        while (port < 65535 && (is_taken(port) || !is_port_free(address_, port))) {
            ++port;
        }
    }
    if (port != before) {
        ports_[pool] = port;
        save();
    }
    return port;
}

void PortBook::forget(const std::string& pool) {
    if (ports_.erase(pool) > 0) {
        save();
    }
}

int PortBook::take_http_port() {
    int port = kFirstHttpPort;
    while (port < 65535 && (http_ports_.contains(port) || is_taken(port) || !is_port_free("127.0.0.1", port))) {
        ++port;
    }
    http_ports_[port] = true;
    return port;
}

void PortBook::give_back_http_port(int port) { http_ports_.erase(port); }

void PortBook::save() const {
    const std::filesystem::path fresh = file_.string() + ".new";
    {
        std::ofstream out(fresh, std::ios::trunc);
        out << kube::dump_json(kube::Json(ports_)) << '\n';
    }
    std::error_code ignored;
    std::filesystem::rename(fresh, file_, ignored);  // a port not remembered is only a port chosen anew
}

}  // namespace cenote::standalone
