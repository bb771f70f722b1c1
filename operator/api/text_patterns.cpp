#include "operator/api/text_patterns.hpp"

#include <algorithm>

namespace cenote::api {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_or_digit(char c) { return is_lower(c) || is_digit(c); }

template <class Inner>
bool is_name(std::string_view text, Inner inner) {
    return !text.empty() && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
           std::all_of(text.begin(), text.end(), inner);
}

bool is_object_name(std::string_view text) {
    return is_name(text, [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

bool is_list_key(std::string_view text) {
    return is_name(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_host(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view{"._:/,-"}.find(c) != std::string_view::npos;
    });
}

bool is_secret_key(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view{"._-"}.find(c) != std::string_view::npos;
    });
}

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; });
}

bool is_setting_name(std::string_view text) {
    return !text.empty() && is_lower(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '_'; });
}

bool is_duration(std::string_view text) {
    if (text.empty()) {
        return false;
    }
    while (!text.empty()) {
        const auto digits = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
        const std::string_view unit = text.substr(digits);
        const std::size_t length = unit.starts_with("ms")                                                    ? 2
                                   : unit.starts_with('h') || unit.starts_with('m') || unit.starts_with('s') ? 1
                                                                                                             : 0;
        if (digits == 0 || length == 0) {
            return false;
        }
        text.remove_prefix(digits + length);
    }
    return true;
}

bool is_image(std::string_view text) { return text.find_first_of(" \t\n\r\f") == std::string_view::npos; }

bool is_pull_policy(std::string_view text) { return text == "Always" || text == "IfNotPresent" || text == "Never"; }

}  // namespace

const TextPattern kObjectNamePattern{
    "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", is_object_name, "an object's name (lower-case letters, digits, '-' and '.')"
};
const TextPattern kListKeyPattern{"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", is_list_key, "a name of lower-case letters, digits and '-'"};
const TextPattern kHostPattern{"^[A-Za-z0-9._:/,-]+$", is_host, "a host name, an address, or a comma-separated list of them"};
const TextPattern kSecretKeyPattern{"^[-._a-zA-Z0-9]+$", is_secret_key, "a key of a Secret (letters, digits, '-', '_' and '.')"};
const TextPattern kPrintablePattern{"^[^\\x00-\\x1f\\x7f]*$", is_printable, "free of control characters"};
const TextPattern kSettingNamePattern{"^[a-z][a-z0-9_]*$", is_setting_name, "a setting's name, such as query_wait_timeout"};
const TextPattern kDurationPattern{"^([0-9]+(h|ms|m|s))+$", is_duration, "a duration, such as 60s or 1m30s"};
const TextPattern kImagePattern{"^[^\\s]*$", is_image, "an image's name"};
const TextPattern kPullPolicyPattern{"^(Always|IfNotPresent|Never)$", is_pull_policy, "Always, IfNotPresent or Never"};

}  // namespace cenote::api
