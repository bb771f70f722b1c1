// The value of a line in [databases], [users] and [peers]: name=value pairs with spaces between them, quoted as name='it''s'.
#pragma once

#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {

/// Whether the value of a parameter of this name is not to be shown; mistyped names count ("passwrd").
[[nodiscard]] bool is_secret(std::string_view name);

/// "syntax error in connection string: …" for a name without '=', a missing value (PgBouncer takes none), an open quote.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_connection_string(std::string_view text);

}  // namespace cenote::config
