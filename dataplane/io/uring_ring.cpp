#include "dataplane/io/uring_ring.hpp"

#include "dataplane/base/assert.hpp"

#include <fmt/format.h>

#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace cenote::io {
namespace {

constexpr unsigned kSubmissions = 1024;
// A receive of many buffers and a send for each of some thousand busy streams; beyond that the kernel keeps completions for us, slowly.
constexpr unsigned kCompletions = 8192;

constexpr std::uint32_t kBuffers = 256;
constexpr std::uint32_t kBufferSize = 8 * 1024;

void* map(std::size_t size) {
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

int LentBuffers::make(io_uring& ring, std::uint16_t group, std::uint32_t count, std::uint32_t size) {
    count_ = count;
    size_ = size;
    // Small messages touch the first lines of each buffer only: an odd stride spreads them over the cache's sets.
    stride_ = size + 64;
    ring_ = static_cast<io_uring_buf_ring*>(map(count * sizeof(io_uring_buf)));
    pool_ = static_cast<char*>(map(count * stride_));
    if (ring_ == nullptr || pool_ == nullptr) {
        return -ENOMEM;
    }
    entries_ = reinterpret_cast<io_uring_buf*>(ring_);
    io_uring_buf_reg reg{};
    reg.ring_addr = reinterpret_cast<std::uintptr_t>(ring_);
    reg.ring_entries = count;
    reg.bgid = group;
    if (const int failed = io_uring_register_buf_ring(&ring, &reg, 0); failed != 0) {
        return failed;
    }
    for (std::uint32_t id = 0; id < count; ++id) {
        give(static_cast<std::uint16_t>(id));
    }
    return 0;
}

LentBuffers::~LentBuffers() {
    if (ring_ != nullptr) {
        ::munmap(ring_, count_ * sizeof(io_uring_buf));
    }
    if (pool_ != nullptr) {
        ::munmap(pool_, count_ * stride_);
    }
}

Result<std::unique_ptr<UringRing>> UringRing::make() {
    std::unique_ptr<UringRing> made(new UringRing);
    io_uring_params params{};
    // DEFER_TASKRUN: the kernel works for us only while we are inside the wait, which is what makes a turn cheap. R_DISABLED: the ring
    // belongs to the thread that enables it, not to the one that makes it. SUBMIT_ALL: one bad entry does not hold up those behind it.
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP;
    params.cq_entries = kCompletions;
    if (const int failed = io_uring_queue_init_params(kSubmissions, &made->ring_, &params); failed != 0) {
        return Error{fmt::format("io_uring_setup: {}", std::strerror(-failed)), failed == -EINVAL ? "0A000" : "58000"};
    }
    made->open_ = true;
    made->cq_mask_ = params.cq_entries - 1;
    if (const int failed = made->buffers_.make(made->ring_, kGroup, kBuffers, kBufferSize); failed != 0) {
        return Error{fmt::format("io_uring's buffer ring: {}", std::strerror(-failed)), "0A000"};
    }
    return made;
}

UringRing::~UringRing() {
    if (open_) {
        io_uring_queue_exit(&ring_);  // before the buffers go
    }
}

int UringRing::enable() {
    // By hand: Debian 12's liburing declares io_uring_enable_rings() and does not export it.
    if (const int failed = io_uring_register(static_cast<unsigned>(ring_.ring_fd), IORING_REGISTER_ENABLE_RINGS, nullptr, 0); failed < 0) {
        return failed;
    }
    static_cast<void>(io_uring_register_ring_fd(&ring_));  // saves the descriptor's look-up in each turn; works without, too
    return 0;
}

io_uring_sqe* UringRing::entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) [[unlikely]] {
        io_uring_submit(&ring_);
        sqe = io_uring_get_sqe(&ring_);
    }
    return sqe;
}

void UringRing::wait(Duration limit) {
    int done = 0;
    if (limit == Duration::max()) {
        done = io_uring_submit_and_wait(&ring_, 1);
    } else if (limit <= Duration::zero()) {
        done = io_uring_submit_and_get_events(&ring_);
    } else {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
        __kernel_timespec time{seconds.count(), std::chrono::nanoseconds(limit - seconds).count()};
        io_uring_cqe* first = nullptr;
        done = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
    }
    // A signal, the deadline, no memory for the moment, completions to be taken first: the next turn goes on. What is left would be
    // completions that the kernel lost, or a foreign thread.
    CENOTE_CHECK(done >= 0 || done == -EINTR || done == -ETIME || done == -EAGAIN || done == -EBUSY || done == -ENOMEM);
}

const io_uring_cqe* UringRing::find(std::uint64_t user_data) const {
    const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
    for (unsigned head = *ring_.cq.khead; head != tail; ++head) {
        const auto& cqe = ring_.cq.cqes[head & cq_mask_];
        if (cqe.user_data == user_data) {
            return &cqe;
        }
    }
    return nullptr;
}

}  // namespace cenote::io
