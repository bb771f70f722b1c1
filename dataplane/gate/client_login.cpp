#include "dataplane/gate/client_login.hpp"

#include "dataplane/base/assert.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/take_message.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::gate {
namespace {

namespace sqlstate = protocol::sqlstate;
using Kind = ClientLogin::Step::Kind;

auth::AuthMethod method_of(config::AuthType type) {
    switch (type) {
        case config::AuthType::kAny:
            return auth::AuthMethod::kAny;
        case config::AuthType::kTrust:
            return auth::AuthMethod::kTrust;
        case config::AuthType::kPlain:
            return auth::AuthMethod::kPlain;
        case config::AuthType::kMd5:
            return auth::AuthMethod::kMd5;
        default:
            return auth::AuthMethod::kScramSha256;  // the loader refuses the kinds that are not there yet
    }
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

ClientLogin::ClientLogin(registry::RuntimeRef runtime, std::string peer) : runtime_(std::move(runtime)), peer_(std::move(peer)) {}

ClientLogin::Step ClientLogin::refused(Error error) {
    state_ = State::kEnded;
    Step step;
    step.kind = Kind::kRefused;
    step.error = std::move(error);
    return step;
}

ClientLogin::Step ClientLogin::on_bytes(std::string_view bytes) {
    std::string_view rest = bytes;
    std::string send;
    Step step;
    do {
        const std::size_t before = rest.size();
        step = state_ == State::kStartup ? on_startup(rest) : on_password(rest);
        send += step.send;
        if (rest.size() == before) {
            break;
        }
    } while (step.kind == Kind::kMore && !rest.empty());
    step.send = std::move(send);
    step.consumed = bytes.size() - rest.size();
    return step;
}

ClientLogin::Step ClientLogin::on_startup(std::string_view& rest) {
    if (rest.size() >= 4) {
        // PostgreSQL answers nothing to such a thing, and so nobody expects an answer: a driver that says goodbye before it said hello, a
        // browser, a TLS handshake without an SSLRequest.
        const auto length = static_cast<std::uint32_t>(protocol::WireReader(rest).int32());
        if (length < 8 || length > protocol::kMaxStartupLength) {
            Step step = refused(Error{fmt::format("invalid length of startup packet: {}", length)});
            step.kind = Kind::kBroken;
            return step;
        }
    }
    std::size_t size = 0;
    const auto packet = protocol::parse_startup_packet(rest, size);
    if (!packet) {
        return refused(Error{packet.error().message, sqlstate::kProtocolViolation});
    }
    if (std::holds_alternative<protocol::NeedMore>(*packet)) {
        return {};
    }
    rest.remove_prefix(size);
    if (const auto* cancel = std::get_if<protocol::CancelRequest>(&*packet)) {
        state_ = State::kEnded;
        Step step;
        step.kind = Kind::kCancel;
        step.cancel = *cancel;
        return step;
    }
    if (const auto* message = std::get_if<protocol::StartupMessage>(&*packet)) {
        return on_message(*message);
    }
    bool& asked = std::holds_alternative<protocol::SslRequest>(*packet) ? ssl_asked_ : gss_asked_;
    // Bytes behind an encryption request were sent before its answer: an attacker's, or a broken client's (CVE-2021-3935).
    if (asked || !rest.empty()) {
        return refused(Error{"unexpected data after an encryption request", sqlstate::kProtocolViolation});
    }
    asked = true;
    Step step;
    step.send = "N";
    return step;
}

ClientLogin::Step ClientLogin::on_message(const protocol::StartupMessage& message) {
    const auto& config = *runtime_->config;
    auto identity = session::read_startup(message, runtime_->tracked, config.ignore_startup_parameters, peer_);
    if (!identity) {
        return refused(std::move(identity).error());
    }
    identity_ = std::move(*identity);
    state_ = State::kNamed;
    Step step;
    step.kind = Kind::kNamed;
    if (identity_.negotiate) {
        protocol::MessageWriter out;
        protocol::write_negotiate_protocol_version(out, identity_.unknown_options);
        step.send = out.take();
    }
    return step;
}

std::optional<Error> ClientLogin::console_refusal(const Facts& facts) {
    const auto& config = *runtime_->config;
    const bool own_user = facts.own_user && identity_.user == kConsole;
    if (own_user || contains(config.admin_users, identity_.user)) {
        access_ = admin::Access::kAdmin;
    } else if (!contains(config.stats_users, identity_.user)) {
        return Error{"not allowed", sqlstate::kInvalidAuthorization};
    }
    needs_no_password_ = own_user;
    return std::nullopt;
}

std::optional<Error> ClientLogin::refusal(const Facts& facts) {
    CENOTE_CHECK(state_ == State::kNamed);
    if (for_console()) {
        return console_refusal(facts);
    }
    if (identity_.replication) {
        return Error{"replication connections are not supported", sqlstate::kFeatureNotSupported};
    }
    if (facts.shutting_down) {
        return Error{"pooler is shutting down", sqlstate::kAdminShutdown};
    }
    if (facts.disabled) {
        return Error{fmt::format("database \"{}\" is disabled", identity_.database), sqlstate::kCannotConnectNow};
    }
    return std::nullopt;
}

ClientLogin::Step ClientLogin::authenticate() {
    CENOTE_CHECK(state_ == State::kNamed);
    if (needs_no_password_) {
        return on_answer({auth::Step::Kind::kAccepted, {}, {}, {}});
    }
    authenticator_ = auth::make_client_authenticator(
        method_of(runtime_->config->auth_type), identity_.user, runtime_->users->find(identity_.user), runtime_->config->scram_iterations
    );
    state_ = State::kAuthenticate;
    return on_answer(authenticator_->start());
}

ClientLogin::Step ClientLogin::on_password(std::string_view& rest) {
    CENOTE_CHECK(state_ == State::kAuthenticate);
    const std::string_view before = rest;
    const auto taken = protocol::take_message(rest, auth::kMaxAuthResponse);
    // The type is judged before the message is whole: another message may be as long as it likes.
    if (!before.empty() && before.front() != protocol::frontend::kPasswordMessage) {
        return refused(Error{"unexpected message during authentication", sqlstate::kProtocolViolation});
    }
    if (std::holds_alternative<protocol::NeedMore>(taken)) {
        return {};
    }
    const auto* message = std::get_if<protocol::Message>(&taken);
    if (message == nullptr) {
        return refused(Error{"unexpected message during authentication", sqlstate::kProtocolViolation});
    }
    if (authenticator_->derives_next()) {
        response_ = message->body;
        state_ = State::kDerive;
        Step step;
        step.kind = Kind::kDerive;
        return step;
    }
    return on_answer(authenticator_->on_response(message->body));
}

void ClientLogin::derive() { derived_ = authenticator_->on_response(response_); }

ClientLogin::Step ClientLogin::derived() {
    CENOTE_CHECK(state_ == State::kDerive);
    state_ = State::kAuthenticate;
    response_.clear();
    return on_answer(derived_);
}

ClientLogin::Step ClientLogin::on_answer(const auth::Step& answer) {
    switch (answer.kind) {
        case auth::Step::Kind::kSend: {
            protocol::MessageWriter out;
            out.message(protocol::backend::kAuthentication, answer.payload);
            Step step;
            step.send = out.take();
            return step;
        }
        case auth::Step::Kind::kAccepted: {
            state_ = State::kEnded;
            final_payload_ = answer.payload;
            Step step;
            step.kind = Kind::kPassed;
            return step;
        }
        case auth::Step::Kind::kRejected:
            break;
    }
    Step step = refused(answer.error);
    step.log = answer.log;
    return step;
}

}  // namespace cenote::gate
