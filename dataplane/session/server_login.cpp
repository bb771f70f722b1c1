#include "dataplane/session/server_login.hpp"

#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <fmt/format.h>

namespace cenote::session {
namespace {

namespace backend = protocol::backend;
constexpr std::uint32_t kMaxLoginMessage = 64 * 1024;

Error error_of(std::string_view body) {
    const auto fields = protocol::parse_error(body);
    return {
        fields.message.empty() ? "the server refused the login without a reason" : fields.message,
        fields.sqlstate.empty() ? "08006" : fields.sqlstate
    };
}

}  // namespace

ServerLogin::ServerLogin(Options options, std::unique_ptr<auth::ServerAuthenticator> authenticator)
    : options_(std::move(options)), authenticator_(std::move(authenticator)) {}

std::string ServerLogin::startup_bytes() const {
    protocol::StartupMessage message;
    message.parameters = {{"user", options_.user}, {"database", options_.database}};
    message.parameters.insert(message.parameters.end(), options_.parameters.begin(), options_.parameters.end());
    protocol::MessageWriter out;
    protocol::write_startup_message(out, message);
    return out.take();
}

Result<std::string> ServerLogin::on_authentication(std::string_view body) {
    auto reply = authenticator_->on_request(body);
    if (!reply) {
        return std::move(reply).error();
    }
    authenticated_ = reply->done;
    protocol::MessageWriter out;
    if (!reply->payload.empty()) {
        out.message(protocol::frontend::kPasswordMessage, reply->payload);
    }
    return out.take();
}

Result<ServerLogin::Step> ServerLogin::on_bytes(std::string_view bytes) {
    Step step;
    while (bytes.size() - step.consumed >= protocol::kHeaderSize) {
        const auto rest = bytes.substr(step.consumed);
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxLoginMessage) {
            return Error{fmt::format("invalid message during server login (type 0x{:02x})", static_cast<unsigned char>(header.type))};
        }
        if (rest.size() < header.total()) {
            break;
        }
        const auto body = rest.substr(protocol::kHeaderSize, header.length - 4);
        step.consumed += static_cast<std::size_t>(header.total());
        protocol::WireReader reader(body);
        switch (header.type) {
            case backend::kAuthentication: {
                if (authenticated_) {
                    return Error{"the server asked for authentication twice"};
                }
                auto reply = on_authentication(body);
                if (!reply) {
                    return std::move(reply).error();
                }
                step.send += *reply;
                break;
            }
            case backend::kErrorResponse:
                return error_of(body);
            case backend::kNoticeResponse:
            case backend::kNegotiateProtocolVersion:
                break;
            case backend::kParameterStatus: {
                const auto name = reader.string();
                const auto value = reader.string();
                if (!authenticated_ || !reader.ok()) {
                    return Error{"invalid ParameterStatus during server login"};
                }
                welcome_.parameters.emplace_back(name, value);
                break;
            }
            case backend::kBackendKeyData:
                welcome_.process_id = reader.int32();
                welcome_.secret_key = reader.int32();
                if (!authenticated_ || !reader.ok()) {
                    return Error{"invalid BackendKeyData during server login"};
                }
                break;
            case backend::kReadyForQuery:
                if (!authenticated_ || body != "I") {
                    return Error{"invalid ReadyForQuery during server login"};
                }
                step.ready = true;
                return step;
            default:
                return Error{fmt::format("unexpected message during server login (type 0x{:02x})", static_cast<unsigned char>(header.type))
                };
        }
    }
    return step;
}

}  // namespace cenote::session
