#include "dataplane/config/ini_writer.hpp"

#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

bool is_plain(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '*';
    });
}

/// `text` between quotes, those inside it doubled.
std::string quoted(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        out.append(c == quote ? 2U : 1U, c);
    }
    out.push_back(quote);
    return out;
}

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos; }

}  // namespace

std::string write_ini_key(std::string_view name) { return is_plain(name) ? std::string(name) : quoted(name, '"'); }

std::string write_connection_string(const KeyValues& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        if (value.empty()) {
            continue;
        }
        const bool plain = value.find_first_of(" \t\n\r\v\f'") == std::string::npos;
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, plain ? value : quoted(value, '\''));
    }
    return text;
}

Result<std::string> write_ini(const std::vector<IniSection>& sections, std::string_view comment) {
    std::string text;
    while (!comment.empty()) {
        const auto end = comment.find('\n');
        text += fmt::format("; {}\n", comment.substr(0, end));
        comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
    }
    for (const IniSection& section : sections) {
        if (has_line_break(section.name) || section.name.find(']') != std::string::npos) {
            return Error{.message = fmt::format("[{}] cannot be the name of a section", section.name)};
        }
        text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section.name);
        for (const auto& [name, value] : section.entries) {
            if (name.empty() || has_line_break(name)) {
                return Error{.message = fmt::format("\"{}\" cannot be a name in an ini file", name)};
            }
            if (has_line_break(value) || value != trim(value)) {
                // Not shown: it may be a connection string with a password.
                return Error{
                    .message = fmt::format("{}: an ini file cannot hold a value with line breaks or with blanks at its ends", name)
                };
            }
            text += fmt::format("{} ={}{}\n", write_ini_key(name), value.empty() ? "" : " ", value);
        }
    }
    return text;
}

}  // namespace cenote::config
