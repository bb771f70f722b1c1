// What a pool remembers of failed connects, and when it tries again. Pure.
//
//   event                        | next try
//   a connect fails (network)    | soon, doubling up to a second: a server that is back is found at once
//   the server refuses the login | soon, doubling up to server_login_retry: it answers, and would answer the same
//   a client begins to wait      | now, if the last failure is a second old
//   a connect succeeds           | now
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/error.hpp"

#include <optional>

namespace cenote::pool {

class ConnectHealth {
public:
    void succeeded();
    void connect_failed(TimePoint now, Duration login_retry);
    /// The error is what clients are told while no server is left.
    void login_refused(TimePoint now, Duration login_retry, Error error);
    void on_waiter(TimePoint now);
    /// The server or its settings are others now: what was learned of it does not count.
    void forget() { succeeded(); }

    [[nodiscard]] bool failing() const noexcept { return failures_ > 0; }
    [[nodiscard]] bool may_try(TimePoint now) const noexcept { return now >= retry_at_; }
    [[nodiscard]] TimePoint retry_at() const noexcept { return retry_at_; }
    /// The server's own words, if the last failure was a refused login.
    [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }

private:
    void failed(TimePoint now, Duration most);

    int failures_ = 0;
    TimePoint failed_at_;
    TimePoint retry_at_;
    std::optional<Error> refusal_;
};

}  // namespace cenote::pool
