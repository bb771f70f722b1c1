#include "operator/database/connection.hpp"

#include "operator/database/resolver.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace cenote::database {
namespace {

struct FinishConnection {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

const char* name_of(TlsMode mode) {
    switch (mode) {
        case TlsMode::kDisable:
            return "disable";
        case TlsMode::kPrefer:
            return "prefer";
        case TlsMode::kRequire:
            return "require";
        case TlsMode::kVerifyCa:
            return "verify-ca";
        case TlsMode::kVerifyFull:
            return "verify-full";
    }
    return "prefer";
}

/// libpq reads CA certificates only from a file: an anonymous one in memory, gone with this object.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content) {
        if (content.empty()) {
            return;
        }
        fd_ = ::memfd_create("cenote-ca", MFD_CLOEXEC);
        while (fd_ >= 0 && !content.empty()) {
            const ssize_t n = ::write(fd_, content.data(), content.size());
            if (n <= 0) {
                break;
            }
            content.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    [[nodiscard]] std::string path() const { return fd_ >= 0 ? fmt::format("/proc/self/fd/{}", fd_) : std::string{}; }

private:
    int fd_ = -1;
};

/// libpq's message on one line, without "connection to server at … failed: " twice and without a trailing newline.
std::string message_of(const PGconn* connection) {
    std::string text = PQerrorMessage(connection);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.empty() ? "the connection failed" : text;
}

enum class Waited { kReady, kTimeout };

Waited wait_for(int fd, short events, TimePoint deadline) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return Waited::kTimeout;
        }
        pollfd entry{.fd = fd, .events = events, .revents = 0};
        const int n = ::poll(&entry, 1, static_cast<int>(std::min<std::chrono::milliseconds::rep>(left, 60'000)));
        if (n > 0 || (n < 0 && errno != EINTR)) {
            return Waited::kReady;  // an error shows at the next libpq call
        }
    }
}

Error timed_out(std::string_view what) { return Error{fmt::format("{}: no answer in time", what), "08006"}; }

Result<ConnectionHandle> connect_once(const Target& target, const Candidate& candidate, const std::string& ca_file, TimePoint deadline) {
    const std::string port = fmt::to_string(target.port);
    const std::array<const char*, 12> names{
        "host",        "hostaddr",         "port",       "dbname",          "user", "password", "sslmode",
        "sslrootcert", "application_name", "gssencmode", "client_encoding", nullptr
    };
    const std::array<const char*, 12> values{
        candidate.host.c_str(),
        candidate.address.empty() ? nullptr : candidate.address.c_str(),
        port.c_str(),
        target.dbname.c_str(),
        target.user.c_str(),
        target.password.c_str(),
        name_of(target.tls),
        ca_file.empty() ? nullptr : ca_file.c_str(),
        "cenote-operator",
        "disable",
        "UTF8",
        nullptr
    };
    ConnectionHandle connection(PQconnectStartParams(names.data(), values.data(), 0));
    if (connection == nullptr || PQstatus(connection.get()) == CONNECTION_BAD) {
        return Error{connection ? message_of(connection.get()) : "out of memory", "08001"};
    }
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;  // libpq-connect: behave as if it had said so before the first call
    while (true) {
        const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_for(PQsocket(connection.get()), events, deadline) == Waited::kTimeout) {
            return timed_out(fmt::format("connecting to {} port {}", candidate.host, target.port));
        }
        state = PQconnectPoll(connection.get());
        if (state == PGRES_POLLING_OK) {
            break;
        }
        if (state == PGRES_POLLING_FAILED) {
            return Error{message_of(connection.get()), "08001"};
        }
    }
    if (PQsetnonblocking(connection.get(), 1) != 0) {
        return Error{message_of(connection.get()), "08001"};
    }
    return connection;
}

Result<ResultHandle> next_result(PGconn* connection, TimePoint deadline) {
    while (PQisBusy(connection) != 0) {
        const int unsent = PQflush(connection);
        if (unsent < 0) {
            return Error{message_of(connection), "08006"};
        }
        const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (wait_for(PQsocket(connection), events, deadline) == Waited::kTimeout) {
            return timed_out("the query");
        }
        if (PQconsumeInput(connection) == 0) {
            return Error{message_of(connection), "08006"};
        }
    }
    return ResultHandle(PQgetResult(connection));
}

Rows rows_of(const PGresult* result) {
    Rows rows(static_cast<std::size_t>(PQntuples(result)));
    for (int r = 0; r < PQntuples(result); ++r) {
        for (int c = 0; c < PQnfields(result); ++c) {
            Row& row = rows[static_cast<std::size_t>(r)];
            if (PQgetisnull(result, r, c) != 0) {
                row.emplace_back(std::nullopt);
            } else {
                row.emplace_back(std::string(PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c))));
            }
        }
    }
    return rows;
}

}  // namespace

struct Connection::Impl {
    ConnectionHandle handle;
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const Target& target, TimePoint deadline) {
    auto candidates = resolve(target.host, deadline);
    if (!candidates) {
        return candidates.error();
    }
    const MemoryFile ca_file(target.ca_pem);
    Error last{"no host is given", "08001"};
    auto left = static_cast<Duration::rep>(candidates->size());
    for (const Candidate& candidate : *candidates) {
        const TimePoint now = Clock::now();
        const TimePoint share = now + (deadline - now) / left--;
        auto connection = connect_once(target, candidate, ca_file.path(), share);
        if (connection) {
            return Connection(std::make_unique<Impl>(Impl{std::move(*connection)}));
        }
        last = connection.error();
    }
    return last;
}

Result<Rows> Connection::query(const std::string& sql, TimePoint deadline) {
    PGconn* connection = impl_->handle.get();
    if (PQsendQuery(connection, sql.c_str()) == 0) {
        return Error{message_of(connection), "08006"};
    }
    Rows rows;
    std::optional<Error> failure;
    while (true) {
        auto result = next_result(connection, deadline);
        if (!result) {
            return result.error();
        }
        const PGresult* raw = result->get();
        if (raw == nullptr) {
            break;
        }
        switch (PQresultStatus(raw)) {
            case PGRES_TUPLES_OK:
                rows = rows_of(raw);
                break;
            case PGRES_COMMAND_OK:
                break;
            default: {
                const char* state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
                failure = Error{message_of(connection), state != nullptr ? state : "08006"};
            }
        }
    }
    if (failure) {
        return *failure;
    }
    return rows;
}

}  // namespace cenote::database
