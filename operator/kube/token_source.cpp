#include "operator/kube/token_source.hpp"

#include "dataplane/base/log.hpp"

#include <utility>

namespace cenote::kube {

TokenSource::TokenSource(std::string file, std::string fixed, ReadFile read)
    : file_(std::move(file)), read_(std::move(read)), token_(file_.empty() ? std::move(fixed) : std::string{}) {}

std::string TokenSource::token(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (file_.empty() || (fresh_ && now - read_at_ < kReadAgain)) {
        return token_;
    }
    read_at_ = now;
    fresh_ = true;
    if (auto content = read_(file_)) {
        token_ = content->substr(0, content->find_last_not_of(" \r\n\t") + 1);
    } else {
        log::warning("cannot read the service account's token: {}", content.error().message);
    }
    return token_;
}

void TokenSource::refused() {
    const std::lock_guard lock(mutex_);
    fresh_ = false;
}

}  // namespace cenote::kube
