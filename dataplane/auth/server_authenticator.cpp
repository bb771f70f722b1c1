#include "dataplane/auth/server_authenticator.hpp"

#include "dataplane/auth/wire.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace cenote::auth {
namespace {

constexpr std::size_t kRawNonceLength = 18;
constexpr std::string_view kGs2Header = "n,,";

Error refuse(std::string message) { return Error{std::move(message)}; }

// What is known of the user does not answer what the server asks: invalid_password tells it from a server that breaks the protocol.
Error no_password(std::string message) { return Error{std::move(message), "28P01"}; }

// A PasswordMessage's body.
ServerAuthenticator::Reply password_reply(std::string text) {
    text += '\0';
    return {false, std::move(text)};
}

std::string_view name_of(std::int32_t code) {
    switch (code) {
        case kAuthKerberosV5:
            return "Kerberos V5";
        case kAuthScmCredential:
            return "SCM credentials";
        case kAuthGss:
        case kAuthGssContinue:
            return "GSSAPI";
        case kAuthSspi:
            return "SSPI";
        default:
            return "unknown";
    }
}

}  // namespace

ServerAuthenticator::ServerAuthenticator(std::string user, UserEntryRef entry, RandomSource random)
    : user_(std::move(user)), entry_(std::move(entry)), random_(std::move(random)) {}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_request(std::string_view body) {
    auto reply = handle(body);
    if (!reply) {
        state_ = State::kFailed;
    }
    return reply;
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::handle(std::string_view body) {
    const auto code = take_int32(body);
    if (!code) {
        return refuse("malformed authentication request from the server");
    }
    switch (*code) {
        case kAuthOk:
            if (!body.empty()) {
                return refuse("malformed AuthenticationOk from the server");
            }
            if (state_ == State::kFirstSent || state_ == State::kFinalSent) {
                return refuse("the server ended the SCRAM exchange without proving that it knows the password");
            }
            if (state_ != State::kStart && state_ != State::kPasswordSent && state_ != State::kServerProved) {
                break;
            }
            state_ = State::kDone;
            return Reply{true};
        case kAuthCleartextPassword:
            if (state_ != State::kStart || !body.empty()) {
                break;
            }
            return on_cleartext();
        case kAuthMd5Password:
            if (state_ != State::kStart || body.size() != 4) {
                break;
            }
            return on_md5(body);
        case kAuthSasl:
            if (state_ != State::kStart) {
                break;
            }
            return on_sasl(body);
        case kAuthSaslContinue:
            if (state_ != State::kFirstSent) {
                break;
            }
            return on_sasl_continue(body);
        case kAuthSaslFinal:
            if (state_ != State::kFinalSent) {
                break;
            }
            return on_sasl_final(body);
        default:
            return refuse(fmt::format("the server asks for an unsupported authentication method: {} (code {})", name_of(*code), *code));
    }
    return refuse(fmt::format("malformed or unexpected authentication request from the server (code {})", *code));
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_cleartext() {
    if (!entry_ || entry_->secret.kind != Secret::Kind::kPlain) {
        return no_password(
            fmt::format("the server asks for the password of user \"{}\" in clear text, and no plain password is known", user_)
        );
    }
    state_ = State::kPasswordSent;
    return password_reply(entry_->secret.text);
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_md5(std::string_view salt) {
    const Secret::Kind kind = entry_ ? entry_->secret.kind : Secret::Kind::kNone;
    if (kind != Secret::Kind::kPlain && kind != Secret::Kind::kMd5) {
        return no_password(
            fmt::format("cannot do MD5 authentication as user \"{}\": neither a plain password nor an md5 secret is known", user_)
        );
    }
    const std::string stored = kind == Secret::Kind::kMd5 ? entry_->secret.text : md5_with_salt(entry_->secret.text, user_);
    state_ = State::kPasswordSent;
    return password_reply(md5_with_salt(std::string_view(stored).substr(3), salt));
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_sasl(std::string_view mechanisms) {
    bool offered = false;
    for (;;) {
        const auto mechanism = take_cstring(mechanisms);
        if (!mechanism) {
            return refuse("malformed AuthenticationSASL from the server");
        }
        if (mechanism->empty()) {
            break;
        }
        offered = offered || *mechanism == kScramMechanism;
    }
    if (!mechanisms.empty()) {
        return refuse("malformed AuthenticationSASL from the server");
    }
    if (!offered) {
        return refuse("the server offers no SASL mechanism that is supported: SCRAM-SHA-256 is");
    }
    const Secret::Kind kind = entry_ ? entry_->secret.kind : Secret::Kind::kNone;
    if (kind != Secret::Kind::kPlain && kind != Secret::Kind::kScram) {
        return no_password(
            fmt::format("cannot do SCRAM authentication as user \"{}\": neither a plain password nor a SCRAM secret is known", user_)
        );
    }
    std::array<std::uint8_t, kRawNonceLength> nonce{};
    random_(nonce);
    client_nonce_ = base64_encode(nonce);
    client_first_bare_ = "n=,r=" + client_nonce_;  // the server takes the name from the StartupMessage
    std::string payload(kScramMechanism);
    payload += '\0';
    payload += write_int32(static_cast<std::int32_t>(kGs2Header.size() + client_first_bare_.size()));
    payload += kGs2Header;
    payload += client_first_bare_;
    state_ = State::kFirstSent;
    return Reply{false, std::move(payload)};
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_sasl_continue(std::string_view message) {
    const auto first = parse_server_first(message);
    if (!first) {
        return first.error();
    }
    if (first->nonce.size() <= client_nonce_.size() || first->nonce.compare(0, client_nonce_.size(), client_nonce_) != 0) {
        return refuse("invalid SCRAM response from the server (nonce mismatch)");
    }
    const auto keys = keys_for(*first);
    if (!keys) {
        return keys.error();
    }
    const std::string without_proof = fmt::format("c={},r={}", base64_encode(kGs2Header), first->nonce);
    const std::string signed_text = auth_message(client_first_bare_, message, without_proof);
    const ScramKey proof = exclusive_or(keys->client_key, client_signature(keys->stored_key, signed_text));
    expected_signature_ = server_signature(keys->server_key, signed_text);
    state_ = State::kFinalSent;
    return Reply{false, fmt::format("{},p={}", without_proof, base64_encode(proof))};
}

std::function<void()> ServerAuthenticator::derivation_for(std::string_view body) const {
    if (state_ != State::kFirstSent || !entry_ || entry_->secret.kind != Secret::Kind::kPlain || take_int32(body) != kAuthSaslContinue) {
        return {};
    }
    auto first = parse_server_first(body);
    if (!first || entry_->cache->knows(first->salt, first->iterations)) {
        return {};
    }
    return [entry = entry_, salt = std::move(first->salt), iterations = first->iterations] {
        static_cast<void>(entry->cache->keys_of(entry->secret.text, salt, iterations));
    };
}

Result<ServerAuthenticator::Reply> ServerAuthenticator::on_sasl_final(std::string_view message) {
    const auto signature = parse_server_final(message);
    if (!signature) {
        return signature.error();
    }
    if (!equal_in_constant_time(*signature, expected_signature_)) {
        return refuse("invalid SCRAM signature from the server: it does not know the password");
    }
    state_ = State::kServerProved;
    return Reply{};
}

Result<ScramKeys> ServerAuthenticator::keys_for(const ServerFirst& first) const {
    const Secret& secret = entry_->secret;
    if (secret.kind == Secret::Kind::kPlain) {
        return entry_->cache->keys_of(secret.text, first.salt, first.iterations);
    }
    // SCRAM pass-through, as PgBouncer's: works only where the server has the very secret that is in our list.
    if (secret.verifier.salt != first.salt || secret.verifier.iterations != first.iterations) {
        return no_password(fmt::format("the server's SCRAM secret of user \"{}\" is not the one in the user list", user_));
    }
    const auto client_key = entry_->cache->client_key();
    if (!client_key) {
        return no_password(fmt::format("only a SCRAM secret is known of user \"{}\", and no client has logged in with it yet", user_));
    }
    return ScramKeys{*client_key, stored_key_of(*client_key), secret.verifier.server_key};
}

}  // namespace cenote::auth
