#include "dataplane/http/server.hpp"

// Boost 1.74's awaitable.hpp uses std::exchange without including it.
#include "dataplane/base/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

namespace cenote::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t kMaxHeader = 8192;
constexpr std::uint64_t kMaxBody = 65536;  // read and thrown away: nothing here takes a body
constexpr std::chrono::milliseconds kAcceptPause{100};

class Session;

// What sessions share; owned by Server::Impl, outlives them.
struct Shared {
    Handler handler;
    Limits limits;
    std::set<Session*> sessions;
    std::uint64_t turn = 0;  // a clock that only orders
};

Response answer(const Handler& handler, const Request& request) {
    try {
        return handler(request);
    } catch (const std::exception& error) {
        log::error("http: handler failed on {}: {}", request.path(), error.what());
        return {500, "text/plain; charset=utf-8", "internal error\n"};
    }
}

// One connection: read a request, answer it, again. Lives as long as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), buffer_(kMaxHeader + kMaxBody), shared_(shared) {
        shared_.sessions.insert(this);
    }
    ~Session() { shared_.sessions.erase(this); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void read() {
        waiting_since_ = ++shared_.turn;
        parser_.emplace();
        parser_->header_limit(kMaxHeader);
        parser_->body_limit(kMaxBody);
        stream_.expires_after(shared_.limits.timeout);
        beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
            self->on_read(error);
        });
    }

    void close() {
        waiting_since_ = std::numeric_limits<std::uint64_t>::max();  // on its way out: no candidate for make_room()
        error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
        stream_.close();
    }

    [[nodiscard]] std::uint64_t waiting_since() const { return waiting_since_; }

private:
    using StringResponse = beast::http::response<beast::http::string_body>;
    using EmptyResponse = beast::http::response<beast::http::empty_body>;

    void on_read(error_code error) {
        if (error) {
            if (error == beast::http::error::header_limit) {
                return refuse(431, "request header too large\n");
            }
            if (error == beast::http::error::body_limit) {
                return refuse(413, "request body too large\n");
            }
            // Only a request that was begun and is not HTTP gets words; an end, a reset and a timeout are silence.
            if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
                error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
                return refuse(400, "bad request\n");
            }
            return close();
        }
        const auto& message = parser_->get();
        const bool head = message.method() == beast::http::verb::head;
        if (!head && message.method() != beast::http::verb::get) {
            return write({405, "text/plain; charset=utf-8", "only GET and HEAD\n"}, false, message.keep_alive());
        }
        const Request request{std::string(message.method_string()), std::string(message.target())};
        write(answer(shared_.handler, request), head, message.keep_alive());
    }

    void refuse(int status, std::string text) { write({status, "text/plain; charset=utf-8", std::move(text)}, false, false); }

    template <class Message>
    void prepare(Message& message, const Response& response, bool keep_alive) {
        message.version(11);
        message.result(static_cast<unsigned>(response.status));
        message.set(beast::http::field::content_type, response.content_type);
        message.set(beast::http::field::cache_control, "no-store");
        if (response.status == 405) {
            message.set(beast::http::field::allow, "GET, HEAD");
        }
        message.keep_alive(keep_alive);
    }

    void write(Response response, bool head, bool keep_alive) {
        keep_alive_ = keep_alive;
        if (head) {
            auto& message = out_.emplace<EmptyResponse>();
            prepare(message, response, keep_alive);
            message.content_length(response.body.size());
            send(message);
        } else {
            auto& message = out_.emplace<StringResponse>();
            prepare(message, response, keep_alive);
            message.body() = std::move(response.body);
            message.prepare_payload();
            send(message);
        }
    }

    template <class Message>
    void send(Message& message) {
        stream_.expires_after(shared_.limits.timeout);
        beast::http::async_write(stream_, message, [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
    }

    void on_written(error_code error) {
        out_.emplace<std::monostate>();
        if (error || !keep_alive_) {
            return close();
        }
        read();
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
    std::variant<std::monostate, StringResponse, EmptyResponse> out_;
    bool keep_alive_ = false;
    std::uint64_t waiting_since_ = 0;
    Shared& shared_;
};

Result<tcp::endpoint> parse_endpoint(const std::string& address, int port) {
    if (port < 0 || port > 65535) {
        return Error{fmt::format("http port {} is out of range", port)};
    }
    const auto number = static_cast<std::uint16_t>(port);
    if (address.empty() || address == "*") {
        return tcp::endpoint(tcp::v6(), number);
    }
    error_code error;
    const auto parsed = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
    if (error) {
        return Error{fmt::format("http address \"{}\" is not an IP address", address)};
    }
    return tcp::endpoint(parsed, number);
}

error_code open_acceptor(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    error_code error;
    const auto failed = [&] {
        if (error) {
            error_code ignored;
            acceptor.close(ignored);
        }
        return static_cast<bool>(error);
    };
    acceptor.open(endpoint.protocol(), error);
    if (failed()) {
        return error;
    }
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!failed() && endpoint.address().is_v6()) {
        error_code ignored;  // "all" is both families where the system can
        acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), ignored);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!failed()) {
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    failed();
    return error;
}

}  // namespace

class Server::Impl {
public:
    Impl(Handler handler, Limits limits) : shared_{std::move(handler), limits, {}, 0}, acceptor_(io_), pause_(io_) {}

    ~Impl() {
        io_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<void> start(const std::string& address, int port) {
        const auto endpoint = parse_endpoint(address, port);
        if (!endpoint) {
            return endpoint.error();
        }
        error_code error = open_acceptor(acceptor_, *endpoint);
        if (error && (address.empty() || address == "*")) {
            error = open_acceptor(acceptor_, tcp::endpoint(tcp::v4(), endpoint->port()));  // a kernel without IPv6
        }
        if (error) {
            return Error{fmt::format("http cannot listen on {}:{}: {}", address, port, error.message())};
        }
        port_ = acceptor_.local_endpoint(error).port();
        accept();
        // Signals belong to the main thread.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this] { run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return {};
    }

    [[nodiscard]] int port() const { return port_; }

private:
    void run() {
        for (;;) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                log::error("http: {}", error.what());
            }
        }
    }

    void accept() {
        acceptor_.async_accept([this](error_code error, tcp::socket socket) {
            if (error) {
                // Out of descriptors, most likely: the connection stays in the backlog, and a loop would burn a core.
                log::warning("http: accept failed: {}", error.message());
                pause_.expires_after(kAcceptPause);
                pause_.async_wait([this](error_code stopped) {
                    if (!stopped) {
                        accept();
                    }
                });
                return;
            }
            make_room();
            std::make_shared<Session>(std::move(socket), shared_)->read();
            accept();
        });
    }

    // A probe must get through whatever holds connections open: the one that has been silent longest goes.
    void make_room() {
        if (shared_.sessions.size() < shared_.limits.connections) {
            return;
        }
        const auto oldest = std::min_element(shared_.sessions.begin(), shared_.sessions.end(), [](const Session* a, const Session* b) {
            return a->waiting_since() < b->waiting_since();
        });
        (*oldest)->close();
    }

    Shared shared_;  // before io_, whose end ends the sessions
    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    std::thread thread_;
    int port_ = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(std::string address, int port, Handler handler, Limits limits) {
    auto impl = std::make_unique<Impl>(std::move(handler), limits);
    if (auto started = impl->start(address, port); !started) {
        return std::move(started).error();
    }
    return std::unique_ptr<Server>(new Server(std::move(impl)));  // NOLINT(cppcoreguidelines-owning-memory): the constructor is private
}

int Server::port() const { return impl_->port(); }

}  // namespace cenote::http
