#include "operator/database/refusal.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cenote::database {
namespace {

// The first that fits counts.
constexpr std::array kReasons{
    std::pair<std::string_view, std::string_view>{"password authentication failed", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"authentication failed", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"no pg_hba.conf entry", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"is not permitted to log in", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"no password supplied", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"permission denied for database", "LoginRefused"},
    std::pair<std::string_view, std::string_view>{"too many clients", "TooManyConnections"},
    std::pair<std::string_view, std::string_view>{"remaining connection slots", "TooManyConnections"},
    std::pair<std::string_view, std::string_view>{"too many connections", "TooManyConnections"},
    std::pair<std::string_view, std::string_view>{"cannot resolve", "NameNotFound"},
    std::pair<std::string_view, std::string_view>{"Connection refused", "ConnectionRefused"},
    std::pair<std::string_view, std::string_view>{"connection refused", "ConnectionRefused"},
    std::pair<std::string_view, std::string_view>{"did not answer in time", "Timeout"},
    std::pair<std::string_view, std::string_view>{"timed out", "Timeout"},
    std::pair<std::string_view, std::string_view>{"timeout", "Timeout"},
};

}  // namespace

std::string_view refusal_reason(std::string_view message) {
    const bool missing = message.find("does not exist") != std::string_view::npos;
    if (missing && message.find("database \"") != std::string_view::npos) {
        return "DatabaseMissing";
    }
    if (missing && message.find("role \"") != std::string_view::npos) {
        return "LoginRefused";
    }
    const auto* found = std::find_if(kReasons.begin(), kReasons.end(), [message](const auto& entry) {
        return message.find(entry.first) != std::string_view::npos;
    });
    return found == kReasons.end() ? "NoAnswer" : found->second;
}

bool is_lasting(std::string_view reason) { return reason == "LoginRefused" || reason == "DatabaseMissing" || reason == "NameNotFound"; }

}  // namespace cenote::database
