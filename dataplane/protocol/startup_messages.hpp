// The packets without a type byte that open a connection: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/protocol/message_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cenote::protocol {

inline constexpr std::int32_t kProtocol30 = 3 << 16;
/// PostgreSQL's MAX_STARTUP_PACKET_LENGTH: checked before the packet is waited for.
inline constexpr std::uint32_t kMaxStartupLength = 10000;

struct StartupMessage {
    std::int32_t protocol = kProtocol30;
    std::vector<std::pair<std::string, std::string>> parameters;  // in the order sent

    [[nodiscard]] const std::string* find(std::string_view name) const;
};
struct SslRequest {};
struct GssEncRequest {};
struct CancelRequest {
    std::int32_t process_id = 0;
    std::int32_t secret_key = 0;
};
struct NeedMore {};

using StartupPacket = std::variant<NeedMore, StartupMessage, SslRequest, GssEncRequest, CancelRequest>;

/// One packet from the front of `bytes`; NeedMore until it is whole. `size` is set to the bytes it takes.
[[nodiscard]] Result<StartupPacket> parse_startup_packet(std::string_view bytes, std::size_t& size);

void write_startup_message(MessageWriter& out, const StartupMessage& message);
void write_cancel_request(MessageWriter& out, const CancelRequest& request);
/// "the newest minor version I speak is 3.0", and the protocol options ("_pq_.…") that are not known here.
void write_negotiate_protocol_version(MessageWriter& out, const std::vector<std::string>& unknown_options);

}  // namespace cenote::protocol
