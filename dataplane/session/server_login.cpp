#include "dataplane/session/server_login.hpp"

#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::session {
namespace {

namespace backend = protocol::backend;
constexpr std::uint64_t kMaxLoginMessage = 64 * 1024;

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

Error ServerLogin::fail(Failure why, Error error) {
    why_ = why;
    state_ = State::kFailed;
    return error;
}

Error ServerLogin::unexpected(protocol::Message message) {
    return fail(
        Failure::kBroken,
        Error{fmt::format("unexpected message during server login (type 0x{:02x})", static_cast<unsigned char>(message.type))}
    );
}

Result<void> ServerLogin::on_authentication(std::string_view body, Step& step) {
    asked_ = true;
    auto reply = authenticator_->on_request(body);
    if (!reply) {
        const bool no_password = reply.error().sqlstate == protocol::sqlstate::kInvalidPassword;
        return fail(no_password ? Failure::kNoPassword : Failure::kBroken, std::move(reply).error());
    }
    if (reply->done) {
        state_ = State::kSettle;
    }
    if (!reply->payload.empty()) {
        protocol::MessageWriter out;
        out.message(protocol::frontend::kPasswordMessage, reply->payload);
        step.send += out.data();
    }
    return {};
}

Result<void> ServerLogin::on_parameter(std::string_view body) {
    protocol::WireReader reader(body);
    const auto name = reader.string();
    const auto value = reader.string();
    if (!reader.ok()) {
        return fail(Failure::kBroken, Error{"invalid ParameterStatus during server login"});
    }
    auto& all = welcome_.parameters;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == name; });
    if (found != all.end()) {
        found->second = value;
    } else {
        all.emplace_back(name, value);
    }
    return {};
}

Result<void> ServerLogin::on_key(std::string_view body) {
    protocol::WireReader reader(body);
    welcome_.process_id = reader.int32();
    welcome_.secret_key = reader.int32();
    if (!reader.ok()) {
        return fail(Failure::kBroken, Error{"invalid BackendKeyData during server login"});
    }
    return {};
}

Result<void> ServerLogin::on_ready(std::string_view body, Step& step) {
    if (body != "I") {
        // connect_query may have left a transaction open: such a server cannot be lent to anybody.
        return fail(
            Failure::kBroken,
            Error{state_ == State::kConnectQuery ? "connect_query left a transaction open" : "invalid ReadyForQuery during server login"}
        );
    }
    if (state_ == State::kSettle && !options_.connect_query.empty()) {
        protocol::MessageWriter out;
        protocol::write_query(out, options_.connect_query);
        step.send += out.data();
        state_ = State::kConnectQuery;
        return {};
    }
    state_ = State::kReady;
    step.ready = true;
    return {};
}

Result<void> ServerLogin::take(protocol::Message message, Step& step) {
    const bool querying = state_ == State::kConnectQuery;
    switch (message.type) {
        case backend::kNoticeResponse:
            return {};
        case backend::kErrorResponse:
            if (querying) {
                connect_query_error_ = protocol::parse_error(message.body).message;
                return {};
            }
            return fail(Failure::kRefused, error_of(message.body));
        case backend::kNegotiateProtocolVersion:
            if (state_ != State::kAuthenticate || asked_) {
                break;
            }
            return {};
        case backend::kAuthentication:
            if (state_ != State::kAuthenticate) {
                break;
            }
            return on_authentication(message.body, step);
        case backend::kParameterStatus:
            if (state_ == State::kAuthenticate) {
                break;
            }
            return on_parameter(message.body);
        case backend::kBackendKeyData:
            if (state_ != State::kSettle) {
                break;
            }
            return on_key(message.body);
        case backend::kReadyForQuery:
            if (state_ == State::kAuthenticate) {
                break;
            }
            return on_ready(message.body, step);
        case backend::kRowDescription:
        case backend::kDataRow:
        case backend::kCommandComplete:
        case backend::kNotificationResponse:
        case 'I':  // EmptyQueryResponse
            if (querying) {
                return {};
            }
            break;
        default:
            break;
    }
    return unexpected(message);
}

Result<ServerLogin::Step> ServerLogin::on_bytes(std::string_view bytes) {
    Step step;
    std::string_view rest = bytes;
    while (state_ != State::kReady && state_ != State::kFailed) {
        const std::string_view before = rest;
        const auto taken = protocol::take_message(rest, kMaxLoginMessage);
        if (std::holds_alternative<protocol::NeedMore>(taken)) {
            break;
        }
        if (const auto* broken = std::get_if<protocol::Broken>(&taken)) {
            return fail(
                Failure::kBroken,
                Error{fmt::format("invalid message during server login (type 0x{:02x})", static_cast<unsigned char>(broken->type))}
            );
        }
        const auto& message = std::get<protocol::Message>(taken);
        if (state_ == State::kAuthenticate && message.type == backend::kAuthentication && !derived_) {
            step.derivation = authenticator_->derivation_for(message.body);
            if (step.derivation) {
                derived_ = true;
                step.consumed = bytes.size() - before.size();
                return step;
            }
        }
        if (auto done = take(message, step); !done) {
            return std::move(done).error();
        }
    }
    step.consumed = bytes.size() - rest.size();
    return step;
}

}  // namespace cenote::session
