// The console's commands. SHOW answers at once; PAUSE, SUSPEND and WAIT_CLOSE answer when they have come true.
#include "dataplane/admin/show.hpp"
#include "dataplane/app/application.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/config/config_loader.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_type.hpp"

#include <charconv>

namespace cenote::app {

using admin::Verb;

void Application::reply_error(worker::ClientRef client, const Error& error) {
    protocol::MessageWriter out;
    protocol::write_error(out, "ERROR", error.sqlstate, error.message);
    protocol::write_ready_for_query(out, 'I');
    process_->workers[client.worker]->admin_reply(client, out.take());
}

void Application::reply(worker::ClientRef client, const admin::Command& command) {
    protocol::MessageWriter out;
    protocol::write_command_complete(out, admin::command_tag(command));
    protocol::write_ready_for_query(out, 'I');
    process_->workers[client.worker]->admin_reply(client, out.take());
}

void Application::on_console(worker::ClientRef client, admin::Access access, const std::string& sql) {
    if (sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
        protocol::MessageWriter out;
        out.message('I', "");  // EmptyQueryResponse
        protocol::write_ready_for_query(out, 'I');
        process_->workers[client.worker]->admin_reply(client, out.take());
        return;
    }
    const auto command = admin::parse_command(sql);
    if (!command) {
        reply_error(client, command.error());
        return;
    }
    if (admin::required_access(*command) == admin::Access::kAdmin && access != admin::Access::kAdmin) {
        reply_error(client, Error{std::string(admin::kAdminAccessNeeded), "42501"});
        return;
    }
    if (command->verb != Verb::kShow) {
        log::info("console: {}", sql);
    }
    if (auto done = run_command(client, *command); !done) {
        reply_error(client, done.error());
    }
}

Result<std::vector<worker::SharedPool*>> Application::pools_of(const std::string& database) const {
    auto all = process_->registry.pools();
    if (database.empty()) {
        return all;
    }
    if (!runtime()->config->resolve_database(database)) {
        return Error{fmt::format("no such database: {}", database)};
    }
    std::erase_if(all, [&](const worker::SharedPool* pool) { return pool->database.name != database; });
    return all;
}

void Application::set_ledgers_paused(const std::vector<worker::SharedPool*>& pools, bool paused) {
    for (worker::SharedPool* pool : pools) {
        {
            const std::lock_guard lock(pool->mutex);
            pool->ledger.set_paused(paused);
        }
        if (!paused) {
            auto& keeper = *process_->workers[pool->index % process_->workers.size()];
            keeper.post([&keeper, pool] { keeper.serve_waiters(*pool); });
        }
    }
}

// Every open server is closed as soon as it is nobody's.
void Application::renew(const std::vector<worker::SharedPool*>& pools) {
    for (worker::SharedPool* pool : pools) {
        ++pool->epoch;
        for (const auto& worker : process_->workers) {
            worker->post([&target = *worker, pool] { target.close_idle_servers(*pool); });
        }
    }
}

Result<void> Application::pause(const std::string& database) {
    const auto pools = pools_of(database);
    if (!pools) {
        return pools.error();
    }
    if (database.empty()) {
        if (paused_ || suspended_) {
            return Error{"already suspended/paused"};
        }
        paused_ = true;
        process_->registry.set_paused(true);
    } else {
        const auto line = runtime()->config->resolve_database(database);
        process_->registry.database(*runtime(), *line).paused = true;
    }
    const auto all = pools_of(database);  // asked again: one that was made before the flag was set would go on
    set_ledgers_paused(*all, true);
    renew(*all);
    return {};
}

Result<void> Application::resume(const std::string& database) {
    if (ending_ != Ending::kNone) {
        return Error{"pooler is shutting down"};
    }
    const auto pools = pools_of(database);
    if (!pools) {
        return pools.error();
    }
    if (database.empty()) {
        if (!paused_ && !suspended_) {
            return Error{"pooler is not paused/suspended"};
        }
        paused_ = suspended_ = false;
        process_->registry.set_paused(false);
        auto running = process_->registry.pools();  // asked only now: one that was made meanwhile was made paused
        std::erase_if(running, [](const worker::SharedPool* pool) { return pool->database.paused.load(); });
        set_ledgers_paused(running, false);
        return {};
    }
    auto* state = process_->registry.find_database(database);
    if (state == nullptr || !state->paused) {
        return Error{fmt::format("database {} is not paused", database)};
    }
    state->paused = false;
    if (!paused_ && !suspended_) {
        set_ledgers_paused(*pools, false);
    }
    return {};
}

void Application::on_console_cancel(worker::ClientRef client) {
    for (const auto& waiting : std::exchange(pending_, {})) {
        if (waiting.client.id != client.id) {
            pending_.push_back(waiting);
            continue;
        }
        if (waiting.command.verb != Verb::kWaitClose) {
            static_cast<void>(resume(waiting.command.argument));
        }
        reply_error(client, Error{"canceled by user", "57014"});
    }
}

void Application::check_pending() {
    for (const auto& waiting : std::exchange(pending_, {})) {
        bool done = true;
        if (waiting.command.verb == Verb::kWaitClose) {
            admin::Snapshot snapshot;
            socket_rows(*process_, snapshot, false, true);
            for (const auto& row : snapshot.servers) {
                const bool asked = waiting.command.argument.empty() || row.database == waiting.command.argument;
                done = done && !(row.close_needed && asked);
            }
        } else {
            for (worker::SharedPool* pool : waiting.pools) {
                const std::lock_guard lock(pool->mutex);
                done = done && (waiting.command.verb == Verb::kSuspend ? pool->ledger.leased() == 0 : pool->ledger.total() == 0);
            }
        }
        if (done) {
            reply(waiting.client, waiting.command);
        } else {
            pending_.push_back(waiting);
        }
    }
}

Result<void> Application::run_command(worker::ClientRef client, const admin::Command& command) {
    const auto wait_for = [&](std::vector<worker::SharedPool*> pools) {
        pending_.push_back({client, command, std::move(pools)});
        every(std::chrono::milliseconds(20), pending_timer_, [this] {
            check_pending();
            return !pending_.empty();
        });
    };
    const auto done = [&](Result<void> result) {
        if (result) {
            reply(client, command);
        }
        return result;
    };
    switch (command.verb) {
        case Verb::kShow:
            show(client, command);
            return {};
        case Verb::kSet: {
            if (admin::is_faked_parameter(command.argument)) {
                protocol::MessageWriter out;
                admin::write_notice("SET ignored", "", out);
                protocol::write_command_complete(out, "SET");
                protocol::write_ready_for_query(out, 'I');
                process_->workers[client.worker]->admin_reply(client, out.take());
                return {};
            }
            auto changed = config::with_setting(*runtime()->config, command.argument, command.value);
            if (!changed) {
                return Error{fmt::format("SET failed: {}", changed.error().message)};
            }
            apply(with_config(*runtime(), *changed));
            return done({});
        }
        case Verb::kPause: {
            auto pools = pools_of(command.argument);
            if (auto paused = pause(command.argument); !paused) {
                return paused;
            }
            wait_for(std::move(*pools));
            return {};
        }
        case Verb::kSuspend:
            if (paused_ || suspended_) {
                return Error{"already suspended/paused"};
            }
            suspended_ = true;
            process_->registry.set_paused(true);
            set_ledgers_paused(process_->registry.pools(), true);
            wait_for(process_->registry.pools());
            return {};
        case Verb::kResume:
            return done(resume(command.argument));
        case Verb::kReconnect: {
            auto pools = pools_of(command.argument);
            if (!pools) {
                return pools.error();
            }
            renew(*pools);
            return done({});
        }
        case Verb::kKill: {
            if (!command.argument.empty() && !runtime()->config->resolve_database(command.argument)) {
                return Error{fmt::format("no such database: {}", command.argument)};
            }
            if (auto paused = pause(command.argument); !paused) {
                return paused;
            }
            const auto pools = pools_of(command.argument);
            on_each_worker(*process_, [&](worker::Worker& worker) {
                for (worker::SharedPool* pool : *pools) {
                    worker.kill_pool(*pool);
                }
            });
            return done({});
        }
        case Verb::kKillClient: {
            std::uint64_t id = 0;
            const auto& text = command.argument;
            const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
            if (failure != std::errc{} || end != text.data() + text.size()) {
                return Error{"invalid client pointer supplied"};
            }
            bool found = false;
            on_each_worker(*process_, [&](worker::Worker& worker) { found = found || worker.kill_client(id); });
            return found ? done({}) : Error{"client not found"};
        }
        case Verb::kDisable:
        case Verb::kEnable: {
            const auto line = runtime()->config->resolve_database(command.argument);
            if (!line) {
                return Error{fmt::format("no such database: {}", command.argument)};
            }
            process_->registry.database(*runtime(), *line).disabled = command.verb == Verb::kDisable;
            return done({});
        }
        case Verb::kReload: {
            if (auto loaded = reload(Asked::kBySomebody); !loaded) {
                return Error{fmt::format("RELOAD failed, see logs for additional details: {}", loaded.error().message), "F0000"};
            }
            return done({});
        }
        case Verb::kWaitClose: {
            auto pools = pools_of(command.argument);
            if (!pools) {
                return pools.error();
            }
            wait_for(std::move(*pools));
            return {};
        }
        case Verb::kShutdown:
            switch (command.shutdown) {
                case admin::ShutdownMode::kImmediate:
                    io_.stop();
                    return {};
                case admin::ShutdownMode::kWaitForServers:
                    shut_down(Ending::kWaitForServers);
                    return done({});
                case admin::ShutdownMode::kWaitForClients:
                    shut_down(Ending::kWaitForClients);
                    return done({});
            }
    }
    return Error{"bad arguments"};
}

void Application::show(worker::ClientRef client, const admin::Command& command) {
    protocol::MessageWriter out;
    if (command.show == admin::Show::kHelp) {
        admin::write_notice(admin::kHelpTitle, admin::help_text(), out);
        protocol::write_command_complete(out, "SHOW");
        protocol::write_ready_for_query(out, 'I');
        process_->workers[client.worker]->admin_reply(client, out.take());
        return;
    }
    if (command.show == admin::Show::kFds) {
        reply_error(client, Error{"SHOW FDS is not supported: descriptors are not handed to another process", "0A000"});
        return;
    }
    const auto current = runtime();
    admin::Snapshot snapshot;
    snapshot.version = process_->version;
    using admin::Show;
    const bool clients = command.show == Show::kClients || command.show == Show::kSockets || command.show == Show::kActiveSockets;
    const bool servers = command.show == Show::kServers || command.show == Show::kSockets || command.show == Show::kActiveSockets;
    if (clients || servers) {
        socket_rows(*process_, snapshot, clients, servers);
    }
    snapshot.pools = pool_rows(*process_);
    snapshot.databases = database_rows(*process_, *current);
    snapshot.users = user_rows(*process_, *current);
    const auto elapsed = std::chrono::duration_cast<config::Microseconds>(latest_mark_.at - previous_mark_.at);
    for (const auto& [name, total] : stats_totals(*process_)) {
        snapshot.stats.push_back({name, total, admin::averages(previous_mark_.totals[name], latest_mark_.totals[name], elapsed)});
    }
    snapshot.lists = lists_row(*process_, *current);
    snapshot.state = {paused_, suspended_};
    for (const auto& known : resolver_.known()) {
        snapshot.dns.push_back({known.host, known.seconds_left, known.addresses});
    }
    const auto used = [](int count, std::size_t size, const char* name) {
        return admin::MemoryRow{name, static_cast<int>(size), count, 0, static_cast<std::int64_t>(size) * count};
    };
    snapshot.memory = {
        used(snapshot.lists.used_clients, sizeof(worker::ClientConnection), "client_cache"),
        used(snapshot.lists.used_servers, sizeof(worker::ServerConnection), "server_cache"),
        used(snapshot.lists.pools, sizeof(worker::SharedPool), "pool_cache"),
    };
    admin::write_table(admin::show(command, snapshot, *current->config), out);
    protocol::write_ready_for_query(out, 'I');
    process_->workers[client.worker]->admin_reply(client, out.take());
}

}  // namespace cenote::app
