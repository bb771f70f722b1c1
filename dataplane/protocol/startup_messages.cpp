#include "dataplane/protocol/startup_messages.hpp"

#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <fmt/format.h>

namespace cenote::protocol {
namespace {

constexpr std::int32_t kCancelRequestCode = 1234 << 16 | 5678;
constexpr std::int32_t kSslRequestCode = 1234 << 16 | 5679;
constexpr std::int32_t kGssEncRequestCode = 1234 << 16 | 5680;

Result<StartupPacket> parse_startup_message(std::int32_t protocol, WireReader reader) {
    if (protocol >> 16 != 3) {
        return Error{fmt::format("unsupported protocol version {}.{}", protocol >> 16, protocol & 0xFFFF)};
    }
    StartupMessage message;
    message.protocol = protocol;
    while (true) {
        const auto name = reader.string();
        if (!reader.ok()) {
            return Error{"invalid startup packet: no terminator"};
        }
        if (name.empty()) {
            break;
        }
        const auto value = reader.string();
        if (!reader.ok()) {
            return Error{"invalid startup packet: a parameter has no value"};
        }
        message.parameters.emplace_back(name, value);
    }
    if (!reader.at_end()) {
        return Error{"invalid startup packet: bytes after the terminator"};
    }
    return StartupPacket{std::move(message)};
}

}  // namespace

const std::string* StartupMessage::find(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
        if (key == name) {
            return &value;
        }
    }
    return nullptr;
}

Result<StartupPacket> parse_startup_packet(std::string_view bytes, std::size_t& size) {
    size = 0;
    if (bytes.size() < 4) {
        return StartupPacket{NeedMore{}};
    }
    const auto length = static_cast<std::uint32_t>(WireReader(bytes).int32());
    if (length < 8 || length > kMaxStartupLength) {
        return Error{fmt::format("invalid length of startup packet: {}", length)};
    }
    if (bytes.size() < length) {
        return StartupPacket{NeedMore{}};
    }
    size = length;
    WireReader reader(bytes.substr(4, length - 4));
    const std::int32_t code = reader.int32();
    switch (code) {
        case kSslRequestCode:
        case kGssEncRequestCode:
            if (length != 8) {
                return Error{"invalid length of an encryption request"};
            }
            if (code == kSslRequestCode) {
                return StartupPacket{SslRequest{}};
            }
            return StartupPacket{GssEncRequest{}};
        case kCancelRequestCode: {
            if (length != 16) {
                return Error{"invalid length of CancelRequest"};
            }
            CancelRequest request;
            request.process_id = reader.int32();
            request.secret_key = reader.int32();
            return StartupPacket{request};
        }
        default:
            return parse_startup_message(code, reader);
    }
}

void write_startup_message(MessageWriter& out, const StartupMessage& message) {
    out.begin_untyped();
    out.int32(message.protocol);
    for (const auto& [name, value] : message.parameters) {
        out.cstring(name);
        out.cstring(value);
    }
    out.byte1('\0');
    out.end();
}

void write_cancel_request(MessageWriter& out, const CancelRequest& request) {
    out.begin_untyped();
    out.int32(kCancelRequestCode);
    out.int32(request.process_id);
    out.int32(request.secret_key);
    out.end();
}

void write_negotiate_protocol_version(MessageWriter& out, const std::vector<std::string>& unknown_options) {
    out.begin(backend::kNegotiateProtocolVersion);
    out.int32(kProtocol30);
    out.int32(static_cast<std::int32_t>(unknown_options.size()));
    for (const auto& option : unknown_options) {
        out.cstring(option);
    }
    out.end();
}

}  // namespace cenote::protocol
