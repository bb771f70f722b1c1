#include "dataplane/gate/channel.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace cenote::gate {

int Channel::fd() const noexcept {
    if (!descriptor_) {
        return fd_.get();
    }
    auto& descriptor = const_cast<net::asio::posix::stream_descriptor&>(*descriptor_);  // native_handle() is not const in Asio 1.74
    return descriptor.is_open() ? descriptor.native_handle() : -1;
}

bool Channel::ready_to_wait() {
    if (!descriptor_) {
        if (!fd_.open()) {
            return false;
        }
        descriptor_.emplace(io_);
        net::error_code failure;
        descriptor_->assign(fd_.get(), failure);
        if (failure) {
            return false;  // no memory, or no more watches: this socket fails, nobody else's
        }
        static_cast<void>(fd_.release());
    }
    return descriptor_->is_open();
}

Channel::Read Channel::read_now() {
    while (true) {
        const ssize_t got = ::recv(fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got > 0) {
            return {std::string_view(buffer_.data(), static_cast<std::size_t>(got))};
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        return {{}, got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK), got == 0};
    }
}

Channel::Sent Channel::send(std::string_view bytes) {
    const bool kept = !out_.empty();
    if (kept) {
        out_.append(bytes);
        bytes = out_;
    }
    std::size_t done = 0;
    Sent result = Sent::kAll;
    while (done < bytes.size()) {
        const ssize_t sent = ::send(fd(), bytes.data() + done, bytes.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            done += static_cast<std::size_t>(sent);
        } else if (errno != EINTR) {
            result = errno == EAGAIN || errno == EWOULDBLOCK ? Sent::kBlocked : Sent::kBroken;
            break;
        }
    }
    if (kept) {
        out_.erase(0, done);
    } else if (done < bytes.size()) {
        out_.assign(bytes.substr(done));
    }
    return result;
}

void Channel::shut_down() { ::shutdown(fd(), SHUT_WR); }

void Channel::cancel() {
    if (descriptor_ && descriptor_->is_open()) {
        net::error_code ignored;
        descriptor_->cancel(ignored);
    }
}

net::Fd Channel::release() {
    if (descriptor_ && descriptor_->is_open()) {
        return net::Fd(descriptor_->release());
    }
    return std::move(fd_);
}

void Channel::close() {
    fd_.reset();
    if (descriptor_ && descriptor_->is_open()) {
        net::error_code ignored;
        descriptor_->close(ignored);
    }
}

}  // namespace cenote::gate
