#include "pod_template.hpp"

namespace cenote::sizing {
namespace {

using ::testing::HasSubstr;

struct Case {
    std::string name;
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::string expected;  // "4x2", or a part of the reason why it is unknown
};

const std::vector<Case> kCases{
    {"UvicornWorkers", {"uvicorn", "--workers", "4", "a:app"}, {}, "an asynchronous worker opens as many connections"},
    {"RailsDefaultPuma", {"bundle", "exec", "puma"}, {}, "1x5"},
    {"PumaOptions", {"puma", "-w", "3", "-t", "2:8"}, {}, "3x8"},
    {"PumaLongOptions", {"puma", "--workers=3", "--threads=4:4"}, {}, "3x4"},
    {"PumaOneThreadNumber", {"puma", "-t", "7"}, {}, "1x7"},
    {"PumaSingleMode", {"puma", "-w", "0"}, {}, "1x5"},
    {"PumaEnvironment", {"bundle", "exec", "puma", "-C", "config/puma.rb"}, {{"WEB_CONCURRENCY", "2"}, {"RAILS_MAX_THREADS", "5"}}, "2x5"},
    {"PumaAuto", {"puma"}, {{"WEB_CONCURRENCY", "auto"}}, "\"auto\" is not a number"},
    {"PumaConfigAlone", {"puma", "-C", "config/puma.rb"}, {}, "a configuration file in the image cannot be seen"},
    {"RailsServer", {"bundle", "exec", "rails", "server", "-b", "0.0.0.0"}, {{"RAILS_MAX_THREADS", "5"}}, "1x5"},
    {"RailsServerWithoutNumbers", {"bin/rails", "s"}, {}, "config/puma.rb in the image cannot be seen"},
    {"RailsConsole", {"rails", "console"}, {}, "no server program that is known (rails)"},
    {"RailsMigratesFirst", {"sh", "-c", "bundle exec rails db:migrate && exec bundle exec puma -w 2 -t 3"}, {}, "2x3"},
    {"Sidekiq", {"bundle", "exec", "sidekiq"}, {}, "1x5"},
    {"SidekiqConcurrency", {"sidekiq", "-c", "10"}, {{"RAILS_MAX_THREADS", "3"}}, "1x10"},
    {"SidekiqEnvironment", {"sidekiq"}, {{"RAILS_MAX_THREADS", "3"}}, "1x3"},
    {"SidekiqConfig", {"sidekiq", "-C", "config/sidekiq.yml"}, {{"RAILS_MAX_THREADS", "3"}}, "cannot be seen"},
    {"Celery", {"celery", "-A", "proj", "worker", "-c", "4"}, {}, "4x1"},
    {"CeleryAutoscale", {"celery", "-A", "proj", "worker", "--autoscale=10,3"}, {}, "10x1"},
    {"CeleryGreenlets", {"celery", "-A", "proj", "worker", "-P", "gevent", "--concurrency=50"}, {}, "1x50"},
    {"CelerySolo", {"celery", "-A", "proj", "worker", "--pool=solo"}, {}, "1x1"},
    {"CeleryBeat", {"celery", "-A", "proj", "beat"}, {}, "1x1"},
    {"CeleryByCpus", {"python", "-m", "celery", "-A", "proj", "worker"}, {}, "as many processes as the node has CPUs"},
    {"CeleryFlower", {"celery", "flower"}, {}, "no server program that is known (celery)"},
    {"Uwsgi", {"uwsgi", "--http", ":80", "--processes", "4", "--threads", "2"}, {}, "4x2"},
    {"UwsgiShort", {"uwsgi", "-p", "4"}, {}, "4x1"},
    {"UwsgiEnvironment", {"uwsgi"}, {{"UWSGI_WORKERS", "3"}, {"UWSGI_THREADS", "2"}}, "3x2"},
    {"UwsgiFile", {"uwsgi", "--ini", "app.ini"}, {}, "--ini app.ini: a configuration file in the image cannot be seen"},
    {"UwsgiFileAlone", {"uwsgi", "/etc/uwsgi.ini"}, {}, "cannot be seen"},
    {"UwsgiGevent", {"uwsgi", "--processes", "4", "--gevent", "100"}, {}, "asynchronous"},
    {"GranianWsgi", {"granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "a:app"}, {}, "2x4"},
    {"GranianAsgi", {"granian", "--interface", "asgi", "--workers", "2", "a:app"}, {}, "asynchronous"},
    {"Hypercorn", {"hypercorn", "-w", "2", "a:app"}, {}, "asynchronous"},
    {"Prisma", {"node", "server.js"}, {{"DATABASE_URL", "postgresql://u:p@h/d?schema=public&connection_limit=9&x=1"}}, "1x9"},
    {"PrismaLookAlike",
     {"node", "server.js"},
     {{"DATABASE_URL", "postgresql://u:p@h/d?no_connection_limit=9"}},
     "no server program that is known (node)"},
    {"Hikari", {"java", "-jar", "app.jar"}, {{"SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", "15"}}, "1x15"},
    {"Node", {"node", "server.js"}, {}, "no server program that is known (node)"},
};

kube::Json container(const Case& c) {
    kube::Json result{{"name", "web"}, {"command", c.command}, {"env", kube::Json::array()}};
    for (const auto& [name, value] : c.environment) {
        result["env"].push_back({{"name", name}, {"value", value}});
    }
    return result;
}

class Servers : public ::testing::TestWithParam<Case> {};

TEST_P(Servers, AreReadOrUnknownWithTheReason) {
    const Detection found = detect(pod_of({container(GetParam())}), {}, {}, {});
    if (found.known()) {
        ASSERT_EQ(found.processes.size(), 1U);
        EXPECT_EQ(fmt::format("{}x{}", found.processes[0].workers, found.processes[0].threads), GetParam().expected)
            << found.processes[0].source;
    } else {
        EXPECT_THAT(found.unknown_reason, HasSubstr(GetParam().expected));
    }
}

INSTANTIATE_TEST_SUITE_P(CommandLines, Servers, ::testing::ValuesIn(kCases), [](const auto& test) { return test.param.name; });

TEST(AsynchronousServers, WorkersAreReadAndThreadsStated) {
    const auto workers = [](std::vector<std::string> command, std::map<std::string, std::string> environment) {
        const Detection found =
            detect(pod_of({container({"", std::move(command), std::move(environment), ""})}), {{"cenote.dev/threads", "5"}}, {}, {});
        return found.known() ? found.processes[0].workers : -1;
    };
    EXPECT_EQ(workers({"uvicorn", "a:app"}, {}), 1);
    EXPECT_EQ(workers({"uvicorn", "--workers=4", "a:app"}, {{"WEB_CONCURRENCY", "9"}}), 4);
    EXPECT_EQ(workers({"uvicorn", "a:app"}, {{"WEB_CONCURRENCY", "9"}}), 9);
    EXPECT_EQ(workers({"uvicorn", "a:app"}, {{"WEB_CONCURRENCY", "9"}, {"UVICORN_WORKERS", "3"}}), 3);
    EXPECT_EQ(workers({"granian", "a:app"}, {{"GRANIAN_WORKERS", "3"}}), 3);
    EXPECT_EQ(workers({"hypercorn", "-w", "2", "a:app"}, {}), 2);
}

TEST(EnvironmentPools, ThePasswordInTheAddressIsNotShown) {
    const Case prisma{"", {"node", "server.js"}, {{"DATABASE_URL", "postgresql://u:hidden@h/d?connection_limit=9"}}, ""};
    EXPECT_EQ(detect(pod_of({container(prisma)}), {}, {}, {}).processes[0].source, "env DATABASE_URL connection_limit=9");
}

}  // namespace
}  // namespace cenote::sizing
