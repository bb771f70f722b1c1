#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/message_writer.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/protocol/wire_reader.hpp"

#include <gtest/gtest.h>

namespace cenote::protocol {
namespace {

using std::string_literals::operator""s;

TEST(MessageWriter, FramesTypeLengthAndBody) {
    MessageWriter out;
    write_query(out, "select 1");
    EXPECT_EQ(out.data(), "Q\0\0\0\x0dselect 1\0"s);
    const auto header = read_header(out.data());
    EXPECT_EQ(header.type, 'Q');
    EXPECT_EQ(header.total(), out.data().size());
    EXPECT_TRUE(header.valid());
}

TEST(MessageWriter, KeepsSeveralMessagesApart) {
    MessageWriter out;
    write_parameter_status(out, "a", "b");
    write_ready_for_query(out, 'I');
    EXPECT_EQ(out.data(), "S\0\0\0\x08"s + "a\0b\0"s + "Z\0\0\0\x05I"s);
}

TEST(FrameHeader, KnowsALengthBelowItself) { EXPECT_FALSE(read_header("Q\0\0\0\3"s).valid()); }

TEST(WireReader, NeverReadsPastTheEnd) {
    WireReader reader("\0\1"s);
    EXPECT_EQ(reader.int32(), 0);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.string(), "");
    WireReader unterminated("abc");
    EXPECT_EQ(unterminated.string(), "");
    EXPECT_FALSE(unterminated.ok());
}

TEST(ErrorResponse, RoundTripsAndSurvivesTruncation) {
    MessageWriter out;
    write_error(out, "FATAL", "28P01", "no");
    const std::string body = out.data().substr(kHeaderSize);
    const auto fields = parse_error(body);
    EXPECT_EQ(fields.severity, "FATAL");
    EXPECT_EQ(fields.sqlstate, "28P01");
    EXPECT_EQ(fields.message, "no");
    for (std::size_t cut = 0; cut < body.size(); ++cut) {
        static_cast<void>(parse_error(body.substr(0, cut)));
    }
    EXPECT_EQ(parse_error("Mtext\0\0"s).message, "text");
    EXPECT_EQ(parse_error("Mtext\0\0"s).sqlstate, "");
}

std::string startup_bytes() {
    StartupMessage message;
    message.parameters = {{"user", "u"}, {"database", "d"}};
    MessageWriter out;
    write_startup_message(out, message);
    return out.data();
}

TEST(StartupPacket, ParsesWhatItWrites) {
    const auto bytes = startup_bytes();
    std::size_t size = 0;
    const auto packet = parse_startup_packet(bytes + "more", size);
    ASSERT_TRUE(packet);
    EXPECT_EQ(size, bytes.size());
    const auto* message = std::get_if<StartupMessage>(&*packet);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(*message->find("database"), "d");
    EXPECT_EQ(message->find("options"), nullptr);
}

TEST(StartupPacket, WaitsForEveryByte) {
    const auto bytes = startup_bytes();
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        std::size_t size = 0;
        const auto packet = parse_startup_packet(std::string_view(bytes).substr(0, cut), size);
        ASSERT_TRUE(packet);
        EXPECT_TRUE(std::holds_alternative<NeedMore>(*packet)) << cut;
    }
}

TEST(StartupPacket, KnowsTheRequests) {
    std::size_t size = 0;
    EXPECT_TRUE(std::holds_alternative<SslRequest>(*parse_startup_packet("\0\0\0\x08\x04\xd2\x16\x2f"s, size)));
    EXPECT_TRUE(std::holds_alternative<GssEncRequest>(*parse_startup_packet("\0\0\0\x08\x04\xd2\x16\x30"s, size)));
    MessageWriter out;
    write_cancel_request(out, {7, -9});
    const auto packet = parse_startup_packet(out.data(), size);
    const auto* cancel = std::get_if<CancelRequest>(&*packet);
    ASSERT_NE(cancel, nullptr);
    EXPECT_EQ(cancel->process_id, 7);
    EXPECT_EQ(cancel->secret_key, -9);
}

class BadStartup : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(BadStartup, IsRefusedWithAReason) {
    std::size_t size = 0;
    const auto packet = parse_startup_packet(GetParam().first, size);
    ASSERT_FALSE(packet);
    EXPECT_THAT(packet.error().message, testing::HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Packets, BadStartup,
    testing::Values(
        std::pair{"\0\0\0\x07"s, "invalid length"s}, std::pair{"\x7f\xff\xff\xff"s, "invalid length"s},
        std::pair{"GET / HTTP"s, "invalid length"s}, std::pair{"\0\0\0\x08\0\2\0\0"s, "unsupported protocol version 2.0"s},
        std::pair{"\0\0\0\x09\0\3\0\0x"s, "no terminator"s}, std::pair{"\0\0\0\x0a\0\3\0\0a\0"s, "no value"s},
        std::pair{"\0\0\0\x0a\0\3\0\0\0x"s, "after the terminator"s}
    )
);

}  // namespace
}  // namespace cenote::protocol
