#include "operator/kube/api_client.hpp"

#include "operator/kube/rest_path.hpp"

#include <deque>

namespace cenote::kube {
namespace {

using Kind = ApiError::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers in the order of the script and keeps what was asked.
class ScriptedTransport final : public HttpTransport {
public:
    struct Script {
        std::deque<Result<HttpResponse>> answers;
        std::vector<HttpRequest> asked;
        std::vector<std::string> chunks;  // of the next stream
    };
    explicit ScriptedTransport(Script& script) : script_(script) {}

    Result<HttpResponse> send(const HttpRequest& request) override {
        script_.asked.push_back(request);
        CENOTE_CHECK(!script_.answers.empty());
        auto answer = std::move(script_.answers.front());
        script_.answers.pop_front();
        return answer;
    }
    Result<HttpResponse> stream(const HttpRequest& request, seconds, const std::function<bool(std::string_view)>& on_chunk, std::stop_token)
        override {
        auto answer = send(request);
        if (answer && answer->status == 200) {
            for (const std::string& chunk : std::exchange(script_.chunks, {})) {
                if (!on_chunk(chunk)) {
                    break;
                }
            }
        }
        return answer;
    }
    [[nodiscard]] std::string host() const override { return "api:443"; }

private:
    Script& script_;
};

class ApiClientTest : public testing::Test {
protected:
    void answer(int status, std::string body, std::optional<seconds> retry_after = {}) {
        script_.answers.emplace_back(HttpResponse{status, std::move(body), retry_after});
    }
    void lose_connection() { script_.answers.emplace_back(Error{"connection refused"}); }
    [[nodiscard]] const HttpRequest& asked(std::size_t i) const { return script_.asked.at(i); }
    [[nodiscard]] Json body(std::size_t i) const { return Json::parse(asked(i).body); }

    ApiClientOptions options() {
        ApiClientOptions out;
        out.page_size = 2;
        out.now = [this] { return now_ += fail_after_; };
        out.sleep = [this](milliseconds wait) { slept_.push_back(wait); };
        out.on_request = [this](std::string_view code, std::string_view method, std::string_view host, std::chrono::duration<double>) {
            seen_.push_back(fmt::format("{} {} {}", code, method, host));
        };
        return out;
    }

    ScriptedTransport::Script script_;
    std::string token_ = "one";
    TimePoint now_{seconds(1000)};
    seconds fail_after_{0};
    std::vector<milliseconds> slept_;
    std::vector<std::string> seen_;
    ApiClient client_{
        std::make_unique<ScriptedTransport>(script_),
        std::make_unique<TokenSource>("/token", "", [this](const std::string&) { return Result<std::string>(token_); }), options()
    };
    const ObjectName name_{"shop", "orders"};
};

TEST_F(ApiClientTest, ApplyIsServerSideWithOurManagerAndForce) {
    answer(200, R"({"metadata":{"resourceVersion":"5"}})");
    const auto applied = client_.apply(kConfigMap, name_, {{"data", {{"k", "v"}}}});
    ASSERT_TRUE(applied.has_value());
    EXPECT_EQ(resource_version_of(*applied), "5");
    EXPECT_EQ(asked(0).method, HttpMethod::kPatch);
    EXPECT_EQ(asked(0).target, "/api/v1/namespaces/shop/configmaps/orders?fieldManager=cenote-operator&force=true");
    EXPECT_EQ(asked(0).content_type, "application/apply-patch+yaml");
    EXPECT_EQ(asked(0).bearer_token, "one");
    EXPECT_EQ(
        body(0), Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"orders","namespace":"shop"},"data":{"k":"v"}})")
    );
}

TEST_F(ApiClientTest, StatusGoesToItsSubresourceAlone) {
    answer(200, "{}");
    ASSERT_TRUE(client_.apply_status(kConnectionPool, name_, {{"replicas", 2}}).has_value());
    EXPECT_EQ(
        asked(0).target, "/apis/cenote.dev/v1alpha1/namespaces/shop/connectionpools/orders/status?fieldManager=cenote-operator&force=true"
    );
    EXPECT_EQ(body(0)["status"], Json::parse(R"({"replicas":2})"));
    EXPECT_FALSE(body(0).contains("spec"));
}

TEST_F(ApiClientTest, ListsOfTheNewestStateComeInPagesAndItemsKnowTheirKind) {
    answer(200, R"({"metadata":{"resourceVersion":"9","continue":"c1"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
    answer(200, R"({"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"c"}}]})");
    const auto listed = client_.list(kDeployment, {.ns = "shop", .label_selector = "a=b", .field_selector = "", .resource_version = ""});
    ASSERT_TRUE(listed.has_value());
    EXPECT_EQ(listed->items.size(), 3U);
    EXPECT_EQ(listed->resource_version, "9");
    EXPECT_EQ(kind_of(listed->items[2]), "Deployment");
    EXPECT_EQ(api_version_of(listed->items[2]), "apps/v1");
    EXPECT_EQ(asked(1).target, "/apis/apps/v1/namespaces/shop/deployments?labelSelector=a%3Db&limit=2&continue=c1");
}

TEST_F(ApiClientTest, ListsOfTheCacheComeWhole) {
    answer(200, R"({"metadata":{"resourceVersion":"9"},"items":null})");
    ASSERT_TRUE(client_.list(kPod, {.ns = "", .label_selector = "", .field_selector = "", .resource_version = "0"}).has_value());
    EXPECT_EQ(asked(0).target, "/api/v1/pods?resourceVersion=0");
}

TEST_F(ApiClientTest, PagesCompactedAwayUnderWayAreReadAgainInOnePiece) {
    answer(200, R"({"metadata":{"resourceVersion":"9","continue":"c1"},"items":[{"metadata":{"name":"a"}}]})");
    answer(410, R"({"kind":"Status","reason":"Expired","code":410})");
    answer(200, R"({"metadata":{"resourceVersion":"12"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
    const auto listed = client_.list(kPod, {});
    ASSERT_TRUE(listed.has_value());
    EXPECT_EQ(listed->items.size(), 2U);
    EXPECT_EQ(asked(2).target, "/api/v1/pods");
}

TEST_F(ApiClientTest, ARefusedTokenIsReadAgainOnce) {
    answer(401, "");
    answer(200, "{}");
    EXPECT_TRUE(client_.get(kPod, name_).has_value());
    EXPECT_EQ(script_.asked.size(), 2U);
    token_ = "two";
    answer(401, "");
    answer(401, "");
    EXPECT_TRUE(client_.get(kPod, name_).failed_with(Kind::kUnauthorized));
    EXPECT_EQ(asked(2).bearer_token, "one");
    EXPECT_EQ(asked(3).bearer_token, "two");
    EXPECT_EQ(script_.asked.size(), 4U);
}

TEST_F(ApiClientTest, AThrottledCallWaitsAsAskedAndGivesUpAfterAFewTimes) {
    answer(429, "", seconds(2));
    answer(503, "", seconds(1));
    answer(200, "{}");
    EXPECT_TRUE(client_.get(kPod, name_).has_value());
    EXPECT_EQ(slept_, (std::vector<milliseconds>{seconds(2), seconds(1)}));
    for (int i = 0; i < 4; ++i) {
        answer(429, "", seconds(1));
    }
    const auto refused = client_.get(kPod, name_);
    EXPECT_TRUE(refused.failed_with(Kind::kThrottled));
    EXPECT_EQ(refused.error().retry_after, seconds(1));
}

TEST_F(ApiClientTest, ALongWaitIsLeftToTheQueue) {
    answer(429, "", seconds(60));
    EXPECT_TRUE(client_.get(kPod, name_).failed_with(Kind::kThrottled));
    EXPECT_TRUE(slept_.empty());
}

TEST_F(ApiClientTest, WhatIsNotSafeToRepeatIsNotRepeatedAfterA500) {
    answer(500, "", seconds(1));
    EXPECT_TRUE(client_.create(kPod, name_, Json::object()).failed_with(Kind::kUnavailable));
    answer(500, "", seconds(1));
    EXPECT_TRUE(client_.merge_patch(kLease, name_, {{"metadata", {{"resourceVersion", "1"}}}}).failed_with(Kind::kUnavailable));
    EXPECT_TRUE(slept_.empty());
}

TEST_F(ApiClientTest, NoAnswerIsUnavailableAndRequestsAreCounted) {
    lose_connection();
    lose_connection();
    EXPECT_TRUE(client_.get(kPod, name_).failed_with(Kind::kUnavailable));
    answer(404, R"({"kind":"Status","reason":"NotFound","code":404})");
    EXPECT_TRUE(client_.remove(kPod, name_, Propagation::kForeground).failed_with(Kind::kNotFound));
    EXPECT_EQ(body(2)["propagationPolicy"], "Foreground");
    EXPECT_EQ(seen_, (std::vector<std::string>{"<error> GET api:443", "<error> GET api:443", "404 DELETE api:443"}));
}

TEST_F(ApiClientTest, ADeadConnectionIsReplacedOnceAndOnlyWhereThatIsSafe) {
    lose_connection();
    answer(200, "{}");
    EXPECT_TRUE(client_.apply(kPod, name_, Json::object()).has_value());
    lose_connection();
    EXPECT_TRUE(client_.create(kPod, name_, Json::object()).failed_with(Kind::kUnavailable)) << "it may have been created";
    fail_after_ = seconds(30);
    lose_connection();
    EXPECT_TRUE(client_.get(kPod, name_).failed_with(Kind::kUnavailable)) << "a server that is silent is not asked again at once";
}

TEST_F(ApiClientTest, ANonsenseAnswerIsAnErrorNotAnObject) {
    answer(200, "<html>");
    EXPECT_TRUE(client_.get(kPod, name_).failed_with(Kind::kOther));
}

EventRecord sample_event(int count) {
    EventRecord event;
    event.regarding = {"cenote.dev/v1alpha1", "ConnectionPool", "shop", "orders", "u1"};
    event.type = EventRecord::Type::kWarning;
    event.reason = "Invalid";
    event.action = "Validate";
    event.note = "no";
    event.name = "orders.1";
    event.count = count;
    return event;
}

TEST_F(ApiClientTest, AnEventIsCreatedThenItsSeriesGrows) {
    answer(201, "{}");
    ASSERT_TRUE(client_.emit(sample_event(1)).has_value());
    EXPECT_EQ(asked(0).target, "/apis/events.k8s.io/v1/namespaces/shop/events?fieldManager=cenote-operator");
    EXPECT_EQ(body(0)["type"], "Warning");
    EXPECT_EQ(body(0)["regarding"]["kind"], "ConnectionPool");
    EXPECT_FALSE(body(0).contains("series"));
    answer(200, "{}");
    ASSERT_TRUE(client_.emit(sample_event(2)).has_value());
    EXPECT_EQ(asked(1).method, HttpMethod::kPatch);
    EXPECT_EQ(body(1)["series"]["count"], 2);
}

TEST_F(ApiClientTest, ASeriesWhoseEventExpiredIsCreatedAnew) {
    answer(404, R"({"kind":"Status","reason":"NotFound","code":404})");
    answer(201, "{}");
    ASSERT_TRUE(client_.emit(sample_event(8)).has_value());
    EXPECT_EQ(asked(1).method, HttpMethod::kPost);
    EXPECT_EQ(body(1)["series"]["count"], 8);
}

TEST_F(ApiClientTest, AWatchDeliversEventsAndEndsAsTheServerSays) {
    answer(200, "");
    script_.chunks = {
        R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})", "\n",
        R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
        "\n",
        "never read"
    };
    std::vector<std::string> names;
    const auto ended = client_.watch(
        kPod, {.ns = "shop", .label_selector = "", .field_selector = "", .resource_version = "4"},
        [&](const WatchEvent& event) { names.push_back(name_of(event.object)); }, {}
    );
    EXPECT_TRUE(ended.failed_with(Kind::kGone));
    EXPECT_EQ(names, std::vector<std::string>{"a"});
}

TEST_F(ApiClientTest, AWatchRefusedOrStopped) {
    answer(403, R"({"kind":"Status","reason":"Forbidden","code":403})");
    const auto nothing = [](const WatchEvent&) { FAIL(); };
    EXPECT_TRUE(client_.watch(kPod, {}, nothing, {}).failed_with(Kind::kForbidden));
    std::stop_source stop;
    stop.request_stop();
    answer(200, "");
    script_.chunks = {R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
                      "\n"};
    EXPECT_TRUE(client_.watch(kPod, {}, nothing, stop.get_token()).has_value());
}

}  // namespace
}  // namespace cenote::kube
