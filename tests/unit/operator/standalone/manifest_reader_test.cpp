#include "operator/standalone/manifest_reader.hpp"

#include "operator/kube/base64.hpp"

#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

constexpr const char* kGood = R"(# a comment
apiVersion: v1
kind: Secret
metadata: {name: orders-db}
stringData: {username: orders, password: "1234"}
---
apiVersion: cenote.dev/v1alpha1
kind: ConnectionPool
metadata:
  name: orders
  namespace: shop
  resourceVersion: "7"
spec:
  replicas: 2
  settings: [{name: a, value: "30"}, {name: b, value: on}]
status: {replicas: 9}
---
)";

TEST(ReadManifests, SeveralDocumentsWithTheirLines) {
    const ManifestFile file = read_manifests("orders.yaml", kGood);
    ASSERT_TRUE(file.problems.empty()) << file.problems[0].text();
    ASSERT_EQ(file.manifests.size(), 2U);
    EXPECT_EQ(file.manifests[0].name, (kube::ObjectName{"default", "orders-db"}));
    EXPECT_EQ(file.manifests[1].name, (kube::ObjectName{"shop", "orders"}));
    EXPECT_EQ(file.manifests[1].where(), "orders.yaml:7");
}

TEST(ReadManifests, AsTheApiServerWouldStoreThem) {
    const ManifestFile file = read_manifests("orders.yaml", kGood);
    const kube::Json& secret = file.manifests.at(0).object;
    EXPECT_FALSE(secret.contains("stringData"));
    EXPECT_EQ(secret["data"]["password"], kube::encode_base64("1234"));
    const kube::Json& pool = file.manifests.at(1).object;
    EXPECT_FALSE(pool.contains("status"));
    EXPECT_FALSE(pool["metadata"].contains("resourceVersion"));
    EXPECT_EQ(pool["spec"]["replicas"], 2);
    EXPECT_EQ(pool["spec"]["settings"][0]["value"], "30");  // quoted: a text
    EXPECT_EQ(pool["spec"]["settings"][1]["value"], true);  // not quoted: what kubectl makes of it
}

TEST(ReadManifests, AListIsItsItems) {
    const ManifestFile file = read_manifests(
        "l.yaml",
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, {apiVersion: v1, kind: ConfigMap, "
        "metadata: {name: b}}]}"
    );
    EXPECT_EQ(file.manifests.size(), 2U);
}

struct Broken {
    const char* text;
    int line;
    const char* says;
};

class ReadBroken : public testing::TestWithParam<Broken> {};

TEST_P(ReadBroken, NamesLineAndReason) {
    const ManifestFile file = read_manifests("x.yaml", GetParam().text);
    ASSERT_EQ(file.problems.size(), 1U);
    EXPECT_EQ(file.problems[0].line, GetParam().line);
    EXPECT_NE(file.problems[0].message.find(GetParam().says), std::string::npos) << file.problems[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadBroken,
    testing::Values(
        Broken{"kind: ConfigMap\nmetadata: {name: [}\n", 2, ""}, Broken{"a: 1\n", 1, "apiVersion and kind are required"},
        Broken{"- 1\n", 1, "not an object"}, Broken{"apiVersion: x/v1\nkind: Y\n", 1, "knows nothing of x/v1 Y"},
        Broken{"\n\napiVersion: v1\nkind: Secret\nmetadata: {name: ../x}\n", 3, "metadata.name"},
        Broken{"apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: a.b}\n", 1, "metadata.namespace"},
        Broken{"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {p: 'pä'}\n", 1, "not base64"},
        Broken{"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {p: 12}\n", 1, "put it in quotes"}
    )
);

// A few kilobytes of aliases that would be gigabytes of tree.
TEST(ReadManifests, AliasesCannotExplode) {
    std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 12; ++i) {
        text += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
    }
    const ManifestFile file = read_manifests("bomb.yaml", text);
    ASSERT_EQ(file.problems.size(), 1U);
    EXPECT_EQ(file.problems[0].message, "the document is too large or too deep");
}

TEST(IsValidName, KeepsPathsOut) {
    for (const char* good : {"a", "orders-db", "a.b", "0-1"}) {
        EXPECT_TRUE(is_valid_name(good)) << good;
    }
    for (const char* bad : {"", ".", "..", "../a", "a/b", "A", "-a", "a-", "a..b", "a-.b", "a.-b", "a_b"}) {
        EXPECT_FALSE(is_valid_name(bad)) << bad;
    }
}

}  // namespace
}  // namespace cenote::standalone
