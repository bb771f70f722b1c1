// Tries all that the io_uring engine needs, once, on a pair of sockets.
#include "dataplane/io/loop.hpp"
#include "dataplane/io/uring_ring.hpp"
#include "dataplane/net/socket.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>

namespace cenote::io {
namespace {

enum Asked : std::uint64_t { kReceive = 1, kWatch, kSend, kCancel };

Error refused(Error cause) {
    int disabled = 0;
    if (std::ifstream file("/proc/sys/kernel/io_uring_disabled"); file >> disabled && disabled != 0) {
        cause.message += fmt::format("; /proc/sys/kernel/io_uring_disabled is {}: set it to 0", disabled);
    } else if (cause.sqlstate == "0A000") {
        cause.message += "; Linux 6.1 or later is needed";
    } else {
        cause.message +=
            "; a seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register is needed, "
            "which the container runtimes' default one does not";
    }
    return cause;
}

Error missing(std::string_view what) {
    return Error{fmt::format("io_uring: {} does not work; Linux 6.1 or later is needed", what), "0A000"};
}

class Probe {
public:
    Result<void> run() {
        auto made = UringRing::make();
        if (!made) {
            return refused(std::move(made).error());
        }
        ring_ = std::move(made).value();
        if (ring_->enable() != 0) {
            return missing("IORING_REGISTER_ENABLE_RINGS");
        }
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
            return Error{"io_uring cannot be tried: no descriptors are left", "53000"};
        }
        net::Fd mine(pair[0]);
        net::Fd peer(pair[1]);
        return tried(mine.get(), peer.get());
    }

private:
    Result<void> tried(int fd, int peer) {
        auto* sqe = ring_->entry();
        io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = UringRing::kGroup;
        io_uring_sqe_set_data64(sqe, kReceive);
        for (const std::string_view word : {"one", "two"}) {
            sqe = ring_->entry();
            io_uring_prep_send(sqe, peer, word.data(), word.size(), MSG_NOSIGNAL | MSG_WAITALL);
            io_uring_sqe_set_data64(sqe, kSend);
            const auto sent = answer(kSend);
            const auto got = answer(kReceive);
            if (sent.result != 3 || got.result != 3 || (got.flags & IORING_CQE_F_MORE) == 0 || (got.flags & IORING_CQE_F_BUFFER) == 0) {
                return missing("a multishot receive into provided buffers");
            }
            ring_->buffers().give(static_cast<std::uint16_t>(got.flags >> IORING_CQE_BUFFER_SHIFT));
        }
        sqe = ring_->entry();
        io_uring_prep_cancel64(sqe, kReceive, 0);
        io_uring_sqe_set_data64(sqe, kCancel);
        if ((answer(kReceive).flags & IORING_CQE_F_MORE) != 0) {
            return missing("to cancel a receive");
        }
        static_cast<void>(answer(kCancel));

        net::Fd wake(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
        sqe = ring_->entry();
        io_uring_prep_poll_multishot(sqe, wake.get(), POLLIN);
        io_uring_sqe_set_data64(sqe, kWatch);
        if (const auto seen = answer(kWatch); seen.result <= 0 || (seen.flags & IORING_CQE_F_MORE) == 0) {
            return missing("a multishot poll");
        }
        return {};
    }

    // The next completion of that kind; none within a second counts as one that failed and never ends.
    UringRing::Completion answer(Asked what) {
        for (int turn = 0; turn < 8; ++turn) {
            UringRing::Completion one{};
            while (ring_->take(one)) {
                kept_.push_back(one);
            }
            const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return kept.user_data == what; });
            if (found != kept_.end()) {
                one = *found;
                kept_.erase(found);
                return one;
            }
            ring_->wait(std::chrono::milliseconds(125));
        }
        return {what, -1, IORING_CQE_F_MORE};
    }

    std::unique_ptr<UringRing> ring_;
    std::vector<UringRing::Completion> kept_;
};

}  // namespace

Result<void> probe_uring() { return Probe().run(); }

}  // namespace cenote::io
