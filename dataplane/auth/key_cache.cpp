#include "dataplane/auth/key_cache.hpp"

#include <algorithm>

namespace cenote::auth {
namespace {

constexpr std::size_t kMaxDerived = 8;  // our own salt, and one for each server this user logs in to

}  // namespace

ScramKeys KeyCache::keys_of(std::string_view password, std::string_view salt, int iterations) {
    const auto same = [&](const Derived& derived) { return derived.iterations == iterations && derived.salt == salt; };
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = std::find_if(derived_.begin(), derived_.end(), same); found != derived_.end()) {
            std::rotate(
                found, found + 1, derived_.end()
            );  // used last: goes last, so that a server with ever new salts evicts only its own
            return derived_.back().keys;
        }
    }
    const ScramKeys keys = derive_keys(password, salt, iterations);
    const std::lock_guard lock(mutex_);
    if (std::none_of(derived_.begin(), derived_.end(), same)) {
        if (derived_.size() >= kMaxDerived) {
            derived_.erase(derived_.begin());
        }
        derived_.push_back({std::string(salt), iterations, keys});
    }
    return keys;
}

bool KeyCache::knows(std::string_view salt, int iterations) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(derived_.begin(), derived_.end(), [&](const Derived& derived) {
        return derived.iterations == iterations && derived.salt == salt;
    });
}

void KeyCache::learn_client_key(const ScramKey& client_key) {
    const std::lock_guard lock(mutex_);
    client_key_ = client_key;
}

std::optional<ScramKey> KeyCache::client_key() const {
    const std::lock_guard lock(mutex_);
    return client_key_;
}

}  // namespace cenote::auth
