// Strings that connections borrow while bytes are in flight; an idle connection holds none. One worker's.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace cenote::io {

class BufferShelf {
public:
    [[nodiscard]] std::unique_ptr<std::string> take() {
        if (shelf_.empty()) {
            return std::make_unique<std::string>();
        }
        auto buffer = std::move(shelf_.back());
        shelf_.pop_back();
        return buffer;
    }
    void give(std::unique_ptr<std::string> buffer) {
        if (buffer && shelf_.size() < kMost && buffer->capacity() <= kLargest) {
            buffer->clear();
            shelf_.push_back(std::move(buffer));
        }
    }

private:
    static constexpr std::size_t kMost = 1024;
    static constexpr std::size_t kLargest = 16 * 1024;  // bigger ones go back to the allocator: a burst must not be kept for ever
    std::vector<std::unique_ptr<std::string>> shelf_;
};

}  // namespace cenote::io
