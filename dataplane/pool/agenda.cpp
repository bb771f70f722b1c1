#include "dataplane/pool/agenda.hpp"

#include <algorithm>
#include <bit>

namespace cenote::pool {

std::int64_t Agenda::tick_of(TimePoint point) const {
    if (point <= begun_) {
        return 0;
    }
    const auto passed = point - begun_;
    return (passed + kGrain - Duration(1)) / kGrain;  // rounded up: never early
}

void Agenda::at(Item& item, TimePoint due) {
    if (item.hook.linked) {
        if (item.due <= due) {
            return;
        }
        remove(item);
    }
    // Never into the slot that is being looked through: what puts itself in again for now waits a grain, and cannot hold up the turn.
    item.due = std::max(due, begun_ + kGrain * (done_ + 1));
    const auto slot = static_cast<std::size_t>(tick_of(item.due)) % kSlots;
    slots_[slot].push_back(item);
    occupied_[slot / 64] |= std::uint64_t{1} << slot % 64;
    ++size_;
}

void Agenda::remove(Item& item) {
    if (!item.hook.linked) {
        return;
    }
    if (resume_ == &item) {
        resume_ = item.hook.next;
    }
    const auto slot = static_cast<std::size_t>(tick_of(item.due)) % kSlots;
    slots_[slot].erase(item);
    if (slots_[slot].empty()) {
        occupied_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    }
    item.due = TimePoint::max();
    --size_;
}

TimePoint Agenda::next() const {
    if (size_ == 0) {
        return TimePoint::max();
    }
    const auto first = static_cast<std::size_t>(done_) % kSlots;
    for (std::size_t step = 0; step <= kSlots / 64; ++step) {
        const std::size_t word = (first / 64 + step) % (kSlots / 64);
        std::uint64_t bits = occupied_[word];
        if (step == 0) {
            bits &= ~std::uint64_t{0} << first % 64;
        } else if (step == kSlots / 64) {
            bits &= ~(~std::uint64_t{0} << first % 64);
        }
        if (bits != 0) {
            const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            const std::size_t ahead = (slot + kSlots - first) % kSlots;
            return begun_ + kGrain * (done_ + static_cast<std::int64_t>(ahead));
        }
    }
    return TimePoint::max();
}

Agenda::Item* Agenda::pop(TimePoint now) {
    if (now < begun_) {
        return nullptr;
    }
    const std::int64_t current = (now - begun_) / kGrain;
    while (size_ > 0 && done_ <= current) {
        // A long pause: one round shows every slot.
        done_ = std::max(done_, current - static_cast<std::int64_t>(kSlots) + 1);
        auto& slot = slots_[static_cast<std::size_t>(done_) % kSlots];
        Item* item = resume_ != nullptr ? resume_ : slot.front();
        while (item != nullptr && item->due > now) {
            item = slot.next(*item);
        }
        if (item != nullptr) {
            resume_ = slot.next(*item);
            remove(*item);
            return item;
        }
        resume_ = nullptr;
        ++done_;
    }
    if (size_ == 0) {
        done_ = std::max(done_, current);  // a wheel that was empty for an hour has nothing to look through
        resume_ = nullptr;
    }
    return nullptr;
}

}  // namespace cenote::pool
