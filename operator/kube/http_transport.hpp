// HTTP as ApiClient needs it: one request and its answer, or an answer read as it comes. Fakes stand in for it in tests; cpprest_transport
// is the real one. Any thread may call; calls block.
#pragma once

#include "dataplane/base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace cenote::kube {

enum class HttpMethod { kGet, kPost, kPut, kPatch, kDelete };
[[nodiscard]] std::string_view to_string(HttpMethod method);

struct HttpRequest {
    HttpMethod method = HttpMethod::kGet;
    std::string target;  // path and query, percent-encoded
    std::string content_type;
    std::string body;
    std::string bearer_token;  // "" = no Authorization header
};

struct HttpResponse {
    int status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retry_after;
};

class HttpTransport {
public:
    HttpTransport() = default;
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;
    virtual ~HttpTransport() = default;

    /// An error when no answer came. What the answer says, 500 included, is a value.
    virtual Result<HttpResponse> send(const HttpRequest& request) = 0;

    /// Passes the body of a 200 to `on_chunk` (in this thread) as it arrives, until it ends (success), `on_chunk` returns false (success),
    /// `stop` is requested (success), or nothing came for `silence` or the connection broke (an error). Other statuses come back with their
    /// body.
    virtual Result<HttpResponse> stream(
        const HttpRequest& request, std::chrono::seconds silence, const std::function<bool(std::string_view)>& on_chunk,
        std::stop_token stop
    ) = 0;

    /// "host:port", the label of request metrics.
    [[nodiscard]] virtual std::string host() const = 0;
};

}  // namespace cenote::kube
