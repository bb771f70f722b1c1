#include "dataplane/auth/client_authenticator.hpp"

#include "dataplane/auth/scram.hpp"
#include "dataplane/auth/wire.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace cenote::auth {
namespace {

constexpr std::size_t kRawNonceLength = 18;  // PostgreSQL's SCRAM_RAW_NONCE_LEN
constexpr std::size_t kSaltLength = 16;      // PostgreSQL's SCRAM_DEFAULT_SALT_LEN
constexpr std::size_t kMd5SaltLength = 4;

Step send(std::string payload) { return {Step::Kind::kSend, std::move(payload), {}, {}}; }

Step accept(std::string payload = {}) { return {Step::Kind::kAccepted, std::move(payload), {}, {}}; }

// PgBouncer's phrase, completed as PostgreSQL does.
Step reject(std::string_view phrase, std::string_view user, std::string log) {
    Error error{fmt::format("{} for user \"{}\"", phrase, user), "28P01"};
    return {Step::Kind::kRejected, {}, std::move(error), std::move(log)};
}

constexpr std::string_view kPasswordFailed = "password authentication failed";
constexpr std::string_view kSaslFailed = "SASL authentication failed";
constexpr std::string_view kNoSuchUser = "no such user";
constexpr std::string_view kWrongPassword = "wrong password";
constexpr std::string_view kOutOfTurn = "an authentication message out of turn";

// The password of a PasswordMessage: one text, and its NUL is the body's last byte. Empty ones are refused, as by PgBouncer and libpq.
std::optional<std::string_view> parse_password(std::string_view body) {
    if (body.size() > kMaxAuthResponse) {
        return std::nullopt;
    }
    const auto password = take_cstring(body);
    return password && !password->empty() && body.empty() ? password : std::nullopt;
}

class NoQuestions final : public ClientAuthenticator {
public:
    NoQuestions(std::string user, bool accepted) : user_(std::move(user)), accepted_(accepted) {}

    Step start() override { return accepted_ ? accept() : reject("\"trust\" authentication failed", user_, std::string(kNoSuchUser)); }
    Step on_response(std::string_view) override { return reject(kPasswordFailed, user_, std::string(kOutOfTurn)); }

private:
    std::string user_;
    bool accepted_;
};

// What plain and md5 share: one question, one answer.
class OneQuestion : public ClientAuthenticator {
public:
    OneQuestion(std::string user, UserEntryRef entry) : user_(std::move(user)), entry_(std::move(entry)) {}

    Step start() final {
        asked_ = true;
        return send(question());
    }
    Step on_response(std::string_view body) final {
        if (!std::exchange(asked_, false)) {
            return reject(kPasswordFailed, user_, std::string(kOutOfTurn));
        }
        const auto answer = parse_password(body);
        if (!answer) {
            return reject(kPasswordFailed, user_, "malformed or empty password message");
        }
        if (!entry_) {
            return reject(kPasswordFailed, user_, std::string(kNoSuchUser));
        }
        return is_right(*answer) ? accept() : reject(kPasswordFailed, user_, std::string(kWrongPassword));
    }

protected:
    virtual std::string question() = 0;
    virtual bool is_right(std::string_view answer) const = 0;
    [[nodiscard]] bool has_entry() const { return entry_ != nullptr; }
    [[nodiscard]] const UserEntry& entry() const { return *entry_; }

private:
    std::string user_;
    UserEntryRef entry_;
    bool asked_ = false;
};

class PlainAuthenticator final : public OneQuestion {
public:
    using OneQuestion::OneQuestion;

    [[nodiscard]] bool derives_next() const override { return has_entry() && entry().secret.kind == Secret::Kind::kScram; }

private:
    std::string question() override { return write_int32(kAuthCleartextPassword); }

    bool is_right(std::string_view password) const override {
        const Secret& secret = entry().secret;
        switch (secret.kind) {
            case Secret::Kind::kNone:
                return false;
            case Secret::Kind::kPlain:
                return equal_in_constant_time(secret.text, password);
            case Secret::Kind::kMd5:
                return equal_in_constant_time(secret.text, md5_with_salt(password, entry().name));
            case Secret::Kind::kScram:
                return matches_verifier(secret.verifier, password);
        }
        return false;
    }

    bool matches_verifier(const ScramVerifier& verifier, std::string_view password) const {
        if (verifier.iterations > kMaxScramIterations) {
            return false;
        }
        const ScramKeys keys = derive_keys(password, verifier.salt, verifier.iterations);
        if (!equal_in_constant_time(keys.stored_key, verifier.stored_key)) {
            return false;
        }
        entry().cache->learn_client_key(keys.client_key);
        return true;
    }
};

class Md5Authenticator final : public OneQuestion {
public:
    Md5Authenticator(std::string user, UserEntryRef entry, const RandomSource& random) : OneQuestion(std::move(user), std::move(entry)) {
        std::array<std::uint8_t, kMd5SaltLength> salt{};
        random(salt);
        salt_.assign(salt.begin(), salt.end());
    }

private:
    std::string question() override { return write_int32(kAuthMd5Password) + salt_; }

    bool is_right(std::string_view answer) const override {
        const Secret& secret = entry().secret;
        if (secret.kind != Secret::Kind::kPlain && secret.kind != Secret::Kind::kMd5) {
            return false;
        }
        const std::string stored = secret.kind == Secret::Kind::kMd5 ? secret.text : md5_with_salt(secret.text, entry().name);
        return equal_in_constant_time(md5_with_salt(std::string_view(stored).substr(3), salt_), answer);
    }

    std::string salt_;
};

// state     | body of 'p'                | next    | step
// kMethod   | SASLInitialResponse        | kProof  | send AuthenticationSASLContinue
// kProof    | SASLResponse, right proof  | kEnd    | accept, with AuthenticationSASLFinal
// any       | anything else              | kEnd    | reject
class ScramAuthenticator final : public ClientAuthenticator {
public:
    ScramAuthenticator(std::string user, UserEntryRef entry, int iterations, RandomSource random, const ScramKey& salt_key)
        : user_(std::move(user)), entry_(std::move(entry)), random_(std::move(random)), iterations_(iterations) {
        if (has_verifier()) {
            salt_ = entry_->secret.verifier.salt;
            iterations_ = entry_->secret.verifier.iterations;
        } else {
            const Digest256 drawn = hmac_sha256(salt_key, user_);
            salt_.assign(drawn.begin(), drawn.begin() + kSaltLength);
        }
    }

    Step start() override {
        state_ = State::kMethod;
        std::string payload = write_int32(kAuthSasl);
        payload += kScramMechanism;
        payload.append(2, '\0');  // ends the name, and the list
        return send(std::move(payload));
    }

    Step on_response(std::string_view body) override {
        switch (std::exchange(state_, State::kEnd)) {
            case State::kMethod:
                return on_first(body);
            case State::kProof:
                return on_final(body);
            case State::kEnd:
                break;
        }
        return fail(std::string(kOutOfTurn));
    }

    [[nodiscard]] bool derives_next() const override {
        return state_ == State::kProof && entry_ && entry_->secret.kind == Secret::Kind::kPlain &&
               !entry_->cache->knows(salt_, iterations_);
    }

private:
    enum class State { kMethod, kProof, kEnd };

    [[nodiscard]] bool has_verifier() const { return entry_ && entry_->secret.kind == Secret::Kind::kScram; }
    [[nodiscard]] Step fail(std::string log) const { return reject(kSaslFailed, user_, std::move(log)); }

    Step on_first(std::string_view body) {
        const auto mechanism = take_cstring(body);
        if (!mechanism || *mechanism != kScramMechanism) {
            return fail("malformed SASLInitialResponse, or a mechanism that was not offered");
        }
        const auto length = take_int32(body);
        if (!length || *length < 0 || static_cast<std::size_t>(*length) != body.size()) {
            return fail("malformed SASLInitialResponse");
        }
        auto first = parse_client_first(body);
        if (!first) {
            return fail(first.error().message);
        }
        std::array<std::uint8_t, kRawNonceLength> nonce{};
        random_(nonce);
        first_ = std::move(*first);
        nonce_ = first_.nonce + base64_encode(nonce);
        server_first_ = fmt::format("r={},s={},i={}", nonce_, base64_encode(salt_), iterations_);
        state_ = State::kProof;
        return send(write_int32(kAuthSaslContinue) + server_first_);
    }

    Step on_final(std::string_view body) {
        const auto final = parse_client_final(body);
        if (!final) {
            return fail(final.error().message);
        }
        if (final->channel_binding != first_.gs2_header) {
            return fail("unexpected SCRAM channel binding");
        }
        if (!equal_in_constant_time(final->nonce, nonce_)) {
            return fail("the SCRAM nonce does not match");
        }
        if (!entry_) {
            return fail(std::string(kNoSuchUser));
        }
        const auto verifier = verifier_keys();
        if (!verifier) {
            return fail("the user's secret is neither a plain password nor a SCRAM secret");
        }
        const std::string message = auth_message(first_.bare, server_first_, final->without_proof);
        const ScramKey client_key = exclusive_or(final->proof, client_signature(verifier->stored_key, message));
        if (!equal_in_constant_time(stored_key_of(client_key), verifier->stored_key)) {
            return fail(std::string(kWrongPassword));
        }
        if (has_verifier()) {
            entry_->cache->learn_client_key(client_key);
        }
        return accept(write_int32(kAuthSaslFinal) + "v=" + base64_encode(server_signature(verifier->server_key, message)));
    }

    struct VerifierKeys {
        ScramKey stored_key;
        ScramKey server_key;
    };
    [[nodiscard]] std::optional<VerifierKeys> verifier_keys() const {
        const Secret& secret = entry_->secret;
        if (secret.kind == Secret::Kind::kScram) {
            return VerifierKeys{secret.verifier.stored_key, secret.verifier.server_key};
        }
        if (secret.kind == Secret::Kind::kPlain) {
            const ScramKeys keys = entry_->cache->keys_of(secret.text, salt_, iterations_);
            return VerifierKeys{keys.stored_key, keys.server_key};
        }
        return std::nullopt;
    }

    std::string user_;
    UserEntryRef entry_;
    RandomSource random_;
    int iterations_;
    std::string salt_;
    State state_ = State::kEnd;
    ClientFirst first_;
    std::string nonce_;
    std::string server_first_;
};

}  // namespace

const ScramKey& process_salt_key() {
    static const ScramKey key = [] {
        ScramKey drawn{};
        random_bytes(drawn);
        return drawn;
    }();
    return key;
}

std::unique_ptr<ClientAuthenticator> make_client_authenticator(
    AuthMethod method, std::string user, UserEntryRef entry, int scram_iterations, RandomSource random, const ScramKey& salt_key
) {
    if (method == AuthMethod::kMd5 && entry && entry->secret.kind == Secret::Kind::kScram) {
        method = AuthMethod::kScramSha256;
    }
    switch (method) {
        case AuthMethod::kPlain:
            return std::make_unique<PlainAuthenticator>(std::move(user), std::move(entry));
        case AuthMethod::kMd5:
            return std::make_unique<Md5Authenticator>(std::move(user), std::move(entry), random);
        case AuthMethod::kScramSha256:
            return std::make_unique<ScramAuthenticator>(std::move(user), std::move(entry), scram_iterations, std::move(random), salt_key);
        case AuthMethod::kAny:
            return std::make_unique<NoQuestions>(std::move(user), true);
        case AuthMethod::kTrust:
            break;
    }
    const bool exists = entry != nullptr;
    return std::make_unique<NoQuestions>(std::move(user), exists);
}

}  // namespace cenote::auth
