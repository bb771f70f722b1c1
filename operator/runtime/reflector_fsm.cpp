#include "operator/runtime/reflector_fsm.hpp"

#include <algorithm>
#include <utility>

namespace cenote::runtime {
namespace {

using Kind = kube::ApiError::Kind;
constexpr std::chrono::seconds kEndedAtOnce{1};  // client-go's "very short watch"

}  // namespace

ReflectorFsm::ReflectorFsm(Chance chance) : chance_(std::move(chance)) {}

ReflectorFsm::Step ReflectorFsm::start() const { return list({}); }

ReflectorFsm::Step ReflectorFsm::list(Duration wait) const { return {Step::Kind::kList, wait, resource_version_, {}}; }

ReflectorFsm::Step ReflectorFsm::watch(Duration wait, TimePoint now) {
    saw_event_ = false;
    watch_began_ = now + wait;
    const auto timeout = kShortestWatch + std::chrono::duration_cast<std::chrono::seconds>(kShortestWatch * chance_());
    return {Step::Kind::kWatch, wait, resource_version_, timeout};
}

ReflectorFsm::Step ReflectorFsm::list_newest(TimePoint now) {
    resource_version_.clear();
    return list(std::exchange(gone_before_, true) ? back_off(now) : Duration{});
}

Duration ReflectorFsm::back_off(TimePoint now) {
    if (backed_off_ && now - last_backoff_ > kQuiet) {
        backoff_ = kBackoffBase;
    }
    backed_off_ = true;
    const Duration wait = backoff_ + std::chrono::duration_cast<Duration>(backoff_ * chance_());
    last_backoff_ = now + wait;
    backoff_ = std::min<Duration>(backoff_ * 2, kBackoffMax);
    return wait;
}

ReflectorFsm::Step ReflectorFsm::on_listed(const std::string& resource_version, TimePoint now) {
    resource_version_ = resource_version;
    return watch({}, now);
}

ReflectorFsm::Step ReflectorFsm::on_list_failed(const kube::ApiError& error, TimePoint now) {
    if (error.kind == Kind::kGone) {
        return list_newest(now);
    }
    return list(back_off(now));
}

void ReflectorFsm::on_event(const kube::WatchEvent& event) {
    if (std::string version = kube::resource_version_of(event.object); !version.empty()) {
        resource_version_ = std::move(version);
    }
    saw_event_ = true;
    gone_before_ = false;
}

ReflectorFsm::Step ReflectorFsm::on_watch_ended(const std::optional<kube::ApiError>& error, TimePoint now) {
    const bool lasted = saw_event_ || now - watch_began_ >= kEndedAtOnce;
    if (!error) {
        return watch(lasted ? Duration{} : back_off(now), now);
    }
    switch (error->kind) {
        case Kind::kGone:
            return list_newest(now);
        case Kind::kThrottled:
            return watch(std::max<Duration>(back_off(now), error->retry_after.value_or(std::chrono::seconds(0))), now);
        case Kind::kUnavailable:
            if (error->http_status == 0) {
                return watch(back_off(now), now);
            }
            return list(back_off(now));
        default:
            return list(back_off(now));
    }
}

}  // namespace cenote::runtime
