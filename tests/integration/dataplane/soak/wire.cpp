#include "tests/integration/dataplane/soak/wire.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cenote::soak {
namespace {

constexpr int kSilence = 30;  // seconds without an answer count as lost

void append_int(std::string& out, std::uint32_t value, int bytes = 4) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
}

std::uint32_t read_int(std::string_view bytes, int count = 4) {
    std::uint32_t value = 0;
    for (int index = 0; index < count; ++index) {
        value = (value << 8) | static_cast<unsigned char>(bytes.at(static_cast<std::size_t>(index)));
    }
    return value;
}

void append_message(std::string& out, char kind, std::string_view body) {
    out.push_back(kind);
    append_int(out, static_cast<std::uint32_t>(body.size() + 4));
    out.append(body);
}

std::string with_length(std::string_view body) {
    std::string packet;
    append_int(packet, static_cast<std::uint32_t>(body.size() + 4));
    return packet.append(body);
}

int connect_to(const Address& address) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw Gone("socket");
    }
    const int on = 1;
    const timeval silence{kSilence, 0};
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        ::close(fd);
        throw Gone("connect");
    }
    return fd;
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            throw Gone("send");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string sqlstate_of(std::string_view body) {
    while (!body.empty() && body.front() != '\0') {
        const auto end = body.find('\0');
        if (body.front() == 'C') {
            return std::string(body.substr(1, end - 1));
        }
        body.remove_prefix(end + 1);
    }
    return "no SQLSTATE";
}

std::string first_column(std::string_view body) {
    const auto length = read_int(body.substr(2));
    return std::string(body.substr(6, length));
}

}  // namespace

Wire::Wire(const Address& address, Address cancel_address, std::string_view user, std::string_view database)
    : cancel_address_(std::move(cancel_address)), socket_(connect_to(address)) {
    std::string body;
    append_int(body, 196608);
    for (const auto part : {std::string_view("user"), user, std::string_view("database"), database}) {
        body.append(part).push_back('\0');
    }
    body.push_back('\0');
    try {
        send(with_length(body));
        const auto answer = read_answer();
        if (!answer.error.empty()) {
            throw Gone("login: " + answer.error);
        }
    } catch (...) {
        ::close(socket_);
        throw;
    }
}

Wire::~Wire() { ::close(socket_); }

void Wire::send(std::string_view bytes) const { send_all(socket_, bytes); }

Answer Wire::read_answer() {
    Answer answer;
    for (;;) {
        const auto message = read_message();
        switch (message.kind) {
            case 'D':
                answer.values.push_back(first_column(message.body));
                break;
            case 'C':
                answer.tag = message.body.substr(0, message.body.find('\0'));
                break;
            case 'K':
                key_ = message.body;
                break;
            case 'E':
                answer.error = sqlstate_of(message.body);
                if (answer.error.starts_with("57P") || answer.error.starts_with("08")) {
                    throw Gone("error " + answer.error);  // the connection ends with these
                }
                break;
            case 'Z':
                answer.status = message.body.at(0);
                return answer;
            default:
                break;
        }
    }
}

void Wire::read_a_bit() const {
    std::array<char, 512> some{};
    if (::recv(socket_, some.data(), some.size(), 0) <= 0) {
        throw Gone("recv");
    }
}

void Wire::cancel() const {
    std::string body;
    append_int(body, 80877102);
    body.append(key_);
    const int fd = connect_to(cancel_address_);
    try {
        send_all(fd, with_length(body));
    } catch (const Gone&) {
        ::close(fd);
        throw;
    }
    std::array<char, 16> nothing{};
    while (::recv(fd, nothing.data(), nothing.size(), 0) > 0) {}
    ::close(fd);
}

Wire::Message Wire::read_message() {
    const auto fill = [this](std::size_t wanted) {
        std::array<char, 65536> chunk{};
        while (buffer_.size() < wanted) {
            const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
            if (got <= 0) {
                const bool silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
                throw Gone(got == 0 ? "closed" : silent ? std::string(kSilent) : "reset");
            }
            buffer_.append(chunk.data(), static_cast<std::size_t>(got));
        }
    };
    fill(5);
    const std::size_t length = read_int(std::string_view(buffer_).substr(1));
    fill(1 + length);
    Message message{buffer_[0], buffer_.substr(5, length - 4)};
    buffer_.erase(0, 1 + length);
    return message;
}

std::string simple_query(std::string_view text) {
    std::string packet;
    append_message(packet, 'Q', std::string(text) + '\0');
    return packet;
}

std::string extended_query(std::string_view text, std::string_view parameter) {
    std::string packet;
    append_message(packet, 'P', std::string(1, '\0') + std::string(text) + std::string(3, '\0'));
    std::string bind(2, '\0');  // portal and statement without a name
    append_int(bind, 0, 2);
    append_int(bind, 1, 2);
    append_int(bind, static_cast<std::uint32_t>(parameter.size()));
    bind.append(parameter);
    append_int(bind, 0, 2);
    append_message(packet, 'B', bind);
    append_message(packet, 'E', std::string(5, '\0'));
    append_message(packet, 'S', "");
    return packet;
}

}  // namespace cenote::soak
