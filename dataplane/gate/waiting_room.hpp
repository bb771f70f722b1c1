// Clients that have proven who they are and wait for their pool's first server, whose parameters they are to be told. The pool's own count
// of them (waiting_at_gate, which its policy reads) is kept here and nowhere else. Gate thread.
#pragma once

#include "dataplane/registry/shared_pool.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace cenote::gate {

class LoginConnection;

class WaitingRoom {
public:
    /// The answer if it need not wait: the welcome of the pool's present epoch. REQUIRES: the pool's mutex is held.
    [[nodiscard]] static std::shared_ptr<const registry::Welcome> welcome_locked(const registry::SharedPool& pool);

    /// REQUIRES: the pool's mutex is held, and under the same lock welcome_locked() gave nothing: so no welcome is missed between.
    void enter_locked(LoginConnection& client, const registry::PoolRef& pool, TimePoint now);
    void leave(LoginConnection& client, const registry::PoolRef& pool);
    /// All who wait for this pool, who came first at the front; they have left the room.
    [[nodiscard]] std::vector<std::shared_ptr<LoginConnection>> take(const registry::PoolRef& pool);
    [[nodiscard]] std::vector<std::shared_ptr<LoginConnection>> take_all();
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// look(client, when it began to wait).
    template <class Look>
    void for_each(Look look) const {
        for (const auto& [pool, guests] : pools_) {
            for (const auto& guest : guests) {
                look(*guest.client, guest.since);
            }
        }
    }

private:
    struct Guest {
        std::shared_ptr<LoginConnection> client;
        TimePoint since;
    };
    std::map<registry::PoolRef, std::deque<Guest>> pools_;
    std::size_t size_ = 0;
};

}  // namespace cenote::gate
