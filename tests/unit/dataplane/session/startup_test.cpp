#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_writer.hpp"
#include "dataplane/session/client_startup.hpp"
#include "dataplane/session/server_login.hpp"

#include <gtest/gtest.h>

namespace cenote::session {
namespace {

using std::string_literals::operator""s;

protocol::StartupMessage message(std::vector<std::pair<std::string, std::string>> parameters) {
    protocol::StartupMessage startup;
    startup.parameters = std::move(parameters);
    return startup;
}

const TrackedNames kTracked({"IntervalStyle"});

TEST(ReadStartup, TakesUserDatabaseAndTrackedParameters) {
    const auto got = read_startup(message({{"user", "u"}, {"client_encoding", "utf-8"}, {"intervalstyle", "iso_8601"}}), kTracked, {}, "");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->database, "u");
    EXPECT_EQ(difference(kTracked, *got->parameters, {}), "SET client_encoding='UTF8';SET IntervalStyle='iso_8601';");
    EXPECT_FALSE(got->negotiate);
}

TEST(ReadStartup, ReadsOptions) {
    const auto got =
        read_startup(message({{"user", "u"}, {"options", "-c timezone=UTC --application_name=a\\ b -cDateStyle=ISO"}}), kTracked, {}, "");
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(difference(kTracked, *got->parameters, {}), "SET DateStyle='ISO';SET TimeZone='UTC';SET application_name='a b';");
}

TEST(ReadStartup, Refusals) {
    const auto text = [](std::vector<std::pair<std::string, std::string>> parameters) {
        return read_startup(message(std::move(parameters)), kTracked, {"extra_float_digits"}, "").error().message;
    };
    EXPECT_EQ(text({{"database", "d"}}), "no username supplied");
    EXPECT_EQ(text({{"user", "u"}, {"search_path", "x"}}), "unsupported startup parameter: search_path");
    EXPECT_EQ(text({{"user", "u"}, {"options", "-c search_path=x"}}), "unsupported startup parameter in options: search_path");
    EXPECT_EQ(
        text({{"user", "u"}, {"options", "-d 1"}}),
        "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed"
    );
    EXPECT_TRUE(read_startup(message({{"user", "u"}, {"extra_float_digits", "3"}}), kTracked, {"extra_float_digits"}, ""));
    EXPECT_EQ(text({{"user", std::string(200, 'u')}}), "username too long");
}

TEST(ReadStartup, NewerProtocolAndOptionsAreNegotiated) {
    auto startup = message({{"user", "u"}, {"_pq_.x", "1"}});
    startup.protocol = (3 << 16) + 2;
    const auto got = read_startup(startup, kTracked, {}, "");
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->negotiate);
    EXPECT_EQ(got->unknown_options, std::vector<std::string>{"_pq_.x"});
}

TEST(ReadStartup, ApplicationNameAddHost) {
    const auto got = read_startup(message({{"user", "u"}, {"application_name", "psql"}}), kTracked, {}, "10.0.0.1:5");
    EXPECT_EQ(difference(kTracked, *got->parameters, {}), "SET application_name='psql - 10.0.0.1:5';");
}

TEST(Difference, QuotesAndLeavesEqualValuesAlone) {
    ParameterSet client{{"", "", "it's", "", "a\\b"}};
    EXPECT_EQ(difference(kTracked, client, {}), "SET TimeZone='it''s';SET application_name= E'a\\\\b';");
    EXPECT_EQ(difference(kTracked, client, client), "");
}

std::string authentication_ok() { return "R\0\0\0\x08\0\0\0\0"s; }

TEST(ServerLogin, CollectsTheWelcomeHoweverItIsCut) {
    protocol::MessageWriter out;
    protocol::write_parameter_status(out, "server_version", "15");
    out.message('K', "\0\0\0\7\0\0\0\x09"s);
    protocol::write_ready_for_query(out, 'I');
    const std::string stream = authentication_ok() + out.data();
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        ServerLogin login({"u", "d", {}}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
        auto first = login.on_bytes(std::string_view(stream).substr(0, cut));
        ASSERT_TRUE(first);
        const auto second = login.on_bytes(std::string_view(stream).substr(first->consumed));
        ASSERT_TRUE(first->ready || (second && second->ready)) << cut;
        EXPECT_EQ(login.welcome().process_id, 7);
        EXPECT_EQ(login.welcome().secret_key, 9);
        EXPECT_EQ(login.welcome().parameters.size(), 1U);
    }
}

TEST(ServerLogin, GivesTheServersOwnReason) {
    protocol::MessageWriter out;
    protocol::write_error(out, "FATAL", "3D000", "database \"x\" does not exist");
    ServerLogin login({"u", "x", {}}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
    const auto step = login.on_bytes(out.data());
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error(), (Error{"database \"x\" does not exist", "3D000"}));
}

TEST(ServerLogin, RefusesDisorder) {
    const auto fails = [](const std::string& bytes) {
        ServerLogin login({"u", "x", {}}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
        return !login.on_bytes(bytes);
    };
    EXPECT_TRUE(fails("Z\0\0\0\5I"s));
    EXPECT_TRUE(fails(authentication_ok() + authentication_ok()));
    EXPECT_TRUE(fails("R\x7f\0\0\0"s));
    EXPECT_TRUE(fails("D\0\0\0\4"s));
}

TEST(ServerLogin, TakesNoticesAnywhereAndNegotiationOnlyFirst) {
    const auto notice = [] {
        protocol::MessageWriter out;
        protocol::write_error(out, "NOTICE", "00000", "hello");
        return out.take();
    }();
    const auto negotiation = "v\0\0\0\x0c\0\3\0\0\0\0\0\0"s;
    const auto run = [](const std::string& bytes) {
        ServerLogin login({"u", "x", {}}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
        const auto step = login.on_bytes(bytes);
        return step && step->ready;
    };
    EXPECT_TRUE(run(notice + negotiation + notice + authentication_ok() + notice + "Z\0\0\0\5I"s));
    EXPECT_FALSE(run(authentication_ok() + negotiation + "Z\0\0\0\5I"s));
    EXPECT_FALSE(run("K\0\0\0\x0c\0\0\0\7\0\0\0\x09"s + authentication_ok() + "Z\0\0\0\5I"s));
}

TEST(ServerLogin, SaysWhyItFailed) {
    const auto why = [](const std::string& bytes) {
        ServerLogin login({"u", "x", {}}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
        EXPECT_FALSE(login.on_bytes(bytes));
        return login.why();
    };
    protocol::MessageWriter refusal;
    protocol::write_error(refusal, "FATAL", "3D000", "no");
    EXPECT_EQ(why(refusal.data()), ServerLogin::Failure::kRefused);
    EXPECT_EQ(why("R\0\0\0\x08\0\0\0\3"s), ServerLogin::Failure::kNoPassword);
    EXPECT_EQ(why("R\0\0\0\x08\0\0\0\7"s), ServerLogin::Failure::kBroken);
    EXPECT_EQ(why("D\0\0\0\4"s), ServerLogin::Failure::kBroken);
}

TEST(ServerLogin, ConnectQueryIsPartOfItHoweverItIsCut) {
    protocol::MessageWriter out;
    out.message('T', "");
    out.message('D', "");
    protocol::write_parameter_status(out, "TimeZone", "UTC");
    protocol::write_command_complete(out, "SELECT 1");
    protocol::write_error(out, "ERROR", "42601", "syntax error");
    protocol::write_ready_for_query(out, 'I');
    const std::string first = authentication_ok() + "S\0\0\0\x0bTZ\0GMT\0"s + "Z\0\0\0\5I"s;
    const std::string stream = first + out.data();
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        ServerLogin login({"u", "d", {}, "select 1"}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
        auto one = login.on_bytes(std::string_view(stream).substr(0, cut));
        ASSERT_TRUE(one) << one.error().message;
        const auto two = login.on_bytes(std::string_view(stream).substr(one->consumed));
        ASSERT_TRUE(two) << two.error().message;
        EXPECT_TRUE(one->ready || two->ready) << cut;
        EXPECT_EQ(one->send + two->send, "Q\0\0\0\x0dselect 1\0"s);
        EXPECT_EQ(login.connect_query_error(), "syntax error");
        EXPECT_EQ(login.welcome().parameters.size(), 2U);
    }
}

TEST(ServerLogin, ConnectQueryMayNotLeaveATransactionOpen) {
    ServerLogin login({"u", "d", {}, "begin"}, std::make_unique<auth::ServerAuthenticator>("u", nullptr));
    EXPECT_FALSE(login.on_bytes(authentication_ok() + "Z\0\0\0\5I"s + "Z\0\0\0\5T"s));
}

TEST(ServerLogin, HandsOutAKeyDerivationAndGoesOnWithTheSameBytes) {
    ServerLogin login({"u", "d", {}}, std::make_unique<auth::ServerAuthenticator>("u", auth::make_user_entry("u", "secret"), [](auto out) {
                          std::fill(out.begin(), out.end(), std::uint8_t{0});
                      }));
    const auto first = login.on_bytes("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"s);
    ASSERT_TRUE(first);
    const auto nonce = first->send.substr(first->send.find("r=") + 2);
    protocol::MessageWriter out;
    out.message('R', "\0\0\0\x0br="s + nonce + "x,s=QQ==,i=64");
    auto held = login.on_bytes(out.data());
    ASSERT_TRUE(held);
    ASSERT_TRUE(held->derivation);
    EXPECT_EQ(held->consumed, 0U);
    held->derivation();
    const auto answered = login.on_bytes(out.data());
    ASSERT_TRUE(answered);
    EXPECT_FALSE(answered->derivation);
    EXPECT_EQ(answered->consumed, out.data().size());
    EXPECT_NE(answered->send.find("p="), std::string::npos);
}

}  // namespace
}  // namespace cenote::session
