#include "operator/kube/kube_config.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cenote::kube {
namespace {

constexpr const char* kText = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: here, user: me, namespace: shop}}
- {name: open, context: {cluster: plain}}
- {name: exec, context: {cluster: plain, user: plugin}}
- {name: half, context: {cluster: plain, user: half}}
clusters:
- {name: here, cluster: {server: "https://10.0.0.1:6443/", certificate-authority-data: Q0E=}}
- {name: plain, cluster: {server: "http://127.0.0.1:8001", insecure-skip-tls-verify: true, certificate-authority: ca.pem}}
users:
- {name: me, user: {token: secret, client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}
- {name: plugin, user: {exec: {command: aws}}}
- {name: half, user: {client-certificate-data: Q0VSVA==}}
)";

TEST(KubeConfig, TheCurrentContextIsResolved) {
    const auto access = parse_kubeconfig(kText, "/etc/kube");
    ASSERT_TRUE(access.has_value()) << access.error().message;
    EXPECT_EQ(access->server, "https://10.0.0.1:6443");
    EXPECT_EQ(access->ca_pem, "CA");
    EXPECT_EQ(access->token, "secret");
    EXPECT_EQ(access->client_cert_pem, "CERT");
    EXPECT_EQ(access->client_key_pem, "KEY");
    EXPECT_EQ(access->ns, "shop");
    EXPECT_FALSE(access->insecure_skip_tls_verify);
}

TEST(KubeConfig, AContextWithoutUserIsAnonymousAndPathsAreRelativeToTheFile) {
    const auto access = parse_kubeconfig(kText, "/etc/kube", "open");
    ASSERT_TRUE(access.has_value()) << access.error().message;
    EXPECT_EQ(access->token, "");
    EXPECT_EQ(access->ca_file, "/etc/kube/ca.pem");
    EXPECT_TRUE(access->insecure_skip_tls_verify);
}

TEST(KubeConfig, WhatCannotWorkSaysWhy) {
    EXPECT_THAT(parse_kubeconfig(kText, "", "absent").error().message, testing::HasSubstr("no entry named \"absent\""));
    EXPECT_THAT(parse_kubeconfig(kText, "", "exec").error().message, testing::HasSubstr("exec"));
    EXPECT_THAT(parse_kubeconfig(kText, "", "half").error().message, testing::HasSubstr("belong together"));
    EXPECT_FALSE(parse_kubeconfig("a: [", "").has_value());
    EXPECT_FALSE(parse_kubeconfig("just text", "").has_value());
    EXPECT_FALSE(load_kubeconfig("/nonexistent/config").has_value());
}

class InCluster : public testing::Test {
protected:
    void SetUp() override {
        char path[] = "/tmp/cenote-kube-config-XXXXXX";
        ASSERT_NE(::mkdtemp(path), nullptr);
        directory_ = path;
        std::ofstream(directory_ + "/token") << "t0ken\n";
        std::ofstream(directory_ + "/ca.crt") << "CA";
        std::ofstream(directory_ + "/namespace") << "cenote-system\n";
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string directory_;
    std::string host_ = "10.96.0.1";
    Environment environment_ = [this](const char* name) {
        return std::string(name) == "KUBERNETES_SERVICE_HOST" ? host_ : std::string(name) == "KUBERNETES_SERVICE_PORT" ? "443" : "";
    };
};

TEST_F(InCluster, ThePodsFilesAndEnvironmentAreUsed) {
    const auto access = in_cluster_access(environment_, directory_);
    ASSERT_TRUE(access.has_value()) << access.error().message;
    EXPECT_EQ(access->server, "https://10.96.0.1:443");
    EXPECT_EQ(access->token_file, directory_ + "/token");
    EXPECT_EQ(access->ns, "cenote-system");
}

TEST_F(InCluster, AnIpv6AddressGivesWayToTheServicesName) {
    host_ = "fd00::1";
    EXPECT_EQ(in_cluster_access(environment_, directory_)->server, "https://kubernetes.default.svc:443");
}

TEST_F(InCluster, WithoutTokenOrOutsideAClusterItIsAnError) {
    std::filesystem::remove(directory_ + "/token");
    EXPECT_FALSE(in_cluster_access(environment_, directory_).has_value());
    EXPECT_FALSE(in_cluster_access([](const char*) { return std::string(); }, directory_).has_value());
}

}  // namespace
}  // namespace cenote::kube
