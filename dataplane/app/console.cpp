#include "dataplane/app/console.hpp"

#include "dataplane/admin/faked_parameters.hpp"
#include "dataplane/admin/show.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/config/config_loader.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/sqlstate.hpp"

#include <charconv>
#include <future>

namespace cenote::app {
namespace {

using admin::Verb;
namespace sqlstate = protocol::sqlstate;

void finish(const Console::Asker& asker, protocol::MessageWriter& out) {
    protocol::write_ready_for_query(out, 'I');
    asker.reply(out.take());
}

void reply_error(const Console::Asker& asker, const Error& error) {
    protocol::MessageWriter out;
    protocol::write_error(out, "ERROR", error.sqlstate, error.message);
    finish(asker, out);
}

void reply_done(const Console::Asker& asker, const admin::Command& command) {
    protocol::MessageWriter out;
    protocol::write_command_complete(out, admin::command_tag(command));
    finish(asker, out);
}

void reply_notice(const Console::Asker& asker, std::string_view title, std::string_view detail, std::string_view tag) {
    protocol::MessageWriter out;
    admin::write_notice(title, detail, out);
    protocol::write_command_complete(out, tag);
    finish(asker, out);
}

}  // namespace

void Console::on_query(const Asker& asker, admin::Access access, const std::string& sql) {
    if (sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
        protocol::MessageWriter out;
        out.message('I', "");  // EmptyQueryResponse
        finish(asker, out);
        return;
    }
    const auto command = admin::parse_command(sql);
    if (!command) {
        reply_error(asker, command.error());
        return;
    }
    if (admin::required_access(*command) == admin::Access::kAdmin && access != admin::Access::kAdmin) {
        reply_error(asker, Error{std::string(admin::kAdminAccessNeeded), sqlstate::kInsufficientPrivilege});
        return;
    }
    if (command->verb != Verb::kShow) {
        log::info("console: {}", sql);
    }
    const auto outcome = run(asker, *command);
    if (!outcome) {
        reply_error(asker, outcome.error());
    } else if (*outcome == Outcome::kDone) {
        reply_done(asker, *command);
    }
}

Result<Console::Outcome> Console::run(const Asker& asker, const admin::Command& command) {
    const auto done = [](const Result<void>& result) { return result ? Result<Outcome>(Outcome::kDone) : result.error(); };
    switch (command.verb) {
        case Verb::kShow:
            return show(asker, command);
        case Verb::kSet:
            return set(asker, command);
        case Verb::kPause:
            return wait_for(asker, command, pools_.pause(command.argument));
        case Verb::kSuspend:
            return wait_for(asker, command, pools_.suspend());
        case Verb::kWaitClose:
            return wait_for(asker, command, pools_.pools_of(command.argument));
        case Verb::kResume:
            return done(pools_.resume(command.argument));
        case Verb::kReconnect:
            return done(pools_.reconnect(command.argument));
        case Verb::kKill:
            return done(pools_.kill(command.argument));
        case Verb::kKillClient:
            return kill_client(command.argument);
        case Verb::kDisable:
            return done(pools_.set_disabled(command.argument, true));
        case Verb::kEnable:
            return done(pools_.set_disabled(command.argument, false));
        case Verb::kReload:
            return reload();
        case Verb::kShutdown:
            return shut_down(command.shutdown);
    }
    return Error{"bad arguments"};
}

Result<Console::Outcome> Console::show(const Asker& asker, const admin::Command& command) {
    if (command.show == admin::Show::kHelp) {
        reply_notice(asker, admin::kHelpTitle, admin::help_text(), "SHOW");
        return Outcome::kAnswered;
    }
    if (command.show == admin::Show::kFds) {
        return Error{"SHOW FDS is not supported: descriptors are not handed to another process", sqlstate::kFeatureNotSupported};
    }
    protocol::MessageWriter out;
    const auto config = sources_.runtime.config();
    admin::write_table(admin::show(command, collect(command.show, sources_), *config), out);
    finish(asker, out);
    return Outcome::kAnswered;
}

Result<Console::Outcome> Console::set(const Asker& asker, const admin::Command& command) {
    if (admin::is_faked_parameter(command.argument)) {
        reply_notice(asker, "SET ignored", "", "SET");
        return Outcome::kAnswered;
    }
    const auto current = sources_.runtime.get();
    auto changed = config::with_setting(*current->config, command.argument, command.value);
    if (!changed) {
        return Error{fmt::format("SET failed: {}", changed.error().message)};
    }
    host_.apply(with_config(*current, *changed));
    return Outcome::kDone;
}

Result<Console::Outcome> Console::wait_for(const Asker& asker, const admin::Command& command, Result<PoolControl::Pools> pools) {
    if (!pools) {
        return std::move(pools).error();
    }
    pending_.push_back({asker, command, std::move(*pools)});
    host_.keep_checking();
    return Outcome::kPending;
}

Result<Console::Outcome> Console::kill_client(const std::string& id) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (failure != std::errc{} || end != id.data() + id.size()) {
        return Error{"invalid client pointer supplied"};
    }
    bool found = false;
    ask_each_worker(sources_.staff, [&](worker::Worker& worker, const std::function<void()>& done) {
        worker.kill_client(number, [&found, done](bool here) {
            found = found || here;
            done();
        });
    });
    if (!found) {
        std::promise<bool> at_gate;
        sources_.staff.gate.kill_client(number, [&at_gate](bool here) { at_gate.set_value(here); });
        found = at_gate.get_future().get();
    }
    if (!found) {
        return Error{"client not found"};
    }
    return Outcome::kDone;
}

Result<Console::Outcome> Console::reload() {
    if (const auto loaded = host_.reload(); !loaded) {
        return Error{fmt::format("RELOAD failed, see logs for additional details: {}", loaded.error().message), sqlstate::kConfigFileError};
    }
    return Outcome::kDone;
}

Result<Console::Outcome> Console::shut_down(admin::ShutdownMode mode) {
    host_.shut_down(mode);
    return mode == admin::ShutdownMode::kImmediate ? Outcome::kAnswered : Outcome::kDone;
}

void Console::on_cancel(std::uint64_t id) {
    for (auto& waiting : std::exchange(pending_, {})) {
        if (waiting.asker.id != id) {
            pending_.push_back(std::move(waiting));
            continue;
        }
        if (waiting.command.verb != Verb::kWaitClose) {
            static_cast<void>(pools_.resume(waiting.command.argument));
        }
        reply_error(waiting.asker, Error{"canceled by user", sqlstate::kQueryCanceled});
    }
}

bool Console::has_come_true(const Pending& waiting) {
    if (waiting.command.verb == Verb::kWaitClose) {
        const auto& name = waiting.command.argument;
        const auto snapshot = collect(admin::Show::kServers, sources_);
        return std::none_of(snapshot.servers.begin(), snapshot.servers.end(), [&](const admin::ServerRow& row) {
            return row.close_needed && (name.empty() || row.database == name);
        });
    }
    return std::all_of(waiting.pools.begin(), waiting.pools.end(), [&](const registry::PoolRef& pool) {
        const std::lock_guard lock(pool->mutex);
        return waiting.command.verb == Verb::kSuspend ? pool->ledger.leased() == 0 : pool->ledger.total() == 0;
    });
}

bool Console::check_pending() {
    for (auto& waiting : std::exchange(pending_, {})) {
        if (has_come_true(waiting)) {
            reply_done(waiting.asker, waiting.command);
        } else {
            pending_.push_back(std::move(waiting));
        }
    }
    return !pending_.empty();
}

}  // namespace cenote::app
