#include "operator/kube/cpprest_transport.hpp"

#include "operator/kube/files.hpp"

#include <cpprest/containerstream.h>
#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pplx/threadpool.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

namespace cenote::kube {
namespace {

namespace http = web::http;
using http::client::http_client;
using http::client::http_client_config;

// cpprestsdk's one timeout is armed again by each read. A watch is ended by the server or by our own clock, so there it only backs those
// up.
constexpr std::chrono::seconds kStreamTimeout{3600};
// Its threads only move bytes: every wait is in the caller's thread. The default of 40 would be waste.
constexpr std::size_t kThreads = 4;
constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kMaxErrorBody = std::size_t{1} << 20U;

void start_threads_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        try {
            crossplat::threadpool::initialize_with_threads(kThreads);
        } catch (const std::exception&) {
            // Somebody started it already; its size is theirs then.
        }
    });
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

// A peer that vanished without a word is noticed within a minute, not when the watch's own timeout has passed.
void keep_alive(int fd) {
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000);
}

// Runs for each new connection, so a rotated CA file is used at once. Throws what Boost throws; cpprestsdk reports it as the request's
// failure.
void configure_tls(boost::asio::ssl::context& context, const ClusterAccess& access) {
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    std::string ca = access.ca_pem;
    if (!access.ca_file.empty()) {
        auto content = read_file(access.ca_file);
        if (!content) {
            throw std::runtime_error(content.error().message);
        }
        ca = std::move(content).value();
    }
    if (!ca.empty()) {
        SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());  // trust this CA alone, not the system's
        context.add_certificate_authority(boost::asio::buffer(ca));
    }
    if (!access.client_cert_pem.empty()) {
        context.use_certificate_chain(boost::asio::buffer(access.client_cert_pem));
        context.use_private_key(boost::asio::buffer(access.client_key_pem), boost::asio::ssl::context::pem);
    }
}

http_client_config make_config(const ClusterAccess& access, std::chrono::seconds timeout) {
    http_client_config config;
    config.set_timeout(timeout);
    config.set_validate_certificates(!access.insecure_skip_tls_verify);
    const bool tls = access.server.starts_with("https://");
    if (tls) {
        config.set_ssl_context_callback([access](boost::asio::ssl::context& context) { configure_tls(context, access); });
    }
    config.set_nativehandle_options([tls](http::client::native_handle handle) {
        if (tls) {
            keep_alive(static_cast<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>*>(handle)->next_layer().native_handle());
        } else {
            keep_alive(static_cast<boost::asio::ip::tcp::socket*>(handle)->native_handle());
        }
    });
    return config;
}

http::http_request make_request(const HttpRequest& request) {
    http::http_request out{utility::string_t(to_string(request.method))};
    out.set_request_uri(web::uri(request.target));
    out.headers().add("Accept", "application/json");
    out.headers().add("User-Agent", "cenote-operator");
    if (!request.bearer_token.empty()) {
        out.headers().add("Authorization", "Bearer " + request.bearer_token);
    }
    if (!request.content_type.empty()) {
        out.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
        out.headers().set_content_type(request.content_type);
    }
    return out;
}

HttpResponse head_of(const http::http_response& response) {
    HttpResponse out;
    out.status = response.status_code();
    utility::string_t value;
    if (response.headers().match("Retry-After", value)) {
        char* end = nullptr;
        const long seconds = std::strtol(value.c_str(), &end, 10);
        if (end != value.c_str() && *end == '\0' && seconds >= 0) {
            out.retry_after = std::chrono::seconds(seconds);
        }
    }
    return out;
}

std::string reason_of(const std::exception_ptr& problem) {
    try {
        std::rethrow_exception(problem);
    } catch (const pplx::task_canceled&) {
        return "cancelled";
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown error";
    }
}

// What a step of a stream came to, handed from cpprestsdk's threads to ours. Shared with the continuation, which may outlive our wait.
template <class T>
class Handover {
public:
    void put(T value) {
        {
            const std::lock_guard lock(mutex_);
            value_ = std::move(value);
        }
        changed_.notify_all();
    }
    void fail(std::exception_ptr problem) {
        {
            const std::lock_guard lock(mutex_);
            problem_ = std::move(problem);
        }
        changed_.notify_all();
    }
    enum class Outcome { kValue, kFailed, kStopped, kTimeout };
    Outcome wait(std::chrono::seconds limit, const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        const bool arrived = changed_.wait_for(lock, stop, limit, [this] { return value_.has_value() || problem_ != nullptr; });
        if (arrived) {
            return problem_ ? Outcome::kFailed : Outcome::kValue;
        }
        return stop.stop_requested() ? Outcome::kStopped : Outcome::kTimeout;
    }
    [[nodiscard]] T take() { return std::move(*value_); }
    [[nodiscard]] const std::exception_ptr& problem() const { return problem_; }

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<T> value_;
    std::exception_ptr problem_;
};

template <class T>
std::shared_ptr<Handover<T>> hand_over(const pplx::task<T>& task) {
    auto shared = std::make_shared<Handover<T>>();
    task.then([shared](pplx::task<T> finished) {
        try {
            shared->put(finished.get());
        } catch (...) {
            shared->fail(std::current_exception());
        }
    });
    return shared;
}

class CpprestTransport final : public HttpTransport {
public:
    CpprestTransport(const ClusterAccess& access, TransportOptions options)
        : base_(access.server),
          request_config_(make_config(access, options.request_timeout)),
          requests_(std::make_shared<http_client>(base_, request_config_)),
          streams_(base_, make_config(access, kStreamTimeout)),
          stream_head_timeout_(options.request_timeout) {}

    Result<HttpResponse> send(const HttpRequest& request) override {
        const std::shared_ptr<http_client> client = requests();
        try {
            http::http_response response = client->request(make_request(request)).get();
            HttpResponse out = head_of(response);
            const std::vector<unsigned char> body = response.extract_vector().get();
            out.body.assign(body.begin(), body.end());
            return out;
        } catch (const std::exception& error) {
            renew(client);
            return Error{fmt::format("{} {}: {}", to_string(request.method), request.target, error.what())};
        }
    }

    Result<HttpResponse> stream(
        const HttpRequest& request, std::chrono::seconds silence, const std::function<bool(std::string_view)>& on_chunk,
        std::stop_token stop
    ) override {
        pplx::cancellation_token_source cancel;
        // Closes the connection whichever way this ends; a stream that was read to its end is left alone by it.
        struct Cancel {
            pplx::cancellation_token_source& source;
            ~Cancel() { source.cancel(); }
        } const cancel_at_end{cancel};
        try {
            return read_stream(request, silence, on_chunk, stop, cancel.get_token());
        } catch (const std::exception& error) {
            return Error{fmt::format("{}: {}", request.target, error.what())};
        }
    }

    [[nodiscard]] std::string host() const override { return base_.authority().to_string(); }

private:
    template <class T>
    using Outcome = typename Handover<T>::Outcome;

    Result<HttpResponse> read_stream(
        const HttpRequest& request, std::chrono::seconds silence, const std::function<bool(std::string_view)>& on_chunk,
        const std::stop_token& stop, const pplx::cancellation_token& cancel
    ) {
        const auto head = hand_over(streams_.request(make_request(request), cancel));
        switch (head->wait(stream_head_timeout_, stop)) {
            case Handover<http::http_response>::Outcome::kValue:
                break;
            case Handover<http::http_response>::Outcome::kStopped:
                return HttpResponse{200, {}, {}};
            case Handover<http::http_response>::Outcome::kTimeout:
                return Error{fmt::format("{}: no answer for {} s", request.target, stream_head_timeout_.count())};
            case Handover<http::http_response>::Outcome::kFailed:
                return Error{fmt::format("{}: {}", request.target, reason_of(head->problem()))};
        }
        http::http_response response = head->take();
        HttpResponse out = head_of(response);
        const bool good = out.status == http::status_codes::OK;
        auto body = response.body().streambuf();
        std::vector<std::uint8_t> chunk(kChunk);
        for (;;) {
            // Waits for one byte (which stays in the buffer), then takes what is there: getn(n) alone would wait for all n.
            using Next = Handover<concurrency::streams::streambuf<std::uint8_t>::int_type>;
            const auto next = hand_over(body.getc());
            switch (next->wait(silence, stop)) {
                case Next::Outcome::kValue:
                    break;
                case Next::Outcome::kStopped:
                    return out;
                case Next::Outcome::kTimeout:
                    return Error{fmt::format("{}: nothing came for {} s", request.target, silence.count())};
                case Next::Outcome::kFailed:
                    return Error{fmt::format("{}: {}", request.target, reason_of(next->problem()))};
            }
            if (next->take() == concurrency::streams::streambuf<std::uint8_t>::traits::eof()) {
                return finish(request, response, std::move(out));
            }
            const std::size_t size = body.getn(chunk.data(), std::min(chunk.size(), std::max<std::size_t>(body.in_avail(), 1))).get();
            const std::string_view bytes(reinterpret_cast<const char*>(chunk.data()), size);
            if (!good && out.body.size() < kMaxErrorBody) {
                out.body += bytes;
            } else if (good && !on_chunk(bytes)) {
                return out;
            }
        }
    }

    // A body that ended early looks like one that ended; the response's own task knows.
    static Result<HttpResponse> finish(const HttpRequest& request, const http::http_response& response, HttpResponse out) {
        try {
            response.content_ready().get();
        } catch (const std::exception& error) {
            return Error{fmt::format("{}: {}", request.target, error.what())};
        }
        return out;
    }

    std::shared_ptr<http_client> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    // After a failure the other kept connections are as dead as this one, most likely, since the server was started anew: cpprestsdk would
    // hand them out one failure after the other. A new client has none of them.
    void renew(const std::shared_ptr<http_client>& failed) {
        const std::lock_guard lock(mutex_);
        if (requests_ == failed) {
            requests_ = std::make_shared<http_client>(base_, request_config_);
        }
    }

    web::uri base_;
    http_client_config request_config_;
    std::mutex mutex_;
    std::shared_ptr<http_client> requests_;
    http_client streams_;
    std::chrono::seconds stream_head_timeout_;
};

}  // namespace

Result<std::unique_ptr<HttpTransport>> make_cpprest_transport(const ClusterAccess& access, TransportOptions options) {
    if (access.server.find("://[") != std::string::npos) {
        return Error{fmt::format("{}: cpprestsdk cannot connect to an IPv6 address; give the server a name", access.server)};
    }
    start_threads_once();
    try {
        return std::unique_ptr<HttpTransport>(std::make_unique<CpprestTransport>(access, options));
    } catch (const std::exception& error) {
        return Error{fmt::format("{}: {}", access.server, error.what())};
    }
}

}  // namespace cenote::kube
