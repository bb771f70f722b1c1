#include "dataplane/config/config_builder.hpp"

#include "dataplane/config/connection_string.hpp"
#include "dataplane/config/setting.hpp"
#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

constexpr std::string_view kConsole = "pgbouncer";  // the console's database, under the name that monitoring asks for
constexpr std::int64_t kMaxPeerId = 16383;

class ConfigBuilder {
public:
    ConfigBuilder(const std::string& path, Diagnostics& diagnostics) : path_(path), diagnostics_(diagnostics) {}

    Config build(const Document& document, const std::vector<Override>& overrides) {
        config_.path = path_;
        config_.conffile = path_;
        for (const Parameter& parameter : document.settings) {
            set(config_, Scope::kGlobal, parameter);
            setting_places_[parameter.name] = parameter.where;
        }
        for (const Override& change : overrides) {
            set(config_, Scope::kGlobal, {change.name, change.value, {change.origin, 0}});
            setting_places_[change.name] = {change.origin, 0};
        }
        for (const Line& line : document.lines) {
            add_line(line);
        }
        check_whole();
        config_.files = document.files;
        if (!config_.auth_file.empty()) {
            config_.files.push_back(config_.auth_file);
        }
        config_.warnings = diagnostics_.warnings();
        return std::move(config_);
    }

private:
    template <class Owner>
    void set(Owner& owner, Scope scope, const Parameter& parameter) {
        const Setting* setting = find_setting(scope, parameter.name);
        if (setting == nullptr) {
            diagnostics_.error(parameter.where, unknown_setting(scope, parameter.name));
            return;
        }
        const bool matters = setting->support == Support::kWorks;
        const std::optional<Owner> before = matters ? std::nullopt : std::optional(owner);
        if (const Result<void> assigned = assign_setting(*setting, owner, parameter.value); !assigned) {
            diagnostics_.error(parameter.where, assigned.error().message);
        } else if (before && owner != *before) {
            diagnostics_.warning(parameter.where, fmt::format("{} has no effect yet", setting->name));
        }
    }

    // In "password=a b=c" the unknown "b" is most likely a piece of the password.
    void set_all(auto& owner, const Line& line) {
        const Location* secret_at = nullptr;
        for (const Parameter& parameter : line.parameters) {
            const bool behind_secret = secret_at != nullptr && secret_at->line == parameter.where.line;
            if (behind_secret && find_setting(line.scope, parameter.name) == nullptr) {
                diagnostics_.error(
                    parameter.where, "unknown parameter behind a password (a password with blanks stands in quotes: password='…')"
                );
                continue;
            }
            set(owner, line.scope, parameter);
            secret_at = is_secret(parameter.name) ? &parameter.where : secret_at;
        }
    }

    void add_line(const Line& line) {
        switch (line.scope) {
            case Scope::kDatabase:
                add_database(line);
                break;
            case Scope::kUser:
                add_user(line);
                break;
            case Scope::kPeer:
                add_peer(line);
                break;
            case Scope::kGlobal:
                break;
        }
    }

    void add_database(const Line& line) {
        if (line.name == kConsole) {
            diagnostics_.error(line.where, fmt::format("database name \"{}\" is reserved for the admin console", line.name));
            return;
        }
        Database database;
        database.name = line.name;
        set_all(database, line);
        if (!database.password.empty() && database.user.empty()) {
            diagnostics_.warning(line.where, fmt::format("database \"{}\": password has no effect without user", line.name));
        }
        database_places_[line.name] = line.where;
        if (line.name == "*") {
            config_.fallback_database = std::move(database);
            return;
        }
        if (database.dbname.empty()) {
            database.dbname = line.name;
        }
        config_.databases.insert_or_assign(line.name, std::move(database));
    }

    void add_user(const Line& line) {
        User made;
        made.name = line.name;
        set_all(made, line);
        config_.users.insert_or_assign(line.name, std::move(made));
    }

    void add_peer(const Line& line) {
        const Result<std::int64_t> id = parse_integer(line.name);
        if (!id || *id < 1 || *id > kMaxPeerId) {
            diagnostics_.error(line.where, fmt::format("peer id \"{}\" is not a number between 1 and {}", line.name, kMaxPeerId));
            return;
        }
        Peer peer;
        peer.id = static_cast<int>(*id);
        set_all(peer, line);
        if (peer.host.empty()) {
            diagnostics_.error(line.where, fmt::format("peer {} has no host", peer.id));
            return;
        }
        std::erase_if(config_.peers, [&](const Peer& other) { return other.id == peer.id; });
        config_.peers.push_back(std::move(peer));
    }

    void check_whole() {
        if (config_.listen_addr.empty() && config_.unix_socket_dir.empty()) {
            diagnostics_.error(place_of("unix_socket_dir"), "nowhere to listen on: listen_addr and unix_socket_dir are both empty");
        }
        if (config_.http_port != 0 && config_.http_port == config_.listen_port && !config_.listen_addr.empty()) {
            diagnostics_.error(place_of("http_port"), fmt::format("http_port and listen_port are both {}", config_.http_port));
        }
        if (config_.auth_file.empty() && config_.auth_type >= AuthType::kTrust) {
            diagnostics_.warning(
                place_of("auth_type"), fmt::format("auth_type {} without auth_file: no client can log in", to_string(config_.auth_type))
            );
        }
        check_pool_sizes();
    }

    // Allowed by PgBouncer, which caps the minimum silently.
    void check_pool_sizes() {
        const auto warn = [&](const Location& where, const std::string& what, int least, int most) {
            if (most > 0 && least > most) {
                diagnostics_.warning(
                    where, fmt::format("{}min_pool_size {} is larger than the pool size {} and is capped at it", what, least, most)
                );
            }
        };
        warn(place_of("min_pool_size"), "", config_.min_pool_size, config_.default_pool_size);
        for (const auto& [name, database] : config_.databases) {
            if (database.min_pool_size || database.pool_size) {
                const int most = config_.pool_size_for(database, nullptr);
                warn(database_places_[name], fmt::format("database \"{}\": ", name), config_.min_pool_size_for(database), most);
            }
        }
    }

    [[nodiscard]] Location place_of(const std::string& setting) const {
        const auto found = setting_places_.find(setting);
        return found == setting_places_.end() ? Location{path_, 0} : found->second;
    }

    const std::string& path_;
    Diagnostics& diagnostics_;
    Config config_;
    std::map<std::string, Location> setting_places_;
    std::map<std::string, Location> database_places_;
};

}  // namespace

Config build_config(const std::string& path, const Document& document, const std::vector<Override>& overrides, Diagnostics& diagnostics) {
    return ConfigBuilder(path, diagnostics).build(document, overrides);
}

}  // namespace cenote::config
