// What the process as a whole is doing, as one value, so that no two flags can contradict each other. Any thread may read it; the control
// thread moves it.
//
//   state             | may become
//   kStarting         | kRunning
//   kRunning          | kPaused, kSuspended, an ending
//   kPaused           | kRunning, an ending                     PAUSE without a database, SIGUSR1
//   kSuspended        | kRunning, an ending                     SUSPEND
//   kDrainAnnounced   | kDraining                               an ending: not ready any more, still serving everyone
//   kDraining         | -                                       no new clients; each leaves at the end of its transaction
//   kWaitingForServers| -                                       an ending: clients wait, the process ends when all servers are back
//   kWaitingForClients| -                                       an ending: no new clients, the process ends when the old ones have gone
//   kEnded            | -                                       every state may become this: a fast exit
//
// What is paused for one database only is that database's own matter and no phase.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace cenote::app {

enum class Phase : std::uint8_t {
    kStarting,
    kRunning,
    kPaused,
    kSuspended,
    kDrainAnnounced,
    kDraining,
    kWaitingForServers,
    kWaitingForClients,
    kEnded
};
inline constexpr int kPhases = 9;

[[nodiscard]] bool may_become(Phase from, Phase to);

/// /readyz: whether new clients are to be sent here.
[[nodiscard]] constexpr bool is_ready(Phase phase) {
    return phase == Phase::kRunning || phase == Phase::kPaused || phase == Phase::kSuspended;
}
/// Servers are lent to nobody by the console's order.
[[nodiscard]] constexpr bool is_held(Phase phase) { return phase == Phase::kPaused || phase == Phase::kSuspended; }
[[nodiscard]] constexpr bool is_draining(Phase phase) { return phase == Phase::kDrainAnnounced || phase == Phase::kDraining; }
[[nodiscard]] constexpr bool is_ending(Phase phase) { return phase >= Phase::kDrainAnnounced; }
/// Starting, Running, Paused or Draining: the word of /status.
[[nodiscard]] std::string_view status_word(Phase phase);

class CurrentPhase {
public:
    [[nodiscard]] Phase get() const noexcept { return phase_.load(); }
    /// False, and nothing changes, where the table has no such step.
    [[nodiscard]] bool move_to(Phase next) noexcept;

private:
    std::atomic<Phase> phase_{Phase::kStarting};
};

}  // namespace cenote::app
