// The console's commands: one function a verb. SHOW answers at once; PAUSE, SUSPEND and WAIT_CLOSE answer when they have come true. It does
// not know how its clients are connected: it gets their queries and answers with bytes. Owned by the application, control thread.
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/app/pool_control.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/protocol/message_writer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::app {

class Console {
public:
    /// A console client that asks. It is answered once for each query, with all bytes up to and with ReadyForQuery.
    struct Asker {
        std::uint64_t id = 0;
        std::function<void(std::string bytes)> reply;
    };

    /// What a command may want of the process. All of it is called on the control thread.
    struct Host {
        std::function<Result<void>()> reload;
        std::function<void(std::shared_ptr<const registry::Runtime>)> apply;
        std::function<void(admin::ShutdownMode)> shut_down;
        /// Calls check_pending() again and again while it returns true.
        std::function<void()> keep_checking;
    };

    Console(Sources sources, PoolControl& pools, Host host) : sources_(sources), pools_(pools), host_(std::move(host)) {}

    void on_query(const Asker& asker, admin::Access access, const std::string& sql);
    /// It asked to cancel what it waits for.
    void on_cancel(std::uint64_t id);
    /// Answers who waits for what has come true. False if nobody waits any more.
    bool check_pending();

private:
    /// A PAUSE, SUSPEND or WAIT_CLOSE that has not come to its end.
    struct Pending {
        Asker asker;
        admin::Command command;
        PoolControl::Pools pools;
    };
    /// An error, or what became of it: answered by the verb itself, to be answered with its tag, or later.
    enum class Outcome : std::uint8_t { kAnswered, kDone, kPending };

    [[nodiscard]] Result<Outcome> run(const Asker& asker, const admin::Command& command);
    [[nodiscard]] Result<Outcome> show(const Asker& asker, const admin::Command& command);
    [[nodiscard]] Result<Outcome> set(const Asker& asker, const admin::Command& command);
    [[nodiscard]] Result<Outcome> wait_for(const Asker& asker, const admin::Command& command, Result<PoolControl::Pools> pools);
    [[nodiscard]] Result<Outcome> kill_client(const std::string& id);
    [[nodiscard]] Result<Outcome> reload();
    [[nodiscard]] Result<Outcome> shut_down(admin::ShutdownMode mode);
    [[nodiscard]] bool has_come_true(const Pending& waiting);

    Sources sources_;
    PoolControl& pools_;
    Host host_;
    std::vector<Pending> pending_;
};

}  // namespace cenote::app
