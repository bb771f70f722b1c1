#include "operator/api/text_patterns.hpp"

#include <random>
// GCC 12 with the address sanitizer sees something uninitialized in its own library.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <regex>

namespace cenote::api {
namespace {

const std::vector<const TextPattern*> kAll{&kObjectNamePattern,  &kListKeyPattern,  &kHostPattern,  &kPrintablePattern,
                                           &kSettingNamePattern, &kDurationPattern, &kImagePattern, &kPullPolicyPattern};

void expect_same(const TextPattern& pattern, const std::regex& regex, const std::string& text) {
    EXPECT_EQ(pattern.matches(text), std::regex_match(text, regex)) << pattern.regex << " on \"" << text << "\"";
}

TEST(TextPatterns, CodeAndPatternAgree) {
    const std::vector<std::string> texts{
        "",       "a",       "-",           "a-",     "-a",           "a.b",           "a-b.c9", "A",   "a_b",  "_a",  "9a",   "a b",
        "a\tb",   "a\nb",    "\x7f",        "ä",      "5s",           "5ms",           "1h2m3s", "5m5", "s5",   "5",   "5mss", "h",
        "Always", "Alwayss", "Never",       "always", "IfNotPresent", "10.0.0.1,db:5", "a:b@c",  "::1", "/tmp", "a,b", "a;b",  "*",
        "$x",     "a\"b",    "x@sha256:ab", "1.5s",   "00000000h"
    };
    std::mt19937 random{5};
    const std::string alphabet = "aZz09-._:/,hms \n\t\x01\x7f\"@";
    for (const TextPattern* pattern : kAll) {
        const std::regex regex{std::string{pattern->regex}};
        for (const std::string& text : texts) {
            expect_same(*pattern, regex, text);
        }
        for (int i = 0; i < 3000; ++i) {
            std::string text;
            for (auto length = random() % 6; length > 0; --length) {
                text += alphabet[random() % alphabet.size()];
            }
            expect_same(*pattern, regex, text);
        }
    }
}

}  // namespace
}  // namespace cenote::api
