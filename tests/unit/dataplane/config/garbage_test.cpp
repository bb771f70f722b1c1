// Texts that nobody wrote on purpose: the parsers must answer each with a configuration or a message, and an accepted one must be sound.
#include "dataplane/config/ini_writer.hpp"
#include "dataplane/config/setting.hpp"
#include "memory_files.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

const std::string kIni =
    "; comment\n[databases]\norders = host=db port=5432 connect_query='select ''x''' pool_size=12\n\"na\"\"me\" = user=u\n* = host=/tmp\n"
    "[users]\nu = pool_mode=statement\n[peers]\n1 = host=a\n[pgbouncer]\nlisten_addr = *\npool_mode = transaction\nauth_file = u\n"
    "query_wait_timeout = 1.5\nunix_socket_mode = 0777\nadmin_users = a, b\n%include other.ini\n";

const std::string kYaml =
    "pgbouncer:\n  listen_addr: '*'\n  admin_users: [a, b]\n  query_wait_timeout: 1.5\ndatabases:\n  orders: {host: db, port: 5432}\n"
    "  '*': \"host=x\"\nusers:\n  u:\n    pool_size: 3\npeers: {1: {host: a}}\n";

/// Loads, and holds an accepted configuration to what it promises.
void try_load(const std::string& path, const std::string& text) {
    const auto loaded = load_text(path, text, {}, test::files({{"other.ini", "verbose = 1\n"}}));
    if (!loaded) {
        EXPECT_FALSE(loaded.error().message.empty());
        EXPECT_EQ(
            loaded.error().message.find(path) == std::string::npos && loaded.error().message.find("other.ini") == std::string::npos, false
        ) << loaded.error().message;
        return;
    }
    const Config& config = **loaded;
    EXPECT_EQ(config.find_database("pgbouncer"), nullptr);
    EXPECT_FALSE(config.listen_addr.empty() && config.unix_socket_dir.empty());
    for (const Setting& setting : settings(Scope::kGlobal)) {
        const std::optional<std::string> shown = value_text(setting, config);
        EXPECT_TRUE(!shown || validate_setting(Scope::kGlobal, setting.name, *shown)) << setting.name << " = " << *shown;
    }
}

TEST(Garbage, EveryPrefixOfAFileIsAnswered) {
    for (std::size_t length = 0; length <= kIni.size(); ++length) {
        try_load("p.ini", kIni.substr(0, length));
    }
    for (std::size_t length = 0; length <= kYaml.size(); ++length) {
        try_load("p.yaml", kYaml.substr(0, length));
    }
}

TEST(Garbage, EveryDamagedFileIsAnswered) {
    std::mt19937 random(4711);  // the same files in every run
    const std::string_view nasty = "\n\r\t \"'[]{}=;#%*:,-&!|>0\x00\x7f\xff";
    for (int round = 0; round < 3000; ++round) {
        std::string text = round % 2 == 0 ? kIni : kYaml;
        for (auto damage = random() % 6; damage < 6; ++damage) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[at] = static_cast<char>(random() % 256);
                    break;
                case 1:
                    text.insert(at, 1, nasty[random() % nasty.size()]);
                    break;
                case 2:
                    text.erase(at, random() % 8);
                    break;
                default:
                    text.insert(at, text.substr(random() % text.size(), random() % 40));
                    break;
            }
            if (text.empty()) {
                text = "x";
            }
        }
        try_load(round % 2 == 0 ? "p.ini" : "p.yaml", text);
    }
}

TEST(Garbage, WhateverTheWriterAcceptsReadsBack) {
    std::mt19937 random(42);
    for (int round = 0; round < 2000; ++round) {
        std::string name;
        std::string value;
        for (std::size_t i = 0, n = 1 + random() % 8; i < n; ++i) {
            name.push_back(static_cast<char>(random() % 256));
            value.push_back(static_cast<char>(random() % 256));
        }
        const auto text = write_ini(
            {{"databases", {{name, write_connection_string({{"user", value}})}}}, {"pgbouncer", {{"auth_file", "u"}, {"logfile", value}}}}
        );
        if (!text) {
            continue;
        }
        const auto loaded = load_text("p.ini", *text, {}, test::files({}));
        ASSERT_TRUE(loaded) << loaded.error().message;
        const Database* database = name == "*" ? (*loaded)->fallback() : (*loaded)->find_database(name);
        ASSERT_NE(database, nullptr) << *text;
        EXPECT_EQ(database->user, value);
        EXPECT_EQ((*loaded)->logfile, value);
        EXPECT_EQ((*loaded)->databases.size(), name == "*" ? 0U : 1U);
    }
}

}  // namespace
}  // namespace cenote::config
