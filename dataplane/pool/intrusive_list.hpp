// A doubly linked list through its members: no allocation, O(1) removal from the middle. A node is in at most one list of its kind.
#pragma once

#include "dataplane/base/assert.hpp"

#include <cstddef>

namespace cenote::pool {

template <class T>
struct ListHook {
    T* prev = nullptr;
    T* next = nullptr;
    bool linked = false;
};

template <class T, ListHook<T> T::* Hook>
class IntrusiveList {
public:
    IntrusiveList() = default;
    IntrusiveList(IntrusiveList&&) = default;
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    IntrusiveList& operator=(IntrusiveList&&) = default;

    void push_back(T& item) noexcept {
        auto& hook = item.*Hook;
        CENOTE_CHECK(!hook.linked);
        hook = {tail_, nullptr, true};
        (tail_ != nullptr ? (tail_->*Hook).next : head_) = &item;
        tail_ = &item;
        ++size_;
    }
    /// before = null: at the front.
    void insert_after(T* before, T& item) noexcept {
        auto& hook = item.*Hook;
        CENOTE_CHECK(!hook.linked);
        T* after = before != nullptr ? (before->*Hook).next : head_;
        hook = {before, after, true};
        (before != nullptr ? (before->*Hook).next : head_) = &item;
        (after != nullptr ? (after->*Hook).prev : tail_) = &item;
        ++size_;
    }
    void erase(T& item) noexcept {
        auto& hook = item.*Hook;
        CENOTE_CHECK(hook.linked);
        (hook.prev != nullptr ? (hook.prev->*Hook).next : head_) = hook.next;
        (hook.next != nullptr ? (hook.next->*Hook).prev : tail_) = hook.prev;
        hook = {};
        --size_;
    }
    [[nodiscard]] T* front() const noexcept { return head_; }
    [[nodiscard]] T* back() const noexcept { return tail_; }
    [[nodiscard]] T* next(const T& item) const noexcept { return (item.*Hook).next; }
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    T* head_ = nullptr;
    T* tail_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace cenote::pool
