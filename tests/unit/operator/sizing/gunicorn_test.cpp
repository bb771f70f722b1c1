#include "pod_template.hpp"

namespace cenote::sizing {
namespace {

using ::testing::HasSubstr;

struct Case {
    std::string name;
    kube::Json container;
    std::string expected;  // "4x2", or a part of the reason why it is unknown
};

std::vector<Case> cases() {
    using J = kube::Json;
    const auto args = [](std::vector<std::string> words) { return J{{"args", std::move(words)}}; };
    const auto shell = [](const std::string& script) { return J{{"command", {"sh", "-c", script}}}; };
    const auto with_env = [](J container, J env) {
        container["env"] = std::move(env);
        return container;
    };
    const auto value = [](const char* name, const char* text) { return J{{"name", name}, {"value", text}}; };
    const J config_map = J{{"name", "WEB_CONCURRENCY"}, {"valueFrom", {{"configMapKeyRef", {{"name", "web"}, {"key", "workers"}}}}}};
    const J secret = J{{"name", "WEB_CONCURRENCY"}, {"valueFrom", {{"secretKeyRef", {{"name", "s"}, {"key", "k"}}}}}};
    const J cpu = J{{"name", "WEB_CONCURRENCY"}, {"valueFrom", {{"resourceFieldRef", {{"resource", "limits.cpu"}}}}}};
    J limited = with_env(args({"gunicorn", "a"}), {cpu});
    limited["resources"] = {{"limits", {{"cpu", "1500m"}}}};

    return {
        // The command line's forms.
        {"Defaults", args({"gunicorn", "a"}), "1x1"},
        {"ShortSeparate", args({"gunicorn", "-w", "4", "a"}), "4x1"},
        {"ShortJoined", args({"gunicorn", "-w4", "a"}), "4x1"},
        {"ShortEquals", args({"gunicorn", "-w=4", "a"}), "4x1"},
        {"LongSeparate", args({"gunicorn", "--workers", "4", "--threads", "2", "a"}), "4x2"},
        {"LongEquals", args({"gunicorn", "--workers=4", "--threads=2", "a"}), "4x2"},
        {"Abbreviated", args({"gunicorn", "--workers=4", "--thread", "2", "a"}), "4x2"},
        {"LastWins", args({"gunicorn", "-w", "4", "--workers=6", "--threads", "3", "--threads", "5", "a"}), "6x5"},
        {"OtherOptionsThatBeginAlike",
         args({"gunicorn", "--worker-class", "gthread", "--worker-tmp-dir=/dev/shm", "--worker-connections", "100", "a"}), "1x1"},
        {"FullPath", args({"/usr/local/bin/gunicorn", "-w", "4", "a"}), "4x1"},
        {"CommandAndArgs", J{{"command", {"gunicorn"}}, {"args", {"-w", "4"}}}, "4x1"},
        {"NotANumber", args({"gunicorn", "-w", "many"}), "args[1] -w many: \"many\" is not a number"},
        {"Zero", args({"gunicorn", "-w", "0"}), "\"0\" is not a number from 1"},
        {"Huge", args({"gunicorn", "-w", "99999999999999999999"}), "is not a number"},
        {"Nothing", args({"gunicorn", "-w"}), "is not a number"},

        // Ways to start it.
        {"PythonModule", args({"python", "-m", "gunicorn", "-w", "4"}), "4x1"},
        {"PythonModuleWithOptions", args({"python3.11", "-u", "-X", "dev", "-m", "gunicorn.app.wsgiapp", "-w4"}), "4x1"},
        {"PythonScript", args({"python", "/usr/bin/gunicorn", "-w4"}), "4x1"},
        {"Tini", args({"/sbin/tini", "-g", "--", "gunicorn", "-w", "4"}), "4x1"},
        {"PoetryRun", args({"poetry", "run", "gunicorn", "-w", "4"}), "4x1"},
        {"Env", args({"env", "WEB_CONCURRENCY=3", "gunicorn", "a"}), "3x1"},
        {"Entrypoint", J{{"command", {"/docker-entrypoint.sh"}}, {"args", {"gunicorn", "-w", "4"}}}, "4x1"},

        // Environment.
        {"WebConcurrency", with_env(args({"gunicorn", "a"}), {value("WEB_CONCURRENCY", "3")}), "3x1"},
        {"CommandLineOverWebConcurrency", with_env(args({"gunicorn", "-w", "5"}), {value("WEB_CONCURRENCY", "3")}), "5x1"},
        {"WebConcurrencyNotANumber", with_env(args({"gunicorn", "a"}), {value("WEB_CONCURRENCY", "auto")}),
         "env WEB_CONCURRENCY=auto: \"auto\" is not a number"},
        {"CmdArgs",
         with_env(args({"gunicorn", "a"}), {value("GUNICORN_CMD_ARGS", "--workers=4 --threads '2' --access-logformat \"%(h)s -w 9\"")}),
         "4x2"},
        {"CommandLineOverCmdArgs", with_env(args({"gunicorn", "-w", "5"}), {value("GUNICORN_CMD_ARGS", "-w 4 --threads 2")}), "5x2"},
        {"CmdArgsOverWebConcurrency", with_env(args({"gunicorn"}), {value("GUNICORN_CMD_ARGS", "-w 4"), value("WEB_CONCURRENCY", "3")}),
         "4x1"},
        {"LastEntryWins", with_env(args({"gunicorn"}), {value("WEB_CONCURRENCY", "3"), value("WEB_CONCURRENCY", "6")}), "6x1"},
        {"FromConfigMap", with_env(args({"gunicorn"}), {config_map}), "7x1"},
        {"FromMissingConfigMap",
         with_env(
             args({"gunicorn"}), {J{{"name", "WEB_CONCURRENCY"}, {"valueFrom", {{"configMapKeyRef", {{"name", "no"}, {"key", "k"}}}}}}}
         ),
         "comes from ConfigMap no key k, which does not exist"},
        {"FromOptionalConfigMap",
         with_env(
             args({"gunicorn"}),
             {J{{"name", "WEB_CONCURRENCY"}, {"valueFrom", {{"configMapKeyRef", {{"name", "no"}, {"key", "k"}, {"optional", true}}}}}}}
         ),
         "1x1"},
        {"FromSecret", with_env(args({"gunicorn"}), {secret}), "env WEB_CONCURRENCY comes from Secret s, which is not read"},
        {"SecretThatDoesNotMatter", with_env(args({"gunicorn", "-w", "4"}), {secret}), "4x1"},
        {"EnvFrom", J{{"args", {"gunicorn"}}, {"envFrom", {J{{"configMapRef", {{"name", "all"}}}}}}}, "8x1"},
        {"EnvFromPrefix", J{{"args", {"gunicorn"}}, {"envFrom", {J{{"prefix", "WEB_"}, {"configMapRef", {{"name", "short"}}}}}}}, "9x1"},
        {"EnvOverEnvFrom",
         J{{"args", {"gunicorn"}}, {"envFrom", {J{{"configMapRef", {{"name", "all"}}}}}}, {"env", {value("WEB_CONCURRENCY", "2")}}}, "2x1"},
        {"EnvFromSecretMayHide", J{{"args", {"gunicorn"}}, {"envFrom", {J{{"secretRef", {{"name", "s"}}}}}}},
         "WEB_CONCURRENCY may come from Secret s, which is not read"},
        {"EnvFromSecretThatDoesNotMatter", J{{"args", {"gunicorn", "-w", "4"}}, {"envFrom", {J{{"secretRef", {{"name", "s"}}}}}}}, "4x1"},
        {"CpuLimitRoundedUp", limited, "2x1"},
        {"CpuOfTheNode", with_env(args({"gunicorn"}), {cpu}), "depends on the node"},

        // Kubernetes' $(VAR).
        {"Expansion", with_env(args({"gunicorn", "-w", "$(N)", "--threads=$(T)"}), {value("N", "4"), value("T", "2")}), "4x2"},
        {"ExpansionInEnv", with_env(args({"gunicorn"}), {value("N", "4"), value("WEB_CONCURRENCY", "$(N)")}), "4x1"},
        {"ExpansionOfLaterEnv", with_env(args({"gunicorn"}), {value("WEB_CONCURRENCY", "$(N)"), value("N", "4")}),
         "\"$(N)\" is not a number"},
        {"EscapedDollar", with_env(args({"gunicorn", "-w", "$$(N)"}), {value("N", "4")}), "\"$(N)\" is not a number"},
        {"ExpansionOfUnknown", args({"gunicorn", "-w", "$(NO)"}), "\"$(NO)\" is not a number"},
        {"ExpansionOfSecretElsewhere", with_env(args({"gunicorn", "--bind", "$(WEB_CONCURRENCY)", "-w", "4"}), {secret}), "4x1"},
        {"ExpansionOfSecret", with_env(args({"gunicorn", "-w", "$(WEB_CONCURRENCY)"}), {secret}),
         "args[1] -w …: env WEB_CONCURRENCY comes from Secret s"},

        // Shells.
        {"ShellDefault", shell("exec gunicorn -w ${WEB_CONCURRENCY:-4} --threads ${THREADS-2} a"), "4x2"},
        {"ShellValue", with_env(shell("exec gunicorn -w ${WEB_CONCURRENCY:-4} a"), {value("WEB_CONCURRENCY", "6")}), "6x1"},
        {"ShellEmptyValue", with_env(shell("gunicorn -w ${N:-4} --threads ${T:-3}"), {value("N", ""), value("T", "2")}), "4x2"},
        {"ShellSplitsVariables", with_env(shell("gunicorn $OPTS a"), {value("OPTS", "-w 4 --threads 2")}), "4x2"},
        {"ShellQuotedIsOneWord", with_env(shell("gunicorn \"$OPTS\" a"), {value("OPTS", "-w 4")}), "\" 4\" is not a number"},
        {"ShellAfterOtherCommands", shell("cd /app && python manage.py migrate --noinput; exec gunicorn --workers='4' --threads=\"2\" a"),
         "4x2"},
        {"ShellAssignments", shell("export WEB_CONCURRENCY=4\nTHREADS=2\n# -w 9\nexec gunicorn --threads $THREADS a"), "4x2"},
        {"ShellAssignmentForOneCommand", shell("WEB_CONCURRENCY=4 gunicorn a"), "4x1"},
        {"ShellContinuation", shell("exec gunicorn \\\n  --workers 4 \\\n  --threads 2 \\\n  a > /dev/null 2>&1"), "4x2"},
        {"ShellPositional", J{{"command", {"sh", "-c", "exec gunicorn \"$@\"", "--"}}, {"args", {"-w", "4"}}}, "4x1"},
        {"BashLogin", J{{"command", {"/bin/bash", "-lc"}}, {"args", {"gunicorn -w 4"}}}, "4x1"},
        {"ShellInAShell", shell("sh -c 'gunicorn -w 4'"), "4x1"},
        {"ShellSubstitution", shell("gunicorn -w $(nproc) a"), "$(nproc) is only known in the container"},
        {"ShellBackticks", shell("gunicorn -w `nproc` a"), "`nproc` is only known in the container"},
        {"ShellArithmetic", shell("gunicorn -w $((2 * $(nproc) + 1)) a"), "is only known in the container"},
        {"ShellSubstitutionElsewhere", shell("gunicorn -b $(hostname):80 -w 4 a"), "4x1"},
        {"ShellCondition", shell("if [ -n \"$X\" ]; then exec gunicorn -w 4; else exec gunicorn -w 8; fi"), "under a condition"},
        {"ShellConditionalVariable", shell("[ -n \"$X\" ] && N=8\nexec gunicorn -w ${N:-4}"), "N is set under a condition"},
        {"ShellOr", shell("gunicorn -w 4 || gunicorn -w 1"), "under a condition"},
        {"ShellOneAfterTheOther", shell("gunicorn -w 4; gunicorn -w 8"), "one after the other"},
        {"ShellNeverReached", shell("exec gunicorn -w 4; gunicorn -w 8"), "4x1"},
        {"ShellUnclosed", shell("gunicorn -w ${N"), "only known in the container"},
        {"ShellUnsupportedExpansion", shell("gunicorn -w ${N%x}"), "only known in the container"},

        // What cannot be seen.
        {"ConfigFile", args({"gunicorn", "-c", "gunicorn.conf.py", "a"}), "a configuration file in the image cannot be seen"},
        {"ConfigFileWithBothStated", args({"gunicorn", "-c", "gunicorn.conf.py", "-w", "4", "--threads", "2"}), "4x2"},
        {"ConfigFileOverWebConcurrency", with_env(args({"gunicorn", "--config=x.py"}), {value("WEB_CONCURRENCY", "3")}), "cannot be seen"},
        {"Asynchronous", args({"gunicorn", "-w", "4", "-k", "uvicorn.workers.UvicornWorker", "a"}),
         "an asynchronous worker opens as many connections"},
        {"Gevent", args({"gunicorn", "-w", "4", "--worker-class=gevent", "--threads", "3", "a"}), "an asynchronous worker"},
        {"ThreadClass", args({"gunicorn", "-w", "4", "-k", "gthread", "--threads", "3", "a"}), "4x3"},
        {"ImagesOwnCommand", J::object(), "the image's own command cannot be seen"},
        {"ArgumentsAlone", args({"--workers", "4"}), "the image's own command cannot be seen"},
        {"OtherProgram", args({"/bin/server", "--workers", "4"}), "no server program that is known (server)"},
    };
}

class Gunicorn : public ::testing::TestWithParam<Case> {};

TEST_P(Gunicorn, IsReadOrUnknownWithTheReason) {
    const ConfigMaps config_maps{{"web", {{"workers", "7"}}}, {"all", {{"WEB_CONCURRENCY", "8"}}}, {"short", {{"CONCURRENCY", "9"}}}};
    kube::Json container = GetParam().container;
    container["name"] = "web";
    const Detection found = detect(pod_of({container}), {}, config_maps, {});
    if (found.known()) {
        ASSERT_EQ(found.processes.size(), 1U);
        EXPECT_EQ(fmt::format("{}x{}", found.processes[0].workers, found.processes[0].threads), GetParam().expected)
            << found.processes[0].source;
        EXPECT_NE(found.processes[0].source, "");
    } else {
        EXPECT_THAT(found.unknown_reason, HasSubstr(GetParam().expected));
    }
}

INSTANTIATE_TEST_SUITE_P(CommandLines, Gunicorn, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace cenote::sizing
