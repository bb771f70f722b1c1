#include "operator/runtime/label_selector.hpp"

namespace cenote::runtime {
namespace {

const kube::Json kObject = kube::Json::parse(R"({"metadata":{"labels":{"app":"web","app.kubernetes.io/name":"cenote","empty":""}}})");

bool selects(std::string_view text) {
    const auto selector = LabelSelector::parse(text);
    EXPECT_TRUE(selector.has_value()) << text;
    return selector && selector->matches(kObject);
}

TEST(LabelSelector, EveryFormOfTheApi) {
    EXPECT_TRUE(selects(""));
    EXPECT_TRUE(selects("app=web"));
    EXPECT_TRUE(selects("app==web"));
    EXPECT_FALSE(selects("app=db"));
    EXPECT_TRUE(selects("app!=db"));
    EXPECT_TRUE(selects("tier!=db")) << "without the label it is not in the set";
    EXPECT_FALSE(selects("app != web"));
    EXPECT_TRUE(selects("app in (db, web),app.kubernetes.io/name=cenote"));
    EXPECT_FALSE(selects("app notin (db,web)"));
    EXPECT_TRUE(selects("tier notin (db)"));
    EXPECT_TRUE(selects("app"));
    EXPECT_FALSE(selects("!app"));
    EXPECT_TRUE(selects("!tier"));
    EXPECT_TRUE(selects("empty="));
    EXPECT_FALSE(selects("app=web,tier=db"));
}

TEST(LabelSelector, MalformedIsAnErrorNotEverything) {
    for (const char* text : {"=x", "app in web", "app in (web", "a b", ",", "app=web,", "!", "a=b=c"}) {
        EXPECT_FALSE(LabelSelector::parse(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace cenote::runtime
