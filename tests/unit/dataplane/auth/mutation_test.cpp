// Random damage to every message of an exchange, from a fixed seed: nothing crashes, and nothing damaged is ever accepted.
#include "exchange.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cenote::auth {
namespace {

class Damage {
public:
    explicit Damage(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

    std::string apply(std::string body) {
        for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
            const std::size_t at = below(body.size() + 1);
            switch (below(5)) {
                case 0:
                    body.insert(at, 1, any_char());
                    break;
                case 1:
                    body.erase(at, 1 + below(4));
                    break;
                case 2:
                    body.resize(at);
                    break;
                case 3:
                    body.insert(at, body.substr(below(body.size() + 1), below(40)));
                    break;
                default:
                    if (at < body.size()) {
                        body[at] = any_char();
                    }
            }
        }
        return body;
    }

private:
    char any_char() {
        static constexpr std::string_view kTelling("\0,=:$+/rsipcvnym\xff", 16);  // what the messages are made of
        return below(2) == 0 ? kTelling[below(kTelling.size())] : static_cast<char>(below(256));
    }

    std::mt19937 random_;
};

void damage_logins(AuthMethod method, const std::string& secret, std::uint32_t seed) {
    Damage damage(seed);
    const UserEntryRef entry = make_user_entry("joe", secret);
    const UserEntryRef client_entry = make_user_entry("joe", "pencil");
    int damaged_logins = 0;
    for (int round = 0; round < 4000; ++round) {
        const std::size_t victim = damage.below(6);
        bool damaged = false;
        const auto gate = make_gate(method, "joe", entry, 2);
        ServerAuthenticator client("joe", client_entry, counting_bytes());
        const Exchange exchange = run_exchange(*gate, client, [&](std::size_t index, std::string body) {
            if (index != victim) {
                return body;
            }
            std::string changed = damage.apply(body);
            damaged = damaged || changed != body;
            return changed;
        });
        damaged_logins += damaged ? 1 : 0;
        const bool answers = victim % 2 == 1;  // what the client says decides for the gate, what the gate says for the client
        if (!damaged) {
            EXPECT_TRUE(exchange.done);
        } else if (method == AuthMethod::kScramSha256 || answers) {
            EXPECT_FALSE(exchange.accepted && exchange.done) << "round " << round << " message " << victim;
        }
    }
    EXPECT_GT(damaged_logins, 1000);  // the test did something
}

TEST(Mutation, Plain) { damage_logins(AuthMethod::kPlain, "pencil", 1); }
TEST(Mutation, Md5) { damage_logins(AuthMethod::kMd5, "pencil", 2); }
TEST(Mutation, ScramWithPlainSecret) { damage_logins(AuthMethod::kScramSha256, "pencil", 3); }
TEST(Mutation, ScramWithScramSecret) {
    const ScramKeys keys = derive_keys("pencil", "salt", 2);
    damage_logins(AuthMethod::kScramSha256, write_verifier({2, "salt", keys.stored_key, keys.server_key}), 4);
}

TEST(Mutation, UserLists) {
    Damage damage(5);
    const std::string text =
        "; comment\n\"joe\" \"pencil\"\n\"a\"\"b\" \"SCRAM-SHA-256$4096:QQ==$x:y\"\n\"md5\" \"md5c2254ab53273cf25e64a75a86935e064\"\n";
    int read = 0;
    for (int round = 0; round < 4000; ++round) {
        read += UserList::parse(damage.apply(text), "f").has_value() ? 1 : 0;
    }
    EXPECT_GT(read, 0);
    EXPECT_LT(read, 4000);
}

}  // namespace
}  // namespace cenote::auth
