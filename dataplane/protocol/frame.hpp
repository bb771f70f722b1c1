// The five bytes before every message: type and Int32 length. Read in place; nothing is copied or allocated for a length that a peer
// claims.
#pragma once

#include <cstdint>
#include <string_view>

namespace cenote::protocol {

inline constexpr std::size_t kHeaderSize = 5;

struct FrameHeader {
    char type = 0;
    std::uint32_t length = 0;  // as sent: the length field and the body, without the type byte

    /// The whole message on the wire.
    [[nodiscard]] std::uint64_t total() const noexcept { return std::uint64_t{1} + length; }
    /// A length below its own four bytes is a broken peer.
    [[nodiscard]] bool valid() const noexcept { return length >= 4; }
};

/// REQUIRES: bytes.size() >= kHeaderSize.
[[nodiscard]] inline FrameHeader read_header(std::string_view bytes) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])); };
    return {bytes[0], at(1) << 24U | at(2) << 16U | at(3) << 8U | at(4)};
}

}  // namespace cenote::protocol
