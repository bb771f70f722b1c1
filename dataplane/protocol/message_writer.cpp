#include "dataplane/protocol/message_writer.hpp"

#include "dataplane/base/assert.hpp"
#include "dataplane/protocol/message_type.hpp"

namespace cenote::protocol {

void MessageWriter::begin(char type) {
    data_.push_back(type);
    begin_untyped();
}

void MessageWriter::begin_untyped() {
    length_at_ = data_.size();
    data_.append(4, '\0');
}

void MessageWriter::int16(std::int16_t value) {
    const auto bits = static_cast<std::uint16_t>(value);
    data_.push_back(static_cast<char>(bits >> 8U));
    data_.push_back(static_cast<char>(bits & 0xFFU));
}

void MessageWriter::int32(std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        data_.push_back(static_cast<char>(bits >> shift & 0xFFU));
    }
}

void MessageWriter::cstring(std::string_view text) {
    CENOTE_ASSERT(text.find('\0') == std::string_view::npos);
    data_.append(text);
    data_.push_back('\0');
}

void MessageWriter::end() {
    const auto size = static_cast<std::uint32_t>(data_.size() - length_at_);
    for (std::size_t i = 0; i < 4; ++i) {
        data_[length_at_ + i] = static_cast<char>(size >> (24U - 8U * static_cast<unsigned>(i)) & 0xFFU);
    }
}

void MessageWriter::message(char type, std::string_view body) {
    begin(type);
    bytes(body);
    end();
}

void write_ready_for_query(MessageWriter& out, char status) {
    out.begin(backend::kReadyForQuery);
    out.byte1(status);
    out.end();
}

void write_parameter_status(MessageWriter& out, std::string_view name, std::string_view value) {
    out.begin(backend::kParameterStatus);
    out.cstring(name);
    out.cstring(value);
    out.end();
}

void write_command_complete(MessageWriter& out, std::string_view tag) {
    out.begin(backend::kCommandComplete);
    out.cstring(tag);
    out.end();
}

void write_query(MessageWriter& out, std::string_view sql) {
    out.begin(frontend::kQuery);
    out.cstring(sql);
    out.end();
}

}  // namespace cenote::protocol
