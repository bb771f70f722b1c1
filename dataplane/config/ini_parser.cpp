#include "dataplane/config/ini_parser.hpp"

#include "dataplane/config/connection_string.hpp"
#include "dataplane/config/nearest_name.hpp"
#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {
namespace {

constexpr int kMaxIncludeDepth = 10;  // as PgBouncer
constexpr std::string_view kInclude = "%include";

constexpr bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '*';
}

class IniParser {
public:
    IniParser(const FileReader& reader, Document& document, Diagnostics& diagnostics)
        : reader_(reader), document_(document), diagnostics_(diagnostics) {}

    void parse_file(const std::string& path, std::string_view text, int depth) {
        document_.files.push_back(path);
        if (text.starts_with("\xEF\xBB\xBF")) {  // a byte order mark some editors write
            text.remove_prefix(3);
        }
        Location where{path, 0};
        while (!text.empty()) {
            ++where.line;
            const auto end = text.find('\n');
            parse_line(trim(text.substr(0, end)), where, depth);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }

private:
    enum class Section { kNone, kSettings, kLines, kUnknown };

    void parse_line(std::string_view line, const Location& where, int depth) {
        if (line.find('\0') != std::string_view::npos) {
            diagnostics_.error(where, "the line holds a zero byte");
            return;
        }
        if (line.starts_with('[')) {
            const auto end = line.find(']');
            if (end == std::string_view::npos) {
                diagnostics_.error(where, "syntax error: \"]\" is missing");
                return;
            }
            open_section(line.substr(1, end - 1), where);
            line = trim(line.substr(end + 1));  // PgBouncer lets more follow on the same line
        }
        if (line.empty() || line.front() == ';' || line.front() == '#') {
            return;
        }
        if (line.starts_with(kInclude) && line.size() > kInclude.size() &&
            (line[kInclude.size()] == ' ' || line[kInclude.size()] == '\t')) {
            include(std::string(trim(line.substr(kInclude.size()))), where, depth);
            return;
        }
        parse_entry(line, where);
    }

    void open_section(std::string_view name, const Location& where) {
        section_ = Section::kLines;
        if (name == "pgbouncer") {
            section_ = Section::kSettings;
        } else if (name == "databases") {
            scope_ = Scope::kDatabase;
        } else if (name == "users") {
            scope_ = Scope::kUser;
        } else if (name == "peers") {
            scope_ = Scope::kPeer;
        } else {
            section_ = Section::kUnknown;
            const std::string_view near = nearest_name(name, {"pgbouncer", "databases", "users", "peers"});
            diagnostics_.error(
                where, near.empty() ? fmt::format("unknown section [{}]", name)
                                    : fmt::format("unknown section [{}] (did you mean [{}]?)", name, near)
            );
        }
    }

    void parse_entry(std::string_view line, const Location& where) {
        std::string_view rest = line;
        const std::optional<std::string> name = take_name(rest);
        rest = trim(rest);
        if (!name || !rest.starts_with('=')) {
            diagnostics_.error(where, "syntax error: expected \"name = value\"");
            return;
        }
        if (name->empty()) {
            diagnostics_.error(where, "syntax error: the name is empty");
            return;
        }
        const std::string_view value = trim(rest.substr(1));
        switch (section_) {
            case Section::kNone:
                diagnostics_.error(where, fmt::format("\"{}\" stands before the first [section]", *name));
                break;
            case Section::kUnknown:
                break;  // said once, at the section
            case Section::kSettings:
                document_.settings.push_back({*name, std::string(value), where});
                break;
            case Section::kLines:
                add_line(*name, value, where);
                break;
        }
    }

    /// A plain or quoted name; nullopt if the quote stays open.
    static std::optional<std::string> take_name(std::string_view& rest) {
        if (!rest.starts_with('"')) {
            const auto end = std::find_if_not(rest.begin(), rest.end(), is_name_character);
            const auto length = static_cast<std::size_t>(end - rest.begin());
            std::string name(rest.substr(0, length));
            rest.remove_prefix(length);
            return name;
        }
        std::string name;
        for (rest.remove_prefix(1); !rest.empty();) {
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c == '"' && !rest.starts_with('"')) {
                return name;
            }
            if (c == '"') {
                rest.remove_prefix(1);
            }
            name.push_back(c);
        }
        return std::nullopt;
    }

    void add_line(const std::string& name, std::string_view value, const Location& where) {
        auto pairs = parse_connection_string(value);
        if (!pairs) {
            diagnostics_.error(where, pairs.error().message);
            return;
        }
        Line line{scope_, name, {}, where};
        for (auto& [parameter, text] : *pairs) {
            line.parameters.push_back({std::move(parameter), std::move(text), where});
        }
        document_.lines.push_back(std::move(line));
    }

    void include(const std::string& path, const Location& where, int depth) {
        if (depth >= kMaxIncludeDepth) {
            diagnostics_.error(where, fmt::format("%include is nested deeper than {} files", kMaxIncludeDepth));
            return;
        }
        std::string found = path;
        Result<std::string> text = reader_(path);
        if (!text && !path.starts_with('/')) {
            const auto slash = where.file.rfind('/');
            const std::string beside = slash == std::string::npos ? path : where.file.substr(0, slash + 1) + path;
            if (Result<std::string> other = reader_(beside)) {
                text = std::move(other);
                found = beside;
            }
        }
        if (!text) {
            diagnostics_.error(where, fmt::format("cannot include {}", text.error().message));
            return;
        }
        parse_file(found, *text, depth + 1);
    }

    const FileReader& reader_;
    Document& document_;
    Diagnostics& diagnostics_;
    Section section_ = Section::kNone;
    Scope scope_ = Scope::kDatabase;
};

}  // namespace

void parse_ini(const std::string& path, std::string_view text, const FileReader& reader, Document& document, Diagnostics& diagnostics) {
    IniParser(reader, document, diagnostics).parse_file(path, text, 0);
}

}  // namespace cenote::config
