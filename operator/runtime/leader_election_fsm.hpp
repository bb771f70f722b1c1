// Who leads, decided from a Lease and the local clock (client-go tools/leaderelection). Pure: time and the answers of the cluster come in,
// actions go out.
//
//   state     | event                                   | next      | action
//   standby   | lease absent                            | standby   | create it with us as holder
//   standby   | lease held by another, record unchanged | standby   | wait retry_period; expired by *our* clock -> take it
//             |   for lease_duration by our clock       |           |
//   standby   | lease free (holder "") or ours          | standby   | take it (compare-and-swap on resourceVersion)
//   standby   | our write succeeded                     | leading   | wait retry_period, then renew
//   leading   | renewal failed, renew_deadline not over | leading   | wait retry_period, then read and renew
//   leading   | renew_deadline over since last success,  | lost      | stop; the process ends
//             |   or another holds the lease            |           |
// The holder's own timestamps are never compared with ours: clocks differ.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/kube/json.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace cenote::runtime {

struct LeaseTiming {
    std::chrono::milliseconds lease_duration{15'000};
    std::chrono::milliseconds renew_deadline{10'000};
    std::chrono::milliseconds retry_period{2'000};
};

class LeaderElectionFsm {
public:
    enum class State { kStandby, kLeading, kLost };
    struct Action {
        enum class Kind { kRead, kCreate, kUpdate, kWait, kStop };
        Kind kind = Kind::kWait;
        kube::Json lease_spec;         // for kCreate and kUpdate
        std::string resource_version;  // for kUpdate
        Duration wait{};               // for kWait, then start a new round with next()
    };
    using WallTime = std::chrono::system_clock::time_point;

    LeaderElectionFsm(std::string identity, LeaseTiming timing);

    /// Starts a round.
    [[nodiscard]] Action next(TimePoint now);
    // What came of the action.
    [[nodiscard]] Action on_lease(const kube::Json& lease, TimePoint now, WallTime wall);
    [[nodiscard]] Action on_absent(TimePoint now, WallTime wall);
    /// `asked_at`: when the write was sent, from which the lease certainly runs.
    [[nodiscard]] Action on_written(const kube::Json& lease, TimePoint asked_at, TimePoint now);
    [[nodiscard]] Action on_failed(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    /// The spec that gives the lease away, for a leader that stops.
    [[nodiscard]] kube::Json release_spec(WallTime wall) const;
    [[nodiscard]] const std::string& resource_version() const { return resource_version_; }
    [[nodiscard]] const std::string& holder() const { return holder_; }
    /// A leader that has not renewed by then has lost.
    [[nodiscard]] std::optional<TimePoint> deadline() const;

private:
    void observe(const kube::Json& lease, TimePoint now);
    [[nodiscard]] kube::Json spec_for_us(WallTime wall) const;
    [[nodiscard]] Action wait_or_lose(TimePoint now);
    [[nodiscard]] Action lose();

    std::string identity_;
    LeaseTiming timing_;
    State state_ = State::kStandby;
    kube::Json observed_spec_;
    TimePoint observed_at_{};
    TimePoint renewed_at_{};
    std::string resource_version_;
    std::string holder_;
};

}  // namespace cenote::runtime
