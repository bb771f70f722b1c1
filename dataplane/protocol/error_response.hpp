// ErrorResponse and NoticeResponse: fields S V C M (manual, "Error and Notice Message Fields").
#pragma once

#include "dataplane/protocol/message_writer.hpp"

#include <string>
#include <string_view>

namespace cenote::protocol {

struct ErrorFields {
    std::string severity;
    std::string sqlstate;
    std::string message;
};

/// severity: ERROR, FATAL or NOTICE (which makes it a NoticeResponse).
void write_error(
    MessageWriter& out, std::string_view severity, std::string_view sqlstate, std::string_view message, std::string_view detail = {}
);

/// Absent or malformed fields stay empty: a server's error without a SQLSTATE is still an error.
[[nodiscard]] ErrorFields parse_error(std::string_view body);

}  // namespace cenote::protocol
