// Appends framed messages to one string: type byte, Int32 length (itself included), body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cenote::protocol {

class MessageWriter {
public:
    void begin(char type);
    /// A message without a type byte: StartupMessage, CancelRequest.
    void begin_untyped();
    void byte1(char value) { data_.push_back(value); }
    void int16(std::int16_t value);
    void int32(std::int32_t value);
    /// String: the text (which must hold no zero byte) and a zero byte.
    void cstring(std::string_view text);
    void bytes(std::string_view text) { data_.append(text); }
    void end();

    /// A whole message in one call.
    void message(char type, std::string_view body);

    [[nodiscard]] const std::string& data() const noexcept { return data_; }
    [[nodiscard]] std::string take() noexcept { return std::move(data_); }

private:
    std::string data_;
    std::size_t length_at_ = 0;
};

// The messages that both the pooler and its console send.
void write_ready_for_query(MessageWriter& out, char status);
void write_parameter_status(MessageWriter& out, std::string_view name, std::string_view value);
void write_command_complete(MessageWriter& out, std::string_view tag);
void write_query(MessageWriter& out, std::string_view sql);

}  // namespace cenote::protocol
