#include "operator/specs/desired_state.hpp"

#include "operator/api/labels.hpp"
#include "operator/kube/object.hpp"
#include "operator/specs/drain.hpp"

namespace cenote::specs {
namespace {

api::ConnectionPool pool() {
    api::ConnectionPool result;
    result.namespace_ = "shop";
    result.name = "orders";
    result.uid = "u";
    result.spec.database.host = "db";
    result.spec.database.name = "orders";
    result.spec.database.credentials_secret = "db";
    return result;
}

Inputs inputs() {
    Inputs result;
    result.image = "cenote:1";
    result.username = "app";
    result.password = "secret";
    return result;
}

DesiredState state(const api::ConnectionPool& p, const Inputs& i) {
    auto result = desired_state(p, i);
    EXPECT_TRUE(result) << result.error().message;
    return *std::move(result);
}

TEST(DesiredState, EditsOfSizesSettingsAndUsersRollNoPod) {
    const DesiredState before = state(pool(), inputs());
    api::ConnectionPool edited = pool();
    edited.spec.settings = {{"query_wait_timeout", "30"}};
    edited.spec.pool_mode = api::PoolMode::kSession;
    edited.spec.database.host = "other";
    edited.spec.users_secret = "users";
    Inputs other = inputs();
    other.max_client_conn = 5000;
    other.username = "new";
    other.password = "changed";
    other.users = "\"x\" \"y\"\n";
    const DesiredState after = state(edited, other);
    EXPECT_EQ(after.deployment, before.deployment);
    EXPECT_NE(after.config_map, before.config_map);
    EXPECT_NE(after.secret, before.secret);
    EXPECT_NE(after.hashes.config, before.hashes.config);
    EXPECT_NE(after.hashes.auth, before.hashes.auth);
}

TEST(DesiredState, ANewOperatorsImageOrPodFieldsRoll) {
    const DesiredState before = state(pool(), inputs());
    Inputs image = inputs();
    image.image = "cenote:2";
    EXPECT_NE(state(pool(), image).deployment["spec"]["template"], before.deployment["spec"]["template"]);
    api::ConnectionPool resources = pool();
    resources.spec.pod.resources = {{"limits", {{"cpu", "2"}}}};
    EXPECT_NE(state(resources, inputs()).deployment["spec"]["template"], before.deployment["spec"]["template"]);
}

TEST(DesiredState, WhatIsRenderedAnewForTheSameWishesIsToldFromAnEdit) {
    const auto annotations = [](const DesiredState& s) { return kube::annotations_of(s.deployment); };
    const std::string rendering{api::kTemplateAnnotation};
    const std::string wishes{api::kTemplateInputsAnnotation};
    const auto before = annotations(state(pool(), inputs()));
    Inputs image = inputs();
    image.image = "cenote:2";
    const auto upgraded = annotations(state(pool(), image));
    EXPECT_NE(upgraded.at(rendering), before.at(rendering));
    EXPECT_EQ(upgraded.at(wishes), before.at(wishes));
    Inputs restart = image;
    restart.restarted_at = "2026-01-01T00:00:00Z";
    EXPECT_NE(annotations(state(pool(), restart)).at(wishes), before.at(wishes));
    const DesiredState one = state(pool(), inputs());
    EXPECT_EQ(kube::string_or(one.deployment["spec"]["template"], "/metadata/annotations/cenote.dev~1template"), before.at(rendering));
}

TEST(DesiredState, ScalingRollsNoPod) {
    const DesiredState before = state(pool(), inputs());
    api::ConnectionPool scaled = pool();
    scaled.spec.replicas = 3;
    Inputs three = inputs();
    three.replicas = 3;
    const DesiredState after = state(scaled, three);
    EXPECT_EQ(after.deployment["spec"]["replicas"], 3);
    EXPECT_EQ(after.deployment["spec"]["template"], before.deployment["spec"]["template"]);
    EXPECT_FALSE(before.pod_disruption_budget);
    EXPECT_TRUE(after.pod_disruption_budget);
}

TEST(DesiredState, TheIniHoldsNoPassword) {
    EXPECT_EQ(state(pool(), inputs()).ini.find("secret\n"), std::string::npos);
    EXPECT_EQ(kube::dump_json(state(pool(), inputs()).config_map).find("\"secret\""), std::string::npos);
}

TEST(DesiredState, FilesComeBeforeThePodsThatMountThem) {
    std::vector<std::string> kinds;
    for (const kube::Json& object : state(pool(), inputs()).objects()) {
        kinds.push_back(object["kind"]);
    }
    EXPECT_EQ(kinds, (std::vector<std::string>{"Secret", "ConfigMap", "Service", "Deployment"}));
}

TEST(DesiredState, TheKubeletWaitsLongerThanTheDrain) {
    EXPECT_EQ(grace_period_seconds(std::chrono::seconds{60}), 75);
    EXPECT_EQ(grace_period_seconds(std::chrono::milliseconds{500}), 16);
}

TEST(DesiredState, BadCredentialsAreAnErrorNotAnObject) {
    Inputs bad = inputs();
    bad.password = "a\nb";
    EXPECT_FALSE(desired_state(pool(), bad));
}

}  // namespace
}  // namespace cenote::specs
