// A server connection's place: its count in its pool's ledger and in the limits of its database and its user. Taken before the connection
// is opened, owned by whoever opens it and then by the connection, given back by being destroyed. Any thread, one owner at a time.
#pragma once

#include "dataplane/registry/shared_pool.hpp"

#include <optional>

namespace cenote::registry {

class Place {
public:
    Place() = default;
    Place(Place&& other) noexcept : pool_(std::move(other.pool_)), stage_(std::exchange(other.stage_, Stage::kNone)) {}
    Place& operator=(Place&& other) noexcept;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { give_back(); }

    /// One for a connection of this pool that is to be opened now. None: the limits have no room; the pool is queued in the budget that
    /// is full, and its keeper is told when its turn has come.
    [[nodiscard]] static std::optional<Place> take(const PoolRef& pool, TimePoint waiting_since);

    [[nodiscard]] const PoolRef& pool() const noexcept { return pool_; }
    /// The server is ready. REQUIRES: the pool's mutex is held.
    void opened_locked();
    /// The pool may open another in its stead; the limits count it until PostgreSQL has let go of it.
    void leave_pool();

private:
    enum class Stage : std::uint8_t { kNone, kOpening, kOpen, kEnding };
    Place(PoolRef pool, Stage stage) : pool_(std::move(pool)), stage_(stage) {}
    void give_back();

    PoolRef pool_;
    Stage stage_ = Stage::kNone;
};

/// Asks the gate for the connections that the pool's policy and its limits allow now. Any thread; returns how many.
std::size_t open_connections(const PoolRef& pool, TimePoint now);

}  // namespace cenote::registry
