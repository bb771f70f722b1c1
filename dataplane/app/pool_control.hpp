// What the console and the signals do to pools: PAUSE, RESUME, SUSPEND, RECONNECT, KILL, DISABLE. Owned by the application, control thread.
// "" as a database means all of them; then the process' phase changes too. Errors have PgBouncer's texts.
#pragma once

#include "dataplane/app/current_runtime.hpp"
#include "dataplane/app/phase.hpp"
#include "dataplane/app/staff.hpp"
#include "dataplane/base/result.hpp"

#include <string>
#include <vector>

namespace cenote::app {

class PoolControl {
public:
    using Pools = std::vector<registry::PoolRef>;

    PoolControl(Staff staff, const CurrentRuntime& runtime, CurrentPhase& phase)
        : staff_(staff), process_(staff.process), runtime_(runtime), phase_(phase) {}

    [[nodiscard]] Result<Pools> pools_of(const std::string& database) const;

    /// Lends no servers any more and closes each as it comes back; done when none is left in the pools that are returned.
    [[nodiscard]] Result<Pools> pause(const std::string& database);
    /// Lends no servers any more; done when none is lent in the pools that are returned.
    [[nodiscard]] Result<Pools> suspend();
    [[nodiscard]] Result<void> resume(const std::string& database);
    /// Every server that is open now is closed as soon as it is nobody's.
    [[nodiscard]] Result<void> reconnect(const std::string& database);
    /// Pauses, and ends clients and servers at once.
    [[nodiscard]] Result<void> kill(const std::string& database);
    [[nodiscard]] Result<void> set_disabled(const std::string& database, bool disabled);
    /// For an ending that waits for servers.
    void hold_all();

private:
    void set_ledgers_paused(const Pools& pools, bool paused);
    /// kReplace: the next servers may be others (RECONNECT). kRelease: the pools only let go of those they have.
    enum class Renew : std::uint8_t { kReplace, kRelease };
    void renew(const Pools& pools, Renew why);

    Staff staff_;
    registry::Process& process_;
    const CurrentRuntime& runtime_;
    CurrentPhase& phase_;
};

}  // namespace cenote::app
