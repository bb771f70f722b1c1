#include "dataplane/registry/key_slots.hpp"

namespace cenote::registry {
namespace {

constexpr std::uint32_t kBits = 22;
constexpr std::uint32_t kMask = (1U << kBits) - 1;
constexpr std::uint32_t kFactor = 2'654'435'761U;  // Knuth's; odd, so multiplying by it modulo a power of two can be undone

constexpr std::uint32_t inverse(std::uint32_t odd) {
    std::uint32_t x = odd;
    for (int i = 0; i < 5; ++i) {
        x *= 2 - odd * x;  // Newton: doubles the correct bits
    }
    return x;
}
static_assert(kFactor * inverse(kFactor) == 1);

}  // namespace

std::uint32_t KeySlots::reserve() {
    const std::lock_guard lock(mutex_);
    if (free_.size() <= kRest) {
        return next_++;
    }
    const std::uint32_t slot = free_.front();
    free_.pop_front();
    return slot;
}

void KeySlots::release(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
}

std::int32_t pid_of(KeyPlace place, std::uint32_t tables) {
    const std::uint32_t number = place.slot * tables + place.table + 1;  // never 0: no process has that id
    return static_cast<std::int32_t>((number & ~kMask) | (number * kFactor & kMask));
}

std::optional<KeyPlace> place_of(std::int32_t pid, std::uint32_t tables) {
    const auto bits = static_cast<std::uint32_t>(pid);
    const std::uint32_t number = (bits & ~kMask) | (bits * inverse(kFactor) & kMask);
    if (pid <= 0 || number == 0) {
        return std::nullopt;
    }
    return KeyPlace{(number - 1) % tables, (number - 1) / tables};
}

}  // namespace cenote::registry
