#include "dataplane/protocol/error_response.hpp"

#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/wire_reader.hpp"

namespace cenote::protocol {

void write_error(
    MessageWriter& out, std::string_view severity, std::string_view sqlstate, std::string_view message, std::string_view detail
) {
    out.begin(severity == "NOTICE" ? backend::kNoticeResponse : backend::kErrorResponse);
    const auto field = [&out](char code, std::string_view text) {
        out.byte1(code);
        out.cstring(text.substr(0, text.find('\0')));
    };
    field('S', severity);
    field('V', severity);
    field('C', sqlstate);
    field('M', message);
    if (!detail.empty()) {
        field('D', detail);
    }
    out.byte1('\0');
    out.end();
}

ErrorFields parse_error(std::string_view body) {
    ErrorFields fields;
    WireReader reader(body);
    while (!reader.at_end()) {
        const auto code = static_cast<char>(reader.byte1());
        if (code == '\0') {
            break;
        }
        const auto text = reader.string();
        if (!reader.ok()) {
            break;
        }
        switch (code) {
            case 'S':
                if (fields.severity.empty()) {
                    fields.severity = text;
                }
                break;
            case 'V':
                fields.severity = text;  // the one that is never translated
                break;
            case 'C':
                fields.sqlstate = text;
                break;
            case 'M':
                fields.message = text;
                break;
            default:
                break;
        }
    }
    return fields;
}

}  // namespace cenote::protocol
