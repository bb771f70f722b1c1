#include "operator/probe/http_get.hpp"
#include "operator/standalone/manifest_reader.hpp"
#include "operator/standalone/yaml_writer.hpp"

#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

TEST(WriteYaml, ReadsBackAsWhatItWas) {
    const kube::Json value{
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", {{"name", "x"}, {"namespace", "n"}}},
        {"data",
         {{"number", "12"},
          {"word", "true"},
          {"empty", ""},
          {"text", "a: b\nc"},
          {"list", {1, 2.5, false, nullptr}},
          {"none", kube::Json::object()}}}
    };
    const ManifestFile file = read_manifests("x", write_yaml(value));
    ASSERT_EQ(file.manifests.size(), 1U);
    EXPECT_EQ(file.manifests[0].object, value);
}

TEST(ParseAnswer, HeadAndBody) {
    const auto answer = probe::parse_answer("HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\nbody");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->body, "body");
    for (const char* bad : {"", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"}) {
        EXPECT_FALSE(probe::parse_answer(bad)) << bad;
    }
}

}  // namespace
}  // namespace cenote::standalone
