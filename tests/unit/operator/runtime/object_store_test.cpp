#include "operator/runtime/object_store.hpp"

#include "tests/unit/operator/runtime/objects.hpp"

namespace cenote::runtime {
namespace {

TEST(ObjectStore, PutAndRemoveTellBeforeAndAfter) {
    ObjectStore store;
    const auto added = store.put(make_object("a", "1"));
    EXPECT_EQ(added.before, nullptr);
    const auto changed = store.put(make_object("a", "2"));
    EXPECT_EQ(changed.before, added.after);
    EXPECT_EQ(store.get({"shop", "a"}), changed.after);
    const auto removed = store.remove({"shop", "a"});
    EXPECT_EQ(removed.before, changed.after);
    EXPECT_EQ(removed.after, nullptr);
    EXPECT_EQ(store.remove({"shop", "a"}).before, nullptr);
}

TEST(ObjectStore, ReplaceDeletesWhatIsGoneAndSkipsWhatStayed) {
    ObjectStore store;
    (void)store.put(make_object("gone", "1"));
    (void)store.put(make_object("same", "2"));
    (void)store.put(make_object("moved", "3"));
    const auto changes = store.replace({make_object("same", "2"), make_object("moved", "4"), make_object("fresh", "5")});
    std::map<std::string, std::string> kinds;
    for (const ObjectChange& change : changes) {
        kinds[change.name.name] = !change.before ? "added" : !change.after ? "deleted" : "modified";
    }
    EXPECT_EQ(kinds, (std::map<std::string, std::string>{{"gone", "deleted"}, {"moved", "modified"}, {"fresh", "added"}}));
    EXPECT_EQ(store.size(), 3U);
}

TEST(ObjectStore, ListsByNamespaceAndLabels) {
    ObjectStore store;
    auto labelled = make_object("b", "1");
    labelled["metadata"]["labels"]["app"] = "web";
    (void)store.put(labelled);
    (void)store.put(make_object("a", "2"));
    (void)store.put(make_object("c", "3", "shop2"));
    EXPECT_EQ(store.list().size(), 3U);
    EXPECT_EQ(store.list("shop").size(), 2U);
    EXPECT_EQ(kube::name_of(*store.list("shop", "app=web").at(0)), "b");
    EXPECT_TRUE(store.list("sho").empty());
    EXPECT_TRUE(store.list("", "a b").empty()) << "a malformed selector selects nothing";
}

}  // namespace
}  // namespace cenote::runtime
