#include "dataplane/io/loop.hpp"

namespace cenote::io {

Loop::Loop(Engine engine) {
    if (engine == Engine::kUring) {
        uring_ = std::make_unique<UringEngine>(shelf_);
        if (uring_->usable()) {
            return;
        }
        uring_.reset();  // probe_uring() said yes, and a limit is reached since: engine() tells
    }
    epoll_ = std::make_unique<EpollEngine>(shelf_);
}

std::string_view Loop::gather(Stream& stream, std::string_view fresh) {
    if (!stream.in) {
        return fresh;
    }
    if (fresh.empty()) {
        gathered_.swap(*stream.in);
    } else {
        gathered_.assign(*stream.in);
        gathered_.append(fresh);
    }
    shelf_.give(std::move(stream.in));
    return gathered_;
}

void Loop::keep(Stream& stream, std::string_view rest) {
    if (rest.empty()) {
        return;
    }
    if (!stream.in) {
        stream.in = shelf_.take();
    }
    stream.in->append(rest);
}

}  // namespace cenote::io
