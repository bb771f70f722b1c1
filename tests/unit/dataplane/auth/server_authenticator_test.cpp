#include "dataplane/auth/server_authenticator.hpp"

#include "exchange.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace cenote::auth {
namespace {

const std::string kOk = write_int32(kAuthOk);
const std::string kSaslOffer = write_int32(kAuthSasl) + std::string("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", 34);

ServerAuthenticator client_with(std::string secret) { return {"joe", make_user_entry("joe", std::move(secret)), counting_bytes()}; }

std::string scram_secret(std::string_view password, std::string salt = "sixteen bytes of", int iterations = 16) {
    const ScramKeys keys = derive_keys(password, salt, iterations);
    return write_verifier({iterations, std::move(salt), keys.stored_key, keys.server_key});
}

std::string refusal(ServerAuthenticator& client, const std::string& body) {
    const auto reply = client.on_request(body);
    EXPECT_FALSE(reply);
    return reply ? "(not refused)" : reply.error().message;
}

TEST(ServerAuthenticator, Trust) {
    ServerAuthenticator client("joe", nullptr);
    const auto reply = client.on_request(kOk);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->done);
    EXPECT_EQ(reply->payload, "");
    EXPECT_FALSE(client.on_request(kOk));  // once
}

TEST(ServerAuthenticator, CleartextPassword) {
    auto client = client_with("secret");
    const auto reply = client.on_request(write_int32(kAuthCleartextPassword));
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->done);
    EXPECT_EQ(reply->payload, std::string("secret\0", 7));
    EXPECT_TRUE(client.on_request(kOk)->done);
}

TEST(ServerAuthenticator, Md5Password) {
    // echo -n hushold_md5 | md5sum; then of that text with the salt "salt" behind it.
    const std::string expected = "md5" + md5_hex("c2254ab53273cf25e64a75a86935e064salt");
    for (const char* secret : {"hush", "md5c2254ab53273cf25e64a75a86935e064"}) {
        ServerAuthenticator client("old_md5", make_user_entry("old_md5", secret));
        const auto reply = client.on_request(write_int32(kAuthMd5Password) + "salt");
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->payload, expected + '\0');
        EXPECT_TRUE(client.on_request(kOk)->done);
    }
}

TEST(ServerAuthenticator, WhatASecretCannotDoIsSaid) {
    const std::string md5 = "md5c2254ab53273cf25e64a75a86935e064";
    const std::string cleartext = write_int32(kAuthCleartextPassword);
    const std::string md5_request = write_int32(kAuthMd5Password) + "salt";
    const struct {
        UserEntryRef entry;
        std::string request;
        const char* message;
    } cases[] = {
        {nullptr, cleartext, "the server asks for the password of user \"joe\" in clear text, and no plain password is known"},
        {make_user_entry("joe", md5), cleartext,
         "the server asks for the password of user \"joe\" in clear text, and no plain password is known"},
        {make_user_entry("joe", ""), md5_request,
         "cannot do MD5 authentication as user \"joe\": neither a plain password nor an md5 secret is known"},
        {make_user_entry("joe", scram_secret("x")), md5_request,
         "cannot do MD5 authentication as user \"joe\": neither a plain password nor an md5 secret is known"},
        {make_user_entry("joe", md5), kSaslOffer,
         "cannot do SCRAM authentication as user \"joe\": neither a plain password nor a SCRAM secret is known"},
        {nullptr, kSaslOffer, "cannot do SCRAM authentication as user \"joe\": neither a plain password nor a SCRAM secret is known"},
    };
    for (const auto& example : cases) {
        ServerAuthenticator client("joe", example.entry);
        EXPECT_EQ(refusal(client, example.request), example.message);
        EXPECT_FALSE(client.on_request(kOk));  // and it stays refused
    }
}

TEST(ServerAuthenticator, UnsupportedAndMalformedRequests) {
    const struct {
        std::string body;
        const char* message;
    } cases[] = {
        {write_int32(kAuthKerberosV5), "the server asks for an unsupported authentication method: Kerberos V5 (code 2)"},
        {write_int32(kAuthScmCredential), "the server asks for an unsupported authentication method: SCM credentials (code 6)"},
        {write_int32(kAuthGss), "the server asks for an unsupported authentication method: GSSAPI (code 7)"},
        {write_int32(kAuthGssContinue) + "token", "the server asks for an unsupported authentication method: GSSAPI (code 8)"},
        {write_int32(kAuthSspi), "the server asks for an unsupported authentication method: SSPI (code 9)"},
        {write_int32(-7), "the server asks for an unsupported authentication method: unknown (code -7)"},
        {"", "malformed authentication request from the server"},
        {std::string("\0\0\0", 3), "malformed authentication request from the server"},
        {kOk + "x", "malformed AuthenticationOk from the server"},
        {write_int32(kAuthMd5Password) + "sal", "malformed or unexpected authentication request from the server (code 5)"},
        {write_int32(kAuthMd5Password) + "salty", "malformed or unexpected authentication request from the server (code 5)"},
        {write_int32(kAuthCleartextPassword) + "x", "malformed or unexpected authentication request from the server (code 3)"},
        {write_int32(kAuthSaslContinue) + "r=x", "malformed or unexpected authentication request from the server (code 11)"},
        {write_int32(kAuthSaslFinal) + "v=x", "malformed or unexpected authentication request from the server (code 12)"},
        {write_int32(kAuthSasl), "malformed AuthenticationSASL from the server"},
        {write_int32(kAuthSasl) + "SCRAM-SHA-256", "malformed AuthenticationSASL from the server"},
        {write_int32(kAuthSasl) + std::string("SCRAM-SHA-256\0", 14), "malformed AuthenticationSASL from the server"},
        {kSaslOffer + "x", "malformed AuthenticationSASL from the server"},
        {write_int32(kAuthSasl) + std::string("\0", 1), "the server offers no SASL mechanism that is supported: SCRAM-SHA-256 is"},
        {write_int32(kAuthSasl) + std::string("SCRAM-SHA-256-PLUS\0\0", 20),
         "the server offers no SASL mechanism that is supported: SCRAM-SHA-256 is"},
    };
    for (const auto& example : cases) {
        auto client = client_with("secret");
        EXPECT_EQ(refusal(client, example.body), example.message);
    }
}

TEST(ServerAuthenticator, ScramAgainstAServer) {
    const UserEntryRef servers = make_user_entry("joe", scram_secret("pencil"));
    const auto server = make_gate(AuthMethod::kScramSha256, "joe", servers);
    auto client = client_with("pencil");
    const Exchange exchange = run_exchange(*server, client);
    EXPECT_TRUE(exchange.done);
    EXPECT_EQ(exchange.messages.at(1), std::string("SCRAM-SHA-256\0\0\0\0\x20n,,n=,r=AAECAwQFBgcICQoLDA0ODxAR", 50));
}

// A server that knows the password takes part up to `until`, and then says `lie`.
std::string refusal_of_a_lie(std::size_t until, const std::string& lie) {
    const auto server = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));
    auto client = client_with("pencil");
    const Exchange exchange =
        run_exchange(*server, client, [&](std::size_t index, std::string body) { return index == until ? lie : body; });
    EXPECT_FALSE(exchange.done);
    return exchange.client_error ? exchange.client_error->message : "(not refused)";
}

TEST(ServerAuthenticator, AServerMustProveItself) {
    const std::string unproven = "the server ended the SCRAM exchange without proving that it knows the password";
    EXPECT_EQ(refusal_of_a_lie(2, kOk), unproven);
    EXPECT_EQ(refusal_of_a_lie(4, kOk), unproven);
    EXPECT_EQ(
        refusal_of_a_lie(4, write_int32(kAuthSaslFinal) + "v=" + base64_encode(ScramKey{1})),
        "invalid SCRAM signature from the server: it does not know the password"
    );
    EXPECT_EQ(
        refusal_of_a_lie(4, write_int32(kAuthSaslFinal) + "e=invalid-proof"), "error from the server in the SCRAM exchange: invalid-proof"
    );
    EXPECT_EQ(
        refusal_of_a_lie(2, write_int32(kAuthCleartextPassword)), "malformed or unexpected authentication request from the server (code 3)"
    );
    EXPECT_EQ(refusal_of_a_lie(2, kSaslOffer), "malformed or unexpected authentication request from the server (code 10)");
    EXPECT_EQ(
        refusal_of_a_lie(4, write_int32(kAuthSaslContinue) + "r=x"),
        "malformed or unexpected authentication request from the server (code 11)"
    );
}

TEST(ServerAuthenticator, AServerIsHeldToBounds) {
    const std::string nonce = "AAECAwQFBgcICQoLDA0ODxAR";
    const std::string mismatch = "invalid SCRAM response from the server (nonce mismatch)";
    const auto say = [](const std::string& message) { return refusal_of_a_lie(2, write_int32(kAuthSaslContinue) + message); };
    EXPECT_EQ(say("r=" + nonce + ",s=QQ==,i=1"), mismatch);  // adds nothing of its own
    EXPECT_EQ(say("r=other,s=QQ==,i=1"), mismatch);
    EXPECT_EQ(
        say("r=" + nonce + "x,s=QQ==,i=2147483647"), "the server asks for 2147483647 SCRAM iterations; more than 1000000 are not done"
    );
    EXPECT_EQ(
        say("r=" + nonce + std::string(kMaxScramNonce, 'x') + ",s=QQ==,i=1"),
        "malformed SCRAM message (the nonce is empty, too long or not printable)"
    );
    EXPECT_EQ(say("r=" + nonce + std::string(kMaxScramMessage, 'x') + ",s=QQ==,i=1"), "malformed SCRAM message (too long)");
}

TEST(ServerAuthenticator, EveryTruncationIsRefused) {
    const auto server = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));
    auto complete = client_with("pencil");
    const Exchange whole = run_exchange(*server, complete);
    ASSERT_TRUE(whole.done);
    for (std::size_t index = 0; index < whole.messages.size(); index += 2) {
        for (std::size_t length = 0; length < whole.messages[index].size(); ++length) {
            const auto gate = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", "pencil"));
            auto client = client_with("pencil");
            const Exchange exchange =
                run_exchange(*gate, client, [&](std::size_t at, std::string body) { return at == index ? body.substr(0, length) : body; });
            EXPECT_FALSE(exchange.done) << index << " " << length;
        }
    }
}

TEST(ServerAuthenticator, ScramPassThrough) {
    // Our list and the server hold the same SCRAM secret, and nobody told us the password.
    const std::string secret = scram_secret("pencil");
    const UserEntryRef ours = make_user_entry("joe", secret);
    const auto log_in_to = [&](const std::string& servers_secret) {
        const auto server = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", servers_secret));
        ServerAuthenticator us("joe", ours, counting_bytes());
        return run_exchange(*server, us);
    };
    const Exchange before = log_in_to(secret);
    ASSERT_TRUE(before.client_error);
    EXPECT_EQ(before.client_error->message, "only a SCRAM secret is known of user \"joe\", and no client has logged in with it yet");

    // A client with the wrong password teaches nothing; one with the right one does.
    for (const char* password : {"wrong", "pencil"}) {
        const auto gate = make_gate(AuthMethod::kScramSha256, "joe", ours);
        auto client = client_with(password);
        EXPECT_EQ(run_exchange(*gate, client).done, password == std::string("pencil"));
        EXPECT_EQ(log_in_to(secret).done, password == std::string("pencil"));
    }
    const Exchange other_salt = log_in_to(scram_secret("pencil", "another salt...."));
    ASSERT_TRUE(other_salt.client_error);
    EXPECT_EQ(other_salt.client_error->message, "the server's SCRAM secret of user \"joe\" is not the one in the user list");
}

TEST(ServerAuthenticator, ALoginAfterTheFirstDerivesNothing) {
    const UserEntryRef ours = make_user_entry("joe", "pencil");
    // Makes up what the cache holds for the server's salt: if it is used, the login fails.
    std::ignore = ours->cache->keys_of("not the password", "sixteen bytes of", 16);
    const auto server = make_gate(AuthMethod::kScramSha256, "joe", make_user_entry("joe", scram_secret("pencil")));
    ServerAuthenticator us("joe", ours, counting_bytes());
    EXPECT_FALSE(run_exchange(*server, us).done);
}

}  // namespace
}  // namespace cenote::auth
