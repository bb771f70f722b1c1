// Calls that are not watches, against a real kube-apiserver.
#include "tests/integration/operator/harness.hpp"

namespace cenote::apiserver_test {
namespace {

using kube::kConfigMap;
using kube::kDeployment;

class ApiCalls : public ApiServerTest {};

TEST_F(ApiCalls, CreateGetPatchRemove) {
    const auto created = client_->create(kConfigMap, in_ns("a"), {{"data", {{"k", "v"}}}});
    ASSERT_TRUE(created.has_value()) << created.error().message;
    EXPECT_TRUE(client_->create(kConfigMap, in_ns("a"), Json::object()).failed_with(Kind::kAlreadyExists));
    const auto patched = client_->merge_patch(kConfigMap, in_ns("a"), {{"data", {{"k", nullptr}, {"l", "w"}}}});
    ASSERT_TRUE(patched.has_value()) << patched.error().message;
    const auto got = client_->get(kConfigMap, in_ns("a"));
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ((*got)["data"], (Json{{"l", "w"}}));
    EXPECT_TRUE(client_->remove(kConfigMap, in_ns("a"), kube::Propagation::kBackground).has_value());
    EXPECT_TRUE(client_->get(kConfigMap, in_ns("a")).failed_with(Kind::kNotFound));
    EXPECT_TRUE(client_->remove(kConfigMap, in_ns("a"), kube::Propagation::kBackground).failed_with(Kind::kNotFound));
}

TEST_F(ApiCalls, ServerSideApplyOwnsJustItsFields) {
    ASSERT_TRUE(client_->create(kConfigMap, in_ns("a"), {{"data", {{"theirs", "1"}}}}).has_value());
    kube::ApiClientOptions named;
    named.field_manager = "tester";
    const auto tester = connect_to(access(), std::move(named));
    ASSERT_TRUE(tester->apply(kConfigMap, in_ns("a"), {{"data", {{"one", "1"}, {"two", "2"}}}}).has_value());
    const auto second = tester->apply(kConfigMap, in_ns("a"), {{"data", {{"one", "1"}}}});
    ASSERT_TRUE(second.has_value()) << second.error().message;
    EXPECT_EQ((*second)["data"], (Json{{"theirs", "1"}, {"one", "1"}})) << "a field left out is given up, a foreign one stays";
    const auto again = tester->apply(kConfigMap, in_ns("a"), {{"data", {{"one", "1"}}}});
    EXPECT_EQ(kube::resource_version_of(*again), kube::resource_version_of(*second)) << "an apply that changes nothing writes nothing";
    const auto forced = client_->apply(kConfigMap, in_ns("a"), {{"data", {{"one", "other"}}}});
    ASSERT_TRUE(forced.has_value()) << "applied with force: " << forced.error().message;
    EXPECT_EQ(kube::string_or(*forced, "/data/one"), "other");
}

TEST_F(ApiCalls, AnOldResourceVersionIsAConflict) {
    put("a", "1");
    const auto old = client_->get(kConfigMap, in_ns("a"));
    put("a", "2");
    const Json patch{{"metadata", {{"resourceVersion", kube::resource_version_of(*old)}}}, {"data", {{"k", "3"}}}};
    EXPECT_TRUE(client_->merge_patch(kConfigMap, in_ns("a"), patch).failed_with(Kind::kConflict));
    EXPECT_TRUE(client_->apply(kConfigMap, in_ns("a"), patch).failed_with(Kind::kConflict));
    EXPECT_EQ(kube::string_or(*client_->get(kConfigMap, in_ns("a")), "/data/k"), "2");
}

TEST_F(ApiCalls, StatusIsWrittenApartFromTheSpec) {
    const Json deployment = Json::parse(R"({"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{
        "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
    const auto applied = client_->apply(kDeployment, in_ns("d"), deployment);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
    const auto status = client_->apply_status(kDeployment, in_ns("d"), {{"replicas", 1}, {"readyReplicas", 1}});
    ASSERT_TRUE(status.has_value()) << status.error().message;
    EXPECT_EQ(kube::int_or(*status, "/status/readyReplicas"), 1);
    EXPECT_EQ(kube::generation_of(*status), kube::generation_of(*applied)) << "a status write is not a change of the spec";
    EXPECT_TRUE(client_->apply_status(kDeployment, in_ns("none"), {{"replicas", 1}}).failed_with(Kind::kNotFound));
}

TEST_F(ApiCalls, RefusalsHaveTheirKind) {
    EXPECT_TRUE(client_->create(kConfigMap, in_ns("Not A Name"), Json::object()).failed_with(Kind::kInvalid));
    const auto bad = client_->apply(kDeployment, in_ns("d"), {{"spec", {{"replicas", "three"}}}});
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().http_status, 500) << "apply of a wrong type: " << bad.error().message;
    kube::ClusterAccess nobody = access();
    nobody.token = "nobody-token";
    EXPECT_TRUE(connect_to(nobody)->get(kConfigMap, in_ns("a")).failed_with(Kind::kForbidden));
    nobody.token = "unknown-token";
    EXPECT_TRUE(connect_to(nobody)->get(kConfigMap, in_ns("a")).failed_with(Kind::kUnauthorized));
    EXPECT_TRUE(client_->create(kConfigMap, {"no-such-namespace", "a"}, Json::object()).failed_with(Kind::kNotFound));
}

TEST_F(ApiCalls, AServerThatIsNotThereOrNotTrustedIsUnavailable) {
    kube::ClusterAccess nowhere = access();
    nowhere.server = "https://127.0.0.1:1";
    EXPECT_TRUE(connect_to(nowhere)->get(kConfigMap, in_ns("a")).failed_with(Kind::kUnavailable));
    kube::ClusterAccess untrusting = access();
    untrusting.ca_file =
        "/etc/ssl/certs/ca-certificates.crt";  // the system's CAs, or no file at all: neither made this server's certificate
    const auto refused = connect_to(untrusting)->get(kConfigMap, in_ns("a"));
    EXPECT_TRUE(refused.failed_with(Kind::kUnavailable)) << "a server that our CA does not vouch for must not get our token";
    kube::ClusterAccess careless = access();
    careless.ca_file.clear();
    careless.insecure_skip_tls_verify = true;
    EXPECT_TRUE(
        connect_to(careless)->list(kConfigMap, {.ns = ns_, .label_selector = "", .field_selector = "", .resource_version = ""}).has_value()
    );
}

TEST_F(ApiCalls, ListsArePagedSelectedAndComplete) {
    for (int i = 0; i < 7; ++i) {
        ASSERT_TRUE(
            client_->apply(
                       kConfigMap, in_ns("m" + std::to_string(i)), {{"metadata", {{"labels", {{"odd", i % 2 != 0 ? "yes" : "no"}}}}}}
            ).has_value()
        );
    }
    kube::ApiClientOptions paged;
    paged.page_size = 2;
    int requests = 0;
    paged.on_request = [&requests](auto, auto, auto, auto) { ++requests; };
    const auto reader = connect_to(access(), std::move(paged));
    const auto all = reader->list(kConfigMap, {.ns = ns_, .label_selector = "", .field_selector = "", .resource_version = ""});
    ASSERT_TRUE(all.has_value()) << all.error().message;
    EXPECT_EQ(all->items.size(), 7U);
    EXPECT_EQ(requests, 4);
    EXPECT_EQ(kube::kind_of(all->items[0]), "ConfigMap");
    const auto odd =
        client_->list(kConfigMap, {.ns = ns_, .label_selector = "odd in (yes)", .field_selector = "", .resource_version = "0"});
    EXPECT_EQ(odd->items.size(), 3U);
    const auto one =
        client_->list(kConfigMap, {.ns = ns_, .label_selector = "", .field_selector = "metadata.name=m3", .resource_version = ""});
    EXPECT_EQ(one->items.size(), 1U);
    const auto future = client_->list(kConfigMap, {.ns = ns_, .label_selector = "", .field_selector = "", .resource_version = "99999999"});
    EXPECT_TRUE(future.failed_with(Kind::kGone)) << (future ? "listed" : future.error().message);
}

TEST_F(ApiCalls, ARotatedTokenIsReadAgainWhenTheServerRefusesTheOld) {
    const std::string file = testing::TempDir() + "cenote-token-" + std::to_string(::getpid());
    const std::string first = "rotating-1-" + std::to_string(::getpid());
    const std::string second = "rotating-2-" + std::to_string(::getpid());
    std::ofstream(file) << first;
    ask("accept-token " + first);
    kube::ClusterAccess rotating = access();
    rotating.token.clear();
    rotating.token_file = file;
    std::vector<std::string> codes;
    kube::ApiClientOptions options;
    options.on_request = [&codes](std::string_view code, auto, auto, auto) { codes.emplace_back(code); };
    const auto client = connect_to(rotating, std::move(options));
    ASSERT_TRUE(client->get(kube::kNamespace, {"", ns_}).has_value());
    std::ofstream(file) << second;
    ASSERT_TRUE(client->get(kube::kNamespace, {"", ns_}).has_value()) << "the minute is not over: the old one, which is good";
    ask("accept-token " + second);
    const auto after = client->get(kube::kNamespace, {"", ns_});
    ASSERT_TRUE(after.has_value()) << after.error().message;
    EXPECT_EQ(codes, (std::vector<std::string>{"200", "200", "401", "200"}));
    ::unlink(file.c_str());
}

TEST_F(ApiCalls, EventsAreSeriesThatPeopleSee) {
    kube::EventRecord event;
    event.regarding = {"v1", "ConfigMap", ns_, "a", "uid"};
    event.type = kube::EventRecord::Type::kWarning;
    event.reason = "Invalid";
    event.action = "Validate";
    event.note = "the spec is wrong";
    event.name = "a.1";
    event.first_observed = event.last_observed = std::chrono::system_clock::now();
    const auto created = client_->emit(event);
    ASSERT_TRUE(created.has_value()) << created.error().message;
    event.count = 4;
    const auto grown = client_->emit(event);
    ASSERT_TRUE(grown.has_value()) << grown.error().message;
    const auto seen = client_->get(kube::kEvent, in_ns("a.1"));
    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(kube::int_or(*seen, "/series/count"), 4);
    EXPECT_EQ(kube::string_or(*seen, "/note"), "the spec is wrong");
    event.name = "a.2";
    EXPECT_TRUE(client_->emit(event).has_value()) << "a series whose first event is not there";
    EXPECT_EQ(kube::int_or(*client_->get(kube::kEvent, in_ns("a.2")), "/series/count"), 4);
}

}  // namespace
}  // namespace cenote::apiserver_test
