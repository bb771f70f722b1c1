#include "dataplane/pool/connect_health.hpp"

#include <algorithm>
#include <chrono>

namespace cenote::pool {
namespace {

constexpr Duration kFirst = std::chrono::milliseconds(50);
constexpr Duration kOften = std::chrono::seconds(1);

}  // namespace

void ConnectHealth::succeeded() { *this = {}; }

void ConnectHealth::failed(TimePoint now, Duration most) {
    const Duration wait = kFirst * (1 << std::min(failures_, 10));
    ++failures_;
    failed_at_ = now;
    retry_at_ = now + std::min(wait, most);
}

void ConnectHealth::connect_failed(TimePoint now, Duration login_retry) {
    refusal_.reset();
    failed(now, std::min(kOften, login_retry));
}

void ConnectHealth::login_refused(TimePoint now, Duration login_retry, Error error) {
    refusal_ = std::move(error);
    failed(now, login_retry);
}

void ConnectHealth::on_waiter(TimePoint now) {
    if (failures_ > 0 && now - failed_at_ >= kOften) {
        retry_at_ = std::min(retry_at_, now);
    }
}

}  // namespace cenote::pool
