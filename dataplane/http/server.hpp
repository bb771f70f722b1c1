// A small HTTP/1.1 server for /metrics, health and status: its own thread, bounded in everything, deaf to what clients send but method and
// target. Names no Asio: Beast stops in server.cpp.
#pragma once

#include "dataplane/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace cenote::http {

struct Request {
    std::string method;  // "GET", "HEAD", …; for HEAD the handler answers as for GET, and the server leaves the body out
    std::string target;  // path and query as sent; path() is without the query

    [[nodiscard]] std::string path() const { return target.substr(0, target.find('?')); }
};

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body{};
};

/// Called on the server's thread, one request at a time; what it shares with other threads is its own business. Should be quick.
using Handler = std::function<Response(const Request&)>;

struct Limits {
    std::size_t connections = 64;  // at the next one, the connection that has been silent longest is closed
    std::chrono::milliseconds timeout{15'000
    };  // for a whole request to arrive, the wait on an idle connection included; and for an answer to leave
};

class Server {
public:
    /// address: an IP address, "*" or "" = all. port 0: any free one. The thread blocks all signals.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(std::string address, int port, Handler handler, Limits limits = {});

    ~Server();  // closes all connections and waits for the thread
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] int port() const;

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace cenote::http
