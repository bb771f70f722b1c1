#include "operator/api/connection_pool_codec.hpp"

namespace cenote::api {
namespace {

using kube::Json;
using ::testing::HasSubstr;

Json least() { return {{"database", {{"host", "db"}, {"credentialsSecretRef", {{"name", "db"}}}}}}; }

std::string error_of(const Json& spec) {
    const auto parsed = parse_spec(spec);
    return parsed ? std::string{} : parsed.error().message;
}

Json with(std::string_view path, Json value) {
    Json spec = least();
    spec[Json::json_pointer{std::string{path}}] = std::move(value);
    return spec;
}

TEST(Codec, DefaultsOfTheLeastSpec) {
    const auto spec = parse_spec(least());
    ASSERT_TRUE(spec) << spec.error().message;
    Spec expected;
    expected.database.host = "db";
    expected.database.credentials_secret = "db";
    EXPECT_EQ(*spec, expected);
    EXPECT_EQ(spec->sizing.headroom_percent, 150);
    EXPECT_EQ(spec->pool_mode, PoolMode::kTransaction);
    EXPECT_EQ(spec->drain_timeout, std::chrono::seconds{60});
}

TEST(Codec, ReadsEveryField) {
    const Json full = Json::parse(R"({
      "database": {"host": "a,b", "port": 5433, "name": "orders", "credentialsSecretRef": {"name": "c", "usernameKey": "user"},
                   "tls": {"mode": "VerifyFull", "caSecretRef": {"name": "ca"}}},
      "workloads": [{"name": "web", "target": {"kind": "StatefulSet", "name": "w"}, "workers": 3},
                    {"name": "nightly", "replicas": 2, "workers": 4, "threads": 5}],
      "sizing": {"updateMode": "Initial", "headroomPercent": 100, "minDemand": 2, "maxDemand": 200, "maxServerConnections": 50, "reserveForDirect": 3},
      "poolMode": "Session", "settings": [{"name": "query_wait_timeout", "value": "30"}], "auth": {"usersSecretRef": {"name": "u"}},
      "replicas": 3, "drain": {"timeout": "1m30s"},
      "pod": {"image": "x:1", "imagePullPolicy": "Never", "imagePullSecrets": [{"name": "s"}], "resources": {"limits": {"cpu": "2"}}, "nodeSelector": {"a": "b"},
              "affinity": {"x": 1}, "tolerations": [{}], "topologySpreadConstraints": [{}], "env": [{"name": "A", "value": "b"}], "labels": {"l": "m"},
              "annotations": {"n": "o"}, "priorityClassName": "p", "runtimeClassName": "r"},
      "monitoring": {"podMonitor": "Enabled"}, "state": "Paused"})");
    const auto spec = parse_spec(full);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->database, (DatabaseRef{"a,b", 5433, "orders", "c", "user", "password", {TlsMode::kVerifyFull, "ca"}}));
    ASSERT_EQ(spec->workloads.size(), 2U);
    EXPECT_EQ(spec->workloads[0], (Workload{"web", WorkloadTarget{TargetKind::kStatefulSet, "w"}, std::nullopt, 3, std::nullopt}));
    EXPECT_EQ(spec->workloads[1], (Workload{"nightly", std::nullopt, 2, 4, 5}));
    EXPECT_EQ(spec->sizing, (Sizing{UpdateMode::kInitial, 100, 2, 200, 50, 3}));
    EXPECT_EQ(spec->pool_mode, PoolMode::kSession);
    EXPECT_EQ(spec->settings, (std::vector<Setting>{{"query_wait_timeout", "30"}}));
    EXPECT_EQ(spec->users_secret, "u");
    EXPECT_EQ(spec->replicas, 3);
    EXPECT_EQ(spec->drain_timeout, std::chrono::seconds{90});
    EXPECT_EQ(spec->pod.image_pull_secrets, std::vector<std::string>{"s"});
    EXPECT_EQ(spec->pod.resources["limits"]["cpu"], "2");
    EXPECT_EQ(spec->pod.runtime_class_name, "r");
    EXPECT_EQ(spec->pod_monitor, Switch::kEnabled);
    EXPECT_EQ(spec->state, DesiredRunState::kPaused);
}

TEST(Codec, ErrorsNameThePathAndTheRule) {
    struct Case {
        std::string_view path;
        Json value;
        std::string_view error;
    };
    const std::vector<Case> cases{
        {"/databse", Json::object(), "spec.databse: unknown field"},
        {"/database/pasword", "x", "spec.database.pasword: unknown field"},
        {"/database/port", "5432", "spec.database.port: must be a whole number, is a string"},
        {"/database/port", 70000, "spec.database.port: must be between 1 and 65535, not 70000"},
        {"/database/port", 5432.5, "spec.database.port: must be a whole number, is a fraction"},
        {"/database/port", 18446744073709551615U, "spec.database.port: must be between 1 and 65535, not 18446744073709551615"},
        {"/database/host", "", "spec.database.host: must not be empty"},
        {"/database/host", "a b", "spec.database.host: \"a b\" is not a host name, an address, or a comma-separated list of them"},
        {"/database/name", "a\nb", "spec.database.name: \"a\nb\" is not free of control characters"},
        {"/database/tls", Json{{"mode", "verify-full"}},
         "spec.database.tls.mode: must be one of Disable, Prefer, Require, VerifyCA, VerifyFull, not \"verify-full\""},
        {"/replicas", -1, "spec.replicas: must be between 0 and 1000, not -1"},
        {"/poolMode", true, "spec.poolMode: must be a string, is true or false"},
        {"/workloads", Json::array({Json{{"name", "web"}}}),
         "spec.workloads[0].target: either name a target, whose workers and threads are read, or state both workers and threads"},
        {"/workloads", Json::array({Json{{"name", "web"}, {"target", {{"name", "w"}}}, {"replicas", 2}}}),
         "spec.workloads[0].replicas: are read from the target and followed; leave them out"},
        {"/workloads", Json::array({7}), "spec.workloads[0]: must be an object"},
        {"/settings", Json::array({Json{{"name", "verbose"}, {"value", 1}}}), "spec.settings[0].value: must be a string, is a number"},
        {"/settings", Json::array({Json{{"name", "verbose"}, {"value", "1"}}, Json{{"name", "verbose"}, {"value", "2"}}}),
         "spec.settings: \"verbose\" is there twice"},
        {"/sizing", Json{{"minDemand", 9}, {"maxDemand", 8}}, "spec.sizing.maxDemand: 8 is below minDemand 9"},
        {"/sizing", Json{{"headroomPercent", 0}}, "spec.sizing.headroomPercent: must be between 1 and 1000, not 0"},
        {"/drain", Json{{"timeout", "0s"}}, "spec.drain.timeout: must be between 1s and 1h"},
        {"/drain", Json{{"timeout", "soon"}}, "spec.drain.timeout: \"soon\" is not a duration, such as 60s or 1m30s"},
        {"/auth", Json{{"usersSecretRef", Json::object()}}, "spec.auth.usersSecretRef.name: is required"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(error_of(with(c.path, c.value)), c.error) << c.path;
    }
}

TEST(Codec, TellsEverythingThatIsWrongAtOnce) {
    EXPECT_EQ(
        error_of(Json::parse(R"({"replicas": "two"})")), "spec.database: is required; spec.replicas: must be a whole number, is a string"
    );
    EXPECT_EQ(error_of(Json::array()), "spec: must be an object");
}

TEST(Codec, ListsAreBounded) {
    Json spec = least();
    for (int i = 0; i < 65; ++i) {
        spec["workloads"].push_back({{"name", "w" + std::to_string(i)}, {"workers", 1}, {"threads", 1}});
    }
    EXPECT_EQ(error_of(spec), "spec.workloads: has 65 items, at most 64 are allowed");
}

Json object(Json spec) {
    return {
        {"apiVersion", "cenote.dev/v1alpha1"},
        {"kind", "ConnectionPool"},
        {"metadata", {{"name", "orders"}, {"namespace", "shop"}, {"uid", "u"}, {"generation", 3}}},
        {"spec", std::move(spec)}
    };
}

TEST(Codec, WholeObject) {
    const auto pool = parse_connection_pool(object(least()));
    ASSERT_TRUE(pool) << pool.error().message;
    EXPECT_EQ(pool->name, "orders");
    EXPECT_EQ(pool->namespace_, "shop");
    EXPECT_EQ(pool->generation, 3);
    EXPECT_FALSE(pool->deleting);

    Json other = object(least());
    other["apiVersion"] = "v1";
    EXPECT_THAT(parse_connection_pool(other).error().message, HasSubstr("must be cenote.dev/v1alpha1 and kind ConnectionPool"));
    for (const std::string& name :
         {std::string{"1orders"}, std::string{"Orders"}, std::string{"a.b"}, std::string{"a-"}, std::string(64, 'a'), std::string{}}) {
        Json renamed = object(least());
        renamed["metadata"]["name"] = name;
        EXPECT_THAT(parse_connection_pool(renamed).error().message, HasSubstr("metadata.name")) << name;
    }
    Json strange = object(least());
    strange["spce"] = 1;
    EXPECT_EQ(parse_connection_pool(strange).error().message, "spce: unknown field");
}

Status full_status() {
    Status status;
    status.observed_generation = 7;
    status.replicas = 2;
    status.ready_replicas = 1;
    status.selector = "a=b";
    status.endpoint = "orders.shop.svc:6432";
    status.config_hash = "abc";
    status.sizing = SizingStatus{24, 24, 20, 10, LimitedBy::kServerBudget, "the cap", "web: …", {{"web", 2, 4, 2, "args"}}};
    status.database = DatabaseStatus{"16.4", 100, 3, 87};
    status.conditions = {{"Ready", ConditionStatus::kTrue, "Serving", "", 7, "2026-01-31T12:00:00Z"}};
    return status;
}

TEST(Codec, StatusReadsBackWhatWasWritten) {
    const Status status = full_status();
    const auto read = parse_status(write_status(status));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, status);
    EXPECT_EQ(*parse_status(write_status(Status{})), Status{});
}

// After a rollback: what the newer version added is passed over, and what is understood is kept.
TEST(Codec, AStatusOfANewerVersionIsReadAsFarAsItIsUnderstood) {
    Json status = write_status(full_status());
    status["pods"] = Json::array({{{"name", "orders-1"}}});
    status["sizing"]["mood"] = "good";
    status["replicas"] = "many";
    Status expected = full_status();
    expected.replicas = 0;
    EXPECT_EQ(*parse_status(status), expected);
}

TEST(Codec, AStatusOfAnotherVersionDoesNotStopThePool) {
    Json pool = object(least());
    pool["status"] = {{"replicas", "many"}};
    const auto parsed = parse_connection_pool(pool);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->status, Status{});
}

}  // namespace
}  // namespace cenote::api
