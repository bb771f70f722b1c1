#include "dataplane/app/phase.hpp"

namespace cenote::app {

bool may_become(Phase from, Phase to) {
    if (to == Phase::kEnded) {
        return from != Phase::kEnded;
    }
    const bool an_ending = to == Phase::kDrainAnnounced || to == Phase::kWaitingForServers || to == Phase::kWaitingForClients;
    switch (from) {
        case Phase::kStarting:
            return to == Phase::kRunning;
        case Phase::kRunning:
            return to == Phase::kPaused || to == Phase::kSuspended || an_ending;
        case Phase::kPaused:
        case Phase::kSuspended:
            return to == Phase::kRunning || an_ending;
        case Phase::kDrainAnnounced:
            return to == Phase::kDraining;
        case Phase::kDraining:
        case Phase::kWaitingForServers:
        case Phase::kWaitingForClients:
        case Phase::kEnded:
            return false;
    }
    return false;
}

std::string_view status_word(Phase phase) {
    return is_ending(phase) ? "Draining" : is_held(phase) ? "Paused" : phase == Phase::kStarting ? "Starting" : "Running";
}

bool CurrentPhase::move_to(Phase next) noexcept {
    Phase now = phase_.load();
    do {
        if (!may_become(now, next)) {
            return false;
        }
    } while (!phase_.compare_exchange_weak(now, next));
    return true;
}

}  // namespace cenote::app
