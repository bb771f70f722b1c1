#include "operator/standalone/pod_command.hpp"

#include "operator/kube/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

using kube::Json;
using testing::Contains;
using testing::ElementsAre;

Json spec() {
    return Json::parse(R"({
      "containers": [{"name": "cenote", "command": ["cenote", "/etc/cenote/config/cenote.ini"],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/cenote/config"}, {"name": "secrets", "mountPath": "/etc/cenote/secrets/"}]}],
      "volumes": [{"name": "config", "configMap": {"name": "orders"}},
                  {"name": "secrets", "secret": {"secretName": "orders-users", "items": [{"key": "u", "path": "userlist.txt"}]}},
                  {"name": "tmp", "emptyDir": {}}]})");
}

const PodPlace kPlace{"/usr/bin/cenote", "/run/p/volumes", "127.0.0.1", 6433, 9130};

TEST(MakeCommand, PathsOfVolumesMoveAndPortsAreSet) {
    const ProcessSpec process = make_command(spec(), kPlace, {"auth_file=/x"});
    EXPECT_EQ(process.argv.front(), "/usr/bin/cenote");
    EXPECT_EQ(process.argv.back(), "/run/p/volumes/config/cenote.ini");
    for (const char* value :
         {"listen_addr=127.0.0.1", "listen_port=6433", "http_port=9130", "unix_socket_dir=", "so_reuseport=1", "auth_file=/x"}) {
        EXPECT_THAT(process.argv, Contains(value));
    }
    EXPECT_THAT(process.environment, ElementsAre("A=1"));
}

TEST(VolumeSources, AnnotationsOfThePodAreFiles) {
    const Json pod_spec = Json::parse(R"({"volumes": [{"name": "share", "downwardAPI": {"items": [
        {"path": "share.ini", "fieldRef": {"fieldPath": "metadata.annotations['cenote.dev/share']"}},
        {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}]})");
    const auto sources = volume_sources(pod_spec);
    ASSERT_EQ(sources.size(), 1U);
    EXPECT_EQ(sources[0].type, kube::kPod);
    EXPECT_EQ(sources[0].files_of(Json{{"metadata", {{"annotations", {{"cenote.dev/share", "x"}}}}}}), (VolumeFiles{{"share.ini", "x"}}));
    EXPECT_EQ(sources[0].files_of(Json::object()), (VolumeFiles{{"share.ini", ""}})) << "empty, not missing: the pod includes it";
}

TEST(MakeCommand, ArgumentsAloneFollowTheProgram) {
    Json only_args = spec();
    only_args["containers"][0].erase("command");
    only_args["containers"][0]["args"] = {"-v", "/etc/cenote/configuration"};
    const ProcessSpec process = make_command(only_args, kPlace, {});
    ASSERT_GE(process.argv.size(), 2U);
    EXPECT_EQ(process.argv[process.argv.size() - 2], "-v");
    EXPECT_EQ(process.argv.back(), "/etc/cenote/configuration");  // not below /etc/cenote/config
}

TEST(MovedSettings, OnlyGlobalOnesThatLieInVolumes) {
    const char* ini =
        "[databases]\norders = host=/etc/cenote/secrets/x\n[pgbouncer]\n; auth_file = /etc/cenote/secrets/no\nauth_file = "
        "/etc/cenote/secrets/userlist.txt \n"
        "logfile = /var/log/x\n[users]\na = /etc/cenote/secrets/y";
    EXPECT_THAT(moved_settings(ini, spec(), "/v"), ElementsAre("auth_file=/v/secrets/userlist.txt"));
}

TEST(VolumeSources, ConfigMapsAndSecretsWithTheirItems) {
    const auto sources = volume_sources(spec());
    ASSERT_EQ(sources.size(), 2U);
    EXPECT_EQ(sources[0].object, "orders");
    EXPECT_EQ(sources[0].files_of({{"data", {{"cenote.ini", "x"}}}}), (VolumeFiles{{"cenote.ini", "x"}}));
    EXPECT_EQ(sources[1].type, kube::kSecret);
    EXPECT_EQ(
        sources[1].files_of({{"data", {{"u", kube::encode_base64("pw")}, {"other", "eA=="}}}}), (VolumeFiles{{"userlist.txt", "pw"}})
    );
}

}  // namespace
}  // namespace cenote::standalone
