#include "dataplane/config/setting.hpp"

#include "dataplane/config/nearest_name.hpp"
#include "dataplane/config/setting_row.hpp"
#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace cenote::config {
namespace {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

Error refused_error(const Setting& setting, std::string_view value) {
    return {
        .message =
            fmt::format("{} \"{}\" is not supported yet and is refused, since ignoring it would weaken security", setting.name, value)
    };
}

bool is_refused(const Setting& setting, std::string_view value) {
    return std::any_of(setting.refused.begin(), setting.refused.end(), [&](std::string_view word) {
        return word == "*" ? !value.empty() : to_lower(value) == word;
    });
}

Error not_one_of(const Setting& setting, std::string_view value) {
    return {.message = fmt::format("{}: \"{}\" is not one of {}", setting.name, value, fmt::join(setting.words, ", "))};
}

/// The index of `value` among the words, or nullopt.
std::optional<std::size_t> word_index(const Setting& setting, std::string_view value) {
    const auto found = std::find(setting.words.begin(), setting.words.end(), to_lower(value));
    if (found == setting.words.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - setting.words.begin());
}

Result<std::int64_t> number_in_range(const Setting& setting, std::string_view value, std::int64_t low) {
    const Result<std::int64_t> number = parse_integer(value);
    if (!number) {
        return with_context(setting.name, number.error());
    }
    if (*number < low || *number > setting.maximum) {
        return Error{.message = fmt::format("{}: {} is not between {} and {}", setting.name, value, low, setting.maximum)};
    }
    return number;
}

Result<Microseconds> seconds_in_range(const Setting& setting, std::string_view value) {
    const Result<Microseconds> seconds = parse_seconds(value);
    if (!seconds) {
        return with_context(setting.name, seconds.error());
    }
    if (*seconds < std::chrono::seconds{setting.minimum}) {
        return Error{.message = fmt::format("{}: {} is less than {}", setting.name, value, setting.minimum)};
    }
    return seconds;
}

// In a section's line PgBouncer takes -1 for "not set".
bool is_unset(std::string_view value) { return value == "-1"; }

template <class T>
Result<void> parse_into(const Setting& setting, std::string_view value, T& target) {
    if constexpr (std::is_same_v<T, bool>) {
        const Result<bool> flag = parse_flag(value);
        if (!flag) {
            return with_context(setting.name, flag.error());
        }
        target = *flag;
        if (target && is_refused(setting, "1")) {
            return refused_error(setting, value);
        }
    } else if constexpr (std::is_same_v<T, int> || std::is_same_v<T, std::int64_t>) {
        const Result<std::int64_t> number = number_in_range(setting, value, setting.minimum);
        if (!number) {
            return number.error();
        }
        target = static_cast<T>(*number);
    } else if constexpr (std::is_same_v<T, Microseconds>) {
        const Result<Microseconds> seconds = seconds_in_range(setting, value);
        if (!seconds) {
            return seconds.error();
        }
        target = *seconds;
    } else if constexpr (IsOptional<T>::value) {
        if (is_unset(value)) {
            target.reset();
            return {};
        }
        typename T::value_type inner{};
        Result<void> parsed = parse_into(setting, value, inner);
        if (parsed) {
            target = inner;
        }
        return parsed;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        target = parse_list(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!setting.words.empty() && !word_index(setting, value)) {
            return not_one_of(setting, value);
        }
        if (is_refused(setting, value)) {
            return refused_error(setting, value);
        }
        target = setting.words.empty() ? std::string(value) : to_lower(value);
    } else {
        const std::optional<std::size_t> index = word_index(setting, value);
        if (!index) {
            return not_one_of(setting, value);
        }
        if (is_refused(setting, value)) {
            return refused_error(setting, value);
        }
        if constexpr (std::is_same_v<T, LoadBalanceHosts>) {
            target = *index == 0 ? LoadBalanceHosts::kRoundRobin : LoadBalanceHosts::kDisable;
        } else {
            target = static_cast<T>(*index);  // the words stand in the enumerators' order; the round-trip test holds them to it
        }
    }
    return {};
}

template <class Owner>
Result<void> assign(const Setting& setting, Owner& owner, std::string_view value) {
    const auto* field = std::get_if<FieldOf<Owner>>(&setting.field);
    CENOTE_CHECK(field != nullptr);
    return std::visit([&](auto member) { return parse_into(setting, value, owner.*member); }, *field);
}

template <class T>
std::string text_of(const Setting& setting, const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "1" : "0";
    } else if constexpr (std::is_same_v<T, int> || std::is_same_v<T, std::int64_t>) {
        return fmt::format("{}", value);
    } else if constexpr (std::is_same_v<T, Microseconds>) {
        return seconds_text(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return value;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        return list_text(value);
    } else if constexpr (IsOptional<T>::value) {
        return value ? text_of(setting, *value) : std::string();
    } else {
        return std::string(to_string(value));
    }
}

// A default stands in one place: the struct's. In the sections' lines an empty text means that the line says nothing.
template <class Owner>
std::vector<Setting> with_defaults(std::vector<Setting> rows) {
    const Owner fresh;
    for (Setting& row : rows) {
        const auto* field = std::get_if<FieldOf<Owner>>(&row.field);
        CENOTE_CHECK(field != nullptr);
        std::string text = std::visit([&](auto member) { return text_of(row, fresh.*member); }, *field);
        const bool says_nothing = !std::is_same_v<Owner, Config> && text.empty();
        if (!row.default_text && !row.unset_by_default && !says_nothing) {
            row.default_text = std::move(text);
        }
    }
    return rows;
}

}  // namespace

const std::vector<Setting>& settings(Scope scope) {
    static const std::vector<Setting> global = with_defaults<Config>(global_settings());
    static const std::vector<Setting> database = with_defaults<Database>(database_settings());
    static const std::vector<Setting> user = with_defaults<User>(user_settings());
    static const std::vector<Setting> peer = with_defaults<Peer>(peer_settings());
    switch (scope) {
        case Scope::kGlobal:
            return global;
        case Scope::kDatabase:
            return database;
        case Scope::kUser:
            return user;
        case Scope::kPeer:
            return peer;
    }
    return global;
}

const Setting* find_setting(Scope scope, std::string_view name) {
    for (const Setting& setting : settings(scope)) {
        if (setting.name == name || std::find(setting.aliases.begin(), setting.aliases.end(), name) != setting.aliases.end()) {
            return &setting;
        }
    }
    return nullptr;
}

std::string unknown_setting(Scope scope, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Setting& setting : settings(scope)) {
        names.push_back(setting.name);
        names.insert(names.end(), setting.aliases.begin(), setting.aliases.end());
    }
    std::string_view kind = "setting";
    if (scope != Scope::kGlobal) {
        kind = scope == Scope::kUser ? "user parameter" : "connection parameter";
    }
    const std::string_view near = nearest_name(name, names);
    if (near.empty()) {
        return fmt::format("unknown {} \"{}\"", kind, name);
    }
    return fmt::format("unknown {} \"{}\" (did you mean \"{}\"?)", kind, name, near);
}

Result<void> assign_setting(const Setting& setting, Config& owner, std::string_view value) { return assign(setting, owner, value); }
Result<void> assign_setting(const Setting& setting, Database& owner, std::string_view value) { return assign(setting, owner, value); }
Result<void> assign_setting(const Setting& setting, User& owner, std::string_view value) { return assign(setting, owner, value); }
Result<void> assign_setting(const Setting& setting, Peer& owner, std::string_view value) { return assign(setting, owner, value); }

Result<void> validate_setting(Scope scope, std::string_view name, std::string_view value) {
    const Setting* setting = find_setting(scope, name);
    if (setting == nullptr) {
        return Error{.message = unknown_setting(scope, name)};
    }
    switch (scope) {
        case Scope::kGlobal: {
            Config scratch;
            return assign(*setting, scratch, value);
        }
        case Scope::kDatabase: {
            Database scratch;
            return assign(*setting, scratch, value);
        }
        case Scope::kUser: {
            User scratch;
            return assign(*setting, scratch, value);
        }
        case Scope::kPeer: {
            Peer scratch;
            return assign(*setting, scratch, value);
        }
    }
    return {};
}

std::optional<std::string> value_text(const Setting& setting, const Config& config) {
    const auto* field = std::get_if<FieldOf<Config>>(&setting.field);
    CENOTE_CHECK(field != nullptr);
    std::string text = std::visit([&](auto member) { return text_of(setting, config.*member); }, *field);
    if (text.empty() && !setting.default_text) {
        return std::nullopt;
    }
    return text;
}

void copy_setting(const Setting& setting, const Config& from, Config& to) {
    const auto* field = std::get_if<FieldOf<Config>>(&setting.field);
    CENOTE_CHECK(field != nullptr);
    std::visit([&](auto member) { to.*member = from.*member; }, *field);
}

std::vector<ShownSetting> shown_settings(const Config& config) {
    std::vector<ShownSetting> shown;
    for (const Setting& setting : settings(Scope::kGlobal)) {
        shown.push_back({setting.name, value_text(setting, config), setting.default_text, setting.reloadable});
    }
    return shown;
}

}  // namespace cenote::config
