#include "dataplane/http/server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

namespace cenote::http {
namespace {

constexpr int kPatience = 5000;  // milliseconds: more than any answer needs, so that a failure is a failure

// A client that sends what it is told and reads until it has what it wants.
class Peer {
public:
    explicit Peer(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        EXPECT_EQ(::connect(socket_, generic, sizeof address), 0);
    }
    ~Peer() { ::close(socket_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void send(const std::string& text) const {
        EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }

    // All that comes until the server closes, or until wanted has come.
    std::string receive(const std::string& wanted = "") {
        std::string text;
        while (wanted.empty() || text.find(wanted) == std::string::npos) {
            pollfd ready{socket_, POLLIN, 0};
            if (::poll(&ready, 1, kPatience) != 1) {
                return text + "(nothing came)";
            }
            char buffer[4096];
            const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
            if (count <= 0) {
                return text + "(closed)";
            }
            text.append(buffer, static_cast<std::size_t>(count));
        }
        return text;
    }

    std::string ask(const std::string& text, const std::string& wanted = "") {
        send(text);
        return receive(wanted);
    }

private:
    int socket_;
};

Response echo(const Request& request) {
    if (request.path() == "/throw") {
        throw std::runtime_error("on purpose");
    }
    return {request.path() == "/503" ? 503 : 200, "text/x-test", request.method + " " + request.target + "\n"};
}

std::unique_ptr<Server> start(Handler handler = echo, Limits limits = {}) {
    auto server = Server::start("127.0.0.1", 0, std::move(handler), limits);
    EXPECT_TRUE(server) << (server ? "" : server.error().message);
    return std::move(*server);
}

std::string request(const std::string& target, const std::string& headers = "", const std::string& method = "GET") {
    return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    const auto server = start();
    Peer peer(server->port());
    for (int round = 0; round < 3; ++round) {
        const std::string text = peer.ask(request("/path?query=1"), "GET /path?query=1\n");
        EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(text, HasSubstr("Content-Type: text/x-test\r\n"));
        EXPECT_THAT(text, HasSubstr("Content-Length: 18\r\n"));
    }
    EXPECT_THAT(
        peer.ask(request("/503", "Connection: close\r\n")),
        testing::AllOf(StartsWith("HTTP/1.1 503 "), testing::EndsWith("GET /503\n(closed)"))
    );
}

TEST(HttpServer, RequestsOneBehindTheOther) {
    const auto server = start();
    Peer peer(server->port());
    const std::string text = peer.ask(request("/1") + request("/2") + request("/3", "Connection: close\r\n"));
    EXPECT_LT(text.find("GET /1\n"), text.find("GET /2\n"));
    EXPECT_THAT(text, testing::EndsWith("GET /3\n(closed)"));
}

TEST(HttpServer, HeadHasTheHeadersOfGetAndNoBody) {
    const auto server = start();
    Peer peer(server->port());
    const std::string text = peer.ask(request("/x", "Connection: close\r\n", "HEAD"));
    EXPECT_THAT(text, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_THAT(text, testing::EndsWith("\r\n\r\n(closed)"));
}

TEST(HttpServer, OldClients) {
    const auto server = start();
    EXPECT_THAT(Peer(server->port()).ask("GET /old HTTP/1.0\r\n\r\n"), testing::EndsWith("GET /old\n(closed)"));
}

TEST(HttpServer, OtherMethodsAndBrokenRequests) {
    const auto server = start();
    EXPECT_THAT(
        Peer(server->port()).ask(request("/", "Content-Length: 2\r\nConnection: close\r\n", "POST") + "{}"), StartsWith("HTTP/1.1 405 ")
    );
    EXPECT_THAT(Peer(server->port()).ask("this is not HTTP\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(
        Peer(server->port()).ask(std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8)), StartsWith("HTTP/1.1 400 ")
    );  // PostgreSQL's SSLRequest
    EXPECT_THAT(Peer(server->port()).ask(request("/", "Content-Length: 99999999\r\n", "POST")), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(Peer(server->port()).ask("GET /" + std::string(8190, 'x')), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(Peer(server->port()).ask(request("/after", "Connection: close\r\n")), HasSubstr("GET /after"));
}

TEST(HttpServer, AHandlerThatThrowsIsAnError) {
    const auto server = start();
    Peer peer(server->port());
    EXPECT_THAT(peer.ask(request("/throw"), "internal error\n"), StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(peer.ask(request("/ok"), "GET /ok\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, SlowClientsAreLetGo) {
    const auto server = start(echo, {64, std::chrono::milliseconds(100)});
    Peer silent(server->port());
    Peer slow(server->port());
    slow.send("GET / HT");
    EXPECT_EQ(silent.receive(), "(closed)");
    EXPECT_EQ(slow.receive(), "(closed)");
}

TEST(HttpServer, ABigAnswerNobodyReadsIsGivenUp) {
    std::atomic<int> asked = 0;
    const auto server = start(
        [&](const Request&) {
            ++asked;
            return Response{200, "text/plain", std::string(50'000'000, 'x')};
        },
        {64, std::chrono::milliseconds(100)}
    );
    Peer deaf(server->port());
    deaf.send(request("/"));
    Peer other(server->port());
    EXPECT_THAT(other.ask(request("/"), "HTTP/1.1 200 OK"), StartsWith("HTTP/1.1 200 OK"));  // not held up by the first
    EXPECT_EQ(asked, 2);
    EXPECT_THAT(deaf.receive().size(), testing::Lt(50'000'000U));  // cut off
}

TEST(HttpServer, TooManyConnectionsDoNotLockOutTheNext) {
    const auto server = start(echo, {8, std::chrono::seconds(60)});
    std::vector<std::unique_ptr<Peer>> idle;
    for (int number = 0; number < 30; ++number) {
        idle.push_back(std::make_unique<Peer>(server->port()));
    }
    EXPECT_THAT(Peer(server->port()).ask(request("/probe", "Connection: close\r\n")), HasSubstr("GET /probe"));
    EXPECT_EQ(idle.front()->receive(), "(closed)");  // the oldest went; the newest still serves
    EXPECT_THAT(idle.back()->ask(request("/last"), "GET /last\n"), HasSubstr("200 OK"));
}

TEST(HttpServer, StopsWithConnectionsOpen) {
    auto server = start();
    Peer idle(server->port());
    Peer half(server->port());
    half.send("GET /");
    EXPECT_THAT(idle.ask(request("/x"), "GET /x\n"), HasSubstr("200 OK"));
    const int port = server->port();
    server.reset();
    EXPECT_EQ(idle.receive(), "(closed)");
    auto again = Server::start("127.0.0.1", port, echo);  // the port is free again at once
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->port(), port);
}

TEST(HttpServer, CannotStart) {
    const auto server = start();
    const auto second = Server::start("127.0.0.1", server->port(), echo);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("http cannot listen on 127.0.0.1:"));
    EXPECT_FALSE(Server::start("no address", 0, echo));
    EXPECT_FALSE(Server::start("127.0.0.1", 65536, echo));
    EXPECT_FALSE(Server::start("127.0.0.1", -1, echo));
    const auto everywhere = Server::start("*", 0, echo);
    ASSERT_TRUE(everywhere);
    EXPECT_THAT(Peer((*everywhere)->port()).ask(request("/all", "Connection: close\r\n")), HasSubstr("GET /all"));
}

}  // namespace
}  // namespace cenote::http
