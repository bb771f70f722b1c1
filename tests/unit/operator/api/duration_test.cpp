#include "operator/api/duration.hpp"

namespace cenote::api {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsKubernetesForms) {
    EXPECT_EQ(*parse_duration("60s"), milliseconds{60'000});
    EXPECT_EQ(*parse_duration("1m30s"), milliseconds{90'000});
    EXPECT_EQ(*parse_duration("500ms"), milliseconds{500});
    EXPECT_EQ(*parse_duration("2h"), milliseconds{7'200'000});
    EXPECT_EQ(*parse_duration("0s"), milliseconds{0});
}

TEST(Duration, RefusesTheRest) {
    for (const char* text : {"", "60", "s", "-1s", "1.5s", "1d", "1s ", "99999999999999999999s", "9999999h", "1m-5s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Duration, WhatIsWrittenReadsBack) {
    for (const int count : {0, 1, 999, 1000, 1500, 60'000, 5'400'000}) {
        EXPECT_EQ(*parse_duration(write_duration(milliseconds{count})), milliseconds{count});
    }
    EXPECT_EQ(write_duration(milliseconds{60'000}), "60s");
}

}  // namespace
}  // namespace cenote::api
