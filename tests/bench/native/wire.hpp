// What the bench's helpers share: PostgreSQL's packets, and a SCRAM-SHA-256 client that remembers its keys as drivers do.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cenote::bench {

inline void append_int(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
}

inline std::uint32_t read_int(std::string_view bytes) {
    std::uint32_t value = 0;
    for (int index = 0; index < 4; ++index) {
        value = (value << 8) | static_cast<unsigned char>(bytes.at(static_cast<std::size_t>(index)));
    }
    return value;
}

inline std::string message(char kind, std::string_view body) {
    std::string packet(1, kind);
    append_int(packet, static_cast<std::uint32_t>(body.size() + 4));
    return packet.append(body);
}

inline std::string startup_packet(std::string_view user, std::string_view database) {
    std::string body;
    append_int(body, 3U << 16);
    for (const auto part : {std::string_view("user"), user, std::string_view("database"), database}) {
        body.append(part).push_back('\0');
    }
    body.push_back('\0');
    std::string packet;
    append_int(packet, static_cast<std::uint32_t>(body.size() + 4));
    return packet.append(body);
}

inline std::string base64(std::string_view bytes) {
    std::string out(((bytes.size() + 2) / 3) * 4, '\0');
    EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size())
    );
    return out;
}

inline std::string from_base64(std::string_view text) {
    std::string out(text.size() / 4 * 3, '\0');
    EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())
    );
    for (std::size_t end = text.size(); end > 0 && text[end - 1] == '='; --end) {
        out.pop_back();
    }
    return out;
}

inline std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    HMAC(
        EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
        reinterpret_cast<unsigned char*>(out.data()), nullptr
    );  // clang-format off
    return out;  // clang-format on
}

inline std::string sha256(std::string_view text) {
    std::string out(32, '\0');
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(), nullptr);
    return out;
}

// One user's SCRAM: the slow key is derived once for each salt.
class Scram {
public:
    explicit Scram(std::string password) : password_(std::move(password)) {}

    static std::string nonce() {
        std::array<unsigned char, 18> raw{};
        RAND_bytes(raw.data(), static_cast<int>(raw.size()));
        return base64({reinterpret_cast<const char*>(raw.data()), raw.size()});
    }

    // The client's final message to the server's first one.
    std::string answer(const std::string& own_nonce, const std::string& server_first) {
        const auto field = [&](const std::string& name) {
            const auto at = server_first.find(name);
            if (at == std::string::npos) {
                throw std::runtime_error("SCRAM: " + server_first);
            }
            return server_first.substr(at + name.size(), server_first.find(',', at + name.size()) - at - name.size());
        };
        const auto nonce = server_first.substr(2, server_first.find(',') - 2);
        const auto client_key = key(from_base64(field(",s=")), std::stoi(field(",i=")));
        const auto without_proof = "c=biws,r=" + nonce;
        const auto signature = hmac(sha256(client_key), "n=,r=" + own_nonce + ',' + server_first + ',' + without_proof);
        std::string proof = client_key;
        for (std::size_t index = 0; index < proof.size(); ++index) {
            proof[index] = static_cast<char>(proof[index] ^ signature[index]);
        }
        return without_proof + ",p=" + base64(proof);
    }

private:
    std::string key(const std::string& salt, int iterations) {
        const std::lock_guard lock(mutex_);
        auto& known = keys_[salt];
        if (known.empty()) {
            std::string salted(32, '\0');
            PKCS5_PBKDF2_HMAC(
                password_.data(), static_cast<int>(password_.size()), reinterpret_cast<const unsigned char*>(salt.data()),
                static_cast<int>(salt.size()), iterations, EVP_sha256(), 32, reinterpret_cast<unsigned char*>(salted.data())
            );
            known = hmac(salted, "Client Key");
        }
        return known;
    }

    std::string password_;
    std::mutex mutex_;
    std::map<std::string, std::string> keys_;
};

}  // namespace cenote::bench
