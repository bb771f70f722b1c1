// The ways to end: when servers are back, when clients have gone, or by a drain (drain_timeout). Owned by the application, control thread.
#pragma once

#include "dataplane/app/current_runtime.hpp"
#include "dataplane/app/phase.hpp"
#include "dataplane/app/pool_control.hpp"
#include "dataplane/app/staff.hpp"
#include "dataplane/base/clock.hpp"

namespace cenote::app {

class Shutdown {
public:
    Shutdown(Staff staff, const CurrentRuntime& runtime, CurrentPhase& phase, PoolControl& pools)
        : staff_(staff), process_(staff.process), runtime_(runtime), phase_(phase), pools_(pools) {}

    /// how: kDrainAnnounced, kWaitingForServers or kWaitingForClients. False if the process is ending already.
    [[nodiscard]] bool begin(Phase how, TimePoint now);
    /// To be called again and again after begin(); true when the process may end.
    [[nodiscard]] bool is_over(TimePoint now);

private:
    void begin_drain();
    [[nodiscard]] bool servers_are_back() const;
    [[nodiscard]] int clients_left() const;

    Staff staff_;
    registry::Process& process_;
    const CurrentRuntime& runtime_;
    CurrentPhase& phase_;
    PoolControl& pools_;
    TimePoint drain_at_;
    TimePoint deadline_ = TimePoint::max();
};

}  // namespace cenote::app
