// One typed message from the front of a byte stream, with a bound that is checked before its body is waited for.
#pragma once

#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/startup_messages.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace cenote::protocol {

struct Message {
    char type = 0;
    std::string_view body;  // within the bytes it was taken from
};
/// A length below its own four bytes, or above the limit.
struct Broken {
    char type = 0;
    std::uint32_t length = 0;
};
using Taken = std::variant<NeedMore, Broken, Message>;

/// limit: the largest body. A Message is removed from `rest`; the other two leave it as it was.
[[nodiscard]] inline Taken take_message(std::string_view& rest, std::uint64_t limit) noexcept {
    if (rest.size() < kHeaderSize) {
        return NeedMore{};
    }
    const FrameHeader header = read_header(rest);
    if (!header.valid() || header.length - 4 > limit) {
        return Broken{header.type, header.length};
    }
    if (rest.size() < header.total()) {
        return NeedMore{};
    }
    const Message message{header.type, rest.substr(kHeaderSize, header.length - 4)};
    rest.remove_prefix(static_cast<std::size_t>(header.total()));
    return message;
}

}  // namespace cenote::protocol
