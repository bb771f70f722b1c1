#include "dataplane/app/application.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/base/log.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace {

using namespace cenote;

// How long an ending process waits for a log that takes lines slowly or not at all.
constexpr std::chrono::milliseconds kLastLines{1000};

bool become_user(const std::string& name) {
    const passwd* entry = ::getpwnam(name.c_str());
    if (entry == nullptr) {
        return false;
    }
    log::give_file_to(entry->pw_uid, entry->pw_gid);
    return ::initgroups(name.c_str(), entry->pw_gid) == 0 && ::setgid(entry->pw_gid) == 0 && ::setuid(entry->pw_uid) == 0;
}

bool go_to_background() {
    const pid_t child = ::fork();
    if (child < 0) {
        return false;
    }
    if (child > 0) {
        ::_exit(0);
    }
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) {
        ::dup2(null, fd);
    }
    return true;
}

int fail(const std::string& text) {
    log::fatal("{}", text);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    int exit_code = 0;
    auto options = app::read_options(argc, argv, exit_code);
    if (!options) {
        return exit_code;
    }
    auto loaded = app::load_runtime(options->config_file, options->overrides, nullptr);
    if (!loaded) {
        std::fputs(fmt::format("{}\n", loaded.error().message).c_str(), stderr);
        return 1;
    }
    if (options->check) {
        for (const auto& warning : loaded->runtime->config->warnings) {
            std::fputs(fmt::format("{} (warning)\n", warning).c_str(), stderr);
        }
        std::fputs(fmt::format("{}: ok\n", options->config_file).c_str(), stdout);
        return 0;
    }
    const auto config = loaded->runtime->config;
    if (options->daemon && (config->logfile.empty() || !go_to_background())) {
        return fail("--daemon needs logfile to be set");
    }
    options->quiet = options->quiet || options->daemon;  // there is no error stream left
    log::configure(std::max(config->verbose, options->verbose), options->quiet, config->logfile);
    if (options->quiet && !config->logfile.empty() && !log::has_file()) {
        std::fputs(fmt::format("cenote: cannot open logfile {}, and --quiet leaves no other place\n", config->logfile).c_str(), stderr);
        return 1;
    }
    for (const auto& warning : config->warnings) {
        log::warning("{}", warning);
    }
    app::Application application(*options, std::move(*loaded), app::raise_descriptor_limit());
    if (auto opened = application.open(); !opened) {
        return fail(opened.error().message);
    }
    const std::string user = options->user.empty() ? config->user : options->user;
    if (!user.empty() && ::geteuid() == 0 && !become_user(user)) {
        return fail(fmt::format("cannot become user {}", user));
    }
    if (!config->pidfile.empty()) {
        std::ofstream(config->pidfile) << ::getpid() << '\n';
    }
    const int code = application.run();
    log::finish(kLastLines);
    if (!config->pidfile.empty()) {
        ::unlink(config->pidfile.c_str());
    }
    return code;
}
