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

}  // namespace
}  // namespace cenote::session
