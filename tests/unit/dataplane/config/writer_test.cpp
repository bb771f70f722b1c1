#include "dataplane/config/connection_string.hpp"
#include "dataplane/config/ini_writer.hpp"
#include "memory_files.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cenote::config {
namespace {

TEST(IniWriter, WritesPlainSections) {
    const auto text = write_ini(
        {{"databases", {{"orders", "host=db port=5432"}, {"we\"ird name", "host=x"}, {"*", ""}}},
         {"pgbouncer", {{"pool_mode", "transaction"}}}},
        "Written by a machine.\nDo not edit."
    );
    ASSERT_TRUE(text);
    EXPECT_EQ(
        *text,
        "; Written by a machine.\n; Do not edit.\n\n[databases]\norders = host=db port=5432\n\"we\"\"ird name\" = host=x\n* =\n\n"
        "[pgbouncer]\npool_mode = transaction\n"
    );
}

TEST(IniWriter, WhatItWritesReadsBackUnchanged) {
    for (const std::string nasty : {"a b", "it's", "''", "x;y#z", "a=b", "tab\there", "\"q\"", "%include x", "[s]", "ünï"}) {
        const auto text = write_ini(
            {{"databases", {{nasty, write_connection_string({{"host", "h"}, {"password", nasty}, {"user", nasty}, {"timezone", ""}})}}},
             {"users", {{nasty, "pool_size=3"}}},
             {"pgbouncer", {{"server_reset_query", nasty}, {"auth_file", "u"}}}}
        );
        ASSERT_TRUE(text) << text.error().message;
        const auto loaded = load_text("p.ini", *text, {}, test::files({}));
        ASSERT_TRUE(loaded) << loaded.error().message << "\n" << *text;
        const Database* database = (*loaded)->find_database(nasty);
        ASSERT_NE(database, nullptr) << *text;
        EXPECT_EQ(database->password, nasty);
        EXPECT_EQ(database->user, nasty);
        EXPECT_EQ(database->timezone, "");
        EXPECT_NE((*loaded)->find_user(nasty), nullptr);
        EXPECT_EQ((*loaded)->server_reset_query, nasty);
    }
}

TEST(IniWriter, RefusesWhatAnIniFileCannotHold) {
    EXPECT_EQ(
        write_ini({{"pgbouncer", {{"a", "b\nadmin_users = mallory"}}}}).error().message,
        "a: an ini file cannot hold a value with line breaks or with blanks at its ends"
    );
    EXPECT_FALSE(write_ini({{"pgbouncer", {{"a\nb", "c"}}}}));
    EXPECT_FALSE(write_ini({{"pgbouncer", {{"", "c"}}}}));
    EXPECT_FALSE(write_ini({{"pgbouncer", {{"a", " c"}}}}));
    EXPECT_FALSE(write_ini({{"pgbouncer", {{"a", "c\r"}}}}));
    EXPECT_FALSE(write_ini({{"x]\n[y", {}}}));
    // A quoted value does not carry a line break past the writer either.
    EXPECT_FALSE(write_ini({{"databases", {{"a", write_connection_string({{"user", "x\n* = host=evil"}})}}}}));
}

TEST(ConnectionString, RoundTripsAnyByteButALineBreak) {
    std::string all;
    for (int c = 1; c < 256; ++c) {
        if (c != '\n' && c != '\r') {
            all.push_back(static_cast<char>(c));
        }
    }
    const auto pairs = parse_connection_string(write_connection_string({{"a", all}, {"b", "plain"}}));
    ASSERT_TRUE(pairs) << pairs.error().message;
    ASSERT_EQ(pairs->size(), 2U);
    EXPECT_EQ((*pairs)[0].second, all);
    EXPECT_EQ((*pairs)[1].second, "plain");
}

}  // namespace
}  // namespace cenote::config
