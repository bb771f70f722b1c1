// What is due when: a hashed timing wheel. An item is in it at most once; adding, moving and removing cost O(1), and so does a turn in
// which nothing is due, however many items wait. One worker's. Items are lazy: who moves a deadline further away need not touch the wheel,
// the item fires at its old time, looks, and is put in again.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/pool/intrusive_list.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace cenote::pool {

class Agenda {
public:
    struct Item {
        ListHook<Item> hook;
        TimePoint due = TimePoint::max();
        std::uint8_t kind = 0;  // the owner's: what this item is part of
        void* owner = nullptr;  // by kind
    };
    static constexpr Duration kGrain = std::chrono::milliseconds(16);

    explicit Agenda(TimePoint now) : begun_(now) {}

    /// Due then, or earlier if it was to be earlier already.
    void at(Item& item, TimePoint due);
    void remove(Item& item);
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// When to look next: never later than the first item's time, never before it by more than one round of the wheel needs.
    [[nodiscard]] TimePoint next() const;
    /// One item that is due, taken out; null if none is. Call until null.
    [[nodiscard]] Item* pop(TimePoint now);

private:
    using List = IntrusiveList<Item, &Item::hook>;
    static constexpr std::size_t kSlots = 1024;  // 16 s a round; what is due later stays in its slot for another one

    [[nodiscard]] std::int64_t tick_of(TimePoint point) const;
    [[nodiscard]] List& slot_of(const Item& item) { return slots_[static_cast<std::size_t>(tick_of(item.due)) % kSlots]; }

    TimePoint begun_;
    std::int64_t done_ = 0;  // ticks before this one are looked through
    Item* resume_ = nullptr;
    std::size_t size_ = 0;
    std::array<List, kSlots> slots_;
    std::array<std::uint64_t, kSlots / 64> occupied_{};
};

}  // namespace cenote::pool
