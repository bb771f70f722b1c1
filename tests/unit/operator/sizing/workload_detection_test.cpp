#include "operator/sizing/workload_detection.hpp"

#include "pod_template.hpp"

#include <random>

namespace cenote::sizing {
namespace {

using kube::Json;
using ::testing::HasSubstr;

Json gunicorn(const char* name = "web") { return {{"name", name}, {"args", {"gunicorn", "--workers", "4", "--threads=2", "app"}}}; }

TEST(Detection, NamesTheSourceOfEachNumber) {
    const Detection found = detect(pod_of({gunicorn()}), {}, {}, {});
    ASSERT_TRUE(found.known());
    EXPECT_EQ(found.processes[0], (ProcessSize{"web", "gunicorn", 4, 2, "args[1] --workers 4; args[3] --threads=2"}));
    EXPECT_EQ(found.unknown_reason, "");

    const Json plain{{"name", "web"}, {"command", {"gunicorn"}}, {"env", {Json{{"name", "WEB_CONCURRENCY"}, {"value", "3"}}}}};
    EXPECT_EQ(detect(pod_of({plain}), {}, {}, {}).processes[0].source, "env WEB_CONCURRENCY=3; threads: gunicorn's default");
}

TEST(Detection, StatedComesFirstThenAnnotationsThenTheCommandLine) {
    Json pod = pod_of({gunicorn()});
    const std::map<std::string, std::string> outer{{"cenote.dev/workers", "7"}, {"cenote.dev/threads", "5"}};
    EXPECT_EQ(
        detect(pod, outer, {}, {}).processes[0],
        (ProcessSize{"", "", 7, 5, "annotation cenote.dev/workers=7; annotation cenote.dev/threads=5"})
    );

    pod["metadata"]["annotations"] = {{"cenote.dev/workers", "8"}};
    EXPECT_EQ(detect(pod, outer, {}, {}).processes[0].workers, 8);
    EXPECT_EQ(
        detect(pod, {}, {}, {}).processes[0], (ProcessSize{"web", "gunicorn", 8, 2, "annotation cenote.dev/workers=8; args[3] --threads=2"})
    );

    EXPECT_EQ(
        detect(pod, outer, {}, {.workers = 9, .threads = std::nullopt}).processes[0].source,
        "workers: stated; annotation cenote.dev/threads=5"
    );
    EXPECT_EQ(
        detect(pod, {}, {}, {.workers = 9, .threads = 3}).processes[0], (ProcessSize{"", "", 9, 3, "workers: stated; threads: stated"})
    );
}

TEST(Detection, ABadAnnotationIsNotIgnored) {
    for (const char* text : {"", "four", "0", "-1", "4.5", "1000000"}) {
        const Detection found = detect(pod_of({gunicorn()}), {{"cenote.dev/workers", text}}, {}, {});
        EXPECT_FALSE(found.known()) << text;
        EXPECT_THAT(found.unknown_reason, HasSubstr("annotation cenote.dev/workers")) << text;
    }
}

TEST(Detection, StatingThreadsMakesAnAsynchronousServerKnown) {
    const Json container{{"name", "web"}, {"args", {"gunicorn", "-w", "4", "-k", "gevent", "app"}}};
    EXPECT_FALSE(detect(pod_of({container}), {}, {}, {}).known());
    const Detection found = detect(pod_of({container}), {}, {}, {.workers = std::nullopt, .threads = 10});
    ASSERT_TRUE(found.known());
    EXPECT_EQ(found.processes[0].workers * found.processes[0].threads, 40);
}

TEST(Detection, SeveralContainersAddUpAndProxiesDoNotCount) {
    const Json proxy{{"name", "proxy"}, {"args", {"envoy", "-c", "x"}}};
    const Json plain{{"name", "metrics"}};
    const Detection found = detect(pod_of({gunicorn("web"), proxy, plain, gunicorn("admin")}), {}, {}, {});
    ASSERT_EQ(found.processes.size(), 2U);
    EXPECT_EQ(found.processes[0].container, "web");
    EXPECT_EQ(found.processes[1].container, "admin");
}

TEST(Detection, OneOfSeveralUnknownMakesTheWholeUnknown) {
    const Json unknown{{"name", "admin"}, {"args", {"sh", "-c", "gunicorn -w $(nproc)"}}};
    const Detection found = detect(pod_of({gunicorn("web"), unknown}), {}, {}, {});
    EXPECT_FALSE(found.known());
    EXPECT_EQ(
        found.unknown_reason, "container admin: workers of gunicorn not known: args[2] -w …: $(nproc) is only known in the container"
    );
}

TEST(Detection, OneStatedNumberCannotServeTwoProcesses) {
    EXPECT_THAT(
        detect(pod_of({gunicorn("a"), gunicorn("b")}), {}, {}, {.workers = 3, .threads = std::nullopt}).unknown_reason,
        HasSubstr("2 server processes")
    );
    EXPECT_TRUE(detect(pod_of({gunicorn("a"), gunicorn("b")}), {}, {}, {.workers = 3, .threads = 1}).known());
}

TEST(Detection, InitContainersAreDoneSaveSidecars) {
    Json pod = pod_of({gunicorn()});
    Json sidecar = gunicorn("side");
    sidecar["restartPolicy"] = "Always";
    pod["spec"]["initContainers"] = {gunicorn("migrate"), sidecar};
    const Detection found = detect(pod, {}, {}, {});
    ASSERT_EQ(found.processes.size(), 2U);
    EXPECT_EQ(found.processes[1].container, "side");
}

TEST(Detection, SeveralServersInTheBackgroundOfAShell) {
    const Json container{{"name", "web"}, {"command", {"sh", "-c", "gunicorn -w 2 admin & exec gunicorn -w 4 app"}}};
    const Detection found = detect(pod_of({container}), {}, {}, {});
    ASSERT_EQ(found.processes.size(), 2U) << found.unknown_reason;
    EXPECT_EQ(found.processes[0].workers + found.processes[1].workers, 6);
}

TEST(Detection, StrangeTemplatesAreUnknownNotACrash) {
    for (const char* text :
         {"null", "{}", "[]", "7", R"({"spec": {"containers": 3}})", R"({"spec": {"containers": [3, {"args": 4}, {"args": [1, null]}]}})",
          R"({"spec": {"containers": [{"args": ["sh", "-c", "${", "$(", "`"]}]}})",
          R"({"spec": {"containers": [{"args": ["sh", "-c", "\"$"]}]}})",
          R"({"spec": {"containers": [{"args": ["sh", "-c"]}, {"args": ["", "'"]}, {"args": ["sh", "-c", ">"]}]}})"}) {
        const Detection found = detect(Json::parse(text), {}, {}, {});
        EXPECT_FALSE(found.known()) << text;
        EXPECT_NE(found.unknown_reason, "") << text;
    }
}

TEST(Detection, AnyShellScriptIsReadToItsEnd) {
    const std::vector<std::string> pieces{"gunicorn", " ",  "-w", "4",    "${",   "}",  "N",  ":-",   "$",    "$(",  ")",    "`",
                                          "\"",       "'",  "\\", "\n",   ";",    "&&", "||", "&",    "|",    ">",   "<<",   "#",
                                          "=",        "if", "(",  "\x01", "\x02", "$@", "$1", "\xff", "exec", "env", "sh -c"};
    std::mt19937 random{6};
    for (int round = 0; round < 20000; ++round) {
        std::string script;
        for (auto length = random() % 24; length > 0; --length) {
            script += pieces[random() % pieces.size()];
        }
        const Json container{
            {"name", "web"},
            {"args", Json::array({"sh", "-c", script, "name", "-w 2"})},
            {"env", Json::array({{{"name", "N"}, {"value", "3 $(N)"}}})}
        };
        const Detection found = detect(pod_of({container}), {}, {}, {});
        ASSERT_NE(found.known(), !found.unknown_reason.empty()) << script;
        ASSERT_EQ(found.unknown_reason.find('\x01'), std::string::npos) << script << " -> " << found.unknown_reason;
        for (const ProcessSize& process : found.processes) {
            ASSERT_EQ(process.source.find('\x01'), std::string::npos) << script << " -> " << process.source;
        }
    }
}

TEST(Detection, NamesTheConfigMapsItNeeds) {
    const Json pod = Json::parse(R"({"spec": {
      "containers": [{"name": "a", "envFrom": [{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "never"}}],
                      "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "k"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "never", "key": "k"}}}]}],
      "initContainers": [{"name": "done", "envFrom": [{"configMapRef": {"name": "not-needed"}}]}]}})");
    EXPECT_EQ(referenced_config_maps(pod), (std::set<std::string>{"all", "one"}));
}

}  // namespace
}  // namespace cenote::sizing
