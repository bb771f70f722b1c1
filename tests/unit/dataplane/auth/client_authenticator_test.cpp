#include "dataplane/auth/client_authenticator.hpp"

#include "exchange.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace cenote::auth {
namespace {

const std::string kMd5Secret = "md5c2254ab53273cf25e64a75a86935e064";  // PostgreSQL's, of user old_md5 with password "hush"

std::string scram_secret_of(std::string_view password) {
    const ScramKeys keys = derive_keys(password, "a salt of theirs", 32);
    return write_verifier({32, "a salt of theirs", keys.stored_key, keys.server_key});
}

std::string password_message(std::string_view text) { return std::string(text) + '\0'; }

// A client that knows password tries to log in as user, whose entry on our side is entry.
Exchange log_in(AuthMethod method, const std::string& user, const UserEntryRef& entry, const std::string& password) {
    const auto gate = make_gate(method, user, entry);
    ServerAuthenticator client(user, make_user_entry(user, password), counting_bytes());
    return run_exchange(*gate, client);
}

void expect_rejected(const Step& step, const std::string& message) {
    EXPECT_EQ(step.kind, Step::Kind::kRejected);
    EXPECT_EQ(step.error, (Error{message, "28P01"}));
    EXPECT_EQ(step.payload, "");
    EXPECT_NE(step.log, "");
}

TEST(ClientAuthenticator, TrustAndAny) {
    EXPECT_EQ(make_gate(AuthMethod::kTrust, "joe", make_user_entry("joe", ""))->start().kind, Step::Kind::kAccepted);
    EXPECT_EQ(make_gate(AuthMethod::kAny, "joe", nullptr)->start().kind, Step::Kind::kAccepted);
    const auto gate = make_gate(AuthMethod::kTrust, "joe", nullptr);
    expect_rejected(gate->start(), "\"trust\" authentication failed for user \"joe\"");
    expect_rejected(make_gate(AuthMethod::kAny, "joe", nullptr)->on_response("x"), "password authentication failed for user \"joe\"");
}

TEST(ClientAuthenticator, EachMethodWithEachSecret) {
    using enum AuthMethod;
    const UserEntryRef plain = make_user_entry("old_md5", "hush");
    const UserEntryRef md5 = make_user_entry("old_md5", kMd5Secret);
    const UserEntryRef scram = make_user_entry("old_md5", scram_secret_of("hush"));
    const UserEntryRef none = make_user_entry("old_md5", "");
    const struct {
        AuthMethod method;
        UserEntryRef entry;
        bool can_succeed;
        const char* phrase;
    } cases[] = {
        {kPlain, plain, true, "password"},   {kPlain, md5, true, "password"},      {kPlain, scram, true, "password"},
        {kPlain, none, false, "password"},   {kPlain, nullptr, false, "password"}, {kMd5, plain, true, "password"},
        {kMd5, md5, true, "password"},       {kMd5, scram, true, "SASL"},          {kMd5, none, false, "password"},
        {kMd5, nullptr, false, "password"},  {kScramSha256, plain, true, "SASL"},  {kScramSha256, md5, false, "SASL"},
        {kScramSha256, scram, true, "SASL"}, {kScramSha256, none, false, "SASL"},  {kScramSha256, nullptr, false, "SASL"},
    };
    int number = 0;
    for (const auto& example : cases) {
        SCOPED_TRACE(number++);
        const std::string failure = fmt::format("{} authentication failed for user \"old_md5\"", example.phrase);
        const Exchange right = log_in(example.method, "old_md5", example.entry, "hush");
        EXPECT_EQ(right.accepted, example.can_succeed) << right.last.log;
        EXPECT_EQ(right.done, example.can_succeed);
        if (!example.can_succeed) {
            expect_rejected(right.last, failure);
        }
        expect_rejected(log_in(example.method, "old_md5", example.entry, "hush ").last, failure);
        expect_rejected(log_in(example.method, "old_md5", example.entry, "hus").last, failure);
    }
}

TEST(ClientAuthenticator, TheMessagesOnTheWire) {
    EXPECT_EQ(make_gate(AuthMethod::kPlain, "joe", nullptr)->start().payload, std::string("\0\0\0\3", 4));
    EXPECT_EQ(make_gate(AuthMethod::kMd5, "joe", nullptr)->start().payload, std::string("\0\0\0\5defg", 8));
    EXPECT_EQ(make_gate(AuthMethod::kScramSha256, "joe", nullptr)->start().payload, std::string("\0\0\0\12SCRAM-SHA-256\0\0", 19));
    // md5(md5("hush" + "old_md5") + "defg"), from md5sum.
    const auto gate = make_gate(AuthMethod::kMd5, "old_md5", make_user_entry("old_md5", kMd5Secret));
    std::ignore = gate->start();
    EXPECT_EQ(gate->on_response(password_message("md5" + md5_hex("c2254ab53273cf25e64a75a86935e064defg"))).kind, Step::Kind::kAccepted);
}

TEST(ClientAuthenticator, LongAndOddPasswords) {
    for (const std::string& password :
         {std::string(kMaxPassword, 'p'), std::string(" \t\""), std::string("p\xc3\xa4ss \xe2\x85\xa8"), std::string("\xff")}) {
        for (const AuthMethod method : {AuthMethod::kPlain, AuthMethod::kMd5, AuthMethod::kScramSha256}) {
            EXPECT_TRUE(log_in(method, "joe", make_user_entry("joe", password), password).done) << password.substr(0, 20);
        }
    }
    const auto gate = make_gate(AuthMethod::kPlain, "joe", make_user_entry("joe", "x"));
    std::ignore = gate->start();
    expect_rejected(
        gate->on_response(password_message(std::string(kMaxPassword + 1, 'p'))), "password authentication failed for user \"joe\""
    );
}

TEST(ClientAuthenticator, MalformedPasswordMessages) {
    for (const AuthMethod method : {AuthMethod::kPlain, AuthMethod::kMd5}) {
        for (const std::string& body :
             {std::string(), std::string("x"), std::string("x\0y\0", 4), std::string("\0", 1), std::string("x\0\0", 3)}) {
            const auto gate = make_gate(method, "joe", make_user_entry("joe", "x"));
            std::ignore = gate->start();
            expect_rejected(gate->on_response(body), "password authentication failed for user \"joe\"");
        }
    }
}

TEST(ClientAuthenticator, OneAnswerOnly) {
    const auto gate = make_gate(AuthMethod::kPlain, "joe", make_user_entry("joe", "x"));
    expect_rejected(gate->on_response(password_message("x")), "password authentication failed for user \"joe\"");
    std::ignore = gate->start();
    EXPECT_EQ(gate->on_response(password_message("y")).kind, Step::Kind::kRejected);
    expect_rejected(gate->on_response(password_message("x")), "password authentication failed for user \"joe\"");
}

TEST(ClientAuthenticator, UnknownUsersLookLikeOthers) {
    const auto server_first = [](const Exchange& exchange) { return *parse_server_first(exchange.messages.at(2).substr(4)); };
    const Exchange known = log_in(AuthMethod::kScramSha256, "known", make_user_entry("known", "right"), "wrong");
    const Exchange unknown = log_in(AuthMethod::kScramSha256, "unknown", nullptr, "wrong");
    const Exchange again = log_in(AuthMethod::kScramSha256, "unknown", nullptr, "other");
    const Exchange other = log_in(AuthMethod::kScramSha256, "other", nullptr, "wrong");
    ASSERT_EQ(known.messages.size(), unknown.messages.size());
    for (std::size_t index = 0; index < known.messages.size(); ++index) {
        EXPECT_EQ(known.messages[index].size(), unknown.messages[index].size()) << index;
    }
    EXPECT_EQ(server_first(unknown).salt, server_first(again).salt);
    EXPECT_NE(server_first(unknown).salt, server_first(other).salt);
    EXPECT_NE(server_first(unknown).salt, server_first(known).salt);
    EXPECT_EQ(server_first(unknown).iterations, server_first(known).iterations);
    EXPECT_EQ(unknown.last.log, "no such user");
    EXPECT_EQ(known.last.log, "wrong password");
}

// --- SCRAM, message by message ---

std::string initial_response(std::string_view mechanism, std::string_view message) {
    return std::string(mechanism) + '\0' + write_int32(static_cast<std::int32_t>(message.size())) + std::string(message);
}

struct ScramDialogue {
    std::unique_ptr<ClientAuthenticator> gate = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));

    Step first(std::string_view message) {
        std::ignore = gate->start();
        return gate->on_response(initial_response(kScramMechanism, message));
    }
    // Ends the exchange with c= and whatever follows the gate's nonce.
    Step last(std::string_view gs2_header, std::string_view bare, std::string_view channel_binding, std::string_view after_nonce = "") {
        const Step challenge = first(std::string(gs2_header) + std::string(bare));
        EXPECT_EQ(challenge.kind, Step::Kind::kSend) << challenge.log;
        const std::string server_first = challenge.payload.substr(4);
        const auto parsed = parse_server_first(server_first);
        const std::string without_proof = fmt::format("c={},r={}{}", base64_encode(channel_binding), parsed->nonce, after_nonce);
        const ScramKeys keys = derive_keys("pencil", parsed->salt, parsed->iterations);
        const ScramKey signature = client_signature(keys.stored_key, auth_message(bare, server_first, without_proof));
        return gate->on_response(without_proof + ",p=" + base64_encode(exclusive_or(keys.client_key, signature)));
    }
};

TEST(ClientAuthenticator, ScramHeadersAndExtensions) {
    EXPECT_EQ(ScramDialogue().last("n,,", "n=,r=abc", "n,,").kind, Step::Kind::kAccepted);
    EXPECT_EQ(ScramDialogue().last("y,,", "n=,r=abc", "y,,").kind, Step::Kind::kAccepted);
    EXPECT_EQ(ScramDialogue().last("n,,", "n=another,r=abc,x=extension", "n,,", ",x=extension").kind, Step::Kind::kAccepted);
    const std::string failure = "SASL authentication failed for user \"joe\"";
    expect_rejected(ScramDialogue().last("n,,", "n=,r=abc", "y,,"), failure);
    expect_rejected(ScramDialogue().last("y,,", "n=,r=abc", "n,,"), failure);
    expect_rejected(ScramDialogue().last("n,,", "n=,r=abc", "p=tls-unique,,"), failure);
    expect_rejected(ScramDialogue().last("n,,", "n=,r=abc", "n,,", "x"), failure);  // another nonce
    expect_rejected(ScramDialogue().first("p=tls-server-end-point,,n=,r=abc"), failure);
    expect_rejected(ScramDialogue().first("n,a=root,n=,r=abc"), failure);
}

TEST(ClientAuthenticator, MalformedInitialResponses) {
    const std::string good = initial_response(kScramMechanism, "n,,n=,r=abc");
    std::vector<std::string> bodies = {
        initial_response("SCRAM-SHA-256-PLUS", "n,,n=,r=abc"),
        initial_response("", "n,,n=,r=abc"),
        initial_response("scram-sha-256", "n,,n=,r=abc"),
        good + "x",
        std::string(kScramMechanism) + '\0' + write_int32(-1),
        std::string(kScramMechanism) + '\0' + write_int32(-2) + "xy",
        std::string(kScramMechanism) + '\0' + write_int32(0x7fffffff) + "n,,n=,r=abc",
        initial_response(kScramMechanism, "n,,n=,r=" + std::string(kMaxAuthResponse, 'r'))
    };
    for (std::size_t length = 0; length < good.size(); ++length) {
        bodies.push_back(good.substr(0, length));
    }
    for (const std::string& body : bodies) {
        const auto gate = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));
        std::ignore = gate->start();
        expect_rejected(gate->on_response(body), "SASL authentication failed for user \"joe\"");
        expect_rejected(gate->on_response(good), "SASL authentication failed for user \"joe\"");  // and no second try
    }
}

TEST(ClientAuthenticator, EveryTruncationOfTheProofIsRefused) {
    const std::size_t length = log_in(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"), "pencil").messages.at(3).size();
    for (std::size_t cut = 0; cut < length; ++cut) {
        const auto gate = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));
        ServerAuthenticator client("joe", make_user_entry("joe", "pencil"), counting_bytes());
        const Exchange exchange =
            run_exchange(*gate, client, [&](std::size_t index, std::string body) { return index == 3 ? body.substr(0, cut) : body; });
        EXPECT_FALSE(exchange.accepted) << cut;
    }
}

TEST(ClientAuthenticator, TheServerNonceIsNew) {
    const UserEntryRef entry = make_user_entry("joe", "pencil");
    std::set<std::string> nonces;
    for (int round = 0; round < 10; ++round) {
        const auto gate = make_client_authenticator(AuthMethod::kScramSha256, "joe", entry, 16);  // with the system's randomness
        std::ignore = gate->start();
        nonces.insert(parse_server_first(gate->on_response(initial_response(kScramMechanism, "n,,n=,r=abc")).payload.substr(4))->nonce);
    }
    EXPECT_EQ(nonces.size(), 10U);
}

}  // namespace
}  // namespace cenote::auth
