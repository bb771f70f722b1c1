#include "operator/sizing/unknowns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cenote::sizing {
namespace {

constexpr char kBegin = '\x01';
constexpr char kEnd = '\x02';

}  // namespace

std::string Unknowns::mark(std::string reason) {
    reasons_.push_back(std::move(reason));
    return fmt::format("{}{}{}", kBegin, reasons_.size() - 1, kEnd);
}

std::string Unknowns::reason(std::string_view text) const {
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) {
        return {};
    }
    std::size_t index = 0;
    std::from_chars(text.data() + begin + 1, text.data() + text.size(), index);
    return index < reasons_.size() ? reasons_[index] : "a part of it is not known";
}

bool Unknowns::has_mark(std::string_view text) { return text.find(kBegin) != std::string_view::npos; }

std::string Unknowns::without_marks(std::string_view text) {
    std::string out{text};
    std::replace_if(out.begin(), out.end(), [](char c) { return c == kBegin || c == kEnd; }, '?');
    return out;
}

}  // namespace cenote::sizing
