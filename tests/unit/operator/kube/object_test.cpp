#include "operator/kube/object.hpp"

namespace cenote::kube {
namespace {

const Json kPodObject = Json::parse(R"({
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "orders-1", "namespace": "shop", "uid": "u1", "generation": 3, "resourceVersion": "77",
    "labels": {"app": "x"}, "annotations": {"k": "v"}, "deletionTimestamp": "2026-01-01T00:00:00Z",
    "ownerReferences": [{"apiVersion": "v1", "kind": "Other", "name": "o", "uid": "u2"},
                        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "orders", "uid": "u3", "controller": true}]}})");

TEST(Object, ReadsMetadata) {
    EXPECT_EQ(object_name_of(kPodObject), (ObjectName{"shop", "orders-1"}));
    EXPECT_EQ(uid_of(kPodObject), "u1");
    EXPECT_EQ(generation_of(kPodObject), 3);
    EXPECT_EQ(resource_version_of(kPodObject), "77");
    EXPECT_EQ(label_of(kPodObject, "app"), "x");
    EXPECT_EQ(label_of(kPodObject, "none"), std::nullopt);
    EXPECT_EQ(annotations_of(kPodObject).at("k"), "v");
    EXPECT_TRUE(is_being_deleted(kPodObject));
    EXPECT_EQ(owner_references_of(kPodObject).size(), 2U);
    EXPECT_EQ(controller_of(kPodObject)->name, "orders");
}

TEST(Object, AnEmptyObjectReadsAsEmpty) {
    const Json empty = Json::object();
    EXPECT_EQ(name_of(empty), "");
    EXPECT_EQ(generation_of(empty), 0);
    EXPECT_TRUE(labels_of(empty).empty());
    EXPECT_FALSE(controller_of(empty).has_value());
    EXPECT_FALSE(is_being_deleted(empty));
}

TEST(Object, TypesAreFoundAsManifestsNameThem) {
    EXPECT_EQ(*find_resource_type("apps/v1", "Deployment"), kDeployment);
    EXPECT_EQ(*find_resource_type("v1", "Secret"), kSecret);
    EXPECT_EQ(find_resource_type("v1", "Deployment"), nullptr);
    EXPECT_EQ(kDeployment.api_version(), "apps/v1");
    EXPECT_EQ(kPod.api_version(), "v1");
}

TEST(Object, ControllerReferencePointsBack) {
    const Json reference = controller_reference_to(kPodObject);
    EXPECT_EQ(
        reference,
        Json::parse(R"({"apiVersion":"v1","kind":"Pod","name":"orders-1","uid":"u1","controller":true,"blockOwnerDeletion":true})")
    );
}

}  // namespace
}  // namespace cenote::kube
