#include "dataplane/app/options.hpp"

#include "dataplane/app/version.hpp"
#include "dataplane/config/setting.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <iostream>

namespace cenote::app {

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
    Options options;
    std::vector<std::string> sets;
    bool settings_doc = false;
    CLI::App cli{"Cenote: a multi-core PostgreSQL connection pooler that takes PgBouncer's place."};
    cli.set_help_flag("-h,--help", "Show this help");
    cli.set_version_flag("-V,--version", kVersionLine, "Show the version");
    cli.add_option("config", options.config_file, "Configuration: pgbouncer.ini, or cenote.yaml");
    cli.add_option("--set", sets, "NAME=VALUE: overrides a setting of the file, also after reloads")
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
    cli.add_flag("--check", options.check, "Check the configuration, say what is wrong with it, and end");
    cli.add_flag("--settings-doc", settings_doc, "Print the reference page of all settings, and end");
    cli.add_flag("-d,--daemon", options.daemon, "Run in the background");
    cli.add_flag("-q,--quiet", options.quiet, "Nothing on the terminal; the log goes to logfile");
    cli.add_flag("-v,--verbose", options.verbose, "More in the log");
    cli.add_option("-u,--user", options.user, "Become this user after opening the listening sockets");
    cli.footer("Example: cenote --set listen_port=6433 /etc/pgbouncer/pgbouncer.ini");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        exit_code = cli.exit(error);
        return std::nullopt;
    }
    if (settings_doc) {
        std::fputs(config::settings_markdown().c_str(), stdout);
        exit_code = 0;
        return std::nullopt;
    }
    if (options.config_file.empty()) {
        std::fputs("cenote: name the configuration file: cenote FILE.ini (see --help)\n", stderr);
        exit_code = 1;
        return std::nullopt;
    }
    for (const auto& set : sets) {
        const auto equals = set.find('=');
        if (equals == std::string::npos) {
            std::fputs(fmt::format("cenote: --set {}: write it as --set NAME=VALUE\n", set).c_str(), stderr);
            exit_code = 1;
            return std::nullopt;
        }
        options.overrides.push_back({set.substr(0, equals), set.substr(equals + 1), "--set"});
    }
    return options;
}

}  // namespace cenote::app
