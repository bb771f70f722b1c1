// Sees to the pools that this worker keeps: waiting clients whose time is over, connections to open, pools that nobody uses. A pool is on
// the agenda only while something of this is due; nothing walks over all of them.
#pragma once

#include "dataplane/worker/context.hpp"

namespace cenote::worker {

class Lending;

class Keeper {
public:
    Keeper(Context& context, Lending& lending) : context_(context), lending_(lending) {}

    /// Something about this pool has changed, or its time has come.
    void look_after(const registry::PoolRef& pool);
    void on_due(pool::Agenda::Item& item);
    /// Every client that waits for a server of this pool is told this and leaves.
    void refuse_waiting(registry::SharedPool& pool, const Error& error);

private:
    void end_overdue(registry::SharedPool& pool, const registry::PoolSettings& settings);
    [[nodiscard]] TimePoint next_look(registry::SharedPool& pool, const registry::PoolSettings& settings) const;

    Context& context_;
    Lending& lending_;
};

}  // namespace cenote::worker
