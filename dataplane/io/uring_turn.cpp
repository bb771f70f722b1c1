// A turn of the io_uring engine: what its slots want goes to the kernel, what the kernel answers becomes events.
#include "dataplane/base/assert.hpp"
#include "dataplane/io/uring_engine.hpp"
#include "dataplane/io/uring_ring.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace cenote::io {
namespace {

constexpr std::size_t kMostInOneSend = 1U << 30U;
constexpr std::uint8_t kBulkPatience = 16;
constexpr std::size_t kBulkBuffer = 256 * 1024;
// Of the receives that found no buffer, as many ask again in a turn as there are buffers: all at once would fail again, most of them.
constexpr std::size_t kFedInATurn = 256;

}  // namespace

// Asks the kernel for what the stream wants now. One receive, one send and one cancel at a time, so that order is never a question.
void UringEngine::settle(std::uint32_t index) {
    auto& slot = slots_[index];
    slot.queued = false;
    if (index == 0) {
        if ((slot.asked & kWatch) == 0) {
            ask_watch(0);
        }
        return;
    }
    if (slot.stream == nullptr) {
        return;
    }
    const Stream& stream = *slot.stream;
    if ((slot.sending || stream.out) && (slot.asked & kSend) == 0 && !slot.leaving) {
        ask_send(index);
    }
    if ((slot.asked & kReceive) != 0) {
        const bool unwanted = !stream.reading && !slot.large && (!slot.watch_end || slot.raced);
        const bool too_small = stream.reading && slot.bulk != 0 && !slot.large;
        if ((slot.leaving || unwanted || too_small) && (slot.asked & kCancel) == 0) {
            ask_cancel(index, kReceive);
        }
    } else if (slot.leaving) {
        if ((slot.asked & (kWatch | kCancel)) == kWatch) {
            ask_cancel(index, kWatch);
        }
    } else if (stream.reading) {
        if (!slot.ended) {
            ask_receive(index);
        }
    } else if (slot.watch_end && !slot.ended && !slot.hung_up && (slot.asked & kWatch) == 0) {
        ask_watch(index);
    }
}

void UringEngine::ask_receive(std::uint32_t index) {
    auto* sqe = ring_->entry();
    if (sqe == nullptr) {
        return look_at(index);
    }
    auto& slot = slots_[index];
    slot.large = slot.bulk != 0;
    if (slot.large) {
        io_uring_prep_poll_add(sqe, slot.stream->fd, POLLIN | POLLRDHUP);
    } else {
        io_uring_prep_recv_multishot(sqe, slot.stream->fd, nullptr, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = UringRing::kGroup;
    }
    io_uring_sqe_set_data64(sqe, std::uint64_t{index} << kAskedBits | kReceive);
    slot.asked |= kReceive;
}

void UringEngine::ask_send(std::uint32_t index) {
    auto* sqe = ring_->entry();
    if (sqe == nullptr) {
        return look_at(index);
    }
    auto& slot = slots_[index];
    if (!slot.sending) {
        slot.sending = std::move(slot.stream->out);
        slot.sent = 0;
    }
    const std::size_t rest = std::min(slot.sending->size() - slot.sent, kMostInOneSend);
    io_uring_prep_send(sqe, slot.stream->fd, slot.sending->data() + slot.sent, rest, MSG_NOSIGNAL | MSG_WAITALL);
    io_uring_sqe_set_data64(sqe, std::uint64_t{index} << kAskedBits | kSend);
    slot.asked |= kSend;
}

// By user data, which the kernel finds by a hash; by descriptor it walks all that is asked. Whatever the cancel answers, done is what the
// receive's own last completion says (kernels before 6.5 answer "not found" and end the receive with ENOBUFS). A kernel that does not find
// what is still there is asked by descriptor.
void UringEngine::ask_cancel(std::uint32_t index, Asked what) {
    auto* sqe = ring_->entry();
    if (sqe == nullptr) {
        return look_at(index);
    }
    auto& slot = slots_[index];
    if (slot.cancel_by_fd && (slot.asked & kSend) == 0) {
        io_uring_prep_cancel_fd(sqe, slot.stream->fd, IORING_ASYNC_CANCEL_ALL);
    } else {
        io_uring_prep_cancel64(sqe, std::uint64_t{index} << kAskedBits | what, 0);
    }
    io_uring_sqe_set_data64(sqe, std::uint64_t{index} << kAskedBits | kCancel);
    slot.asked |= kCancel;
}

void UringEngine::ask_watch(std::uint32_t index) {
    auto* sqe = ring_->entry();
    if (sqe == nullptr) {
        return look_at(index);
    }
    auto& slot = slots_[index];
    if (index == 0) {
        // Each write to it is told, so it is never read.
        io_uring_prep_poll_multishot(sqe, wake_.get(), POLLIN);
    } else {
        io_uring_prep_poll_add(sqe, slot.stream->fd, POLLRDHUP | POLLHUP | POLLERR);
    }
    io_uring_sqe_set_data64(sqe, std::uint64_t{index} << kAskedBits | kWatch);
    slot.asked |= kWatch;
}

void UringEngine::give_back() {
    if (lent_.any) {
        ring_->buffers().give(lent_.id);
        lent_.any = false;
    }
}

bool UringEngine::wait(TimePoint deadline) {
    if (!enabled_) [[unlikely]] {
        enabled_ = ring_->enable() == 0;
        CENOTE_CHECK(enabled_);
    }
    give_back();
    if (!starved_.empty()) [[unlikely]] {
        const auto last = starved_.begin() + static_cast<std::ptrdiff_t>(std::min(starved_.size(), kFedInATurn));
        std::for_each(starved_.begin(), last, [this](std::uint32_t index) { look_at(index); });
        starved_.erase(starved_.begin(), last);
    }
    settled_.swap(todo_);
    for (const auto index : settled_) {
        settle(index);
    }
    settled_.clear();
    Duration limit = Duration::max();
    if (told_ != ready_.size() || !todo_.empty() || !starved_.empty()) {
        limit = Duration::zero();  // there is something to tell, or to submit once completions have made room
    } else if (deadline != TimePoint::max()) {
        const auto now = Clock::now();
        limit = deadline <= now ? Duration::zero() : deadline - now;
    }
    ring_->wait(limit);
    return woken_.load(std::memory_order_relaxed) && woken_.exchange(false, std::memory_order_acquire);
}

bool UringEngine::next(Event& event) {
    UringRing::Completion completion{};
    for (;;) {
        give_back();
        if (told_ != ready_.size() && tell_ready(event)) {
            return true;
        }
        if (!ring_->take(completion)) {
            return false;
        }
        const auto index = static_cast<std::uint32_t>(completion.user_data >> kAskedBits);
        auto& slot = slots_[index];
        bool tell = false;
        switch (static_cast<Asked>(completion.user_data & ((1U << kAskedBits) - 1))) {
            case kReceive:
                tell = received(index, completion.result, completion.flags, event);
                break;
            case kSend:
                tell = sent(index, completion.result, event);
                break;
            case kCancel:
                slot.asked &= static_cast<std::uint8_t>(~kCancel);
                slot.cancel_by_fd = completion.result == -ENOENT;
                look_at(index);  // if what was to end is there still
                break;
            case kWatch:
                if ((completion.flags & IORING_CQE_F_MORE) == 0) {
                    slot.asked &= static_cast<std::uint8_t>(~kWatch);
                    look_at(index);
                }
                if (slot.stream != nullptr && !slot.stream->reading && slot.watch_end && !slot.leaving && !slot.hung_up &&
                    completion.result > 0) {
                    slot.hung_up = true;
                    event = {Event::Type::kEnd, slot.stream, {}};
                    tell = true;
                }
                break;
        }
        if (tell || answered(index, event)) {
            return true;
        }
    }
}

// After a completion that told nothing: was it the last one that a leaving or closed stream waited for?
bool UringEngine::answered(std::uint32_t index, Event& event) {
    auto& slot = slots_[index];
    if (slot.asked != 0 || index == 0) {
        return false;
    }
    if (slot.stream == nullptr) {
        release(index);
    } else if (slot.leaving) {
        event = {Event::Type::kLeft, slot.stream, {}};
        release(index);
        return true;
    }
    return false;
}

bool UringEngine::received(std::uint32_t index, std::int32_t result, std::uint32_t flags, Event& event) {
    auto& slot = slots_[index];
    if ((flags & IORING_CQE_F_MORE) == 0) {
        slot.asked &= static_cast<std::uint8_t>(~kReceive);
        if (result == -ENOBUFS && slot.stream != nullptr && slot.stream->reading) [[unlikely]] {
            starved_.push_back(index);
        } else {
            look_at(index);
        }
    }
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
        lent_ = {static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT), true};
    }
    if (slot.stream == nullptr) {
        return false;
    }
    Stream& stream = *slot.stream;
    const char* at = nullptr;
    if (slot.large) {
        if (result <= 0 || !stream.reading) {
            return false;  // nothing was taken off the socket
        }
        const ssize_t n = ::recv(stream.fd, bulk_.data(), bulk_.size(), MSG_DONTWAIT);
        result = n >= 0 ? static_cast<std::int32_t>(n) : -errno;
        at = bulk_.data();
    } else if (result > 0) {
        at = ring_->buffers().at(lent_.id);
    }
    if (result > 0) [[likely]] {
        const std::string_view bytes(at, static_cast<std::size_t>(result));
        if (bytes.size() >= ring_->buffers().size()) {
            if (slot.bulk == 0) {
                look_at(index);
            }
            slot.bulk = kBulkPatience;
            if (bulk_.empty()) {
                bulk_.resize(kBulkBuffer);
            }
        } else if (slot.bulk != 0) {
            --slot.bulk;
        }
        if (stream.reading) [[likely]] {
            slot.raced = false;  // Loop::gather puts them before these
            event = {Event::Type::kBytes, &stream, bytes};
            return true;
        }
        if (!stream.in) {
            stream.in = shelf_.take();
        }
        stream.in->append(bytes);
        slot.raced = true;
        look_at(index);
        return false;
    }
    if (result == -ENOBUFS || result == -ECANCELED || result == -EAGAIN || result == -EINTR || slot.leaving) {
        return false;  // settle() asks again if that is wanted; a leaving stream's end is seen where it goes
    }
    slot.ended = true;
    if (!stream.reading && !slot.watch_end) {
        return false;  // told when it is resumed, behind the bytes that raced the pause
    }
    event = {Event::Type::kEnd, &stream, {}};
    return true;
}

bool UringEngine::sent(std::uint32_t index, std::int32_t result, Event& event) {
    auto& slot = slots_[index];
    slot.asked &= static_cast<std::uint8_t>(~kSend);
    if (slot.stream == nullptr) {
        return false;
    }
    Stream& stream = *slot.stream;
    if (result >= 0) [[likely]] {
        slot.sent += static_cast<std::size_t>(result);
        if (slot.sent < slot.sending->size()) {
            look_at(index);
            return false;
        }
    } else if (result == -EAGAIN || result == -EINTR) {
        look_at(index);
        return false;
    } else {
        // Nobody will read it. Its last words may still be there to be read; the end is seen behind them.
        stream.broken = true;
        shelf_.give(std::move(stream.out));
    }
    shelf_.give(std::move(slot.sending));
    if (stream.out) {
        look_at(index);
        return false;
    }
    if (slot.finish) {
        slot.finish = false;
        ::shutdown(stream.fd, SHUT_WR);
    }
    if (stream.tell_sent) {
        stream.tell_sent = false;
        event = {Event::Type::kSent, &stream, {}};
        return true;
    }
    return false;
}

bool UringEngine::tell_ready(Event& event) {
    while (told_ != ready_.size()) {
        const auto index = ready_[told_++];
        auto& slot = slots_[index];
        slot.ready = false;
        if (told_ == ready_.size()) {
            ready_.clear();
            told_ = 0;
        }
        if (slot.stream == nullptr || slot.leaving) {
            continue;
        }
        Stream& stream = *slot.stream;
        if (slot.raced && stream.reading) {
            slot.raced = false;
            if (slot.ended) {
                make_ready(index);
            }
            if (stream.in) {
                event = {Event::Type::kBytes, &stream, {}};
                return true;
            }
            continue;
        }
        if (slot.ended && (stream.reading || slot.watch_end)) {
            event = {Event::Type::kEnd, &stream, {}};
            return true;
        }
    }
    return false;
}

}  // namespace cenote::io
