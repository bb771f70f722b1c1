// What a loop tells its worker, one at a time.
#pragma once

#include "dataplane/io/stream.hpp"

#include <string_view>

namespace cenote::io {

struct Event {
    enum class Type : std::uint8_t {
        kBytes,  // `bytes` arrived; they stay valid until the next call of Loop::next, and what is not consumed goes to Loop::keep. Always
                 // by way of Loop::gather: the view may be empty, and all that arrived in Stream::in
        kEnd,    // the peer's end, or an error: nothing more will come
        kSent,   // all of `out` has gone, which Stream::tell_sent asked to be told
        kLeft,   // the stream is off this loop, as Loop::leave asked
    };
    Type type = Type::kBytes;
    Stream* stream = nullptr;
    std::string_view bytes;
};

}  // namespace cenote::io
