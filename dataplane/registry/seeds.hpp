// What passes between the gate and the workers: finished clients and finished servers one way, wishes the other. Values; who holds one
// owns what is in it.
#pragma once

#include "dataplane/base/error.hpp"
#include "dataplane/net/socket.hpp"
#include "dataplane/registry/admission.hpp"
#include "dataplane/registry/place.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cenote::registry {

/// A client that is logged in and was told that it may ask.
struct ClientSeed {
    net::Fd fd;
    Admission admission;
    session::Parameters parameters;
    std::uint32_t slot = 0;  // in its worker's table, reserved for it there (KeySlots); with the secret, its cancel key
    std::int32_t secret = 0;
    std::uint64_t id = 0;
    TimePoint connected_at;
    std::string bytes;  // sent along behind the password: legal, if rare
};

/// A server connection that is logged in and ready for a query; its place is counted as open.
struct ServerSeed {
    net::Fd fd;
    Place place;
    std::uint32_t epoch = 0;
    net::Address address;
    std::int32_t process_id = 0;
    std::int32_t secret_key = 0;
    session::Parameters parameters;  // what it reported, by TrackedNames
    std::uint64_t id = 0;
    TimePoint connected_at;  // when the connect began
};

/// To the gate: open a connection for this place.
struct DialOrder {
    Place place;
    std::uint32_t epoch = 0;  // of the pool, read before its settings are
};

/// To the gate: tell this server to cancel what it runs.
struct CancelOrder {
    enum class Outcome : std::uint8_t {
        kNotSent,    // it never reached PostgreSQL
        kDelivered,  // PostgreSQL closed the connection: the signal has been sent
        kUnknown,    // sent, and no answer within cancel_wait_timeout
    };
    net::Address address;
    std::int32_t process_id = 0;
    std::int32_t secret_key = 0;
    std::function<void(Outcome)> done;  // called on the gate's thread, exactly once
};

}  // namespace cenote::registry
