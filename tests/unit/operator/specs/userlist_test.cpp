#include "operator/specs/userlist.hpp"

namespace cenote::specs {
namespace {

using ::testing::HasSubstr;

TEST(Userlist, CredentialsAlone) {
    const auto list = make_userlist("orders", "p\"4 s\\s", std::nullopt);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->text, "\"orders\" \"p\"\"4 s\\s\"\n");
    EXPECT_FALSE(list->has_md5);
    EXPECT_EQ(make_userlist("orders", "", std::nullopt)->text, "\"orders\" \"\"\n");
}

TEST(Userlist, UsersComeFirstAndWin) {
    EXPECT_EQ(make_userlist("orders", "x", "; note\n\"web\" \"y\"")->text, "; note\n\"web\" \"y\"\n\"orders\" \"x\"\n");
    EXPECT_EQ(make_userlist("web", "x", "\"web\" \"y\"\n")->text, "\"web\" \"y\"\n");
    EXPECT_TRUE(make_userlist("o", "x", "\"a\" \"1\"\n\"a\" \"2\"\n\"b\"\t\"3\" trailing\n"));
}

TEST(Userlist, SeesMd5Secrets) {
    EXPECT_TRUE(make_userlist("o", "x", "\"a\" \"md5aabbccddeeff00112233445566778899\"\n")->has_md5);
    EXPECT_FALSE(make_userlist("o", "x", "\"a\" \"md5 is my password\"\n")->has_md5);
}

TEST(Userlist, WhatCannotBeWrittenIsRefused) {
    const auto error = [](std::string_view user, std::string_view password, std::optional<std::string> users) {
        const auto list = make_userlist(user, password, users);
        return list ? std::string{} : list.error().message;
    };
    EXPECT_THAT(error("", "x", std::nullopt), HasSubstr("username is empty"));
    EXPECT_THAT(error("a", "x\n", std::nullopt), HasSubstr("line breaks"));
    EXPECT_THAT(error("a", std::string_view{"x\0y", 3}, std::nullopt), HasSubstr("line breaks"));
    EXPECT_THAT(error("a", "x", "no quotes here\n"), HasSubstr("lists no user"));
    EXPECT_THAT(error("a", "x", "\"a\" \"1\"\n\"b\" 2\n"), HasSubstr("line 2"));
    EXPECT_THAT(error("a", "x", "\"unclosed\n"), HasSubstr("line 1"));
    EXPECT_THAT(error("a", "x", std::string(600U * 1024U, '"')), HasSubstr("512 KiB"));
}

}  // namespace
}  // namespace cenote::specs
