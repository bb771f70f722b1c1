#include "dataplane/auth/user_list.hpp"

#include <gtest/gtest.h>

namespace cenote::auth {
namespace {

constexpr std::string_view kScramSecret =
    "SCRAM-SHA-256$4096:wD+/OgyOhOsSPd8NFuzMJA==$xYM03mns+AhL9dEI49Qx1Xz2Ghu6AMEkKcqDZ6Ewn1I=:p9nf+67sx4SeWeU+ZkUPhOBy14FEIlGxf1G0hWnm5Wk=";

UserList parse(std::string_view text) {
    auto list = UserList::parse(text, "userlist.txt");
    EXPECT_TRUE(list) << (list ? "" : list.error().message);
    return list ? std::move(*list) : UserList();
}

TEST(UserList, ReadsWhatPgBouncerReads) {
    const UserList list = parse(
        "; a comment \"with quotes\"\n"
        "\"plain\" \"secret\"\n"
        "\r\n"
        "   \t\"q\"\"uote\"\"\" \"p\"\"w\"   and the rest is ignored \"too\"\n"
        "\"md\"\"5\" \"md5c2254ab53273cf25e64a75a86935e064\"\r\n"
        "\"none\" \"\"\n"
        "\"near\"\"\" \"\"\"y\"\n"
        "\"lines\" \"one\ntwo\"\n"
        "\"hash#\" \"; no comment\"\n"
        "\"last\" \"line without an end\""
    );
    EXPECT_EQ(list.size(), 8U);
    const auto secret_of = [&](std::string_view name) { return list.find(name) ? list.find(name)->secret.text : "(no such user)"; };
    EXPECT_EQ(secret_of("plain"), "secret");
    EXPECT_EQ(secret_of("q\"uote\""), "p\"w");
    EXPECT_EQ(secret_of("none"), "");
    EXPECT_EQ(secret_of("near\""), "\"y");
    EXPECT_EQ(secret_of("lines"), "one\ntwo");
    EXPECT_EQ(secret_of("hash#"), "; no comment");
    EXPECT_EQ(secret_of("last"), "line without an end");
    EXPECT_EQ(list.find("md\"5")->secret.kind, Secret::Kind::kMd5);
    EXPECT_EQ(list.find("none")->secret.kind, Secret::Kind::kNone);
    EXPECT_EQ(list.find("plain")->secret.kind, Secret::Kind::kPlain);
    EXPECT_EQ(list.find("PLAIN"), nullptr);
    EXPECT_EQ(list.entries().front()->name, "plain");
    EXPECT_EQ(parse("").size(), 0U);
    EXPECT_EQ(parse(" \n;\n").size(), 0U);
}

TEST(UserList, KindsOfSecrets) {
    EXPECT_EQ(Secret::parse(std::string(kScramSecret)).kind, Secret::Kind::kScram);
    EXPECT_EQ(Secret::parse(std::string(kScramSecret)).verifier.iterations, 4096);
    EXPECT_EQ(Secret::parse("md5c2254ab53273cf25e64a75a86935e064").kind, Secret::Kind::kMd5);
    // Nearly: plain passwords all.
    EXPECT_EQ(Secret::parse("md5C2254AB53273CF25E64A75A86935E064").kind, Secret::Kind::kPlain);
    EXPECT_EQ(Secret::parse("md5c2254ab53273cf25e64a75a86935e06").kind, Secret::Kind::kPlain);
    EXPECT_EQ(Secret::parse("SCRAM-SHA-256$4096:salt$stored:server").kind, Secret::Kind::kPlain);
}

TEST(UserList, TheLastLineOfAUserWins) {
    const UserList list = parse("\"a\" \"1\"\n\"b\" \"2\"\n\"a\" \"3\"\n");
    EXPECT_EQ(list.size(), 2U);
    EXPECT_EQ(list.find("a")->secret.text, "3");
    EXPECT_EQ(list.find("b")->secret.text, "2");
}

TEST(UserList, ErrorsNameFileLineAndReasonButNoSecret) {
    const struct {
        std::string text;
        std::string message;
    } cases[] = {
        {"\"a\" \"1\"\nuser secret\n", "userlist.txt:2: expected a user name in double quotes"},
        {"# no comment of PgBouncer's\n", "userlist.txt:1: expected a user name in double quotes"},
        {"\n\n\"a\"\n\"b\" \"hidden\"\n", "userlist.txt:3: expected a password in double quotes"},
        {"\"a\" hidden\n", "userlist.txt:1: expected a password in double quotes"},
        {"\"a\"", "userlist.txt:1: expected a password in double quotes"},
        {"\"a\" \"1\"\n\"b\" \"hidden\n\"c\" \"3\"\n\"d", "userlist.txt:4: the user name has no closing quote"},
        {"\"a\" \"hidden\n\n\n", "userlist.txt:1: the password has no closing quote"},
        {std::string("\"a\" \"hid\0den\"", 13), "userlist.txt:1: the password contains a zero byte"},
        {"\"" + std::string(kMaxUserName + 1, 'n') + "\" \"x\"", "userlist.txt:1: the user name is longer than 127 bytes"},
        {"\"a\" \"" + std::string(kMaxPassword + 1, 'p') + "\"", "userlist.txt:1: the password is longer than 65536 bytes"},
    };
    for (const auto& example : cases) {
        const auto list = UserList::parse(example.text, "userlist.txt");
        ASSERT_FALSE(list) << example.text.substr(0, 60);
        EXPECT_EQ(list.error().message, example.message);
    }
    EXPECT_EQ(parse("\"" + std::string(kMaxUserName, 'n') + "\" \"" + std::string(kMaxPassword, 'p') + "\"").size(), 1U);
}

TEST(UserList, EveryTruncationIsReadOrRefused) {
    const std::string text = "; c\n\"a\"\"b\" \"1\"\"2\" rest\n\"c\" \"3\"\n";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const auto list = UserList::parse(text.substr(0, length), "f");
        if (list) {
            EXPECT_LE(list->size(), 2U);
        } else {
            EXPECT_EQ(list.error().message.rfind("f:", 0), 0U) << list.error().message;
        }
    }
}

TEST(UserList, AReloadKeepsWhatUnchangedUsersLearned) {
    const UserList old = parse("\"same\" \"x\"\n\"changed\" \"x\"\n\"gone\" \"x\"\n");
    for (const UserEntryRef& entry : old.entries()) {
        entry->cache->learn_client_key(ScramKey{7});
    }
    UserList fresh = parse("\"new\" \"x\"\n\"changed\" \"y\"\n\"same\" \"x\"\n");
    fresh.adopt_caches(old);
    EXPECT_EQ(fresh.size(), 3U);
    EXPECT_EQ(fresh.find("same")->cache->client_key(), ScramKey{7});
    EXPECT_EQ(fresh.find("changed")->cache->client_key(), std::nullopt);
    EXPECT_EQ(fresh.find("changed")->secret.text, "y");
    EXPECT_EQ(fresh.find("new")->cache->client_key(), std::nullopt);
    EXPECT_EQ(fresh.find("gone"), nullptr);
}

TEST(UserList, AnEntryOutlivesItsList) {
    UserEntryRef entry;
    {
        UserList list = parse("\"a\" \"1\"\n");
        entry = list.find("a");
        list.add(make_user_entry("a", "2"));
        EXPECT_EQ(list.find("a")->secret.text, "2");
    }
    EXPECT_EQ(entry->secret.text, "1");
}

}  // namespace
}  // namespace cenote::auth
