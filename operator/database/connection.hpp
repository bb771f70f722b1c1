// A libpq connection that never outlives its deadline: every wait is a poll of its socket. Used by one thread. libpq's types stay in
// connection.cpp.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cenote::database {

/// libpq's sslmode values.
enum class TlsMode { kDisable, kPrefer, kRequire, kVerifyCa, kVerifyFull };

struct Target {
    std::string host;  // name, address, socket directory or comma list; the first that answers is asked
    int port = 5432;
    std::string dbname;
    std::string user;
    std::string password;
    TlsMode tls = TlsMode::kPrefer;
    std::string ca_pem;  // certificates the server's is checked against; empty: the system's default of libpq
};

/// The text form of a result's cells; NULL is an empty optional.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

class Connection {
public:
    /// Tries each address of each host, giving every one an equal part of the time left.
    [[nodiscard]] static Result<Connection> open(const Target& target, TimePoint deadline);

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Several statements may be given; the rows of the last one that returns any come back.
    [[nodiscard]] Result<Rows> query(const std::string& sql, TimePoint deadline);

private:
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace cenote::database
