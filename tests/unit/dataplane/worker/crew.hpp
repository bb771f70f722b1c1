// Several workers without threads, on socket pairs: the test plays their clients, their PostgreSQL, the gate and the clock, and chooses who
// has the next turn. Everything is real but the other ends.
#pragma once

#include "dataplane/config/config_loader.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_writer.hpp"
#include "dataplane/worker/worker.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace cenote::worker::test {

inline std::pair<net::Fd, net::Fd> socket_pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    return {net::Fd(fds[0]), net::Fd(fds[1])};
}

/// The other end of a socket: messages in, bytes out, without blocking.
class Peer {
public:
    explicit Peer(net::Fd fd) : fd_(std::move(fd)) {}
    struct Message {
        char type = 0;
        std::string body;
    };
    void send(std::string_view bytes) {
        if (fd_.open()) {
            static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
        }
    }
    void query(const std::string& sql) {
        protocol::MessageWriter out;
        protocol::write_query(out, sql);
        send(out.data());
    }
    /// Messages that are whole by now.
    std::vector<Message> take() {
        std::array<char, 65536> buffer{};
        while (fd_.open()) {
            const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (n > 0) {
                got_.append(buffer.data(), static_cast<std::size_t>(n));
                continue;
            }
            ended_ = ended_ || n == 0 || (errno != EAGAIN && errno != EINTR);
            break;
        }
        std::vector<Message> all;
        while (got_.size() >= protocol::kHeaderSize) {
            const auto header = protocol::read_header(got_);
            if (got_.size() < header.total()) {
                break;
            }
            all.push_back({header.type, got_.substr(protocol::kHeaderSize, header.length - 4)});
            got_.erase(0, static_cast<std::size_t>(header.total()));
        }
        return all;
    }
    void hang_up() { fd_.reset(); }
    [[nodiscard]] bool open() const { return fd_.open(); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    net::Fd fd_;
    std::string got_;
    bool ended_ = false;
};

/// What PostgreSQL answers: each query is echoed as a row; BEGIN and COMMIT move the transaction's status; SET and DISCARD are obeyed.
class Backend {
public:
    Backend(net::Fd fd, std::uint64_t number) : peer(std::move(fd)), id(number) {}

    /// Answers at most one request. True: it did.
    bool answer_one() {
        for (auto& message : peer.take()) {
            waiting_.push_back(std::move(message));
        }
        if (peer.ended() && waiting_.empty()) {
            peer.hang_up();
        }
        if (waiting_.empty() || stuck) {
            return false;
        }
        const auto message = std::move(waiting_.front());
        waiting_.pop_front();
        if (message.type == 'X') {
            said_goodbye = true;
            peer.hang_up();
            return true;
        }
        if (message.type != 'Q') {
            return true;
        }
        const std::string sql = message.body.substr(0, message.body.find('\0'));
        queries.push_back(sql);
        if (sql.starts_with("BEGIN")) {
            status = 'T';
        } else if (sql.starts_with("COMMIT")) {
            status = 'I';
        }
        protocol::MessageWriter out;
        out.message('D', sql);
        protocol::write_command_complete(out, sql.starts_with("SET") ? "SET" : "SELECT 1");
        protocol::write_ready_for_query(out, status);
        peer.send(out.data());
        return true;
    }

    Peer peer;
    std::uint64_t id;
    char status = 'I';
    bool stuck = false;
    bool said_goodbye = false;
    std::vector<std::string> queries;

private:
    std::deque<Peer::Message> waiting_;
};

/// A client: sends tagged queries and checks that each answer is its own.
struct Caller {
    Caller(net::Fd fd, std::string tag) : peer(std::move(fd)), name(std::move(tag)) {}

    void ask(const std::string& sql) {
        asked.push_back(sql);
        peer.query(sql);
    }
    void listen() {
        for (const auto& message : peer.take()) {
            if (message.type == 'D') {
                ASSERT_FALSE(asked.empty()) << name << " was told something it did not ask: " << message.body;
                EXPECT_EQ(message.body, asked.front()) << name << " got a foreign answer";
            } else if (message.type == 'Z') {
                ASSERT_FALSE(asked.empty()) << name;
                asked.pop_front();
                ++answers;
                status = message.body.empty() ? '?' : message.body[0];
            } else if (message.type == 'E') {
                error = message.body;
            }
        }
    }
    [[nodiscard]] bool gone() const { return peer.ended() || !peer.open(); }

    Peer peer;
    std::string name;
    std::deque<std::string> asked;
    int answers = 0;
    char status = 'I';
    std::string error;
};

/// Those that work here. io_uring is left out, loudly, where the kernel or the container refuses it.
inline std::vector<io::Engine> engines() {
    const auto usable = io::probe_uring();
    if (!usable) {
        fmt::print("io_uring is not tested here: {}\n", usable.error().message);
        return {io::Engine::kEpoll};
    }
    return {io::Engine::kEpoll, io::Engine::kUring};
}

class CrewTest {
public:
    explicit CrewTest(std::size_t count, const std::string& settings, io::Engine engine = io::Engine::kEpoll)
        : process(count), crew(count) {
        process.ports.dial = [this](registry::DialOrder order) {
            dialled.push_back(std::make_unique<registry::DialOrder>(std::move(order)));
        };
        process.ports.cancel = [this](registry::CancelOrder order) { cancels.push_back(std::move(order)); };
        process.ports.look_after = [this](registry::PoolRef pool) {
            auto& keeper = *workers[pool->keeper];
            keeper.look_after(std::move(pool));
        };
        process.ports.evict = [this](registry::PoolRef pool, pool::WorkerId worker) { workers[worker]->evict_idle(std::move(pool)); };
        apply(settings);
        for (std::size_t i = 0; i < count; ++i) {
            workers.push_back(std::make_unique<Worker>(static_cast<pool::WorkerId>(i), process, crew, runtime, engine));
        }
    }
    ~CrewTest() {
        // Places that go with their connections have nobody left to tell.
        process.ports.look_after = [](const registry::PoolRef& /*pool*/) {};
        process.ports.evict = [](const registry::PoolRef& /*pool*/, pool::WorkerId /*worker*/) {};
        dialled.clear();
    }
    CrewTest(const CrewTest&) = delete;
    CrewTest& operator=(const CrewTest&) = delete;

    void apply(const std::string& settings) {
        auto config = config::load_text(
            "test.ini",
            "[databases]\n* = host=127.0.0.1\n[pgbouncer]\nlog_connections=0\nlog_disconnections=0\nlog_pooler_errors=0\n" + settings, {},
            [](const std::string& path) -> Result<std::string> { return Error{path}; }
        );
        EXPECT_TRUE(config) << config.error().message;
        runtime = std::make_shared<const registry::Runtime>(registry::Runtime{
            *config, std::make_shared<const auth::UserList>(), session::TrackedNames((*config)->track_extra_parameters), "", ""
        });
        process.registry.apply(runtime);
        for (auto& worker : workers) {
            worker->set_runtime(runtime);
        }
    }

    Caller& client(std::size_t worker, const std::string& database = "db", const std::string& user = "app") {
        auto [ours, theirs] = socket_pair();
        auto pool = process.registry.pool(database, user);
        EXPECT_TRUE(process.clients.try_take() && pool->database->clients.try_take());
        auto login = process.registry.user(user);
        EXPECT_TRUE(login->clients.try_take());
        registry::ClientSeed seed;
        seed.fd = std::move(ours);
        seed.admission = registry::Admission(process.clients, pool, login);
        seed.parameters = parameters;
        seed.slot = process.workers[worker].slots.reserve();
        seed.secret = 42;
        seed.id = process.next_id++;
        last_slot = seed.slot;
        process.workers[worker].clients.fetch_add(1);
        process.workers[worker].adopt_client(std::move(seed));
        callers.push_back(std::make_unique<Caller>(std::move(theirs), "client " + std::to_string(callers.size())));
        return *callers.back();
    }

    /// The gate has opened what was asked for first.
    Backend* connect_one(std::size_t worker = 0) {
        if (dialled.empty()) {
            return nullptr;
        }
        auto order = std::move(dialled.front());
        dialled.pop_front();
        auto [ours, theirs] = socket_pair();
        const auto pool = order->place.pool();
        {
            const std::lock_guard lock(pool->mutex);
            order->place.opened_locked();
            pool->health.succeeded();
        }
        registry::ServerSeed seed;
        seed.fd = std::move(ours);
        seed.place = std::move(order->place);
        seed.epoch = order->epoch;
        seed.parameters = parameters;
        seed.id = process.next_id++;
        seed.connected_at = now;
        process.workers[worker].adopt_server(std::move(seed));
        backends.push_back(std::make_unique<Backend>(std::move(theirs), backends.size()));
        return backends.back().get();
    }
    /// The gate could not.
    void refuse_one() {
        auto order = std::move(dialled.front());
        dialled.pop_front();
        const auto pool = order->place.pool();
        const std::lock_guard lock(pool->mutex);
        pool->health.connect_failed(now, std::chrono::seconds(15));
    }

    void turn(std::size_t worker) { workers[worker]->poll(now); }
    /// Everybody in turn until nothing moves.
    void settle(int rounds = 60) {
        for (int i = 0; i < rounds; ++i) {
            for (std::size_t w = 0; w < workers.size(); ++w) {
                turn(w);
                while (connect_one(w) != nullptr) {}
            }
            for (auto& backend : backends) {
                while (backend->answer_one()) {}
            }
            for (auto& caller : callers) {
                caller->listen();
            }
        }
    }

    TimePoint now = Clock::now();
    registry::Process process;
    Crew crew;
    registry::RuntimeRef runtime;
    session::Parameters parameters = [] {
        auto set = std::make_shared<session::ParameterSet>();
        set->values.resize(5);
        return set;
    }();
    std::deque<std::unique_ptr<registry::DialOrder>> dialled;
    std::vector<registry::CancelOrder> cancels;
    std::vector<std::unique_ptr<Backend>> backends;
    std::vector<std::unique_ptr<Caller>> callers;
    std::vector<std::unique_ptr<Worker>> workers;
    std::uint32_t last_slot = 0;
};

}  // namespace cenote::worker::test
