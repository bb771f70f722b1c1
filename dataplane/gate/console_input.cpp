#include "dataplane/gate/console_input.hpp"

#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/take_message.hpp"

namespace cenote::gate {

using Kind = ConsoleInput::Kind;

ConsoleInput take_console_input(std::string_view& rest) {
    const auto taken = protocol::take_message(rest, kMaxConsoleMessage);
    if (std::holds_alternative<protocol::NeedMore>(taken)) {
        return {};
    }
    const auto* message = std::get_if<protocol::Message>(&taken);
    if (message == nullptr) {
        return {Kind::kRefused, {}, Error{"bad packet", protocol::sqlstate::kProtocolViolation}};
    }
    switch (message->type) {
        case protocol::frontend::kTerminate:
            return {Kind::kTerminate};
        case protocol::frontend::kQuery:
            return {Kind::kQuery, std::string(message->body.substr(0, message->body.find('\0')))};
        default:
            return {
                Kind::kRefused, {}, Error{"extended query protocol not supported by admin console", protocol::sqlstate::kProtocolViolation}
            };
    }
}

}  // namespace cenote::gate
