// The one table of settings: it drives the parsers, SHOW CONFIG, SET, --set, environment variables, what the operator accepts in
// `spec.settings`, and docs/configuration.md. A setting that is not in it does not exist. Constant after start; any thread.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cenote::config {

enum class Scope { kGlobal, kDatabase, kUser, kPeer };

/// How a value is written. kSeconds: plain seconds, fractions allowed. kMode: an octal number.
enum class SettingType { kFlag, kInteger, kBytes, kSeconds, kMode, kText, kList, kEnum };

enum class Support {
    kWorks,
    kNoEffectYet,  // read, checked and shown, but nothing acts on it
};

/// Where a value lives in the snapshot's structs.
template <class Owner>
using FieldOf = std::variant<
    bool Owner::*, int Owner::*, std::int64_t Owner::*, Microseconds Owner::*, std::string Owner::*, std::vector<std::string> Owner::*,
    PoolMode Owner::*, AuthType Owner::*, LoadBalanceHosts Owner::*, IoEngine Owner::*, std::optional<int> Owner::*,
    std::optional<Microseconds> Owner::*, std::optional<PoolMode> Owner::*>;
using Field = std::variant<FieldOf<Config>, FieldOf<Database>, FieldOf<User>, FieldOf<Peer>>;

struct Setting {
    std::string_view name{};
    SettingType type = SettingType::kText;
    Field field{};
    std::optional<std::string> default_text{
    };  // of the field in a fresh struct; nullopt: shown as NULL, as PgBouncer does for what is unset
    bool unset_by_default = false;
    std::int64_t minimum = 0;  // numbers and seconds
    std::int64_t maximum = 0;
    bool reloadable = true;
    Support support = Support::kWorks;
    bool cenote_only = false;  // PgBouncer has no such setting
    std::string_view help{};
    std::vector<std::string_view> aliases{};
    std::vector<std::string_view> words{};  // kEnum, and texts of a closed list: what may stand here
    std::vector<std::string_view> refused{
    };  // values that are refused since ignoring them would weaken security; "*" = any but the empty one
};

/// All settings of a scope, alphabetical, as SHOW CONFIG prints them.
[[nodiscard]] const std::vector<Setting>& settings(Scope scope);

/// By name or alias, case-sensitive as PgBouncer; nullptr if unknown.
[[nodiscard]] const Setting* find_setting(Scope scope, std::string_view name);

/// Whether `value` may stand there: "unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)", "max_client_conn: \"x\" is not a
/// number", …
[[nodiscard]] Result<void> validate_setting(Scope scope, std::string_view name, std::string_view value);

/// The value in the form of SHOW CONFIG; nullopt = NULL.
[[nodiscard]] std::optional<std::string> value_text(const Setting& setting, const Config& config);

/// Stores a checked value; the errors are those of validate_setting. Each Owner takes only settings of its scope.
[[nodiscard]] Result<void> assign_setting(const Setting& setting, Config& owner, std::string_view value);
[[nodiscard]] Result<void> assign_setting(const Setting& setting, Database& owner, std::string_view value);
[[nodiscard]] Result<void> assign_setting(const Setting& setting, User& owner, std::string_view value);
[[nodiscard]] Result<void> assign_setting(const Setting& setting, Peer& owner, std::string_view value);

void copy_setting(const Setting& setting, const Config& from, Config& to);

/// "unknown setting \"pool_moed\" (did you mean \"pool_mode\"?)"
[[nodiscard]] std::string unknown_setting(Scope scope, std::string_view name);

struct ShownSetting {
    std::string_view name;
    std::optional<std::string> value;
    std::optional<std::string_view> default_text;
    bool changeable = true;
};

/// The rows of SHOW CONFIG.
[[nodiscard]] std::vector<ShownSetting> shown_settings(const Config& config);

/// The text of docs/configuration.md.
[[nodiscard]] std::string settings_markdown();

}  // namespace cenote::config
