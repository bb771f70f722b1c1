// The login machine alone, in memory: every cut, every method, every refusal.
#include "dataplane/gate/client_login.hpp"

#include "dataplane/auth/scram.hpp"
#include "dataplane/auth/server_authenticator.hpp"
#include "dataplane/protocol/message_writer.hpp"

#include <gtest/gtest.h>

namespace cenote::gate {
namespace {

using Kind = ClientLogin::Step::Kind;
using std::string_literals::operator""s;

std::string scram_secret() {
    const auto keys = auth::derive_keys("secret", "salt of theirs", 16);
    return auth::write_verifier({16, "salt of theirs", keys.stored_key, keys.server_key});
}

registry::RuntimeRef runtime_with(config::AuthType type) {
    auto config = std::make_shared<config::Config>();
    config->auth_type = type;
    config->admin_users = {"admin"};
    config->stats_users = {"stats"};
    auto users = std::make_shared<auth::UserList>();
    users->add(auth::make_user_entry("u", "secret"));
    users->add(auth::make_user_entry("s", scram_secret()));
    users->add(auth::make_user_entry("admin", "secret"));
    return std::make_shared<const registry::Runtime>(registry::Runtime{config, users, session::TrackedNames({}), "", ""});
}

std::string startup(const std::string& user, const std::string& database, std::int32_t protocol = protocol::kProtocol30) {
    protocol::StartupMessage message;
    message.protocol = protocol;
    message.parameters = {{"user", user}, {"database", database}};
    protocol::MessageWriter out;
    protocol::write_startup_message(out, message);
    return out.take();
}

// Drives a login to its end: a client that knows its password answers, `cut` bytes of each message first.
ClientLogin::Step run(config::AuthType type, const std::string& user, const std::string& password, std::size_t cut) {
    ClientLogin login(runtime_with(type), "");
    auth::ServerAuthenticator client(user, auth::make_user_entry(user, password));
    std::string out = startup(user, "d");
    std::string kept;
    ClientLogin::Step step;
    for (int round = 0; round < 10; ++round) {
        std::string sent;
        for (const auto& piece : {out.substr(0, std::min(cut, out.size())), out.substr(std::min(cut, out.size()))}) {
            kept += piece;
            step = login.on_bytes(kept);
            kept.erase(0, step.consumed);
            sent += step.send;
            if (step.kind != Kind::kMore) {
                break;
            }
        }
        if (step.kind == Kind::kNamed) {
            EXPECT_FALSE(login.refusal({}));
            step = login.authenticate();
            sent += step.send;
        } else if (step.kind == Kind::kDerive) {
            login.derive();
            step = login.derived();
        }
        if (step.kind != Kind::kMore) {
            return step;
        }
        EXPECT_EQ(sent.front(), 'R');
        const auto reply = client.on_request(std::string_view(sent).substr(5));
        if (!reply) {
            ADD_FAILURE() << reply.error().message;
            return step;
        }
        protocol::MessageWriter answer;
        answer.message('p', reply->payload);
        out = answer.take();
    }
    ADD_FAILURE() << "no end";
    return step;
}

TEST(ClientLogin, EveryMethodCutAnywhere) {
    for (const auto type : {config::AuthType::kPlain, config::AuthType::kMd5, config::AuthType::kScramSha256}) {
        for (const std::string user : {"u", "s"}) {
            for (std::size_t cut = 0; cut < 120; ++cut) {
                if (type == config::AuthType::kMd5 && user == "s" && cut > 0) {
                    break;
                }
                EXPECT_EQ(run(type, user, "secret", cut).kind, Kind::kPassed) << cut;
            }
            const auto wrong = run(type, user, "wrong", 0);
            EXPECT_EQ(wrong.kind, Kind::kRefused);
            EXPECT_EQ(wrong.error.sqlstate, "28P01");
            EXPECT_FALSE(wrong.log.empty());
        }
        const auto unknown = run(type, "nobody", "secret", 0);
        EXPECT_EQ(unknown.kind, Kind::kRefused);
        EXPECT_EQ(unknown.error.sqlstate, "28P01");
    }
}

TEST(ClientLogin, ADerivationIsAskedForWhereThereIsOne) {
    ClientLogin login(runtime_with(config::AuthType::kPlain), "");
    ASSERT_EQ(login.on_bytes(startup("s", "d")).kind, Kind::kNamed);
    ASSERT_EQ(login.authenticate().kind, Kind::kMore);
    EXPECT_EQ(login.on_bytes("p\0\0\0\x0bsecret\0"s).kind, Kind::kDerive);
    login.derive();
    EXPECT_EQ(login.derived().kind, Kind::kPassed);
}

TEST(ClientLogin, Refusals) {
    const auto refused = [](const ClientLogin::Facts& facts, const std::string& database, const std::string& user = "u") -> std::string {
        ClientLogin login(runtime_with(config::AuthType::kTrust), "");
        EXPECT_EQ(login.on_bytes(startup(user, database)).kind, Kind::kNamed);
        const auto error = login.refusal(facts);
        if (!error) {
            return {};
        }
        return error->sqlstate + " " + error->message;
    };
    EXPECT_EQ(refused({}, "d"), "");
    EXPECT_EQ(refused({false, true, false}, "d"), "57P01 pooler is shutting down");
    EXPECT_EQ(refused({false, false, true}, "d"), "57P03 database \"d\" is disabled");
    EXPECT_EQ(refused({false, true, false}, "pgbouncer", "admin"), "");
    EXPECT_EQ(refused({}, "pgbouncer"), "28000 not allowed");
    EXPECT_EQ(refused({true, false, false}, "pgbouncer"), "28000 not allowed") << "the same uid, but not as user pgbouncer";
    EXPECT_EQ(refused({true, false, false}, "pgbouncer", "pgbouncer"), "");
}

TEST(ClientLogin, NewerProtocolsAreNegotiatedBeforeTheQuestion) {
    ClientLogin login(runtime_with(config::AuthType::kMd5), "");
    const auto step = login.on_bytes(startup("u", "d", (3 << 16) + 2));
    EXPECT_EQ(step.kind, Kind::kNamed);
    EXPECT_TRUE(step.send.starts_with('v'));
}

TEST(ClientLogin, BrokenAndUnexpected) {
    const auto first = [](const std::string& bytes) {
        ClientLogin login(runtime_with(config::AuthType::kMd5), "");
        return login.on_bytes(bytes);
    };
    EXPECT_EQ(first("\0\0\0\4"s).kind, Kind::kBroken);
    EXPECT_EQ(first("\x16\x03\x01\x02"s).kind, Kind::kBroken);
    EXPECT_EQ(first("GET / HTTP/1.1").kind, Kind::kBroken);
    EXPECT_EQ(first("\0\0\0\x08\0\2\0\0"s).error.message, "unsupported protocol version 2.0");
    EXPECT_EQ(first("\0\0\0\x08\x04\xd2\x16\x30"s).send, "N");
    EXPECT_EQ(first("\0\0\0\x08\x04\xd2\x16\x30x"s).kind, Kind::kRefused);
    EXPECT_EQ(first("\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2"s).kind, Kind::kCancel);
    for (const auto& bytes : {"Q\0\0\0\5;"s, "p\x7f\0\0\0"s, "p\0\0\0\3"s, "Q"s}) {
        ClientLogin login(runtime_with(config::AuthType::kMd5), "");
        ASSERT_EQ(login.on_bytes(startup("u", "d")).kind, Kind::kNamed);
        ASSERT_EQ(login.authenticate().kind, Kind::kMore);
        EXPECT_EQ(login.on_bytes(bytes).error.message, "unexpected message during authentication");
    }
}

}  // namespace
}  // namespace cenote::gate
