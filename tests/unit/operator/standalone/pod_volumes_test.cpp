#include "operator/standalone/pod_volumes.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace cenote::standalone {
namespace {

namespace fs = std::filesystem;

class WriteVolume : public testing::Test {
protected:
    WriteVolume() {
        std::string pattern = (fs::temp_directory_path() / "cenote-volume-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~WriteVolume() override { fs::remove_all(root_); }
    std::string read(const std::string& name) const {
        std::ifstream in(root_ / "v" / name);
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str();
    }
    std::size_t entries() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_ / "v"), fs::directory_iterator()));
    }
    fs::path root_;
};

TEST_F(WriteVolume, ShowsFilesThroughOneLink) {
    ASSERT_TRUE(write_volume(root_ / "v", {{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(read("a"), "1");
    EXPECT_EQ(fs::read_symlink(root_ / "v" / "a"), fs::path("..data/a"));
    EXPECT_EQ(entries(), 4U);  // a, b, ..data and the version it points to
}

TEST_F(WriteVolume, AChangeIsOneSwapAndLeavesNoOldVersion) {
    ASSERT_TRUE(write_volume(root_ / "v", {{"a", "1"}, {"b", "2"}}));
    const fs::path before = fs::read_symlink(root_ / "v" / "..data");
    ASSERT_TRUE(write_volume(root_ / "v", {{"a", "3"}, {"c", "4"}}));
    EXPECT_NE(fs::read_symlink(root_ / "v" / "..data"), before);
    EXPECT_EQ(read("a"), "3");
    EXPECT_FALSE(fs::exists(root_ / "v" / "b"));
    EXPECT_EQ(entries(), 4U);
}

TEST_F(WriteVolume, TheSameContentTouchesNothing) {
    ASSERT_TRUE(write_volume(root_ / "v", {{"a", "1"}}));
    const fs::path before = fs::read_symlink(root_ / "v" / "..data");
    ASSERT_TRUE(write_volume(root_ / "v", {{"a", "1"}}));
    EXPECT_EQ(fs::read_symlink(root_ / "v" / "..data"), before);
}

TEST_F(WriteVolume, NamesCannotLeaveTheVolume) { EXPECT_FALSE(write_volume(root_ / "v", {{"../a", "1"}})); }

}  // namespace
}  // namespace cenote::standalone
