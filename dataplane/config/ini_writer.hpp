// Sections -> the text of an ini file that ini_parser reads back unchanged. The operator renders `cenote.ini` with it.
#pragma once

#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

struct IniSection {
    std::string name;
    KeyValues entries;
};

/// A line break in a name or value cannot be written in an ini file and is refused.
[[nodiscard]] Result<std::string> write_ini(const std::vector<IniSection>& sections, std::string_view comment = {});

/// The value of a [databases] or [users] line: host=db.example port=5432 connect_query='select ''x'''. Quotes only where needed.
[[nodiscard]] std::string write_connection_string(const KeyValues& parameters);

/// The name left of '=' in [databases] and [users], quoted where it must be.
[[nodiscard]] std::string write_ini_key(std::string_view name);

}  // namespace cenote::config
