#include "dataplane/session/parameters.hpp"

#include <fmt/format.h>

#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace cenote::session {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Quoted so that no value can end the literal: quotes doubled, and E'' with doubled backslashes when there are any.
std::string literal(std::string_view value) {
    std::string text = value.find('\\') == std::string_view::npos ? "'" : " E'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            text.push_back(c);
        }
        text.push_back(c);
    }
    text.push_back('\'');
    return text;
}

}  // namespace

TrackedNames::TrackedNames(const std::vector<std::string>& extra)
    : names_{"client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "application_name"} {
    for (const auto& name : extra) {
        if (!name.empty() && index_of(name) < 0) {
            names_.push_back(name);
        }
    }
}

int TrackedNames::index_of(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (same_name(names_[i], name)) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

Parameters with_value(const Parameters& set, std::size_t index, std::string_view value, std::size_t count) {
    auto copy = set ? std::make_shared<ParameterSet>(*set) : std::make_shared<ParameterSet>();
    copy->values.resize(std::max(count, copy->values.size()));
    copy->values[index] = value;
    return copy;
}

std::string difference(const TrackedNames& names, const ParameterSet& client, const ParameterSet& server) {
    std::string sql;
    for (std::size_t i = 0; i < client.values.size(); ++i) {
        const auto& wanted = client.values[i];
        const bool known = !wanted.empty() || (i == TrackedNames::kApplicationName && i < server.values.size());
        if (!known || (i < server.values.size() && server.values[i] == wanted)) {
            continue;
        }
        sql += fmt::format("SET {}={};", names.names()[i], literal(wanted));
    }
    return sql;
}

std::string canonical_encoding(std::string_view name) {
    std::string key;
    for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            key.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
        }
    }
    // src/common/encnames.c of PostgreSQL: the aliases drivers really send.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames{{
        {"utf8", "UTF8"},
        {"unicode", "UTF8"},
        {"latin1", "LATIN1"},
        {"iso88591", "LATIN1"},
        {"sqlascii", "SQL_ASCII"},
        {"win1252", "WIN1252"},
        {"windows1252", "WIN1252"},
        {"latin9", "LATIN9"},
        {"iso885915", "LATIN9"},
    }};
    for (const auto& [alias, canonical] : kNames) {
        if (alias == key) {
            return std::string(canonical);
        }
    }
    return std::string(name);
}

}  // namespace cenote::session
