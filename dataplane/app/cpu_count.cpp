#include "dataplane/app/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace cenote::app {
namespace {

double quota_of(const std::string& quota_file, const std::string& period_file) {
    double quota = 0;
    double period = 0;
    if (std::ifstream(quota_file) >> quota && std::ifstream(period_file) >> period && quota > 0 && period > 0) {
        return quota / period;
    }
    return 0;
}

double cgroup_cpus() {
    std::ifstream v2("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (v2 >> quota >> period && quota != "max" && period > 0) {
        return std::atof(quota.c_str()) / period;
    }
    return quota_of("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
}

}  // namespace

std::size_t cpu_count() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::size_t cpus = 1;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        cpus = static_cast<std::size_t>(CPU_COUNT(&set));
    }
    if (const double granted = cgroup_cpus(); granted > 0) {
        cpus = std::min(cpus, static_cast<std::size_t>(std::ceil(granted)));
    }
    return std::clamp<std::size_t>(cpus, 1, 64);
}

}  // namespace cenote::app
