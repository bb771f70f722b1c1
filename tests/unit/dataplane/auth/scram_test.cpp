#include "dataplane/auth/scram.hpp"

#include "dataplane/auth/crypto.hpp"
#include "dataplane/auth/key_cache.hpp"
#include "dataplane/auth/saslprep.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <span>
#include <tuple>
#include <vector>

namespace cenote::auth {
namespace {

// RFC 7677, section 3: user "user", password "pencil".
constexpr std::string_view kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

TEST(Scram, Rfc7677Vector) {
    const auto client_first = parse_client_first(kClientFirst);
    const auto server_first = parse_server_first(kServerFirst);
    const auto client_final = parse_client_final(kClientFinal);
    const auto server_final = parse_server_final(kServerFinal);
    ASSERT_TRUE(client_first && server_first && client_final && server_final);
    EXPECT_EQ(client_first->gs2_header, "n,,");
    EXPECT_EQ(client_first->nonce, "rOprNGfwEbeRWgbNEkqO");
    EXPECT_EQ(client_final->channel_binding, "n,,");
    EXPECT_EQ(client_final->nonce, server_first->nonce);
    EXPECT_EQ(server_first->iterations, 4096);

    const ScramKeys keys = derive_keys("pencil", server_first->salt, server_first->iterations);
    const std::string message = auth_message(client_first->bare, kServerFirst, client_final->without_proof);
    EXPECT_EQ(exclusive_or(keys.client_key, client_signature(keys.stored_key, message)), client_final->proof);
    EXPECT_EQ(server_signature(keys.server_key, message), *server_final);
}

// What PostgreSQL 15 stored for these passwords.
struct Stored {
    std::string password;
    std::string verifier;
};
const Stored kStored[] = {
    {"pencil",
     "SCRAM-SHA-256$4096:wD+/OgyOhOsSPd8NFuzMJA==$xYM03mns+AhL9dEI49Qx1Xz2Ghu6AMEkKcqDZ6Ewn1I=:p9nf+67sx4SeWeU+ZkUPhOBy14FEIlGxf1G0hWnm5Wk="
    },
    {"a\"b c,=$",
     "SCRAM-SHA-256$4096:57BvK+bPSVZoMHaVUb97/A==$xrJZnEd9IzfeYSqtkYsHlQybBws2l4VSXG/EVRWWBN8=:DavR/sFVdZ5CuUg/gbERDB5RTKkdogUu7TueTp69L2s="
    },
    // soft hyphen, Roman numeral nine, no-break space, feminine ordinal: SASLprep changes them all
    {"I\u00adX\u2168 \u00a0\u00aa",
     "SCRAM-SHA-256$4096:NhSHXjTO+igarsdrCkHvuw==$lQVyyiBALiqW2kbE9Lr225BiI3o4+doOCP3wqVRaUaM=:4rALJNvIYH4GkPHlBY8ycH+oFYm4n1RX3csH5lGgRjg="
    },
    // refused by SASLprep (mixed directions; an unassigned code point), so used as they are
    {"\u06271",
     "SCRAM-SHA-256$4096:AyKPjOuNJvvdP92m7NMVHQ==$rHshTcOIeWyHIw07f4Q9GJvia0tZveemL2u+9u8NRaQ=:gxSoPjSeYSyYjf6XnZV6XwPcx3Q0IQMrj6aGeaEqg0o="
    },
    {"x\u0378",
     "SCRAM-SHA-256$4096:gwjBc+UqJ5gE4Tiai8sccQ==$WhG4xVxQZnQAKUU5ltkdmCdF6AVFAAFYpdCczLzGNcM=:F+7Fv42REskrBa7sNUucWeb41tD640i74QvV+inTZn0="
    },
};

TEST(Scram, VerifiersOfPostgres) {
    for (const Stored& stored : kStored) {
        SCOPED_TRACE(stored.password);
        const auto verifier = parse_verifier(stored.verifier);
        ASSERT_TRUE(verifier);
        EXPECT_EQ(verifier->iterations, 4096);
        EXPECT_EQ(verifier->salt.size(), 16U);
        const ScramKeys keys = derive_keys(stored.password, verifier->salt, verifier->iterations);
        EXPECT_EQ(keys.stored_key, verifier->stored_key);
        EXPECT_EQ(keys.server_key, verifier->server_key);
        EXPECT_EQ(stored_key_of(keys.client_key), verifier->stored_key);
        EXPECT_EQ(write_verifier(*verifier), stored.verifier);
    }
}

TEST(Scram, BrokenVerifiersAreNone) {
    const std::string good = kStored[0].verifier;
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(parse_verifier(good.substr(0, length))) << length;
    }
    const std::string keys = "$xYM03mns+AhL9dEI49Qx1Xz2Ghu6AMEkKcqDZ6Ewn1I=:p9nf+67sx4SeWeU+ZkUPhOBy14FEIlGxf1G0hWnm5Wk=";
    for (const char* broken :
         {"SCRAM-SHA-256$0:wD+/OgyOhOsSPd8NFuzMJA==", "SCRAM-SHA-256$-1:wD+/OgyOhOsSPd8NFuzMJA==",
          "SCRAM-SHA-256$99999999999:wD+/OgyOhOsSPd8NFuzMJA==", "SCRAM-SHA-256$4096:!!!!",
          "SCRAM-SHA-256$4096:", "SCRAM-SHA-1$4096:wD+/OgyOhOsSPd8NFuzMJA==", "SCRAM-SHA-256$$4096::::", ""}) {
        EXPECT_FALSE(parse_verifier(broken + keys)) << broken;
    }
    EXPECT_TRUE(parse_verifier("SCRAM-SHA-256$4096:wD+/OgyOhOsSPd8NFuzMJA==" + keys));
    EXPECT_FALSE(parse_verifier(good + "="));
}

TEST(Scram, Saslprep) {
    EXPECT_EQ(saslprep(""), "");
    EXPECT_EQ(saslprep("plain \x01 ascii"), "plain \x01 ascii");  // ASCII is never touched
    EXPECT_EQ(saslprep("I\u00adX"), "IX");                        // RFC 4013, section 3
    EXPECT_EQ(saslprep("\u00aa"), "a");
    EXPECT_EQ(saslprep("\u2168"), "IX");
    EXPECT_EQ(saslprep("a\u00a0b"), "a b");
    EXPECT_EQ(saslprep("\u00ad"), "\u00ad");      // nothing would be left
    EXPECT_EQ(saslprep("\xff\xfe"), "\xff\xfe");  // no UTF-8
    EXPECT_EQ(saslprep("\u06271"), "\u06271");    // mixed directions
    EXPECT_EQ(saslprep("x\u0378"), "x\u0378");    // unassigned
}

TEST(Scram, EveryTruncationOfAMessageIsRefused) {
    // Only where a number or a nonce is cut is the rest well formed; its signature will not be.
    for (std::size_t length = 0; length < kClientFirst.size(); ++length) {
        EXPECT_EQ(parse_client_first(kClientFirst.substr(0, length)).has_value(), length > kClientFirst.rfind("r=") + 2) << length;
    }
    for (std::size_t length = 0; length < kServerFirst.size(); ++length) {
        EXPECT_EQ(parse_server_first(kServerFirst.substr(0, length)).has_value(), length > kServerFirst.rfind("i=") + 2) << length;
    }
    for (std::size_t length = 0; length < kClientFinal.size(); ++length) {
        EXPECT_FALSE(parse_client_final(kClientFinal.substr(0, length))) << length;
    }
    for (std::size_t length = 0; length < kServerFinal.size(); ++length) {
        EXPECT_FALSE(parse_server_final(kServerFinal.substr(0, length))) << length;
    }
}

TEST(Scram, MalformedMessages) {
    const std::string long_nonce(kMaxScramNonce + 1, 'x');
    for (const std::string& message :
         {std::string("p=tls-server-end-point,,n=,r=abc"), std::string("n,a=admin,n=,r=abc"), std::string("x,,n=,r=abc"),
          std::string("n,,m=x,n=,r=abc"), std::string("n,,n=,r="), std::string("n,,n=,r=a b"), std::string("n,,n=,r=\xc3\xa4"),
          std::string("n,,r=abc"), std::string("n,,n=\0,r=abc", 12), "n,,n=,r=" + long_nonce,
          "n,,n=,r=abc," + std::string(kMaxScramMessage, 'x')}) {
        EXPECT_FALSE(parse_client_first(message)) << message;
    }
    EXPECT_TRUE(parse_client_first("n,,n=,r=" + long_nonce.substr(1)));
    EXPECT_TRUE(parse_client_first("y,,n=somebody,r=abc"));

    for (const std::string& message :
         {std::string("r=abc,s=QQ==,i=0"), std::string("r=abc,s=QQ==,i=-1"), std::string("r=abc,s=QQ==,i=1000001"),
          std::string("r=abc,s=QQ==,i=4294967297"), std::string("r=abc,s=QQ==,i=1x"), std::string("r=abc,s=QQ==,i= 1"),
          std::string("r=abc,s=QQ==,i=1,x=y"), std::string("r=abc,s=,i=1"), std::string("r=abc,s=Q,i=1"), std::string("r=abc,s=QR==,i=1"),
          std::string("r=,s=QQ==,i=1"), std::string("m=x,r=abc,s=QQ==,i=1"), "r=" + long_nonce + ",s=QQ==,i=1",
          "r=abc,s=" + base64_encode(std::string(kMaxScramSalt + 1, 's')) + ",i=1"}) {
        EXPECT_FALSE(parse_server_first(message)) << message;
    }
    EXPECT_TRUE(parse_server_first("r=abc,s=QQ==,i=1000000"));

    const auto error = parse_server_final("e=invalid-proof\nwith a line break");
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().message, "error from the server in the SCRAM exchange: invalid-proof?with a line break");
    EXPECT_FALSE(parse_server_final(std::string(kServerFinal) + ",x=y"));
}

TEST(Scram, Base64IsStrict) {
    EXPECT_EQ(base64_encode(std::string_view("")), "");
    EXPECT_EQ(base64_encode(std::string_view("f")), "Zg==");
    EXPECT_EQ(base64_encode(std::string_view("foobar")), "Zm9vYmFy");
    EXPECT_EQ(base64_decode("Zm9vYg=="), "foob");
    EXPECT_EQ(base64_decode(""), "");
    for (const char* broken : {"Z", "Zg", "Zg=", "Zg===", "====", "Zh==", " Zg==", "Zg==\n", "Z\ng=", "Zm9v====", "Zg==Zg==", "-_-_"}) {
        EXPECT_FALSE(base64_decode(broken)) << broken;
    }
}

TEST(KeyCache, DerivesOnceForEachSalt) {
    KeyCache cache;
    const ScramKeys first = cache.keys_of("pencil", "salt", 16);
    EXPECT_EQ(first.stored_key, derive_keys("pencil", "salt", 16).stored_key);
    // An entry's secret never changes; so another password tells a kept value from a new one.
    EXPECT_EQ(cache.keys_of("other", "salt", 16).stored_key, first.stored_key);
    EXPECT_NE(cache.keys_of("other", "salt", 17).stored_key, first.stored_key);
    EXPECT_NE(cache.keys_of("other", "tlas", 16).stored_key, first.stored_key);
    // A server with ever new salts evicts only its own: what is in use stays.
    for (int salt = 0; salt < 50; ++salt) {
        std::ignore = cache.keys_of("pencil", std::to_string(salt), 1);
        EXPECT_EQ(cache.keys_of("other", "salt", 16).stored_key, first.stored_key);
    }
}

// RFC 4231, test cases 2 and 6: a short key, and one that is longer than a block.
TEST(Crypto, HmacSha256) {
    const auto hex = [](const Digest256& digest) {
        std::string out;
        for (const auto byte : digest) {
            out += fmt::format("{:02x}", byte);
        }
        return out;
    };
    const std::string jefe = "Jefe";
    EXPECT_EQ(
        hex(hmac_sha256(std::span(reinterpret_cast<const std::uint8_t*>(jefe.data()), jefe.size()), "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    const std::vector<std::uint8_t> key(131, 0xaa);
    EXPECT_EQ(
        hex(hmac_sha256(key, "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

TEST(Crypto, RandomBytesAreNotGivenTwice) {
    std::set<std::vector<std::uint8_t>> seen;
    for (int i = 0; i < 1000; ++i) {
        std::vector<std::uint8_t> some(static_cast<std::size_t>(16 + i % 200));
        random_bytes(some);
        some.resize(16);
        EXPECT_TRUE(seen.insert(some).second);
    }
}

}  // namespace
}  // namespace cenote::auth
