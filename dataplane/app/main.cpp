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

bool become_user(const std::string& name) {
    const passwd* entry = ::getpwnam(name.c_str());
    return entry != nullptr && ::initgroups(name.c_str(), entry->pw_gid) == 0 && ::setgid(entry->pw_gid) == 0 &&
           ::setuid(entry->pw_uid) == 0;
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
        std::fputs(fmt::format("{}: ok\n", options->config_file).c_str(), stdout);
        return 0;
    }
    const auto config = loaded->runtime->config;
    if (options->daemon && (config->logfile.empty() || !go_to_background())) {
        return fail("--daemon needs logfile to be set");
    }
    log::configure(std::max(config->verbose, options->verbose), options->quiet || options->daemon, config->logfile);
    for (const auto& warning : config->warnings) {
        log::warning("{}", warning);
    }
    app::Application application(*options, std::move(*loaded));
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
    if (!config->pidfile.empty()) {
        ::unlink(config->pidfile.c_str());
    }
    return code;
}
