// Text of which a part cannot be known (it comes from a Secret, or only the container can tell). Such a part stands in the text as a mark,
// so that what does not touch it can still be read: in `gunicorn -w 4 --bind $(SECRET)` the 4 is certain. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cenote::sizing {

class Unknowns {
public:
    /// A mark to put into a text in place of what is unknown.
    [[nodiscard]] std::string mark(std::string reason);

    /// Why the text is not fully known; "" if it is.
    [[nodiscard]] std::string reason(std::string_view text) const;

    [[nodiscard]] static bool has_mark(std::string_view text);

    /// Text from outside cannot forge a mark.
    [[nodiscard]] static std::string without_marks(std::string_view text);

private:
    std::vector<std::string> reasons_;
};

}  // namespace cenote::sizing
