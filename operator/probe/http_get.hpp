// One HTTP/1.1 GET to an address on a pod's port, for /readyz and /status: a non-blocking object for an event loop, and a blocking call
// around it. Plain HTTP, no redirects, no name resolution, answers of at most 64 KiB. Used by one thread at a time.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::probe {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

/// A whole answer as read up to the connection's end. Pure.
[[nodiscard]] Result<HttpAnswer> parse_answer(std::string_view bytes);

class HttpGet {
public:
    /// `address` is an IPv4 or IPv6 address. Starts connecting at once; a failure to do so shows as the first step's answer.
    HttpGet(std::string_view address, int port, std::string_view path, TimePoint deadline);
    HttpGet(const HttpGet&) = delete;
    HttpGet& operator=(const HttpGet&) = delete;
    ~HttpGet();

    [[nodiscard]] int fd() const noexcept { return fd_; }
    /// POLLIN or POLLOUT.
    [[nodiscard]] short wanted() const noexcept;
    [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
    /// Does what can be done without waiting. An answer once there is one, an error, or nothing yet.
    [[nodiscard]] std::optional<Result<HttpAnswer>> step(TimePoint now);

private:
    std::string target_;
    std::string unsent_;
    std::string received_;
    std::optional<Error> failure_;
    TimePoint deadline_;
    int fd_ = -1;
};

[[nodiscard]] Result<HttpAnswer> http_get(std::string_view address, int port, std::string_view path, Duration timeout);

}  // namespace cenote::probe
