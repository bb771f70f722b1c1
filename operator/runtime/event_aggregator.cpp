#include "operator/runtime/event_aggregator.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote::runtime {
namespace {

// Object names end at 253 characters; what is added to the object's own takes less than 30.
constexpr std::size_t kMaxNameStem = 220;

}  // namespace

std::optional<kube::EventRecord> EventAggregator::observe(kube::EventRecord event, Time now) {
    drop_ended(now);
    if (event.note.size() > kMaxNote) {
        std::size_t end = kMaxNote;
        while (end > 0 && (static_cast<unsigned char>(event.note[end]) & 0xC0U) == 0x80U) {
            --end;  // not in the middle of a UTF-8 character
        }
        event.note.resize(end);
    }
    const Key key{event.regarding, event.type, event.reason, event.action, event.note};
    auto it = series_.find(key);
    if (it == series_.end()) {
        if (series_.size() >= kMaxSeries) {
            series_.clear();  // forgetting costs nothing but repeats that start a series anew
        }
        const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
        std::string name = fmt::format("{}.{:x}{:04x}", event.regarding.name.substr(0, kMaxNameStem), nanos, ++serial_ & 0xFFFFU);
        it = series_.emplace(key, Series{std::move(name), 0, 0, now, now, now}).first;
    }
    Series& series = it->second;
    ++series.count;
    series.last = now;
    const bool write = series.count >= 2 * series.written_count || now - series.written >= kWriteAgain;
    if (!write) {
        return std::nullopt;
    }
    series.written = now;
    series.written_count = series.count;
    event.name = series.name;
    event.count = series.count;
    event.first_observed = series.first;
    event.last_observed = now;
    return event;
}

void EventAggregator::drop_ended(Time now) {
    std::erase_if(series_, [now](const auto& entry) { return now - entry.second.last > kSeriesEnds; });
}

}  // namespace cenote::runtime
