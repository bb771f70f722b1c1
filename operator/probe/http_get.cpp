#include "operator/probe/http_get.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace cenote::probe {
namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;

Error system_error(std::string_view what) { return Error{fmt::format("{}: {}", what, std::strerror(errno))}; }

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

std::optional<Address> make_address(const std::string& text, int port) {
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(static_cast<std::uint16_t>(port));
        address.size = sizeof(sockaddr_in);
        return address;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(static_cast<std::uint16_t>(port));
        address.size = sizeof(sockaddr_in6);
        return address;
    }
    return std::nullopt;
}

/// Whether Content-Length says that nothing more comes; without one, the connection's end does.
bool is_complete(std::string_view bytes) {
    const auto head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) {
        return false;
    }
    std::string head(bytes.substr(0, head_end));
    std::transform(head.begin(), head.end(), head.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    constexpr std::string_view kName = "\r\ncontent-length:";
    const auto at = head.find(kName);
    if (at == std::string::npos) {
        return false;
    }
    const auto first = head.find_first_not_of(' ', at + kName.size());
    std::size_t length = 0;
    if (first == std::string::npos || std::from_chars(head.data() + first, head.data() + head.size(), length).ec != std::errc{}) {
        return false;
    }
    return bytes.size() - head_end - 4 >= length;
}

}  // namespace

Result<HttpAnswer> parse_answer(std::string_view bytes) {
    const auto head_end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.") || bytes.size() < 12 || head_end == std::string_view::npos) {
        return Error{"the answer is not HTTP"};
    }
    HttpAnswer answer;
    const std::string_view code = bytes.substr(9, 3);
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), answer.status);
    if (error != std::errc{} || end != code.data() + code.size()) {
        return Error{"the answer's status is not a number"};
    }
    answer.body = std::string(bytes.substr(head_end + 4));
    return answer;
}

HttpGet::HttpGet(std::string_view address, int port, std::string_view path, TimePoint deadline)
    // HTTP/1.0: no chunked encoding, and the connection's end is the body's end.
    : target_(fmt::format("http://{}:{}{}", address, port, path)),
      unsent_(fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", path, address)),
      deadline_(deadline) {
    const auto peer = make_address(std::string(address), port);
    if (!peer) {
        failure_ = Error{fmt::format("\"{}\" is not an IP address", address)};
        return;
    }
    fd_ = ::socket(peer->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
        failure_ = system_error("socket");
        return;
    }
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer->storage), peer->size) != 0 && errno != EINPROGRESS) {
        failure_ = system_error(target_);
    }
}

HttpGet::~HttpGet() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

short HttpGet::wanted() const noexcept { return unsent_.empty() ? POLLIN : POLLOUT; }

std::optional<Result<HttpAnswer>> HttpGet::step(TimePoint now) {
    if (failure_) {
        return *failure_;
    }
    while (!unsent_.empty()) {
        const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (n < 0) {
            // ENOTCONN: still connecting.
            if (errno != EAGAIN && errno != ENOTCONN && errno != EINTR) {
                return system_error(target_);
            }
            break;
        }
        unsent_.erase(0, static_cast<std::size_t>(n));
    }
    while (unsent_.empty()) {
        std::array<char, 4096> buffer{};
        const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (n > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(n));
        }
        if (n == 0 || is_complete(received_)) {
            auto answer = parse_answer(received_);
            if (!answer) {
                return Error{fmt::format("{}: {}", target_, answer.error().message)};
            }
            return answer;
        }
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                return system_error(target_);
            }
            break;
        }
        if (received_.size() > kMaxAnswer) {
            return Error{fmt::format("{}: the answer is too long", target_)};
        }
    }
    if (now >= deadline_) {
        return Error{fmt::format("{}: no answer in time", target_)};
    }
    return std::nullopt;
}

Result<HttpAnswer> http_get(std::string_view address, int port, std::string_view path, Duration timeout) {
    const TimePoint deadline = Clock::now() + timeout;
    HttpGet request(address, port, path, deadline);
    while (true) {
        const TimePoint now = Clock::now();
        if (auto answer = request.step(now)) {
            return *std::move(answer);
        }
        pollfd entry{.fd = request.fd(), .events = request.wanted(), .revents = 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
        ::poll(&entry, 1, static_cast<int>(std::max<decltype(left)>(left, 1)));
    }
}

}  // namespace cenote::probe
