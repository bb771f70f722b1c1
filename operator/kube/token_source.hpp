// The bearer token, read from its file again once a minute and after a 401, because the kubelet rotates it. Any thread.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

namespace cenote::kube {

class TokenSource {
public:
    using ReadFile = std::function<Result<std::string>(const std::string& path)>;
    static constexpr std::chrono::seconds kReadAgain{60};

    /// With a file, `fixed` is not used. Neither: no token.
    TokenSource(std::string file, std::string fixed, ReadFile read);

    /// The last token read stays in use when the file cannot be read.
    [[nodiscard]] std::string token(TimePoint now);
    /// The server answered 401: the next token() reads the file.
    void refused();

private:
    const std::string file_;
    const ReadFile read_;
    std::mutex mutex_;
    std::string token_;
    TimePoint read_at_{};
    bool fresh_ = false;
};

}  // namespace cenote::kube
