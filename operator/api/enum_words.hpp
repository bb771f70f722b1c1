// The CamelCase words of each enumeration of the resource, once: for writing, parsing, and comparing with the schema.
#pragma once

#include "operator/api/connection_pool.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace cenote::api {

template <class E>
struct EnumWords;

template <>
struct EnumWords<TlsMode> {
    static constexpr std::array words{
        std::pair{TlsMode::kDisable, std::string_view{"Disable"}}, std::pair{TlsMode::kPrefer, std::string_view{"Prefer"}},
        std::pair{TlsMode::kRequire, std::string_view{"Require"}}, std::pair{TlsMode::kVerifyCA, std::string_view{"VerifyCA"}},
        std::pair{TlsMode::kVerifyFull, std::string_view{"VerifyFull"}}
    };
};
template <>
struct EnumWords<TargetKind> {
    static constexpr std::array words{
        std::pair{TargetKind::kDeployment, std::string_view{"Deployment"}},
        std::pair{TargetKind::kStatefulSet, std::string_view{"StatefulSet"}}
    };
};
template <>
struct EnumWords<UpdateMode> {
    static constexpr std::array words{
        std::pair{UpdateMode::kOff, std::string_view{"Off"}}, std::pair{UpdateMode::kInitial, std::string_view{"Initial"}},
        std::pair{UpdateMode::kAuto, std::string_view{"Auto"}}
    };
};
template <>
struct EnumWords<PoolMode> {
    static constexpr std::array words{
        std::pair{PoolMode::kSession, std::string_view{"Session"}}, std::pair{PoolMode::kTransaction, std::string_view{"Transaction"}},
        std::pair{PoolMode::kStatement, std::string_view{"Statement"}}
    };
};
template <>
struct EnumWords<Switch> {
    static constexpr std::array words{
        std::pair{Switch::kDisabled, std::string_view{"Disabled"}}, std::pair{Switch::kEnabled, std::string_view{"Enabled"}}
    };
};
template <>
struct EnumWords<DesiredRunState> {
    static constexpr std::array words{
        std::pair{DesiredRunState::kRunning, std::string_view{"Running"}}, std::pair{DesiredRunState::kPaused, std::string_view{"Paused"}}
    };
};
template <>
struct EnumWords<LimitedBy> {
    static constexpr std::array words{
        std::pair{LimitedBy::kNone, std::string_view{"None"}},
        std::pair{LimitedBy::kServerBudget, std::string_view{"ServerBudget"}},
        std::pair{LimitedBy::kServerUnknown, std::string_view{"ServerUnknown"}},
        std::pair{LimitedBy::kMaxServerConnections, std::string_view{"MaxServerConnections"}},
        std::pair{LimitedBy::kMaxDemand, std::string_view{"MaxDemand"}},
        std::pair{LimitedBy::kUpdateMode, std::string_view{"UpdateMode"}},
        std::pair{LimitedBy::kWaitingForOthers, std::string_view{"WaitingForOthers"}}
    };
};
template <>
struct EnumWords<ConditionStatus> {
    static constexpr std::array words{
        std::pair{ConditionStatus::kTrue, std::string_view{"True"}}, std::pair{ConditionStatus::kFalse, std::string_view{"False"}},
        std::pair{ConditionStatus::kUnknown, std::string_view{"Unknown"}}
    };
};

template <class E>
[[nodiscard]] constexpr std::string_view word_of(E value) {
    for (const auto& [candidate, word] : EnumWords<E>::words) {
        if (candidate == value) {
            return word;
        }
    }
    return {};
}

template <class E>
[[nodiscard]] constexpr std::optional<E> find_word(std::string_view text) {
    for (const auto& [candidate, word] : EnumWords<E>::words) {
        if (word == text) {
            return candidate;
        }
    }
    return std::nullopt;
}

}  // namespace cenote::api
