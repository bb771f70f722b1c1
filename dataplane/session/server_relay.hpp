// Cuts a linked server's byte stream into what is to be done with it. No I/O, no allocation, no copy. One per server connection; its
// worker only. Only ReadyForQuery and ParameterStatus are waited for whole; everything else passes in the pieces it comes in.
//
//   next bytes                         | step
//   Z, whole                           | kReadyForQuery: forward, the tracker is told, the status byte is given
//   S, whole, of a sane length         | kParameterStatus: forward, name and value are given
//   A message of any other type        | kForward
//   less than what must be whole       | kNeedMore
//   a length below four, a broken Z    | kError
#pragma once

#include "dataplane/session/transaction_tracker.hpp"

#include <cstdint>
#include <string_view>

namespace cenote::session {

class ServerRelay {
public:
    enum class Kind : std::uint8_t { kNeedMore, kForward, kReadyForQuery, kParameterStatus, kError };
    struct Step {
        Kind kind = Kind::kNeedMore;
        std::size_t size = 0;
        char starts = 0;  // the type of the message that begins with this step
        std::string_view name;
        std::string_view value;
    };

    [[nodiscard]] Step next(std::string_view bytes, TransactionTracker& tracker);
    [[nodiscard]] bool at_boundary() const noexcept { return remaining_ == 0; }

private:
    std::uint64_t remaining_ = 0;
};

}  // namespace cenote::session
