#include "dataplane/protocol/take_message.hpp"

#include "dataplane/protocol/message_writer.hpp"

#include <gtest/gtest.h>

namespace cenote::protocol {
namespace {

using namespace std::string_literals;

std::string message(char type, std::string_view body) {
    MessageWriter out;
    out.message(type, body);
    return out.take();
}

TEST(TakeMessage, OneAfterTheOther) {
    const auto bytes = message('Q', "select 1\0"s) + message('X', "") + "Q";
    std::string_view rest = bytes;
    const auto first = take_message(rest, 100);
    ASSERT_TRUE(std::holds_alternative<Message>(first));
    EXPECT_EQ(std::get<Message>(first).type, 'Q');
    EXPECT_EQ(std::get<Message>(first).body, "select 1\0"s);
    const auto second = take_message(rest, 100);
    ASSERT_TRUE(std::holds_alternative<Message>(second));
    EXPECT_EQ(std::get<Message>(second).type, 'X');
    EXPECT_EQ(std::get<Message>(second).body, "");
    EXPECT_TRUE(std::holds_alternative<NeedMore>(take_message(rest, 100)));
    EXPECT_EQ(rest, "Q");
}

TEST(TakeMessage, EveryCutWantsMoreAndTakesNothing) {
    const auto bytes = message('p', "secret");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        std::string_view rest(bytes.data(), size);
        EXPECT_TRUE(std::holds_alternative<NeedMore>(take_message(rest, 6))) << size;
        EXPECT_EQ(rest.size(), size);
    }
    std::string_view whole = bytes;
    EXPECT_TRUE(std::holds_alternative<Message>(take_message(whole, 6)));
    EXPECT_TRUE(whole.empty());
}

TEST(TakeMessage, TheLimitIsOfTheBodyAndIsJudgedByTheHeaderAlone) {
    const auto bytes = message('p', "secret");
    std::string_view rest = bytes;
    const auto whole = take_message(rest, 5);
    ASSERT_TRUE(std::holds_alternative<Broken>(whole));
    EXPECT_EQ(std::get<Broken>(whole).type, 'p');
    EXPECT_EQ(std::get<Broken>(whole).length, 10U);
    EXPECT_EQ(rest, bytes);
    std::string_view header(bytes.data(), kHeaderSize);
    EXPECT_TRUE(std::holds_alternative<Broken>(take_message(header, 5)));
}

TEST(TakeMessage, LengthsThatCannotBe) {
    for (const auto& length : {"\0\0\0\0"s, "\0\0\0\3"s}) {
        const auto bytes = "Q" + length + "more";
        std::string_view rest = bytes;
        EXPECT_TRUE(std::holds_alternative<Broken>(take_message(rest, 100)));
    }
    for (const auto& length : {"\xff\xff\xff\xff"s, "\x80\0\0\0"s, "\x7f\xff\xff\xff"s}) {
        const auto bytes = "Q" + length + "more";
        std::string_view rest = bytes;
        EXPECT_TRUE(std::holds_alternative<Broken>(take_message(rest, 1U << 20U)));
        EXPECT_TRUE(std::holds_alternative<NeedMore>(take_message(rest, std::numeric_limits<std::uint64_t>::max())));
    }
}

}  // namespace
}  // namespace cenote::protocol
