// Which repeats of an event are one series. Pure: the time is a parameter. Rule: events.k8s.io/v1, a series ends after six quiet minutes; a
// series is written when its count doubles or its last write is 30 s old, so a hot loop costs a handful of writes.
#pragma once

#include "operator/kube/cluster.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace cenote::runtime {

class EventAggregator {
public:
    using Time = kube::EventRecord::Time;
    static constexpr std::chrono::minutes kSeriesEnds{6};
    static constexpr std::chrono::seconds kWriteAgain{30};
    static constexpr std::size_t kMaxSeries = 4096;
    static constexpr std::size_t kMaxNote = 1024;

    /// Completes the record (name, count, times); nullopt when this repeat need not be written now.
    [[nodiscard]] std::optional<kube::EventRecord> observe(kube::EventRecord event, Time now);

private:
    using Key = std::tuple<kube::ObjectReference, kube::EventRecord::Type, std::string, std::string, std::string>;
    struct Series {
        std::string name;
        int count = 0;
        int written_count = 0;
        Time first;
        Time last;
        Time written;
    };

    void drop_ended(Time now);

    std::map<Key, Series> series_;
    unsigned serial_ = 0;
};

}  // namespace cenote::runtime
