// Lets the two authenticators talk to each other in memory: one proves a client, the other is that client.
#pragma once

#include "dataplane/auth/client_authenticator.hpp"
#include "dataplane/auth/server_authenticator.hpp"
#include "dataplane/auth/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cenote::auth {

/// 0, 1, 2, …: each source starts anew, so that two runs are equal.
inline RandomSource counting_bytes(std::uint8_t first = 0) {
    return [next = first](std::span<std::uint8_t> out) mutable {
        for (std::uint8_t& byte : out) {
            byte = next++;
        }
    };
}

inline const ScramKey& test_salt_key() {
    static const ScramKey key{42};
    return key;
}

inline std::unique_ptr<ClientAuthenticator> make_gate(AuthMethod method, const std::string& user, UserEntryRef entry, int iterations = 16) {
    return make_client_authenticator(method, user, std::move(entry), iterations, counting_bytes(100), test_salt_key());
}

/// What happens to a message on its way; the two directions in turn: 'R' bodies are even, 'p' bodies odd.
using Meddler = std::function<std::string(std::size_t index, std::string body)>;

struct Exchange {
    bool accepted = false;              // by the gate
    bool done = false;                  // the client is content with the server's proof too
    Step last;                          // of the gate
    std::optional<Error> client_error;  // the client's reason to hang up
    std::vector<std::string> messages;  // as delivered
};

inline Exchange run_exchange(ClientAuthenticator& gate, ServerAuthenticator& client, const Meddler& meddle = {}) {
    Exchange exchange;
    const auto deliver = [&](std::string body) {
        if (meddle) {
            body = meddle(exchange.messages.size(), std::move(body));
        }
        exchange.messages.push_back(body);
        return body;
    };
    const auto ask = [&](std::string body) -> std::optional<ServerAuthenticator::Reply> {
        auto reply = client.on_request(deliver(std::move(body)));
        if (!reply) {
            exchange.client_error = reply.error();
            return std::nullopt;
        }
        return *reply;
    };
    exchange.last = gate.start();
    while (exchange.last.kind == Step::Kind::kSend) {
        const auto reply = ask(exchange.last.payload);
        if (!reply) {
            return exchange;
        }
        exchange.last = gate.on_response(deliver(reply->payload));
    }
    exchange.accepted = exchange.last.kind == Step::Kind::kAccepted;
    if (!exchange.accepted || (!exchange.last.payload.empty() && !ask(exchange.last.payload))) {
        return exchange;
    }
    const auto reply = ask(write_int32(kAuthOk));
    exchange.done = reply && reply->done;
    return exchange;
}

}  // namespace cenote::auth
