// The gate's small pure parts.
#include "dataplane/gate/address_plan.hpp"
#include "dataplane/gate/deadlines.hpp"
#include "dataplane/gate/derivations.hpp"
#include "dataplane/gate/miss_limit.hpp"
#include "dataplane/protocol/take_message.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace cenote::gate {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> order(AddressPlan& plan, const std::map<std::string, std::vector<std::string>>& names) {
    std::vector<std::string> tried;
    while (true) {
        const auto next = plan.next();
        if (next.kind == AddressPlan::Next::Kind::kNone) {
            return tried;
        }
        if (next.kind == AddressPlan::Next::Kind::kConnect) {
            tried.push_back(next.address.host());
        } else if (names.contains(next.host)) {
            std::vector<net::Address> addresses;
            for (const auto& name : names.at(next.host)) {
                addresses.push_back(*net::literal_address(name, plan.port()));
            }
            plan.resolved(std::move(addresses));
        }
    }
}

TEST(AddressPlan, EveryPairIsFirstOnceAndAllFollow) {
    const std::map<std::string, std::vector<std::string>> names{{"a", {"1.0.0.1", "1.0.0.2"}}, {"b", {"2.0.0.1", "2.0.0.2"}}};
    std::set<std::string> firsts;
    for (std::size_t turn = 0; turn < 4; ++turn) {
        AddressPlan plan("a, b", 5432, "", turn);
        const auto tried = order(plan, names);
        EXPECT_EQ(tried.size(), 4U);
        EXPECT_EQ(std::set(tried.begin(), tried.end()).size(), 4U);
        firsts.insert(tried.front());
    }
    EXPECT_EQ(firsts.size(), 4U);
}

TEST(AddressPlan, NamesWithoutAddressesAndSockets) {
    AddressPlan plan("gone,,127.0.0.1,/run", 5432, "", 0);
    EXPECT_EQ(order(plan, {}), (std::vector<std::string>{"unix", "127.0.0.1", "unix"}));
}

TEST(AddressPlan, SharesTheTimeAmongWhatIsLeft) {
    AddressPlan plan("a,b,c", 5432, "", 1);
    EXPECT_EQ(plan.next().host, "b");
    EXPECT_EQ(plan.host_index(), 1U);
    EXPECT_EQ(plan.share(std::chrono::seconds(15)), std::chrono::seconds(5));
    plan.resolved({*net::literal_address("1.0.0.1", 1), *net::literal_address("1.0.0.2", 1)});
    static_cast<void>(plan.next());
    EXPECT_EQ(plan.share(std::chrono::seconds(16)), std::chrono::seconds(4));
    static_cast<void>(plan.next());
    EXPECT_EQ(plan.next().host, "c");
    EXPECT_EQ(plan.next().host, "a");
    EXPECT_EQ(plan.host_index(), 0U);
    EXPECT_EQ(plan.share(std::chrono::seconds(4)), std::chrono::seconds(4));
}

TEST(Deadlines, ComeInOrderAndMayBeDropped) {
    Deadlines deadlines;
    const TimePoint start{std::chrono::hours(1)};
    std::vector<int> came;
    std::vector<TimePoint> armed;
    deadlines.on_earlier([&](TimePoint when) { armed.push_back(when); });
    auto second = deadlines.set(start + std::chrono::seconds(2), [&] { came.push_back(2); });
    static_cast<void>(deadlines.set(start + std::chrono::seconds(3), [&] { came.push_back(3); }));
    static_cast<void>(deadlines.set(start + std::chrono::seconds(1), [&] {
        came.push_back(1);
        deadlines.drop(second);
    }));
    EXPECT_EQ(armed, (std::vector{start + std::chrono::seconds(2), start + std::chrono::seconds(1)}));
    deadlines.run(start);
    EXPECT_TRUE(came.empty());
    deadlines.run(start + std::chrono::seconds(5));
    EXPECT_EQ(came, (std::vector{1, 3}));
    EXPECT_EQ(deadlines.size(), 0U);
    deadlines.drop(second);
}

TEST(MissLimit, ABurstThenARate) {
    MissLimit limit;
    TimePoint now{std::chrono::hours(1)};
    int asked = 0;
    for (; limit.may_ask("a", now); ++asked) {
        limit.missed("a", now);
    }
    EXPECT_EQ(asked, 200);
    EXPECT_TRUE(limit.may_ask("b", now));
    now += std::chrono::seconds(1);
    for (asked = 0; limit.may_ask("a", now); ++asked) {
        limit.missed("a", now);
    }
    EXPECT_EQ(asked, 20);
}

TEST(MissLimit, ManySourcesDoNotGrowIt) {
    MissLimit limit;
    const TimePoint now{std::chrono::hours(1)};
    for (int i = 0; i < 10'000; ++i) {
        limit.missed(std::to_string(i), now);
    }
    EXPECT_LE(limit.sources(), MissLimit::kMaxSources);
}

TEST(Derivations, ServersComeFirstAndStopWaitsForWhatRuns) {
    Derivations derivations(1);
    std::promise<void> begun;
    std::promise<void> go;
    std::vector<int> ran;
    std::promise<void> last;
    derivations.add(Derivations::For::kClient, [&] {
        begun.set_value();
        go.get_future().wait();
        ran.push_back(1);
    });
    begun.get_future().wait();
    derivations.add(Derivations::For::kClient, [&] {
        ran.push_back(3);
        last.set_value();
    });
    derivations.add(Derivations::For::kServer, [&] { ran.push_back(2); });
    go.set_value();
    last.get_future().wait();
    derivations.stop();
    derivations.add(Derivations::For::kServer, [&] { ran.push_back(4); });
    EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST(TakeMessage, NeedsMoreUntilItIsWholeAndNeverWaitsForWhatIsTooLong) {
    const auto whole = "Q\0\0\0\6;\0"s;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        std::string_view rest(whole.data(), cut);
        EXPECT_TRUE(std::holds_alternative<protocol::NeedMore>(protocol::take_message(rest, 100)));
        EXPECT_EQ(rest.size(), cut);
    }
    std::string_view rest = whole;
    const auto taken = protocol::take_message(rest, 2);
    ASSERT_TRUE(std::holds_alternative<protocol::Message>(taken));
    EXPECT_EQ(std::get<protocol::Message>(taken).body, ";\0"s);
    EXPECT_TRUE(rest.empty());
    rest = std::string_view(whole).substr(0, 5);
    EXPECT_TRUE(std::holds_alternative<protocol::Broken>(protocol::take_message(rest, 1)));
    const auto negative = "Q\xff\xff\xff\xff"s;
    rest = negative;
    EXPECT_TRUE(std::holds_alternative<protocol::Broken>(protocol::take_message(rest, 1U << 30U)));
}

}  // namespace
}  // namespace cenote::gate
