#include "dataplane/auth/crypto.hpp"

#include "dataplane/base/assert.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace cenote::auth {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    static constexpr unsigned char kEmpty = 0;  // OpenSSL dislikes null even for nothing
    return text.empty() ? &kEmpty : reinterpret_cast<const unsigned char*>(text.data());
}

bool is_base64_char(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'; }

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Of two pieces, one behind the other. The algorithm is fetched once and the context kept: both cost more than what a login hashes.
Digest256 sha256_of(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
    Digest256 out{};
    CENOTE_CHECK(
        algorithm != nullptr && context != nullptr && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
        EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
        EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 && EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1
    );
    return out;
}

}  // namespace

Digest256 sha256(std::span<const std::uint8_t> data) { return sha256_of(data, {}); }

// RFC 2104, over a digest that is at hand: HMAC() of OpenSSL 3 looks up its algorithm and makes a context at each call, which costs three
// times the hashing.
Digest256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view data) {
    constexpr std::size_t kBlock = 64;
    std::array<std::uint8_t, kBlock> inner{};
    if (key.size() > kBlock) {
        const Digest256 shorter = sha256(key);
        std::copy(shorter.begin(), shorter.end(), inner.begin());
    } else {
        std::copy(key.begin(), key.end(), inner.begin());
    }
    std::array<std::uint8_t, kBlock> outer = inner;
    for (std::size_t i = 0; i < kBlock; ++i) {
        inner[i] ^= 0x36U;
        outer[i] ^= 0x5cU;
    }
    const Digest256 out = sha256_of(outer, sha256_of(inner, {bytes_of(data), data.size()}));
    OPENSSL_cleanse(inner.data(), inner.size());
    OPENSSL_cleanse(outer.data(), outer.size());
    return out;
}

Digest256 pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations) {
    Digest256 out{};
    const int done = PKCS5_PBKDF2_HMAC(
        password.empty() ? "" : password.data(), static_cast<int>(password.size()), bytes_of(salt), static_cast<int>(salt.size()),
        iterations, EVP_sha256(), static_cast<int>(out.size()), out.data()
    );
    CENOTE_CHECK(done == 1);
    return out;
}

std::string md5_hex(std::string_view data) {
    std::array<std::uint8_t, 16> digest{};
    CENOTE_CHECK(EVP_Digest(bytes_of(data), data.size(), digest.data(), nullptr, EVP_md5(), nullptr) == 1);
    std::string out;
    for (const std::uint8_t byte : digest) {
        out += fmt::format("{:02x}", byte);
    }
    return out;
}

std::string md5_with_salt(std::string_view secret, std::string_view salt) {
    std::string input(secret);
    input += salt;
    std::string out = "md5" + md5_hex(input);
    OPENSSL_cleanse(input.data(), input.size());
    return out;
}

std::string base64_encode(std::span<const std::uint8_t> data) {
    std::string out(4 * ((data.size() + 2) / 3), '\0');
    if (!data.empty()) {
        // Writes a NUL behind the text; a std::string has room for it.
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data.data(), static_cast<int>(data.size()));
    }
    return out;
}

std::string base64_encode(std::string_view data) { return base64_encode(std::span(bytes_of(data), data.size())); }

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.empty()) {
        return std::string();
    }
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    std::size_t padding = 0;
    while (padding < 2 && text[text.size() - 1 - padding] == '=') {
        ++padding;
    }
    for (const char c : text.substr(0, text.size() - padding)) {
        if (!is_base64_char(c)) {
            return std::nullopt;
        }
    }
    std::string out(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text), static_cast<int>(text.size())) < 0) {
        return std::nullopt;
    }
    out = out.substr(0, out.size() - padding);
    // One value, one text: bits that padding leaves over must be zero.
    return base64_encode(out) == text ? std::optional(std::move(out)) : std::nullopt;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.size()) == 0;
}

bool equal_in_constant_time(const Digest256& a, const Digest256& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

// A few bytes cost the generator as much as many: they are drawn ahead, each is given once and wiped.
void random_bytes(std::span<std::uint8_t> out) {
    constexpr std::size_t kAhead = 512;
    struct Drawn {
        ~Drawn() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
        std::array<std::uint8_t, kAhead> bytes{};
        std::size_t left = 0;
    };
    thread_local Drawn drawn;
    const auto draw = [](std::span<std::uint8_t> to) { CENOTE_CHECK(RAND_bytes(to.data(), static_cast<int>(to.size())) == 1); };
    if (out.size() > kAhead / 4) {
        draw(out);
        return;
    }
    if (drawn.left < out.size()) {
        draw(drawn.bytes);
        drawn.left = kAhead;
    }
    drawn.left -= out.size();
    const auto given = std::span(drawn.bytes).subspan(drawn.left, out.size());
    std::copy(given.begin(), given.end(), out.begin());
    OPENSSL_cleanse(given.data(), given.size());
}

}  // namespace cenote::auth
