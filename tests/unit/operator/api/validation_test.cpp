#include "operator/api/validation.hpp"

namespace cenote::api {
namespace {

using ::testing::HasSubstr;

Spec good() {
    Spec spec;
    spec.database.host = "db";
    spec.database.name = "orders";
    spec.database.credentials_secret = "db";
    return spec;
}

TEST(Validation, AGoodSpecHasNoProblems) {
    Spec spec = good();
    spec.settings = {{"query_wait_timeout", "30"}, {"max_client_conn", "5000"}, {"server_idle_timeout", "60"}};
    EXPECT_EQ(describe(validate(spec)), "");
}

TEST(Validation, SettingsAreCheckedByTheDataPlanesTable) {
    Spec spec = good();
    spec.settings = {{"query_wait_timeout", "30"}, {"query_wait_timeout", "soon"}, {"no_such_setting", "1"}};
    const auto problems = validate(spec);
    ASSERT_EQ(problems.size(), 2U) << describe(problems);
    EXPECT_EQ(problems[0].path, "spec.settings[1].value");
    EXPECT_THAT(problems[0].message, HasSubstr("query_wait_timeout"));
    EXPECT_EQ(problems[1].path, "spec.settings[2].name");
    EXPECT_THAT(problems[1].message, HasSubstr("no_such_setting"));
}

TEST(Validation, WhatTheOperatorOwnsIsRefusedWithTheFieldToUse) {
    Spec spec = good();
    spec.settings = {{"max_db_connections", "10"}, {"listen_port", "5432"}};
    EXPECT_EQ(
        describe(validate(spec)),
        "spec.settings[0].name: max_db_connections is set by the operator: it is the pod's share of the database's budget; use "
        "spec.sizing.maxServerConnections; "
        "spec.settings[1].name: listen_port is set by the operator: the pods always listen on 6432"
    );
}

TEST(Validation, EncryptionIsNotPromisedBeforeItExists) {
    for (const TlsMode mode : {TlsMode::kRequire, TlsMode::kVerifyCA, TlsMode::kVerifyFull}) {
        Spec spec = good();
        spec.database.tls.mode = mode;
        ASSERT_EQ(validate(spec).size(), 1U);
        EXPECT_THAT(validate(spec)[0].message, HasSubstr("without encryption"));
    }
    Spec spec = good();
    spec.database.tls.mode = TlsMode::kDisable;
    EXPECT_TRUE(validate(spec).empty());
}

TEST(Validation, WhatThisVersionCannotDo) {
    Spec spec = good();
    spec.state = DesiredRunState::kPaused;
    spec.pod_monitor = Switch::kEnabled;
    spec.database.name.clear();
    spec.users_secret = "users";
    const std::string text = describe(validate(spec));
    EXPECT_THAT(text, HasSubstr("spec.state: this version cannot pause a pool"));
    EXPECT_THAT(text, HasSubstr("spec.monitoring.podMonitor"));
    EXPECT_THAT(text, HasSubstr("spec.database.name: is required with auth.usersSecretRef"));
}

}  // namespace
}  // namespace cenote::api
