#include "operator/kube/base64.hpp"

namespace cenote::kube {
namespace {

TEST(Base64, VectorsOfTheRfcBothWays) {
    for (const auto& [plain, coded] : std::vector<std::pair<std::string, std::string>>{
             {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}
         }) {
        EXPECT_EQ(encode_base64(plain), coded);
        EXPECT_EQ(decode_base64(coded).value(), plain);
    }
}

TEST(Base64, AllBytesSurvive) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes += static_cast<char>(i);
    }
    EXPECT_EQ(decode_base64(encode_base64(bytes)).value(), bytes);
}

TEST(Base64, LinesAndMissingPaddingAreTaken) {
    EXPECT_EQ(decode_base64("Zm9v\nYmFy\n").value(), "foobar");
    EXPECT_EQ(decode_base64("Zg").value(), "f");
}

TEST(Base64, NonsenseIsRefused) {
    for (const char* text : {"Z", "Zg=", "Zg==Zg==", "Z!g=", "====", "Zm9v="}) {
        EXPECT_FALSE(decode_base64(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace cenote::kube
