// A client's places in max_client_conn and in the client limits of its database and user. Given back by being destroyed. Any thread, one
// owner at a time.
#pragma once

#include "dataplane/registry/shared_pool.hpp"

#include <memory>
#include <utility>

namespace cenote::registry {

class Admission {
public:
    Admission() = default;
    Admission(Admission&& other) noexcept
        : process_(std::exchange(other.process_, nullptr)), pool_(std::move(other.pool_)), user_(std::move(other.user_)) {}
    Admission& operator=(Admission&& other) noexcept;
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;
    ~Admission() { give_back(); }

    /// Takes over places that were taken: of the process, of the pool's database, of the user as it logged in.
    Admission(pool::LimitCounter& process, PoolRef pool, std::shared_ptr<UserState> user);

    [[nodiscard]] const PoolRef& pool() const noexcept { return pool_; }
    /// As it logged in; the pool's own user is another where a database forces one.
    [[nodiscard]] const UserState& user() const noexcept { return *user_; }

private:
    void give_back();

    pool::LimitCounter* process_ = nullptr;
    PoolRef pool_;
    std::shared_ptr<UserState> user_;
};

}  // namespace cenote::registry
