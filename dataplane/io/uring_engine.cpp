#include "dataplane/io/uring_engine.hpp"

#include "dataplane/base/assert.hpp"
#include "dataplane/io/uring_ring.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace cenote::io {
namespace {

// From here on bytes are worth a system call of their own rather than a copy.
constexpr std::size_t kSendAtOnce = 16 * 1024;
constexpr std::size_t kCongested = 64 * 1024;

}  // namespace

UringEngine::UringEngine(BufferShelf& shelf) : shelf_(shelf), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), slots_(1) {
    CENOTE_CHECK(wake_.open());
    if (auto made = UringRing::make()) {
        ring_ = std::move(made).value();
    }
    look_at(0);
}

UringEngine::~UringEngine() {
    ring_.reset();  // before what it reads and writes
    for (auto& slot : slots_) {
        if (slot.fd >= 0) {
            ::close(slot.fd);
        }
    }
}

void UringEngine::look_at(std::uint32_t index) {
    auto& slot = slots_[index];
    if (!slot.queued) {
        slot.queued = true;
        todo_.push_back(index);
    }
}

void UringEngine::make_ready(std::uint32_t index) {
    auto& slot = slots_[index];
    if (!slot.ready) {
        slot.ready = true;
        ready_.push_back(index);
    }
}

bool UringEngine::add(Stream& stream) {
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    slots_[index].stream = &stream;
    stream.index = index;
    stream.reading = true;
    look_at(index);
    return true;
}

// Nothing is asked in its name any more.
void UringEngine::release(std::uint32_t index) {
    auto& slot = slots_[index];
    if (slot.stream != nullptr) {
        slot.stream->index = 0;
        slot.stream->reading = false;
    }
    if (slot.fd >= 0) {
        ::close(slot.fd);
    }
    shelf_.give(std::move(slot.sending));
    const bool queued = slot.queued;
    const bool ready = slot.ready;
    slot = Slot{};
    slot.queued = queued;  // it stands in these lists still
    slot.ready = ready;
    free_.push_back(index);
}

bool UringEngine::leave(Stream& stream) {
    auto& slot = slots_[stream.index];
    CENOTE_ASSERT(!sending(stream));
    if (slot.asked == 0) {
        release(stream.index);
        return true;
    }
    slot.leaving = true;
    stream.reading = false;
    look_at(stream.index);
    return false;
}

void UringEngine::close(Stream& stream) {
    const int fd = stream.fd;
    bool keep_open = false;
    if (stream.index != 0) {
        const auto index = stream.index;
        auto& slot = slots_[index];
        if (stream.out && !stream.broken) {
            // Last words may have been sent in this turn; they go if the socket takes them, behind what was submitted before.
            const auto* before = slot.sending ? ring_->find(std::uint64_t{index} << kAskedBits | kSend) : nullptr;
            if (!slot.sending ||
                (before != nullptr && before->res >= 0 && slot.sent + static_cast<std::size_t>(before->res) == slot.sending->size())) {
                static_cast<void>(::send(fd, stream.out->data(), stream.out->size(), MSG_NOSIGNAL | MSG_DONTWAIT));
            }
        }
        stream.index = 0;
        stream.reading = false;
        slot.stream = nullptr;
        if (slot.asked == 0) {
            release(index);
        } else {
            // The kernel holds the socket for what is asked; shut down, it answers all of it, and the peer sees the end now. The number
            // must not be another's while entries that name it wait for the kernel to take them.
            ::shutdown(fd, SHUT_RDWR);
            keep_open = ring_->unsubmitted();
            slot.fd = keep_open ? fd : -1;
        }
    }
    if (!keep_open) {
        ::close(fd);
    }
    stream.fd = -1;
    shelf_.give(std::move(stream.in));
    shelf_.give(std::move(stream.out));
}

// With Paused::kWatchEnd the receive stays: a client that waits is silent, so pausing it costs nothing, and the receive sees its end. It is
// taken back when bytes do come. With Paused::kWatchError bytes are expected, and are to stay in the socket.
void UringEngine::pause(Stream& stream, Paused watch) {
    auto& slot = slots_[stream.index];
    stream.reading = false;
    slot.watch_end = watch == Paused::kWatchEnd;
    slot.hung_up = false;
    if ((slot.asked & kReceive) == 0 || !slot.watch_end || slot.raced) {
        look_at(stream.index);
    }
    if (slot.ended && slot.watch_end) {
        make_ready(stream.index);
    }
}

void UringEngine::resume(Stream& stream) {
    auto& slot = slots_[stream.index];
    stream.reading = true;
    slot.hung_up = false;
    if ((slot.asked & kReceive) == 0) {
        look_at(stream.index);
    }
    if (slot.raced || slot.ended) {
        make_ready(stream.index);
    }
}

void UringEngine::send(Stream& stream, std::string_view bytes) {
    if (stream.broken) [[unlikely]] {
        return;
    }
    if (!stream.out) {
        if (bytes.size() >= kSendAtOnce && !slots_[stream.index].sending) {
            ssize_t n = ::send(stream.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0) {
                if (errno != EAGAIN && errno != EINTR) {
                    stream.broken = true;  // its last words may still be there to be read; the end is seen behind them
                    return;
                }
                n = 0;
            }
            bytes.remove_prefix(static_cast<std::size_t>(n));
            if (bytes.empty()) {
                return;
            }
        }
        stream.out = shelf_.take();
    }
    stream.out->append(bytes);
    look_at(stream.index);
}

bool UringEngine::congested(const Stream& stream) const {
    const auto& slot = slots_[stream.index];
    const std::size_t waiting = stream.out ? stream.out->size() : 0;
    return waiting + (slot.sending ? slot.sending->size() - slot.sent : 0) >= kCongested;
}

void UringEngine::finish_sending(Stream& stream) {
    if (sending(stream)) {
        slots_[stream.index].finish = true;
    } else {
        ::shutdown(stream.fd, SHUT_WR);
    }
}

void UringEngine::wake() {
    if (!woken_.exchange(true, std::memory_order_acq_rel)) {
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake_.get(), &one, sizeof one));
    }
}

}  // namespace cenote::io
