#include "operator/standalone/manifest_set.hpp"

#include "operator/standalone/manifest_directory.hpp"

#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

using Files = std::map<std::string, std::string>;

std::string config_map(const std::string& name, const std::string& value) {
    return fmt::format("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\ndata: {{v: {}}}\n", name, value);
}

class ManifestSetTest : public testing::Test {
protected:
    ManifestSet::Changes look(const Files& files, std::chrono::milliseconds after = std::chrono::milliseconds(1)) {
        now_ += after;
        return set_.look(files, now_);
    }
    ManifestSet set_;
    TimePoint now_{};
};

TEST_F(ManifestSetTest, TellsOnlyWhatDiffers) {
    EXPECT_EQ(look({{"a.yaml", config_map("a", "x")}, {"b.yaml", config_map("b", "x")}}).changed.size(), 2U);
    EXPECT_TRUE(look({{"a.yaml", config_map("a", "x")}, {"b.yaml", config_map("b", "x")}}).changed.empty());
    const auto edit = look({{"a.yaml", config_map("a", "y")}, {"b.yaml", config_map("b", "x")}});
    ASSERT_EQ(edit.changed.size(), 1U);
    EXPECT_EQ(edit.changed[0].object["data"]["v"], "y");
}

TEST_F(ManifestSetTest, AnEditorsRenameDanceIsNoDeletion) {
    look({{"a.yaml", config_map("a", "x")}});
    const auto gone = look({});
    EXPECT_TRUE(gone.removed.empty());
    ASSERT_TRUE(gone.look_again);
    EXPECT_TRUE(look({{"a.yaml", config_map("a", "x")}}, std::chrono::milliseconds(499)).removed.empty());
    EXPECT_TRUE(look({{"a.yaml", config_map("a", "x")}}, std::chrono::seconds(5)).changed.empty());
}

TEST_F(ManifestSetTest, WhatStaysAwayIsRemoved) {
    look({{"a.yaml", config_map("a", "x")}});
    EXPECT_TRUE(look({}).removed.empty());
    const auto later = look({}, std::chrono::milliseconds(500));
    ASSERT_EQ(later.removed.size(), 1U);
    EXPECT_EQ(later.removed[0].name.name, "a");
    EXPECT_TRUE(look({}, std::chrono::seconds(1)).removed.empty());
}

TEST_F(ManifestSetTest, ABrokenFileKeepsWhatItLastGave) {
    look({{"a.yaml", config_map("a", "x")}});
    const auto broken = look({{"a.yaml", "kind: ConfigMap\nmetadata: {name: [}\n"}});
    EXPECT_TRUE(broken.changed.empty());
    ASSERT_EQ(broken.new_problems.size(), 1U);
    EXPECT_EQ(broken.new_problems[0].text().substr(0, 9), "a.yaml:2:");
    EXPECT_TRUE(look({{"a.yaml", "kind: ConfigMap\nmetadata: {name: [}\n"}}, std::chrono::seconds(9)).removed.empty());
    EXPECT_EQ(set_.objects_of("a.yaml").size(), 1U);
    const auto mended = look({{"a.yaml", config_map("a", "z")}});
    EXPECT_EQ(mended.changed.size(), 1U);
    EXPECT_EQ(mended.solved.size(), 1U);
    EXPECT_TRUE(set_.problems().empty());
}

TEST_F(ManifestSetTest, AProblemIsReportedOnce) {
    EXPECT_EQ(look({{"a.yaml", "x: ["}}).new_problems.size(), 1U);
    EXPECT_TRUE(look({{"a.yaml", "x: ["}}).new_problems.empty());
}

TEST_F(ManifestSetTest, TheFirstOfTwoWins) {
    const auto changes = look({{"a.yaml", config_map("same", "1")}, {"b.yaml", config_map("same", "2")}});
    ASSERT_EQ(changes.changed.size(), 1U);
    EXPECT_EQ(changes.changed[0].file, "a.yaml");
    ASSERT_EQ(changes.new_problems.size(), 1U);
    EXPECT_NE(changes.new_problems[0].message.find("already given in a.yaml:1"), std::string::npos);
}

TEST_F(ManifestSetTest, MovingAnObjectToAnotherFileKeepsIt) {
    look({{"a.yaml", config_map("a", "x")}});
    const auto moved = look({{"b.yaml", config_map("a", "x")}}, std::chrono::seconds(3));
    EXPECT_TRUE(moved.removed.empty());
    EXPECT_TRUE(moved.changed.empty());
}

TEST(IsManifestName, EditorsFilesAreNone) {
    EXPECT_TRUE(is_manifest_name("a.yaml"));
    EXPECT_TRUE(is_manifest_name("a.yml"));
    for (const char* name : {".a.yaml.swp", ".a.yaml", "a.yaml~", "#a.yaml#", "4913", "a.yaml.swp", "a.json"}) {
        EXPECT_FALSE(is_manifest_name(name)) << name;
    }
}

}  // namespace
}  // namespace cenote::standalone
