#include "operator/runtime/reflector_fsm.hpp"

#include "tests/unit/operator/runtime/objects.hpp"

namespace cenote::runtime {
namespace {

using kube::ApiError;
using Step = ReflectorFsm::Step;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Fixture {
    double chance = 0;
    TimePoint now{seconds(1000)};
    ReflectorFsm fsm{[this] { return chance; }};

    [[nodiscard]] Step ended(std::optional<ApiError> error) { return fsm.on_watch_ended(error, now); }
    [[nodiscard]] Step listed(const std::string& version) { return fsm.on_listed(version, now); }
};

ApiError error(ApiError::Kind kind, int status = 0) {
    ApiError out = kube::make_api_error(kind, "x");
    out.http_status = status;
    return out;
}

Step list(const std::string& version, Duration wait = {}) { return {Step::Kind::kList, wait, version, {}}; }
Step watch(const std::string& version, Duration wait = {}) { return {Step::Kind::kWatch, wait, version, seconds(300)}; }

TEST(ReflectorFsm, ListsFromTheCacheThenWatchesFromThere) {
    Fixture f;
    EXPECT_EQ(f.fsm.start(), list("0"));
    EXPECT_EQ(f.listed("10"), watch("10"));
}

TEST(ReflectorFsm, ANormalEndContinuesFromTheLastEventOrBookmark) {
    Fixture f;
    (void)f.listed("10");
    f.fsm.on_event({kube::WatchEvent::Type::kModified, make_object("a", "12")});
    f.fsm.on_event({kube::WatchEvent::Type::kBookmark, make_object("", "20")});
    f.now += seconds(300);
    EXPECT_EQ(f.ended({}), watch("20"));
}

TEST(ReflectorFsm, TheTimeoutIsSpread) {
    Fixture f;
    f.chance = 0.999;
    EXPECT_EQ(f.listed("1").timeout, seconds(599));
}

TEST(ReflectorFsm, AWatchThatEndsAtOnceAndEmptyBacksOff) {
    Fixture f;
    (void)f.listed("10");
    EXPECT_EQ(f.ended({}), watch("10", milliseconds(800)));
    f.now += milliseconds(800);
    EXPECT_EQ(f.ended({}), watch("10", milliseconds(1600)));
}

TEST(ReflectorFsm, GoneListsTheNewestAtOnceAndOnlyOnceWithoutAPause) {
    Fixture f;
    (void)f.listed("10");
    EXPECT_EQ(f.ended(error(ApiError::Kind::kGone, 410)), list(""));
    (void)f.listed("50");
    EXPECT_EQ(f.ended(error(ApiError::Kind::kGone, 410)), list("", milliseconds(800)))
        << "a storm of 410s must not become a storm of lists";
    (void)f.listed("60");
    f.fsm.on_event({kube::WatchEvent::Type::kAdded, make_object("a", "61")});
    EXPECT_EQ(f.ended(error(ApiError::Kind::kGone, 410)), list(""));
}

TEST(ReflectorFsm, AListTheServerCannotServeYetAsksForTheNewest) {
    Fixture f;
    EXPECT_EQ(f.fsm.on_list_failed(error(ApiError::Kind::kGone, 504), f.now), list(""));
}

TEST(ReflectorFsm, LosingTheConnectionOrThrottlingKeepsTheState) {
    Fixture f;
    (void)f.listed("10");
    EXPECT_EQ(f.ended(error(ApiError::Kind::kUnavailable)), watch("10", milliseconds(800)));
    ApiError throttled = error(ApiError::Kind::kThrottled, 429);
    throttled.retry_after = seconds(7);
    EXPECT_EQ(f.ended(throttled), watch("10", seconds(7)));
}

TEST(ReflectorFsm, OtherTroubleListsAgainAtTheLastVersionAfterAPause) {
    Fixture f;
    (void)f.listed("10");
    EXPECT_EQ(f.ended(error(ApiError::Kind::kUnavailable, 500)), list("10", milliseconds(800)));
    EXPECT_EQ(f.fsm.on_list_failed(error(ApiError::Kind::kForbidden, 403), f.now), list("10", milliseconds(1600)));
}

TEST(ReflectorFsm, TheBackoffDoublesToItsLimitAndRecoversWhenQuiet) {
    Fixture f;
    f.chance = 0.5;
    const auto failed = [&] { return f.fsm.on_list_failed(error(ApiError::Kind::kUnavailable), f.now).wait; };
    EXPECT_EQ(failed(), milliseconds(1200));
    EXPECT_EQ(failed(), milliseconds(2400));
    for (int i = 0; i < 10; ++i) {
        (void)failed();
    }
    EXPECT_EQ(failed(), seconds(45));
    f.now += seconds(45) + std::chrono::minutes(2) + seconds(1);
    EXPECT_EQ(failed(), milliseconds(1200));
}

}  // namespace
}  // namespace cenote::runtime
