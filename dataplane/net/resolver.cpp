#include "dataplane/net/resolver.hpp"

#include <fmt/format.h>

#include <cstring>
#include <map>

namespace cenote::net {
namespace {

using Steady = std::chrono::steady_clock;

std::vector<Address> to_addresses(const asio::ip::tcp::resolver::results_type& results) {
    std::vector<Address> addresses;
    for (const auto& entry : results) {
        Address address;
        const auto endpoint = entry.endpoint();
        std::memcpy(&address.storage, endpoint.data(), endpoint.size());
        address.size = static_cast<socklen_t>(endpoint.size());
        addresses.push_back(address);
    }
    return addresses;
}

void set_port(Address& address, int port) {
    const auto wire = static_cast<std::uint16_t>((port & 0xFF) << 8 | (port >> 8 & 0xFF));
    // sin_port and sin6_port are both the two bytes after the family.
    std::memcpy(reinterpret_cast<char*>(&address.storage) + 2, &wire, sizeof wire);
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<State> {
    struct Entry {
        Result<std::vector<Address>> answer = Error{"not asked yet"};
        Steady::time_point good_until;
        std::vector<std::pair<int, Answer>> waiting;
        bool asking = false;
    };

    explicit State(asio::io_context& context) : io(context), resolver(context) {}

    static void reply(const Entry& entry, int port, const Answer& answer) {
        if (!entry.answer) {
            answer(entry.answer.error());
            return;
        }
        auto addresses = *entry.answer;
        for (auto& address : addresses) {
            set_port(address, port);
        }
        answer(std::move(addresses));
    }

    void ask(const std::string& host, std::chrono::microseconds ttl, std::chrono::microseconds bad_ttl) {
        resolver.async_resolve(host, "0", [self = shared_from_this(), host, ttl, bad_ttl](error_code failure, const auto& results) {
            auto& entry = self->entries[host];
            entry.asking = false;
            if (failure || results.empty()) {
                entry.answer = Error{fmt::format("server DNS lookup failed: {}: {}", host, failure.message()), "08006"};
                entry.good_until = Steady::now() + bad_ttl;
            } else {
                entry.answer = to_addresses(results);
                entry.good_until = Steady::now() + ttl;
            }
            for (const auto& [port, answer] : std::exchange(entry.waiting, {})) {
                reply(entry, port, answer);
            }
        });
    }

    asio::io_context& io;
    asio::ip::tcp::resolver resolver;
    std::map<std::string, Entry> entries;
};

Resolver::Resolver(asio::io_context& io) : state_(std::make_shared<State>(io)) {}
Resolver::~Resolver() { state_->resolver.cancel(); }

void Resolver::resolve(std::string host, int port, std::chrono::microseconds ttl, std::chrono::microseconds bad_ttl, Answer answer) {
    asio::post(state_->io, [state = state_, host = std::move(host), port, ttl, bad_ttl, answer = std::move(answer)]() {
        auto& entry = state->entries[host];
        if (!entry.asking && Steady::now() < entry.good_until) {
            State::reply(entry, port, answer);
            return;
        }
        entry.waiting.emplace_back(port, answer);
        if (!entry.asking) {
            entry.asking = true;
            state->ask(host, ttl, bad_ttl);
        }
    });
}

std::vector<Resolver::Known> Resolver::known() const {
    std::vector<Known> all;
    for (const auto& [host, entry] : state_->entries) {
        Known known;
        known.host = host;
        known.seconds_left = std::chrono::duration_cast<std::chrono::seconds>(entry.good_until - Steady::now()).count();
        if (entry.answer) {
            for (const auto& address : *entry.answer) {
                known.addresses += (known.addresses.empty() ? "" : ",") + address.host();
            }
        }
        all.push_back(std::move(known));
    }
    return all;
}

}  // namespace cenote::net
