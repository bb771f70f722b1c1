// One socket on a loop: its descriptor, whether it is read, and the bytes that wait on either side. Embedded in a client or a server
// connection, which owns it; the worker's thread only. All its I/O goes through io::Loop, so this is where TLS slips in: between what the
// loop receives and what its owner is given.
//
// An idle stream borrows nothing: `in` and `out` are null.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace cenote::io {

enum class Kind : std::uint8_t { kNone, kClient, kServer };

/// What a stream that is not read is still watched for.
enum class Paused : std::uint8_t {
    kWatchEnd,    // its end: a waiting client that hangs up is let go at once
    kWatchError,  // nothing but a broken connection: a server whose client does not read may have left a result behind
};

struct Stream {
    int fd = -1;
    Kind kind = Kind::kNone;
    bool reading = false;              // bytes are wanted
    bool broken = false;               // a send failed: nothing more is sent, the end comes by reading
    bool tell_sent = false;            // Event::Type::kSent is wanted once `out` is empty
    bool lean = false;                 // takes a little at a time: who waits for a server must not fill our memory meanwhile
    std::uint32_t armed = 0;           // the engine's: epoll's mask, or what io_uring has in flight
    std::uint32_t index = 0;           // the engine's: place in its table; 0 = on no loop
    void* owner = nullptr;             // the client or server it is part of, by `kind`
    std::unique_ptr<std::string> in;   // received, not consumed yet: part of a message, or bytes that wait for a server
    std::unique_ptr<std::string> out;  // to be sent as soon as the socket takes it
};

}  // namespace cenote::io
