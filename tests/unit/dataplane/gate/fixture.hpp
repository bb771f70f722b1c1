// A gate without its thread: the test is its thread. Workers are what they were handed; the server is a script behind a loopback socket;
// time stands still until it is told to pass.
#pragma once

#include "dataplane/gate/gate.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/message_writer.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/registry/place.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cenote::gate {

/// One end of a socket, read without waiting.
class Wire {
public:
    Wire() = default;
    explicit Wire(net::Fd fd) : fd_(std::move(fd)) {}

    bool send(std::string_view bytes);
    /// Takes in what has come. False: the other side is gone.
    bool receive();
    [[nodiscard]] const std::string& got() const { return got_; }
    [[nodiscard]] std::string take() { return std::exchange(got_, {}); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] bool reset() const { return reset_; }
    [[nodiscard]] bool open() const { return fd_.open(); }
    void close() { fd_.reset(); }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    net::Fd fd_;
    std::string got_;
    bool ended_ = false;
    bool reset_ = false;
};

/// Listens on a port of its own and does to each connection what it was told.
class ScriptedServer {
public:
    enum class Mode { kServe, kRefuse, kStarting, kSilent, kHangUp, kHangUpLater, kScram };
    ScriptedServer();

    void poll();
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] net::Address address() const { return *net::literal_address("127.0.0.1", port_); }

    Mode mode = Mode::kServe;
    std::vector<std::pair<std::string, std::string>> parameters{
        {"server_version", "15.1"}, {"TimeZone", "UTC"}, {"client_encoding", "UTF8"}
    };
    std::string scram_first;  // of kScram: a server-first-message behind the client's nonce
    int accepted = 0;
    std::vector<protocol::CancelRequest> cancels;
    bool hold_cancels = false;

    struct Client {
        Wire wire;
        int step = 0;
        bool cancel = false;
    };
    std::vector<Client> clients;

private:
    void serve(Client& client);
    net::Fd listener_;
    int port_ = 0;
};

struct AdminQuery {
    std::uint64_t id = 0;
    bool admin = false;
    std::string sql;
};

struct Refused {
    registry::PoolRef pool;
    Error error;
};

class GateTest : public ::testing::Test {
protected:
    GateTest() : GateTest(Options{}) {}
    explicit GateTest(Options options);
    ~GateTest() override;

    /// A client at the gate, as if it had been accepted.
    [[nodiscard]] std::unique_ptr<Wire> connect(bool is_unix = false, const std::string& host = "10.0.0.1");
    [[nodiscard]] static std::string startup(std::vector<std::pair<std::string, std::string>> parameters);
    [[nodiscard]] std::unique_ptr<Wire> log_in(const std::string& user = "u", const std::string& database = "d");

    /// Lets everything run until this is so; false if it never comes.
    template <class Seen>
    [[nodiscard]] bool until(Seen seen) {
        for (int i = 0; i < 20'000; ++i) {
            turn();
            if (seen()) {
                return true;
            }
        }
        return false;
    }
    void turn();
    /// Everything that is ready now, and nothing else.
    void settle();
    void pass(Duration time);
    void apply(config::Config config);
    /// The keepers do what they were told to look after.
    void keep_pools();
    [[nodiscard]] static std::string fatal_in(const std::string& bytes);
    [[nodiscard]] registry::PoolRef pool(const std::string& database = "d", const std::string& user = "u") {
        return process.registry.pool(database, user);
    }
    /// No place, client or order is left over.
    void expect_nothing_left();

    TimePoint now{std::chrono::hours(1)};
    registry::Process process{2};
    ScriptedServer server;
    config::Config config;
    registry::RuntimeRef runtime;
    std::unique_ptr<Gate> gate;
    std::vector<registry::ClientSeed> clients;
    std::vector<std::size_t> client_workers;
    std::vector<registry::ServerSeed> servers;
    std::vector<std::size_t> server_workers;
    std::vector<registry::PoolRef> looked_after;
    std::vector<Refused> refused;
    std::vector<AdminQuery> queries;
    std::vector<std::uint64_t> cancelled;
    std::function<void(std::uint32_t, std::int32_t, std::function<void(std::optional<registry::CancelOrder>)>)> find;
    std::map<std::string, Result<std::vector<net::Address>>> names;
    std::vector<net::Resolver::Answer> unanswered;  // look-ups of names that are not in `names`
    std::unique_ptr<Wire> last;
    static std::string user_list;
};

}  // namespace cenote::gate
