#include "tests/integration/dataplane/net/dns_server.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::net {
namespace {

constexpr std::size_t kHeader = 12;
constexpr int kA = 1;
constexpr int kAaaa = 28;

std::string be16(unsigned value) { return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)}; }
std::string be32(std::uint32_t value) { return be16(value >> 16U) + be16(value & 0xFFFFU); }

}  // namespace

DnsServer::DnsServer(asio::io_context& io) : socket_(io, {asio::ip::make_address("127.0.0.1"), 0}) { receive(); }

std::string DnsServer::address() const { return fmt::format("127.0.0.1:{}", socket_.local_endpoint().port()); }

int DnsServer::count(const std::string& name) const { return static_cast<int>(std::count(asked.begin(), asked.end(), "A " + name)); }

void DnsServer::stop() { socket_.close(); }

void DnsServer::receive() {
    socket_.async_receive_from(asio::buffer(buffer_), from_, [this](error_code failure, std::size_t size) {
        if (failure) {
            return;
        }
        if (const auto reply = answer({buffer_.data(), size}); !reply.empty()) {
            socket_.send_to(asio::buffer(reply), from_);
        }
        receive();
    });
}

std::string DnsServer::answer(const std::string& packet) {
    std::string name;
    std::size_t at = kHeader;
    while (packet.at(at) != 0) {
        const auto length = static_cast<std::size_t>(packet[at]);
        name += (name.empty() ? "" : ".") + packet.substr(at + 1, length);
        at += length + 1;
    }
    const int type = packet.at(at + 2);
    const auto question = packet.substr(kHeader, at + 5 - kHeader);
    asked.push_back((type == kAaaa ? "AAAA " : "A ") + name);
    const auto known = names.find(name);
    unsigned code = known == names.end() ? 3 : known->second.fails ? 2 : 0;
    std::string records;
    unsigned count = 0;
    if (known != names.end()) {
        if (known->second.silent || (known->second.silent_on_ipv6 && type == kAaaa)) {
            return {};
        }
        for (const auto& text : code == 0 ? known->second.addresses : std::vector<std::string>{}) {
            const auto parsed = asio::ip::make_address(text);
            if (parsed.is_v6() != (type == kAaaa)) {
                continue;
            }
            std::string bytes;
            if (parsed.is_v6()) {
                const auto raw = parsed.to_v6().to_bytes();
                bytes.assign(raw.begin(), raw.end());
            } else {
                const auto raw = parsed.to_v4().to_bytes();
                bytes.assign(raw.begin(), raw.end());
            }
            records += "\xc0\x0c" + be16(static_cast<unsigned>(type)) + be16(1) + be32(known->second.ttl) +
                       be16(static_cast<unsigned>(bytes.size())) + bytes;
            ++count;
        }
    }
    return packet.substr(0, 2) + be16(0x8180U | code) + be16(1) + be16(count) + be32(0) + question + records;
}

}  // namespace cenote::net
