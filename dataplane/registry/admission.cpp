#include "dataplane/registry/admission.hpp"

#include "dataplane/registry/process.hpp"

namespace cenote::registry {

Admission::Admission(pool::LimitCounter& process, PoolRef pool, std::shared_ptr<UserState> user)
    : process_(&process), pool_(std::move(pool)), user_(std::move(user)) {
    pool_->clients.fetch_add(1, std::memory_order_relaxed);
}

Admission& Admission::operator=(Admission&& other) noexcept {
    if (this != &other) {
        give_back();
        process_ = std::exchange(other.process_, nullptr);
        pool_ = std::move(other.pool_);
        user_ = std::move(other.user_);
    }
    return *this;
}

void Admission::give_back() {
    if (process_ == nullptr) {
        return;
    }
    std::exchange(process_, nullptr)->give_back();
    pool_->database->clients.give_back();
    user_->clients.give_back();
    if (pool_->clients.fetch_sub(1, std::memory_order_relaxed) == 1) {
        pool_->ports.look_after(pool_);  // pool_idle_timeout may count from now on
    }
    pool_.reset();
    user_.reset();
}

}  // namespace cenote::registry
