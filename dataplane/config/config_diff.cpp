#include "dataplane/config/config_diff.hpp"

#include "dataplane/config/setting.hpp"

#include <string>
#include <vector>

namespace cenote::config {

bool same_connection(const Database& a, const Database& b) {
    return a.host == b.host && a.port == b.port && a.dbname == b.dbname && a.connect_query == b.connect_query &&
           a.client_encoding == b.client_encoding && a.datestyle == b.datestyle && a.timezone == b.timezone &&
           a.application_name == b.application_name;
}

std::vector<std::string> settings_that_need_restart(const Config& running, const Config& fresh) {
    std::vector<std::string> names;
    for (const Setting& setting : settings(Scope::kGlobal)) {
        if (!setting.reloadable && value_text(setting, running) != value_text(setting, fresh)) {
            names.emplace_back(setting.name);
        }
    }
    return names;
}

Config keep_restart_settings(const Config& running, Config fresh) {
    for (const Setting& setting : settings(Scope::kGlobal)) {
        if (!setting.reloadable) {
            copy_setting(setting, running, fresh);
        }
    }
    return fresh;
}

}  // namespace cenote::config
