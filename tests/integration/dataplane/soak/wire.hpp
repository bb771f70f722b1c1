// A blocking PostgreSQL client of a few calls for the soak: one owner, one thread. It knows nothing of the pooler's code, so that it
// can be its judge. Throws Gone when the connection ends or says nothing for the receive timeout.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::soak {

struct Address {
    std::string host;
    std::uint16_t port;
};

// What Gone says when the other side was silent for the receive timeout.
constexpr std::string_view kSilent = "silent";

struct Gone : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What came back up to and with one ReadyForQuery.
struct Answer {
    std::vector<std::string> values;  // first column of each row
    std::string error;                // SQLSTATE, empty when fine
    std::string tag;                  // of the last CommandComplete
    char status = '?';                // of ReadyForQuery: I, T or E
};

class Wire {
public:
    Wire(const Address& address, Address cancel_address, std::string_view user, std::string_view database);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void send(std::string_view bytes) const;
    [[nodiscard]] Answer read_answer();
    // Reads some bytes and leaves the stream in the middle of things: only good before leaving.
    void read_a_bit() const;
    // Sends a CancelRequest of its own connection and waits until the other side has closed it.
    void cancel() const;

private:
    struct Message {
        char kind;
        std::string body;
    };
    [[nodiscard]] Message read_message();

    Address cancel_address_;
    int socket_ = -1;
    std::string buffer_;
    std::string key_;
};

// Packets
[[nodiscard]] std::string simple_query(std::string_view text);
// Parse, Bind with one text parameter, Execute and Sync.
[[nodiscard]] std::string extended_query(std::string_view text, std::string_view parameter);

}  // namespace cenote::soak
