// The shapes that texts of the resource must have: the pattern that stands in the schema, the same in code, and in words. Not std::regex:
// it recurses as deep as its text is long. A test holds each pattern and its code to each other.
#pragma once

#include <string_view>

namespace cenote::api {

struct TextPattern {
    std::string_view regex;  // RE2, as in the schema; "" = anything
    bool (*matches)(std::string_view) = nullptr;
    std::string_view in_words;  // "… is not <in_words>"
};

/// DNS-1123 subdomains: names of objects of the API.
extern const TextPattern kObjectNamePattern;
/// Keys of named lists.
extern const TextPattern kListKeyPattern;
extern const TextPattern kHostPattern;
/// Keys of a Secret.
extern const TextPattern kSecretKeyPattern;
extern const TextPattern kPrintablePattern;
extern const TextPattern kSettingNamePattern;
extern const TextPattern kDurationPattern;
extern const TextPattern kImagePattern;
extern const TextPattern kPullPolicyPattern;

}  // namespace cenote::api
