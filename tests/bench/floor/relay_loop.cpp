// A relay with nothing but io::Loop in it: what the loop costs by itself, beside the bare relays that know one engine only.
// usage: relay_loop epoll|io_uring FILE (FILE: listen_port server_port …), built by `ninja relay_loop`.
#include "dataplane/io/loop.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace cenote;

struct Side : io::Stream {
    Side* other = nullptr;
    bool closed = false;
};

sockaddr_in local(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

struct Mailbox {
    std::mutex mutex;
    std::vector<std::pair<int, int>> pairs;
};

// Accepts and connects, blocking, on a thread of its own.
void accept_for_ever(int listen_port, int server_port, Mailbox& mailbox, io::Loop& loop) {
    const int one = 1;
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    auto here = local(listen_port);
    auto there = local(server_port);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 || ::listen(listener, 4096) != 0) {
        std::perror("listen");
        std::exit(1);
    }
    for (;;) {
        const int client = ::accept(listener, nullptr, nullptr);
        const int server = ::socket(AF_INET, SOCK_STREAM, 0);
        if (client < 0 || ::connect(server, reinterpret_cast<sockaddr*>(&there), sizeof there) != 0) {
            ::close(client);
            ::close(server);
            continue;
        }
        for (const int fd : {client, server}) {
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        }
        {
            const std::lock_guard lock(mailbox.mutex);
            mailbox.pairs.emplace_back(client, server);
        }
        loop.wake();
    }
}

void take_letters(Mailbox& mailbox, io::Loop& loop) {
    const std::lock_guard lock(mailbox.mutex);
    for (const auto& [client, server] : mailbox.pairs) {
        auto* one = new Side;
        auto* two = new Side;
        one->fd = client;
        two->fd = server;
        one->other = two;
        two->other = one;
        static_cast<void>(loop.add(*one));
        static_cast<void>(loop.add(*two));
    }
    mailbox.pairs.clear();
}

void take(io::Loop& loop, const io::Event& event) {
    auto& side = static_cast<Side&>(*event.stream);
    auto& other = *side.other;
    switch (event.type) {
        case io::Event::Type::kBytes:
            loop.send(other, loop.gather(side, event.bytes));
            if (loop.congested(other)) {
                other.tell_sent = true;
                loop.pause(side, io::Paused::kWatchError);
            }
            break;
        case io::Event::Type::kSent:
            loop.resume(other);
            break;
        case io::Event::Type::kEnd:
            loop.close(side);
            loop.close(other);
            delete &side;
            delete &other;
            break;
        case io::Event::Type::kLeft:
            break;
    }
}

}  // namespace

int main(int argc, char** argv) {
    int listen_port = 0;
    int server_port = 0;
    std::ifstream file(argc > 2 ? argv[2] : "");
    if (!(file >> listen_port >> server_port)) {
        std::fprintf(stderr, "usage: relay_loop epoll|io_uring FILE\n");
        return 2;
    }
    const bool uring = std::string_view(argv[1]) == "io_uring";
    if (uring) {
        if (auto probed = io::probe_uring(); !probed) {
            std::fprintf(stderr, "%s\n", probed.error().message.c_str());
            return 1;
        }
    }
    io::Loop loop(uring ? io::Engine::kUring : io::Engine::kEpoll);
    Mailbox mailbox;
    std::thread acceptor([&] { accept_for_ever(listen_port, server_port, mailbox, loop); });
    io::Event event;
    for (;;) {
        if (loop.wait(TimePoint::max())) {
            take_letters(mailbox, loop);
        }
        while (loop.next(event)) {
            take(loop, event);
        }
    }
}
