#include "dataplane/base/printable.hpp"

#include <gtest/gtest.h>

namespace cenote {
namespace {

using namespace std::string_literals;

TEST(Printable, PlainTextStays) {
    EXPECT_EQ(printable(""), "");
    EXPECT_EQ(printable("no such database: \"x\" (age=0s) C:\\dir\\new ~"), "no such database: \"x\" (age=0s) C:\\dir\\new ~");
    EXPECT_EQ(printable("Žluťoučký kůň, 日本語, 🐘"), "Žluťoučký kůň, 日本語, 🐘");
}

TEST(Printable, NothingEndsTheLineOrMovesTheCursor) {
    EXPECT_EQ(printable("app\n2026-01-01 00:00:00.000 UTC [1] LOG forged"), "app\\n2026-01-01 00:00:00.000 UTC [1] LOG forged");
    EXPECT_EQ(printable("a\rb\tc\0d\x1b[2J\x7f"s), "a\\rb\\tc\\x00d\\x1b[2J\\x7f");
    EXPECT_EQ(
        printable("\xc2\x9b"
                  "2J"),
        "\\xc2\\x9b2J"
    );  // the one-character form of ESC [
    for (int c = 0; c < 256; ++c) {
        const auto shown = printable(std::string(1, static_cast<char>(c)));
        EXPECT_TRUE(std::all_of(shown.begin(), shown.end(), [](char one) { return one >= 0x20 && one < 0x7f; })) << c;
    }
}

TEST(Printable, BytesThatAreNoUtf8AreWrittenOut) {
    EXPECT_EQ(printable("caf\xe9"), "caf\\xe9");              // Latin-1
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");           // cut off
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(printable("\xe0\x80\x8a"), "\\xe0\\x80\\x8a");  // overlong newline
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a surrogate pair
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(printable("\xe2\x82\xac\xff\xe2\x82\xac"), "€\\xff€");
}

}  // namespace
}  // namespace cenote
