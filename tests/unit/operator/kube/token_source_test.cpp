#include "operator/kube/token_source.hpp"

namespace cenote::kube {
namespace {

using std::chrono::seconds;

struct Fixture {
    std::string content = "one\n";
    bool readable = true;
    int reads = 0;
    TokenSource source{"/token", "", [this](const std::string& path) -> Result<std::string> {
                           EXPECT_EQ(path, "/token");
                           ++reads;
                           return readable ? Result<std::string>(content) : Result<std::string>(Error{"gone"});
                       }};
    TimePoint at{seconds(1000)};
};

TEST(TokenSource, ReadsOnceAMinute) {
    Fixture f;
    EXPECT_EQ(f.source.token(f.at), "one");
    f.content = "two";
    EXPECT_EQ(f.source.token(f.at + seconds(59)), "one");
    EXPECT_EQ(f.reads, 1);
    EXPECT_EQ(f.source.token(f.at + seconds(60)), "two");
}

TEST(TokenSource, ReadsAgainAfterARefusal) {
    Fixture f;
    EXPECT_EQ(f.source.token(f.at), "one");
    f.content = "two";
    f.source.refused();
    EXPECT_EQ(f.source.token(f.at + seconds(1)), "two");
}

TEST(TokenSource, KeepsTheLastTokenWhileTheFileIsAway) {
    Fixture f;
    EXPECT_EQ(f.source.token(f.at), "one");
    f.readable = false;
    EXPECT_EQ(f.source.token(f.at + seconds(61)), "one");
}

TEST(TokenSource, AFixedTokenNeedsNoFile) {
    TokenSource source("", "fixed", [](const std::string&) -> Result<std::string> { return Error{"must not be read"}; });
    EXPECT_EQ(source.token(TimePoint{}), "fixed");
}

}  // namespace
}  // namespace cenote::kube
