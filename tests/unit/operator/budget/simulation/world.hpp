// A cluster in virtual time, for lives of a budget: deployment controllers, kubelets that deliver late, poolers that open all they may, and
// a PostgreSQL server that counts. Nothing here knows the ledger. One seed gives one life; nothing reads a real clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace cenote::budget::simulation {

using Millis = std::int64_t;
inline constexpr Millis kTick = 100;

struct Pod {
    std::string uid;
    std::string pool;
    int template_version = 0;
    Millis created = 0;
    Millis starts = 0;  // its process runs from then on
    Millis ready = 0;
    std::optional<Millis> ends;  // deleted: gone by then
    Millis down_until = 0;       // its process crashed
    Millis silent_until = 0;     // it serves, and answers nobody
    // The annotation, and when the kubelet brings it.
    std::int64_t written = 0;
    std::int64_t may_use = 0;
    std::int64_t version = 0;
    std::deque<std::pair<Millis, std::int64_t>> on_its_way;
    std::int64_t file = 1;  // what the volume says
    std::int64_t open = 0;
    std::int64_t wish = 1000;  // connections its clients have use for
};

struct Pool {
    std::int64_t demand = 10;
    std::int64_t replicas = 1;  // wanted by its user
    std::int64_t deployed = 0;  // of the Deployment
    int template_wanted = 0;    // by its user
    int template_version = 0;   // of the Deployment
    bool exists = true;
    Millis gone_since = 0;
};

/// As an API server shows it.
struct Snapshot {
    Millis at = 0;
    std::map<std::string, Pool> pools;
    std::vector<Pod> pods;
};

class World {
public:
    explicit World(std::uint64_t seed);

    void tick();
    [[nodiscard]] Millis now() const { return now_; }
    [[nodiscard]] std::int64_t open() const;     // at the server
    [[nodiscard]] std::int64_t granted() const;  // sum of the limits of pods that are not ending
    [[nodiscard]] std::int64_t wanted() const;   // sum of the pools' demands
    /// What the API server's watches show `lag` ago.
    [[nodiscard]] const Snapshot& seen(Millis lag) const;
    /// GET /status of a pod, now; nothing when it does not answer.
    [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> ask(const std::string& uid) const;
    [[nodiscard]] bool answers() const { return now_ >= refuses_until; }

    // Writes. A pod is patched with the version it was read in.
    void write_share(const std::string& uid, std::int64_t version, std::int64_t share, std::int64_t may_use);
    void write_deployment(const std::string& pool, std::int64_t replicas, int template_version);

    // What its people and its faults do.
    void evict(const std::string& uid);
    void say(const std::string& what);
    [[nodiscard]] std::string story() const;
    [[nodiscard]] Millis between(Millis from, Millis to) { return std::uniform_int_distribution<Millis>(from, to)(random); }
    [[nodiscard]] bool chance(double probability) { return std::bernoulli_distribution(probability)(random); }

    std::int64_t available = 47;
    double slow_kubelets = 0.02;  // the part of deliveries that take up to a minute
    Millis refuses_until = 0;
    std::optional<std::int64_t> told;  // what the operators' statuses say of the server
    bool calm = false;                 // no slow kubelets, no faults any more
    std::map<std::string, Pool> pools;
    std::map<std::string, Pod> pods;
    std::mt19937_64 random;

private:
    void run_deployments();
    void make_pod(const std::string& pool, int template_version);
    void run_pod(Pod& pod);

    Millis now_ = 0;
    int made_ = 0;
    std::deque<Snapshot> history_;
    std::deque<std::string> story_;
};

}  // namespace cenote::budget::simulation
