#include "dataplane/admin/table.hpp"

#include "dataplane/admin/show.hpp"
#include "dataplane/protocol/message_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cenote::admin {
namespace {

template <std::size_t n>
std::string bytes(const char (&text)[n]) {
    return std::string(text, n - 1);
}

TEST(Table, IsWrittenAsRowDescriptionRowsAndTag) {
    Table table;
    table.columns = {{"n", ColumnType::kText}, {"i", ColumnType::kInt4}};
    table.rows = {{"ab", std::nullopt}, {"", "7"}};
    protocol::MessageWriter out;
    write_table(table, out);
    EXPECT_EQ(
        out.data(),
        bytes("T\0\0\0\x2e\0\2n\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0i\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0") +
            bytes("D\0\0\0\x10\0\2\0\0\0\2ab\xff\xff\xff\xff") + bytes("D\0\0\0\x0f\0\2\0\0\0\0\0\0\0\1") + "7" + bytes("C\0\0\0\x09SHOW\0")
    );
}

// As PgBouncer 1.18 answered to "show version".
TEST(Table, IsByteForByteThatOfPgBouncer) {
    protocol::MessageWriter out;
    write_table(show_version("PgBouncer 1.18.0"), out);
    EXPECT_EQ(
        out.data(), bytes("T\0\0\0 \0\1version\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0") +
                        bytes("D\0\0\0\x1a\0\1\0\0\0\x10PgBouncer 1.18.0") + bytes("C\0\0\0\x09SHOW\0")
    );
}

TEST(Table, UsesTheOidsOfItsTypes) {
    Table table;
    table.columns = {{"q", ColumnType::kInt8}, {"N", ColumnType::kNumeric}, {"T", ColumnType::kTime}, {"b", ColumnType::kBytes}};
    protocol::MessageWriter out;
    write_table(table, out);
    const auto type_of = [&](std::string_view name) {
        const auto at = out.data().find(std::string(name) + bytes("\0\0\0\0\0\0\0")) + 1 + 1 + 4 + 2;
        return out.data().substr(at, 6);
    };
    EXPECT_EQ(type_of("q"), bytes("\0\0\0\x14\0\x08"));
    EXPECT_EQ(type_of("N"), bytes("\0\0\x06\xa4\xff\xff"));
    EXPECT_EQ(type_of("T"), bytes("\0\0\0\x19\xff\xff"));
    EXPECT_EQ(type_of("b"), bytes("\0\0\0\x11\xff\xff"));
}

TEST(Notice, HasSeverityCodeTextAndDetail) {
    protocol::MessageWriter out;
    write_notice("Console usage", "\n\tHELP", out);
    EXPECT_EQ(out.data(), bytes("N\0\0\0\x2bSNOTICE\0C00000\0MConsole usage\0D\n\tHELP\0\0"));
    protocol::MessageWriter plain;
    write_notice("SET ignored", {}, plain);
    EXPECT_EQ(plain.data(), bytes("N\0\0\0\x21SNOTICE\0C00000\0MSET ignored\0\0"));
}

}  // namespace
}  // namespace cenote::admin
