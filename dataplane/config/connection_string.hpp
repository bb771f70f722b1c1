// The value of a line in [databases], [users] and [peers]: name=value pairs with spaces between them, quoted as name='it''s'.
#pragma once

#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {

/// "syntax error in connection string: …" for a name without '=', a missing value (PgBouncer takes none), an open quote.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_connection_string(std::string_view text);

}  // namespace cenote::config
