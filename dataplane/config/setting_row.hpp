// How the tables of settings are written down: a Setting with a constructor that takes its type from the field's, and named marks. Only for
// the tables.
#pragma once

#include "dataplane/config/setting.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cenote::config {

inline constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();

template <class T>
constexpr SettingType setting_type() {
    if constexpr (std::is_same_v<T, bool>) {
        return SettingType::kFlag;
    } else if constexpr (std::is_same_v<T, int> || std::is_same_v<T, std::optional<int>>) {
        return SettingType::kInteger;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        return SettingType::kBytes;
    } else if constexpr (std::is_same_v<T, Microseconds> || std::is_same_v<T, std::optional<Microseconds>>) {
        return SettingType::kSeconds;
    } else if constexpr (std::is_same_v<T, std::string>) {
        return SettingType::kText;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        return SettingType::kList;
    } else {
        return SettingType::kEnum;
    }
}

struct Row : Setting {
    template <class T, class Owner>
    Row(std::string_view row_name, T Owner::* member, std::string_view row_help) {
        name = row_name;
        field = FieldOf<Owner>{member};
        type = setting_type<T>();
        help = row_help;
        maximum = kIntMax;
        if constexpr (std::is_same_v<T, PoolMode> || std::is_same_v<T, std::optional<PoolMode>>) {
            words = {"session", "transaction", "statement"};
        } else if constexpr (std::is_same_v<T, AuthType>) {
            words = {"any", "trust", "plain", "md5", "scram-sha-256", "cert", "hba", "ldap", "pam"};
        } else if constexpr (std::is_same_v<T, LoadBalanceHosts>) {
            words = {"round-robin", "disable"};
        } else if constexpr (std::is_same_v<T, IoEngine>) {
            words = {"auto", "epoll", "io_uring"};
        }
    }

    /// The default is shown as NULL.
    Row& unset() {
        unset_by_default = true;
        return *this;
    }
    /// The default in another form than values have, as PgBouncer shows it.
    Row& shown_default(std::string text) {
        default_text = std::move(text);
        return *this;
    }
    Row& range(std::int64_t low, std::int64_t high) {
        minimum = low;
        maximum = high;
        return *this;
    }
    Row& restart() {
        reloadable = false;
        return *this;
    }
    Row& no_effect_yet() {
        support = Support::kNoEffectYet;
        return *this;
    }
    Row& own() {
        cenote_only = true;
        return *this;
    }
    Row& octal() {
        type = SettingType::kMode;
        return *this;
    }
    Row& alias(std::string_view other) {
        aliases.push_back(other);
        return *this;
    }
    Row& one_of(std::vector<std::string_view> list) {
        words = std::move(list);
        return *this;
    }
    Row& refuse(std::vector<std::string_view> list) {
        refused = std::move(list);
        return *this;
    }
};

[[nodiscard]] std::vector<Setting> global_settings();
[[nodiscard]] std::vector<Setting> database_settings();
[[nodiscard]] std::vector<Setting> user_settings();
[[nodiscard]] std::vector<Setting> peer_settings();

}  // namespace cenote::config
