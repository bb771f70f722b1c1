#include "operator/kube/api_client.hpp"

#include "dataplane/base/log.hpp"
#include "operator/kube/rest_path.hpp"
#include "operator/kube/watch_decoder.hpp"

#include <thread>
#include <utility>

namespace cenote::kube {
namespace {

using Kind = ApiError::Kind;

constexpr std::chrono::seconds kFailsAtOnce{1};
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kApplyPatch = "application/apply-patch+yaml";  // JSON is YAML
constexpr std::string_view kMergePatch = "application/merge-patch+json";

HttpRequest make_request(HttpMethod method, std::string target, std::string_view content_type = {}, const Json* body = nullptr) {
    HttpRequest request;
    request.method = method;
    request.target = std::move(target);
    request.content_type = content_type;
    if (body != nullptr) {
        request.body = dump_json(*body);
    }
    return request;
}

void name_object(const ResourceType& type, const ObjectName& name, Json& object) {
    object["apiVersion"] = type.api_version();
    object["kind"] = type.kind;
    object["metadata"]["name"] = name.name;
    if (type.namespaced) {
        object["metadata"]["namespace"] = name.ns;
    }
}

bool has_resource_version(const Json& object) { return !resource_version_of(object).empty(); }

std::string_view to_string(Propagation propagation) {
    switch (propagation) {
        case Propagation::kBackground:
            return "Background";
        case Propagation::kForeground:
            return "Foreground";
        case Propagation::kOrphan:
            return "Orphan";
    }
    return "Background";
}

Json event_object(const EventRecord& event, std::string_view reporting_instance) {
    Json object{
        {"eventTime", micro_time(event.first_observed)},
        {"type", event.type == EventRecord::Type::kWarning ? "Warning" : "Normal"},
        {"reason", event.reason},
        {"action", event.action},
        {"note", event.note},
        {"regarding",
         {{"apiVersion", event.regarding.api_version},
          {"kind", event.regarding.kind},
          {"name", event.regarding.name},
          {"namespace", event.regarding.ns},
          {"uid", event.regarding.uid}}},
        {"reportingController", "cenote.dev/operator"},
        {"reportingInstance", reporting_instance.empty() ? std::string_view("cenote-operator") : reporting_instance},
    };
    return object;
}

Json event_series(const EventRecord& event) { return {{"count", event.count}, {"lastObservedTime", micro_time(event.last_observed)}}; }

}  // namespace

ApiClient::ApiClient(std::unique_ptr<HttpTransport> transport, std::unique_ptr<TokenSource> tokens, ApiClientOptions options)
    : transport_(std::move(transport)), tokens_(std::move(tokens)), options_(std::move(options)), host_(transport_->host()) {
    if (!options_.sleep) {
        options_.sleep = [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); };
    }
}

ApiClient::~ApiClient() = default;

void ApiClient::report(const HttpRequest& request, std::string_view code, TimePoint began) const {
    if (options_.on_request) {
        options_.on_request(code, kube::to_string(request.method), host_, options_.now() - began);
    }
}

ApiResult<HttpResponse> ApiClient::call_once(HttpRequest& request) {
    for (bool again = false;; again = true) {
        const TimePoint began = options_.now();
        request.bearer_token = tokens_->token(began);
        auto answer = transport_->send(request);
        report(request, answer ? std::to_string(answer->status) : "<error>", began);
        if (!answer) {
            return make_api_error(Kind::kUnavailable, answer.error().message);
        }
        if (answer->status == 401 && !again) {
            tokens_->refused();
            continue;
        }
        if (answer->status >= 400) {
            return make_api_error(answer->status, answer->body, answer->retry_after);
        }
        return std::move(*answer);
    }
}

ApiResult<HttpResponse> ApiClient::call(HttpRequest request, Repeat repeat) {
    bool tried_anew = false;
    for (int attempt = 1;; ++attempt) {
        const TimePoint began = options_.now();
        auto answer = call_once(request);
        if (answer) {
            return answer;
        }
        const ApiError& error = answer.error();
        const bool safe = repeat == Repeat::kSafe;
        if (error.kind == Kind::kUnavailable && error.http_status == 0) {
            // A kept connection that the server closed meanwhile fails at once; a new one may do.
            if (tried_anew || !safe || options_.now() - began >= kFailsAtOnce) {
                return answer;
            }
            tried_anew = true;
            continue;
        }
        // 429 means that the server has not begun, so any call may be repeated; after a 5xx only those that do the same twice.
        const bool may_repeat = error.kind == Kind::kThrottled || (error.kind == Kind::kUnavailable && safe);
        if (!may_repeat || !error.retry_after || attempt >= options_.max_attempts || *error.retry_after > options_.max_retry_wait) {
            return answer;
        }
        options_.sleep(*error.retry_after);
    }
}

ApiResult<Json> ApiClient::call_for_object(HttpRequest request, Repeat repeat) {
    auto answer = call(std::move(request), repeat);
    if (!answer) {
        return std::move(answer).error();
    }
    auto parsed = parse_json(answer->body);
    if (!parsed) {
        return make_api_error(Kind::kOther, parsed.error().message);
    }
    return std::move(*parsed);
}

ApiResult<Json> ApiClient::get(const ResourceType& type, const ObjectName& name) {
    return call_for_object(make_request(HttpMethod::kGet, object_path(type, name)), Repeat::kSafe);
}

ApiResult<void> ApiClient::list_pages(const ResourceType& type, const ListOptions& options, int limit, ListResult& result) {
    std::string continue_token;
    do {
        ListOptions page = options;
        if (!continue_token.empty()) {
            page.resource_version.clear();  // the token holds it
        }
        auto answer = call_for_object(make_request(HttpMethod::kGet, list_target(type, page, limit, continue_token)), Repeat::kSafe);
        if (!answer) {
            return std::move(answer).error();
        }
        result.resource_version = string_or(*answer, "/metadata/resourceVersion");
        continue_token = string_or(*answer, "/metadata/continue");
        if (const auto items = answer->find("items"); items != answer->end() && items->is_array()) {
            for (Json& item : *items) {
                item["apiVersion"] = type.api_version();  // lists leave both out of their items
                item["kind"] = type.kind;
                result.items.push_back(std::move(item));
            }
        }
    } while (!continue_token.empty());
    return {};
}

ApiResult<ListResult> ApiClient::list(const ResourceType& type, const ListOptions& options) {
    // Pages are for reads of the newest state alone: from its cache the server ignores the limit, or reads etcd because of it.
    const int limit = options.resource_version.empty() ? options_.page_size : 0;
    ListResult result;
    auto done = list_pages(type, options, limit, result);
    if (done.failed_with(Kind::kGone) && !result.items.empty()) {
        result = {};  // the pages' snapshot was compacted away under way: once more, in one piece
        done = list_pages(type, options, 0, result);
    }
    if (!done) {
        return std::move(done).error();
    }
    return result;
}

ApiResult<Json> ApiClient::create(const ResourceType& type, const ObjectName& name, Json object) {
    name_object(type, name, object);
    const std::string target = fmt::format("{}?fieldManager={}", collection_path(type, name.ns), percent_encode(options_.field_manager));
    return call_for_object(make_request(HttpMethod::kPost, target, kJson, &object), Repeat::kNever);
}

ApiResult<Json> ApiClient::apply(const ResourceType& type, const ObjectName& name, Json object) {
    name_object(type, name, object);
    const std::string target =
        fmt::format("{}?fieldManager={}&force=true", object_path(type, name), percent_encode(options_.field_manager));
    return call_for_object(
        make_request(HttpMethod::kPatch, target, kApplyPatch, &object), has_resource_version(object) ? Repeat::kNever : Repeat::kSafe
    );
}

ApiResult<Json> ApiClient::apply_status(const ResourceType& type, const ObjectName& name, Json status) {
    Json object{{"status", std::move(status)}};
    name_object(type, name, object);
    const std::string target =
        fmt::format("{}?fieldManager={}&force=true", object_path(type, name, "status"), percent_encode(options_.field_manager));
    return call_for_object(make_request(HttpMethod::kPatch, target, kApplyPatch, &object), Repeat::kSafe);
}

ApiResult<Json> ApiClient::merge_patch(const ResourceType& type, const ObjectName& name, Json patch) {
    const std::string target = fmt::format("{}?fieldManager={}", object_path(type, name), percent_encode(options_.field_manager));
    return call_for_object(
        make_request(HttpMethod::kPatch, target, kMergePatch, &patch), has_resource_version(patch) ? Repeat::kNever : Repeat::kSafe
    );
}

ApiResult<void> ApiClient::remove(const ResourceType& type, const ObjectName& name, Propagation propagation) {
    const Json body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", to_string(propagation)}};
    const auto answer = call(make_request(HttpMethod::kDelete, object_path(type, name), kJson, &body), Repeat::kSafe);
    return answer ? ApiResult<void>() : ApiResult<void>(answer.error());
}

ApiResult<void> ApiClient::emit(const EventRecord& event) {
    const ObjectName name{event.regarding.ns.empty() ? "default" : event.regarding.ns, event.name};
    if (event.count > 1) {
        const auto grown = merge_patch(kEvent, name, Json{{"series", event_series(event)}});
        if (!grown.failed_with(Kind::kNotFound)) {
            return grown ? ApiResult<void>() : ApiResult<void>(grown.error());
        }
    }
    Json object = event_object(event, options_.reporting_instance);
    if (event.count > 1) {
        object["series"] = event_series(event);  // the first of the series has expired, or was never written
    }
    const auto created = create(kEvent, name, std::move(object));
    return created || created.failed_with(Kind::kAlreadyExists) ? ApiResult<void>() : ApiResult<void>(created.error());
}

ApiResult<void> ApiClient::watch(
    const ResourceType& type, const WatchOptions& options, const std::function<void(WatchEvent)>& on_event, std::stop_token stop
) {
    HttpRequest request = make_request(HttpMethod::kGet, watch_target(type, options));
    WatchDecoder decoder;
    std::optional<ApiError> problem;
    const auto on_chunk = [&](std::string_view chunk) {
        std::vector<WatchEvent> events;
        problem = decoder.feed(chunk, events);
        for (WatchEvent& event : events) {
            if (stop.stop_requested()) {
                return false;
            }
            on_event(std::move(event));
        }
        return !problem.has_value();
    };
    for (bool again = false;; again = true) {
        const TimePoint began = options_.now();
        request.bearer_token = tokens_->token(began);
        auto answer = transport_->stream(request, options.timeout + options_.watch_grace, on_chunk, stop);
        report(request, answer ? std::to_string(answer->status) : "<error>", began);
        if (stop.stop_requested()) {
            return {};
        }
        if (problem) {
            return std::move(*problem);
        }
        if (!answer) {
            return make_api_error(Kind::kUnavailable, answer.error().message);
        }
        if (answer->status == 401 && !again) {
            tokens_->refused();
            continue;
        }
        return answer->status < 400 ? ApiResult<void>()
                                    : ApiResult<void>(make_api_error(answer->status, answer->body, answer->retry_after));
    }
}

ApiResult<std::string> ApiClient::get_raw(std::string target) {
    auto answer = call(make_request(HttpMethod::kGet, std::move(target)), Repeat::kSafe);
    if (!answer) {
        return std::move(answer).error();
    }
    return std::move(answer->body);
}

}  // namespace cenote::kube
