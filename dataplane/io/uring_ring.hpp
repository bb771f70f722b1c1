// The fence around liburing: one ring with the buffers it lends to receives. What the engine does with it is in uring_engine.cpp; nothing
// else includes this file.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <liburing.h>

#include <cstdint>
#include <memory>

namespace cenote::io {

/// Buffers that receives take by themselves and that are given back one by one. Memory is touched only when it is used.
class LentBuffers {
public:
    LentBuffers() = default;
    ~LentBuffers();
    LentBuffers(const LentBuffers&) = delete;
    LentBuffers& operator=(const LentBuffers&) = delete;

    [[nodiscard]] int make(io_uring& ring, std::uint16_t group, std::uint32_t count, std::uint32_t size);
    [[nodiscard]] const char* at(std::uint16_t id) const { return pool_ + std::size_t{id} * stride_; }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    void give(std::uint16_t id) noexcept {
        // Not io_uring_buf_ring_add(): the array's place in the union differs between C and C++ in some releases of the header.
        auto& entry = entries_[tail_ & (count_ - 1)];
        entry.addr = reinterpret_cast<std::uintptr_t>(pool_) + std::size_t{id} * stride_;
        entry.len = size_;
        entry.bid = id;
        ++tail_;
        io_uring_smp_store_release(&ring_->tail, tail_);
    }

private:
    io_uring_buf_ring* ring_ = nullptr;
    io_uring_buf* entries_ = nullptr;
    char* pool_ = nullptr;
    std::uint32_t count_ = 0;
    std::uint32_t size_ = 0;
    std::size_t stride_ = 0;
    std::uint16_t tail_ = 0;
};

class UringRing {
public:
    static constexpr std::uint16_t kGroup = 0;

    struct Completion {
        std::uint64_t user_data;
        std::int32_t result;
        std::uint32_t flags;
    };

    /// Made on any thread, used on the one that calls enable().
    [[nodiscard]] static Result<std::unique_ptr<UringRing>> make();
    ~UringRing();
    UringRing(const UringRing&) = delete;
    UringRing& operator=(const UringRing&) = delete;

    [[nodiscard]] int enable();
    /// Null: neither room nor a way to make some before completions are taken.
    [[nodiscard]] io_uring_sqe* entry();
    /// Submits and waits for a completion, at most for `limit` (zero: does not wait; Duration::max(): for ever).
    void wait(Duration limit);
    /// Entries that the kernel has not taken yet.
    [[nodiscard]] bool unsubmitted() const { return io_uring_sq_ready(&ring_) != 0; }

    [[nodiscard]] bool take(Completion& completion) {
        const unsigned head = *ring_.cq.khead;
        if (head == io_uring_smp_load_acquire(ring_.cq.ktail)) {
            return false;
        }
        const auto& cqe = ring_.cq.cqes[head & cq_mask_];
        completion = {cqe.user_data, cqe.res, cqe.flags};
        io_uring_smp_store_release(ring_.cq.khead, head + 1);
        return true;
    }
    /// Looks for a completion among those that have not been taken.
    [[nodiscard]] const io_uring_cqe* find(std::uint64_t user_data) const;

    [[nodiscard]] LentBuffers& buffers() { return buffers_; }

private:
    UringRing() = default;

    io_uring ring_{};
    bool open_ = false;
    unsigned cq_mask_ = 0;
    LentBuffers buffers_;
};

}  // namespace cenote::io
