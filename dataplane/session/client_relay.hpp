// Cuts a client's byte stream into what is to be done with it. No I/O, no allocation, no copy: a step names a prefix of the bytes given.
// One per client (16 bytes); the client's worker only. Every cut of the stream gives the same bytes and decisions (property-tested).
//
//   linked to a server | next bytes                     | step
//   no                 | X                              | kTerminate
//   no                 | d c f H                        | kDiscard: late COPY data after an error, a Flush with nothing to flush
//   no                 | Q F P B D E C S                | kNeedServer, nothing is consumed
//   yes                | any of these                   | kForward, the tracker is told
//   either             | less than a header             | kNeedMore
//   either             | unknown type, absurd length    | kError
#pragma once

#include "dataplane/session/transaction_tracker.hpp"

#include <cstdint>
#include <string_view>

namespace cenote::session {

class ClientRelay {
public:
    enum class Kind : std::uint8_t { kNeedMore, kForward, kDiscard, kNeedServer, kTerminate, kError };
    struct Step {
        Kind kind = Kind::kNeedMore;
        std::size_t size = 0;  // bytes consumed
        char starts = 0;       // the type of the message that begins with this step, 0 if it goes on with one
    };

    /// server: the tracker of the linked server, nullptr while unlinked.
    [[nodiscard]] Step next(std::string_view bytes, TransactionTracker* server, std::uint32_t max_packet_size);

    /// Between two messages: the server may be taken away.
    [[nodiscard]] bool at_boundary() const noexcept { return remaining_ == 0; }

private:
    std::uint64_t remaining_ = 0;  // bytes of the current message that have not come yet
    bool discarding_ = false;
};

}  // namespace cenote::session
