// The Cluster over the Kubernetes API: turns calls into requests and answers into values or ApiErrors. Owns its transport. Any thread;
// calls block. A call that may be repeated safely is, a few times, when the server asks for it (429 or 5xx with Retry-After); a 401 reads
// the token again, once.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/kube/http_transport.hpp"
#include "operator/kube/token_source.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cenote::kube {

struct ApiClientOptions {
    std::string field_manager{kFieldManager};
    std::string reporting_instance;  // of Events: the pod's name
    int page_size = 500;
    int max_attempts = 4;
    std::chrono::seconds max_retry_wait{5};
    std::chrono::seconds watch_grace{30};  // a watch silent this long past its timeout is broken
    /// rest_client_requests_total{code,method,host} and its durations; code "<error>" when no answer came. Any thread.
    std::function<void(std::string_view code, std::string_view method, std::string_view host, std::chrono::duration<double> took)>
        on_request;
    std::function<void(std::chrono::milliseconds)> sleep;  // a test's stand-in
    std::function<TimePoint()> now = &Clock::now;
};

class ApiClient final : public Cluster {
public:
    ApiClient(std::unique_ptr<HttpTransport> transport, std::unique_ptr<TokenSource> tokens, ApiClientOptions options = {});
    ~ApiClient() override;

    ApiResult<Json> get(const ResourceType& type, const ObjectName& name) override;
    ApiResult<ListResult> list(const ResourceType& type, const ListOptions& options) override;
    ApiResult<Json> create(const ResourceType& type, const ObjectName& name, Json object) override;
    ApiResult<Json> apply(const ResourceType& type, const ObjectName& name, Json object) override;
    ApiResult<Json> apply_status(const ResourceType& type, const ObjectName& name, Json status) override;
    ApiResult<Json> merge_patch(const ResourceType& type, const ObjectName& name, Json patch) override;
    ApiResult<void> remove(const ResourceType& type, const ObjectName& name, Propagation propagation) override;
    ApiResult<void> emit(const EventRecord& event) override;
    ApiResult<void> watch(
        const ResourceType& type, const WatchOptions& options, const std::function<void(WatchEvent)>& on_event, std::stop_token stop
    ) override;

    /// Any GET, for /version and /readyz.
    ApiResult<std::string> get_raw(std::string target);

private:
    enum class Repeat { kNever, kSafe };

    ApiResult<HttpResponse> call(HttpRequest request, Repeat repeat);
    ApiResult<HttpResponse> call_once(HttpRequest& request);
    ApiResult<Json> call_for_object(HttpRequest request, Repeat repeat);
    ApiResult<void> list_pages(const ResourceType& type, const ListOptions& options, int limit, ListResult& result);
    void report(const HttpRequest& request, std::string_view code, TimePoint began) const;

    std::unique_ptr<HttpTransport> transport_;
    std::unique_ptr<TokenSource> tokens_;
    ApiClientOptions options_;
    std::string host_;
};

/// The usual one: cpprestsdk and the access's token.
struct ClusterAccess;
[[nodiscard]] Result<std::unique_ptr<ApiClient>> connect(
    const ClusterAccess& access, ApiClientOptions options = {}, std::chrono::seconds request_timeout = std::chrono::seconds(30)
);

}  // namespace cenote::kube
