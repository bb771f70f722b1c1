// When a server may leave its client (PgBouncer's pool_mode). Pure; called at each ReadyForQuery.
#pragma once

#include "dataplane/config/config.hpp"
#include "dataplane/session/transaction_tracker.hpp"

namespace cenote::session {

enum class AfterReady : unsigned char { kKeep, kRelease, kTransactionNotAllowed };

[[nodiscard]] inline AfterReady after_ready(config::PoolMode mode, const TransactionTracker& tracker) noexcept {
    switch (mode) {
        case config::PoolMode::kSession:
            return AfterReady::kKeep;
        case config::PoolMode::kStatement:
            if (tracker.status() != 'I') {
                return AfterReady::kTransactionNotAllowed;
            }
            [[fallthrough]];
        case config::PoolMode::kTransaction:
            return tracker.clean() ? AfterReady::kRelease : AfterReady::kKeep;
    }
    return AfterReady::kKeep;
}

}  // namespace cenote::session
