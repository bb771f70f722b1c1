#include "dataplane/net/resolver.hpp"

#include "tests/integration/dataplane/net/dns_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace cenote::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr Resolver::Times kTimes{15s, 15s, 15s};

class ResolverTest : public testing::Test {
protected:
    ResolverTest() {
        char path[] = "/tmp/cenote-dns-XXXXXX";
        directory_ = ::mkdtemp(path);
        write("hosts", "");
        write("resolv.conf", "nameserver 127.0.0.1\n");
        ::setenv("CARES_HOSTS", (directory_ + "/hosts").c_str(), 1);
    }
    ~ResolverTest() override {
        for (const char* name : {"hosts", "resolv.conf"}) {
            ::unlink((directory_ + "/" + name).c_str());
        }
        ::rmdir(directory_.c_str());
    }

    void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ + "/" + name) << text; }

    [[nodiscard]] Resolver& resolver() {
        if (!resolver_) {
            resolver_ = std::make_unique<Resolver>(io_, DnsSettings{directory_ + "/resolv.conf", server_.address(), first_timeout_});
        }
        return *resolver_;
    }

    /// Asks; the answer, or the error's text, is then in the vector.
    Resolver::Ticket ask(std::vector<std::string>& told, const std::string& host, Resolver::Times times = kTimes, int port = 5432) {
        return resolver().resolve(host, port, times, [&told](Result<std::vector<Address>> answer) {
            if (!answer) {
                EXPECT_EQ(answer.error().sqlstate, "08006");
                told.push_back(answer.error().message);
                return;
            }
            for (const auto& address : *answer) {
                told.push_back(fmt::format("{} {}", address.host(), address.port()));
            }
        });
    }
    std::vector<std::string> ask_and_wait(const std::string& host, Resolver::Times times = kTimes) {
        std::vector<std::string> told;
        ask(told, host, times);
        run_until([&] { return !told.empty(); });
        return told;
    }
    void run_until(const std::function<bool()>& condition) {
        while (!condition()) {
            io_.run_one();
        }
    }
    /// All that is to be done without waiting for anything.
    void run_ready() {
        while (io_.poll() > 0) {}
    }

    asio::io_context io_{1};
    DnsServer server_{io_};
    std::chrono::milliseconds first_timeout_{2000};
    std::string directory_;

private:
    std::unique_ptr<Resolver> resolver_;

protected:
    void end_resolver() { resolver_.reset(); }
};

TEST_F(ResolverTest, AllAddressesOfBothFamiliesWithThePort) {
    server_.names["db.test"] = {{"192.0.2.1", "192.0.2.2", "2001:db8::1"}};
    EXPECT_THAT(ask_and_wait("db.test"), UnorderedElementsAre("192.0.2.1 5432", "192.0.2.2 5432", "2001:db8::1 5432"));
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
    server_.names["four.test"] = {{"192.0.2.1"}};
    server_.names["six.test"] = {{"2001:db8::1"}};
    EXPECT_THAT(ask_and_wait("four.test"), ElementsAre("192.0.2.1 5432"));
    EXPECT_THAT(ask_and_wait("six.test"), ElementsAre("2001:db8::1 5432"));
}

TEST_F(ResolverTest, ANameThatNeverAnswersHoldsUpNoOther) {
    server_.names["slow.test"].silent = true;
    server_.names["db.test"] = {{"192.0.2.1"}};
    std::vector<std::string> slow;
    ask(slow, "slow.test");
    run_until([&] { return server_.count("slow.test") == 1; });
    EXPECT_THAT(ask_and_wait("db.test"), ElementsAre("192.0.2.1 5432"));
    EXPECT_THAT(slow, ElementsAre());
}

TEST_F(ResolverTest, NobodyWaitsLongerThanTheLimit) {
    server_.names["slow.test"].silent = true;
    std::vector<std::string> patient;
    ask(patient, "slow.test");
    EXPECT_THAT(ask_and_wait("slow.test", {15s, 15s, 50ms}), ElementsAre(HasSubstr("lookup failed: slow.test: timed out")));
    EXPECT_THAT(patient, ElementsAre());  // has a limit of its own, and the query goes on for it
    EXPECT_EQ(server_.count("slow.test"), 1);
    server_.names["slow.test"] = {{"192.0.2.9"}};
    run_until([&] { return !patient.empty(); });  // c-ares asks again
    EXPECT_THAT(patient, ElementsAre("192.0.2.9 5432"));
}

TEST_F(ResolverTest, ATimeOutIsNotRemembered) {
    server_.names["slow.test"].silent = true;
    EXPECT_THAT(ask_and_wait("slow.test", {15s, 15s, 20ms}), ElementsAre(HasSubstr("timed out")));
    server_.names["slow.test"] = {{"192.0.2.9"}};
    EXPECT_THAT(ask_and_wait("slow.test"), ElementsAre("192.0.2.9 5432"));
}

TEST_F(ResolverTest, AServerThatOnlyKnowsIpv4AndKeepsSilentAboutTheRest) {
    first_timeout_ = 20ms;
    server_.names["db.test"] = {{"192.0.2.1"}};
    server_.names["db.test"].silent_on_ipv6 = true;
    EXPECT_THAT(ask_and_wait("db.test"), ElementsAre("192.0.2.1 5432"));
}

TEST_F(ResolverTest, ManyAskersShareAQuery) {
    server_.names["db.test"] = {{"192.0.2.1"}};
    std::vector<std::string> told;
    for (int port = 1; port <= 3; ++port) {
        ask(told, "db.test", kTimes, port);
    }
    run_until([&] { return told.size() == 3; });
    EXPECT_THAT(told, ElementsAre("192.0.2.1 1", "192.0.2.1 2", "192.0.2.1 3"));
    EXPECT_EQ(server_.count("db.test"), 1);
}

TEST_F(ResolverTest, AnswersAreKeptForTheShorterTime) {
    server_.names["long.test"] = {{"192.0.2.1"}, 3600};
    server_.names["short.test"] = {{"192.0.2.2"}, 5};
    server_.names["none.test"] = {{"192.0.2.3"}, 0};
    for (const char* name : {"long.test", "short.test", "none.test"}) {
        ask_and_wait(name);
        ask_and_wait(name);
        EXPECT_EQ(server_.count(name), 1) << name;  // a burst asks once, whatever the record says
    }
    std::map<std::string, std::pair<std::int64_t, std::string>> known;
    for (const auto& one : resolver().known()) {
        known[one.host] = {one.seconds_left, one.addresses};
    }
    EXPECT_THAT(known["long.test"].first, testing::AllOf(testing::Gt(5), testing::Le(15)));
    EXPECT_THAT(known["short.test"].first, testing::Le(5));
    EXPECT_EQ(known["none.test"].first, 0);
    EXPECT_EQ(known["long.test"].second, "192.0.2.1");
}

TEST_F(ResolverTest, NoTimeMeansAskAgain) {
    server_.names["db.test"] = {{"192.0.2.1"}};
    ask_and_wait("db.test", {0s, 0s, 15s});
    ask_and_wait("db.test", {0s, 0s, 15s});
    EXPECT_EQ(server_.count("db.test"), 2);
}

TEST_F(ResolverTest, NoSuchNameIsKeptForItsTime) {
    EXPECT_THAT(ask_and_wait("nowhere.test"), ElementsAre(HasSubstr("server DNS lookup failed: nowhere.test: ")));
    ask_and_wait("nowhere.test");
    EXPECT_EQ(server_.count("nowhere.test"), 1);
    EXPECT_THAT(ask_and_wait("other.test", {15s, 0s, 15s}), ElementsAre(HasSubstr("other.test")));
    server_.names["other.test"] = {{"192.0.2.1"}};
    EXPECT_THAT(ask_and_wait("other.test"), ElementsAre("192.0.2.1 5432"));
}

TEST_F(ResolverTest, AServerThatFailsSaysNothingOfTheName) {
    first_timeout_ = 20ms;
    server_.names["db.test"].fails = true;
    EXPECT_THAT(ask_and_wait("db.test"), ElementsAre(HasSubstr("db.test")));
    for (const auto& one : resolver().known()) {
        EXPECT_EQ(one.seconds_left, 0) << one.host;  // less than a second, not dns_nxdomain_ttl
    }
}

TEST_F(ResolverTest, NoServerAtAll) {
    first_timeout_ = 20ms;
    static_cast<void>(resolver());
    server_.stop();
    EXPECT_THAT(ask_and_wait("db.test"), ElementsAre(HasSubstr("db.test")));
}

TEST_F(ResolverTest, WhatIsCancelledIsNotAnswered) {
    server_.names["db.test"] = {{"192.0.2.1"}};
    std::vector<std::string> told;
    resolver().cancel(ask(told, "db.test"));  // before it began
    run_ready();
    const auto ticket = ask(told, "db.test");
    run_until([&] { return server_.count("db.test") == 1; });
    resolver().cancel(ticket);  // while it is asked
    ask_and_wait("db.test");
    resolver().cancel(ask(told, "db.test"));  // known, and so answered at once
    run_ready();
    resolver().cancel(12345);
    EXPECT_THAT(told, ElementsAre());
}

TEST_F(ResolverTest, AQueryNobodyWaitsForIsGivenUp) {
    server_.names["slow.test"].silent = true;
    std::vector<std::string> told;
    const auto one = ask(told, "slow.test");
    const auto two = ask(told, "slow.test");
    run_until([&] { return server_.count("slow.test") == 1; });
    resolver().cancel(one);
    run_ready();
    EXPECT_EQ(resolver().known().size(), 1U);
    resolver().cancel(two);
    run_ready();
    EXPECT_EQ(resolver().known().size(), 0U);
}

TEST_F(ResolverTest, ItsEndLeavesNothingBehind) {
    server_.names["slow.test"].silent = true;
    std::vector<std::string> told;
    ask(told, "slow.test");
    run_until([&] { return server_.count("slow.test") == 1; });
    ask(told, "slow.test");
    end_resolver();
    server_.stop();
    io_.restart();
    io_.run();  // ends: no timer, no socket, no query is left
    EXPECT_THAT(told, ElementsAre());
}

TEST_F(ResolverTest, TheAnswerMayEndTheResolver) {
    server_.names["db.test"] = {{"192.0.2.1"}};
    int answers = 0;
    for (int i = 0; i < 2; ++i) {
        resolver().resolve("db.test", 1, kTimes, [&](const auto&) {
            ++answers;
            end_resolver();
        });
    }
    run_until([&] { return answers > 0; });
    run_ready();
    EXPECT_EQ(answers, 1);
}

TEST_F(ResolverTest, HostsFileComesFirst) {
    write("hosts", "192.0.2.7 db.test db\n192.0.2.8 db.test\n192.0.2.7 again.test db.test\n");
    server_.names["db.test"] = {{"192.0.2.1"}};
    EXPECT_THAT(ask_and_wait("db.test"), UnorderedElementsAre("192.0.2.7 5432", "192.0.2.8 5432"));
    EXPECT_THAT(ask_and_wait("db"), ElementsAre("192.0.2.7 5432"));
    EXPECT_THAT(server_.asked, ElementsAre());
}

TEST_F(ResolverTest, LocalhostIsThisMachineAndNobodyIsAsked) {
    EXPECT_THAT(ask_and_wait("localhost"), UnorderedElementsAre("127.0.0.1 5432", "::1 5432"));
    EXPECT_THAT(ask_and_wait("app.LocalHost."), UnorderedElementsAre("127.0.0.1 5432", "::1 5432"));
    EXPECT_THAT(server_.asked, ElementsAre());
}

TEST_F(ResolverTest, LocalhostAsTheHostsFileHasIt) {
    write("hosts", "127.0.0.1 localhost # ::1 localhost\n192.0.2.1 other\nfe80::1%lo0 localhost\n");
    EXPECT_THAT(ask_and_wait("localhost"), ElementsAre("127.0.0.1 5432"));
    EXPECT_THAT(server_.asked, ElementsAre());
}

TEST_F(ResolverTest, ShortNamesGoThroughTheSearchDomains) {
    write("resolv.conf", "nameserver 127.0.0.1\nsearch prod.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n");
    server_.names["db.data.svc.cluster.local"] = {{"10.0.0.1"}};
    server_.names["db.prod.svc.cluster.local"] = {{"10.0.0.2"}};
    server_.names["example.com"] = {{"192.0.2.1"}};
    EXPECT_THAT(ask_and_wait("db.data.svc"), ElementsAre("10.0.0.1 5432"));
    EXPECT_THAT(ask_and_wait("db.data"), ElementsAre("10.0.0.1 5432"));
    EXPECT_THAT(ask_and_wait("db"), ElementsAre("10.0.0.2 5432"));
    EXPECT_THAT(ask_and_wait("example.com"), ElementsAre("192.0.2.1 5432"));
    server_.asked.clear();
    EXPECT_THAT(ask_and_wait("db.data.svc.cluster.local."), ElementsAre("10.0.0.1 5432"));
    EXPECT_THAT(server_.asked, UnorderedElementsAre("A db.data.svc.cluster.local", "AAAA db.data.svc.cluster.local"));
}

TEST_F(ResolverTest, NamesThatAreNone) {
    const std::vector<std::string> names{std::string(300, 'x'), "a..b", std::string(70, 'y')};
    for (const auto& name : names) {
        EXPECT_THAT(ask_and_wait(name), ElementsAre(HasSubstr("server DNS lookup failed"))) << name;
    }
}

TEST_F(ResolverTest, AskedFromManyThreads) {
    server_.names["db.test"] = {{"192.0.2.1"}};
    std::atomic<int> answers{0};
    auto& resolver = this->resolver();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 500; ++n) {
                const auto ticket = resolver.resolve("db.test", 1, kTimes, [&](const auto&) { ++answers; });
                if (n % 2 == 0) {
                    resolver.cancel(ticket);
                }
            }
        });
    }
    run_until([&] { return answers >= 4 * 250; });
    for (auto& thread : threads) {
        thread.join();
    }
    run_ready();
    EXPECT_LT(answers, 4 * 500 + 1);
}

}  // namespace
}  // namespace cenote::net
