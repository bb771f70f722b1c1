// The two sides of a connection that goes through the fault proxy, and what is on its way to each.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace cenote::soak {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kCancelRequest = 80877102;

// One side of a pair: its socket, and the pieces that are still to be written to it.
struct Side {
    struct Piece {
        Clock::time_point due;
        std::string bytes;
        bool last = false;  // the connection is cut once it is written
    };
    int fd = -1;
    std::uint32_t armed = 0;
    bool added = false;
    bool blocked = false;   // the socket takes no more for now
    bool ended = false;     // nothing more comes from this side
    bool told_end = false;  // this side was told that the other one ended
    std::deque<Piece> out;
    std::size_t queued = 0;
};

struct Pair {
    std::uint64_t number = 0;
    std::array<Side, 2> sides;  // 0 the client, 1 the server
    std::string first;          // the client's first bytes, until its kind is known
    bool known = false;
    bool spared = false;  // it carries a CancelRequest

    void learn(std::string_view bytes) {
        first.append(bytes);
        if (first.size() >= 8) {
            std::uint32_t code = 0;
            for (std::size_t index = 4; index < 8; ++index) {
                code = (code << 8) | static_cast<unsigned char>(first[index]);
            }
            spared = code == kCancelRequest;
            known = true;
            first.clear();
        }
    }
};

}  // namespace cenote::soak
