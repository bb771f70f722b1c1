#include "dataplane/session/server_relay.hpp"

#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <algorithm>

namespace cenote::session {
namespace {

// A ParameterStatus longer than this is passed on unread: no setting that is tracked is that long.
constexpr std::uint32_t kMaxParameterStatus = 8192;

}  // namespace

ServerRelay::Step ServerRelay::next(std::string_view bytes, TransactionTracker& tracker) {
    if (remaining_ > 0) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
        remaining_ -= size;
        return {size == 0 ? Kind::kNeedMore : Kind::kForward, size, 0, {}, {}};
    }
    if (bytes.size() < protocol::kHeaderSize) {
        return {};
    }
    const auto header = protocol::read_header(bytes);
    if (!header.valid()) {
        return {Kind::kError, 0, header.type, {}, {}};
    }
    const std::uint64_t total = header.total();
    if (header.type == protocol::backend::kReadyForQuery) {
        if (header.length != 5) {
            return {Kind::kError, 0, header.type, {}, {}};
        }
        if (bytes.size() < total) {
            return {};
        }
        tracker.on_ready_for_query(bytes[protocol::kHeaderSize]);
        return {Kind::kReadyForQuery, static_cast<std::size_t>(total), header.type, {}, {}};
    }
    if (header.type == protocol::backend::kParameterStatus && header.length <= kMaxParameterStatus) {
        if (bytes.size() < total) {
            return {};
        }
        protocol::WireReader body(bytes.substr(protocol::kHeaderSize, header.length - 4));
        const auto name = body.string();
        const auto value = body.string();
        if (!body.ok()) {
            return {Kind::kError, 0, header.type, {}, {}};
        }
        return {Kind::kParameterStatus, static_cast<std::size_t>(total), header.type, name, value};
    }
    tracker.on_server_message(header.type);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(total, bytes.size()));
    remaining_ = total - size;
    return {Kind::kForward, size, header.type, {}, {}};
}

}  // namespace cenote::session
