#include "dataplane/session/client_relay.hpp"

#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"

#include <algorithm>
#include <array>

namespace cenote::session {
namespace {

namespace frontend = protocol::frontend;

enum class Class : std::uint8_t { kUnknown, kRequest, kIdleIgnorable, kTerminate };

constexpr auto kClasses = [] {
    std::array<Class, 256> classes{};
    for (const char type :
         {frontend::kQuery, frontend::kFunctionCall, frontend::kParse, frontend::kBind, frontend::kDescribe, frontend::kExecute,
          frontend::kClose, frontend::kSync}) {
        classes[static_cast<std::uint8_t>(type)] = Class::kRequest;
    }
    for (const char type : {frontend::kCopyData, frontend::kCopyDone, frontend::kCopyFail, frontend::kFlush}) {
        classes[static_cast<std::uint8_t>(type)] = Class::kIdleIgnorable;
    }
    classes[static_cast<std::uint8_t>(frontend::kTerminate)] = Class::kTerminate;
    return classes;
}();

}  // namespace

ClientRelay::Step ClientRelay::next(std::string_view bytes, TransactionTracker* server, std::uint32_t max_packet_size) {
    if (remaining_ > 0) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
        remaining_ -= size;
        return {size == 0 ? Kind::kNeedMore : discarding_ ? Kind::kDiscard : Kind::kForward, size, 0};
    }
    if (bytes.size() < protocol::kHeaderSize) {
        return {};
    }
    const auto header = protocol::read_header(bytes);
    const auto message_class = kClasses[static_cast<std::uint8_t>(header.type)];
    if (!header.valid() || header.length > max_packet_size || message_class == Class::kUnknown) {
        return {Kind::kError, 0, header.type};
    }
    if (message_class == Class::kTerminate) {
        return {Kind::kTerminate, 0, header.type};
    }
    discarding_ = server == nullptr && message_class == Class::kIdleIgnorable;
    if (server == nullptr && !discarding_) {
        return {Kind::kNeedServer, 0, header.type};
    }
    if (server != nullptr) {
        server->on_client_message(header.type);
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(header.total(), bytes.size()));
    remaining_ = header.total() - size;
    return {discarding_ ? Kind::kDiscard : Kind::kForward, size, header.type};
}

}  // namespace cenote::session
