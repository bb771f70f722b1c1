#include "operator/kube/watch_decoder.hpp"

namespace cenote::kube {
namespace {

using Type = WatchEvent::Type;

const std::string kStream = R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}})"
                            "\n"
                            R"({"type":"MODIFIED","object":{"metadata":{"name":"a\nb","resourceVersion":"2"}}})"
                            "\n\n"
                            R"({"type":"DELETED","object":{"metadata":{"name":"ä","resourceVersion":"3"}}})"
                            "\r\n"
                            R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
                            "\n";

std::vector<std::pair<Type, std::string>> shape(const std::vector<WatchEvent>& events) {
    std::vector<std::pair<Type, std::string>> out;
    for (const WatchEvent& event : events) {
        out.emplace_back(event.type, name_of(event.object) + "@" + resource_version_of(event.object));
    }
    return out;
}

const std::vector<std::pair<Type, std::string>> kExpected{
    {Type::kAdded, "a@1"}, {Type::kModified, "a\nb@2"}, {Type::kDeleted, "ä@3"}, {Type::kBookmark, "@9"}
};

TEST(WatchDecoder, EveryCutOfTheStreamGivesTheSameEvents) {
    for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
        WatchDecoder decoder;
        std::vector<WatchEvent> events;
        ASSERT_FALSE(decoder.feed(std::string_view(kStream).substr(0, cut), events).has_value());
        ASSERT_FALSE(decoder.feed(std::string_view(kStream).substr(cut), events).has_value());
        ASSERT_EQ(shape(events), kExpected) << "cut at " << cut;
        ASSERT_EQ(decoder.pending(), 0U);
    }
    WatchDecoder decoder;
    std::vector<WatchEvent> events;
    for (const char c : kStream) {
        ASSERT_FALSE(decoder.feed({&c, 1}, events).has_value());
    }
    EXPECT_EQ(shape(events), kExpected);
}

TEST(WatchDecoder, AnErrorEventEndsWithItsKindAndKeepsWhatCameBefore) {
    WatchDecoder decoder;
    std::vector<WatchEvent> events;
    const auto error = decoder.feed(
        R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
        "\n"
        R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
        "\n",
        events
    );
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind, ApiError::Kind::kGone);
    EXPECT_EQ(error->message, "too old");
    EXPECT_EQ(events.size(), 1U);
}

TEST(WatchDecoder, NonsenseIsAnError) {
    for (const char* line :
         {"{\"type\":\n", "[]\n", "{\"type\":\"ADDED\"}\n", "{\"type\":\"NEW\",\"object\":{}}\n", "{\"type\":\"ADDED\",\"object\":3}\n",
          "<html>\n"}) {
        WatchDecoder decoder;
        std::vector<WatchEvent> events;
        EXPECT_TRUE(decoder.feed(line, events).has_value()) << line;
        EXPECT_TRUE(events.empty());
    }
}

TEST(WatchDecoder, ALineThatNeverEndsIsNotKept) {
    WatchDecoder decoder(100);
    std::vector<WatchEvent> events;
    EXPECT_FALSE(decoder.feed(std::string(60, ' '), events).has_value());
    EXPECT_TRUE(decoder.feed(std::string(60, ' '), events).has_value());
    EXPECT_LE(decoder.pending(), 100U);
}

}  // namespace
}  // namespace cenote::kube
