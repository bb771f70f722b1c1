// The small pure parts: reports of pods, server keys, readings of servers.
#include "operator/controller/pod_reports.hpp"
#include "operator/controller/pool_status.hpp"
#include "operator/controller/server_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

TEST(ParseReport, ReadsStatusAndRefusesTheRest) {
    const auto report =
        parse_report(R"({"version":"1","state":"Running","configHash":"c","authHash":"a","workers":2,"lastReloadError":"line 3",
        "serverLimit":12,"serverOpen":4,"serverOpening":1})");
    ASSERT_TRUE(report);
    EXPECT_EQ(*report, (PodReport{"1", "Running", "c", "a", "line 3", 12, 5}));
    EXPECT_FALSE(parse_report("ok"));
    EXPECT_FALSE(parse_report("[1]"));
    EXPECT_FALSE(parse_report("{}"));
}

PodState pod(const char* config, const char* auth, bool ending = false) {
    PodState state;
    state.name = {"n", "p"};
    state.ending = ending;
    state.report = PodReport{"1", "Running", config, auth, "", 1, 0};
    return state;
}

TEST(MeasureConvergence, CountsPodsThatRunBothHashes) {
    const specs::ConfigHashes hashes{"c2", "a2"};
    PodState silent = pod("", "");
    silent.report.reset();
    const Convergence part = measure_convergence({pod("c2", "a2"), pod("c2", "a1"), silent, pod("c1", "a1", true)}, hashes);
    EXPECT_EQ(part.pods, 3);
    EXPECT_EQ(part.converged, 1);
    EXPECT_FALSE(part.complete());
    PodState failed = pod("c1", "a1");
    failed.report->reload_error = "line 3";
    EXPECT_EQ(measure_convergence({failed}, hashes).reload_error, "p: line 3");
}

database::Capacity capacity(int max_connections) {
    database::Capacity out;
    out.version = "16";
    out.max_connections = max_connections;
    return out;
}

class ServerBookTest : public testing::Test {
protected:
    Result<database::Capacity> next_ = capacity(100);
    int asked_ = 0;
    ServerBook book_{[this](const database::Target&) {
        ++asked_;
        return next_;
    }};
    database::Target target_;
    TimePoint now_{};
};

TEST_F(ServerBookTest, AsksOnceInHalfAMinute) {
    EXPECT_TRUE(book_.read(target_, now_).reachable());
    EXPECT_TRUE(book_.read(target_, now_ + std::chrono::seconds(29)).reachable());
    EXPECT_EQ(asked_, 1);
    EXPECT_TRUE(book_.read(target_, now_ + std::chrono::seconds(30)).reachable());
    EXPECT_EQ(asked_, 2);
}

TEST_F(ServerBookTest, KeepsTheLastGoodAnswerAndSaysWhyThereIsNoNewOne) {
    static_cast<void>(book_.read(target_, now_));
    next_ = Error{"down"};
    const ServerReading reading = book_.read(target_, now_ + std::chrono::seconds(31));
    EXPECT_FALSE(reading.reachable());
    EXPECT_EQ(reading.error, "down");
    ASSERT_TRUE(reading.capacity);
    EXPECT_EQ(reading.capacity->max_connections, 100);
    next_ = capacity(50);
    EXPECT_EQ(book_.read(target_, now_ + std::chrono::seconds(42)).capacity->max_connections, 50);
}

TEST_F(ServerBookTest, ADeadServerIsAskedEverMoreRarely) {
    next_ = Error{"down"};
    for (const int second : {0, 10, 30, 70, 130}) {  // waits of 10, 20, 40, 60
        const int before = asked_;
        static_cast<void>(book_.read(target_, now_ + std::chrono::seconds(second) - std::chrono::milliseconds(second > 0 ? 1 : 0)));
        EXPECT_EQ(asked_, second > 0 ? before : before + 1) << second;
        static_cast<void>(book_.read(target_, now_ + std::chrono::seconds(second)));
        EXPECT_EQ(asked_, before + 1) << second;
    }
}

TEST_F(ServerBookTest, OtherCredentialsAreAskedForThemselves) {
    static_cast<void>(book_.read(target_, now_));
    next_ = Error{"password authentication failed"};
    database::Target wrong = target_;
    wrong.password = "x";
    EXPECT_FALSE(book_.read(wrong, now_).reachable());
    EXPECT_TRUE(book_.read(target_, now_).reachable());
}

}  // namespace
}  // namespace cenote::controller
