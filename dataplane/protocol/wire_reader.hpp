// Reads the manual's field types (Int16, Int32, String, ByteN) out of one message body, never past its end. After a short read ok() is
// false and every further value is empty, so a parser reads all its fields and asks once.
#pragma once

#include <cstdint>
#include <string_view>

namespace cenote::protocol {

class WireReader {
public:
    explicit WireReader(std::string_view body) noexcept : rest_(body) {}

    [[nodiscard]] std::uint8_t byte1() noexcept { return static_cast<std::uint8_t>(number(1)); }
    [[nodiscard]] std::int16_t int16() noexcept { return static_cast<std::int16_t>(number(2)); }
    [[nodiscard]] std::int32_t int32() noexcept { return static_cast<std::int32_t>(number(4)); }

    /// String: up to its zero byte.
    [[nodiscard]] std::string_view string() noexcept {
        const auto end = ok_ ? rest_.find('\0') : std::string_view::npos;
        if (end == std::string_view::npos) {
            fail();
            return {};
        }
        const auto text = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return text;
    }

    [[nodiscard]] std::string_view bytes(std::size_t count) noexcept {
        if (count > rest_.size()) {
            fail();
            return {};
        }
        const auto text = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return text;
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::uint32_t number(std::size_t size) noexcept {
        std::uint32_t value = 0;
        for (const char c : bytes(size)) {
            value = value << 8U | static_cast<std::uint8_t>(c);
        }
        return value;
    }
    void fail() noexcept {
        ok_ = false;
        rest_ = {};
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace cenote::protocol
