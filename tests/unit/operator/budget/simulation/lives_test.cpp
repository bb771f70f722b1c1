// Random lives of a few pools in front of one PostgreSQL server, in virtual time. At every tick: what is open at the server is within what
// it can give. And at the end, under full demand and with nothing going on any more: nine tenths of it are granted.
//   CENOTE_LIVES=10000 op_budget_lives_test     more of them       CENOTE_LIFE=123 op_budget_lives_test     one, whose story it tells
#include "controller.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace cenote::budget::simulation {
namespace {

constexpr Millis kLife = 120'000;
constexpr Millis kCalm = 180'000;
constexpr Millis kLease = 15'000;
constexpr Millis kQuiet = 5'000;

class Life {
public:
    explicit Life(std::uint64_t seed) : world_(seed) {
        world_.available = world_.between(12, 120);
        const Millis pools = world_.between(1, 4);
        for (Millis i = 0; i < pools; ++i) {
            add_pool(fmt::format("p{}", i));
        }
        world_.slow_kubelets = world_.chance(0.3) ? 0.4 : 0.02;
        if (world_.chance(0.1)) {
            world_.refuses_until = world_.between(1'000, 40'000);
        }
    }

    /// "" when it went well.
    std::string run() {
        while (world_.now() < kLife) {
            disturb();
            if (!step()) {
                return "more is open than the server can give";
            }
        }
        world_.say("calm");
        world_.calm = true;
        world_.refuses_until = 0;
        for (auto& [uid, pod] : world_.pods) {
            pod.wish = 1000;
            pod.silent_until = 0;
        }
        while (world_.now() < kLife + kCalm) {
            if (!step()) {
                return "more is open than the server can give";
            }
        }
        const std::int64_t could = std::min(world_.available * 9 / 10, world_.wanted());
        if (world_.granted() < could) {
            return fmt::format("{} granted at rest, {} could be", world_.granted(), could);
        }
        if (world_.open() < world_.granted()) {
            return fmt::format("{} open of {} granted, under full demand", world_.open(), world_.granted());
        }
        return {};
    }
    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] std::string story() const {
        std::string text = world_.story();
        for (const Controller* one : {leader_.get(), last_.get()}) {
            if (one != nullptr) {
                text += fmt::format("an operator's ledger: {} charged, {} stand by\n", one->ledger().charged(), one->ledger().standby());
                for (const std::string& pool : one->ledger().pools()) {
                    const PoolView view = one->ledger().view(pool);
                    text += fmt::format("  {}: {} charged, {} granted, {} replicas\n", pool, view.charged, view.granted, view.replicas);
                }
            }
        }
        return text;
    }

private:
    void add_pool(const std::string& name) {
        Pool pool;
        pool.demand = world_.chance(0.3) ? world_.between(1, 20) : world_.between(20, 200);
        pool.replicas = std::min<Millis>(world_.between(1, 4), std::max<Millis>(world_.available / 10, 1));
        world_.pools[name] = pool;
        world_.say(fmt::format("pool {} asks for {} over {} replicas", name, pool.demand, pool.replicas));
    }

    bool step() {
        world_.tick();
        if (dying_) {
            dying_->deliver();
        }
        if (leader_) {
            leader_->deliver();
            if (world_.chance(0.5)) {
                leader_->step();
            }
        } else if (world_.now() >= next_leader_at_) {
            dying_ = std::move(last_);
            leader_ = std::make_unique<Controller>(world_, kQuiet);
        }
        return world_.open() <= world_.available;
    }

    /// Pods that come unannounced take what stands by for them; more of them at once than that are not promised anything.
    [[nodiscard]] bool standby_is_there() const {
        const Controller* last = leader_ ? leader_.get() : last_.get();
        if (last == nullptr || !last->ledger().available()) {
            return false;
        }
        std::int64_t missing = 0;  // replacements that have not even appeared
        for (const auto& [name, pool] : world_.pools) {
            std::int64_t live = 0;
            for (const auto& [uid, pod] : world_.pods) {
                live += pod.pool == name && !pod.ends ? 1 : 0;
            }
            missing += std::max<std::int64_t>(pool.deployed - live, 0);
        }
        return last->ledger().in_reserve() - last->unseen() - missing >= 1;
    }

    void disturb() {
        for (auto& [name, pool] : world_.pools) {
            if (pool.exists && world_.chance(0.004)) {
                pool.demand = world_.between(1, 200);
                world_.say(fmt::format("{} asks for {}", name, pool.demand));
            }
            if (pool.exists && world_.chance(0.004)) {
                pool.replicas = std::min<Millis>(world_.between(1, 8), std::max<Millis>(world_.available / 10, 1));
                world_.say(fmt::format("{} is scaled to {}", name, pool.replicas));
            }
            if (pool.exists && world_.chance(0.002)) {
                ++pool.template_wanted;
                world_.say(fmt::format("{} gets a new template", name));
            }
            if (pool.exists ? world_.chance(0.001) : world_.chance(0.01)) {
                pool.exists = !pool.exists;
                pool.gone_since = world_.now();
                pool.deployed = 0;
                world_.say(fmt::format("{} is {}", name, pool.exists ? "made again" : "deleted"));
            }
        }
        disturb_pods();
        disturb_operator();
        if (world_.chance(0.002)) {
            world_.refuses_until = world_.now() + world_.between(1'000, 30'000);
            world_.say("the server refuses");
        }
    }

    void disturb_pods() {
        std::vector<std::string> evicted;
        for (auto& [uid, pod] : world_.pods) {
            if (world_.chance(0.003)) {
                pod.wish = world_.chance(0.5) ? world_.between(0, 10) : 1000;
            }
            if (world_.chance(0.001)) {
                pod.down_until = world_.now() + world_.between(500, 10'000);
                world_.say(fmt::format("{} crashes", uid));
            }
            if (world_.chance(0.002)) {
                pod.silent_until = world_.now() + world_.between(1'000, 60'000);
                world_.say(fmt::format("{} falls silent", uid));
            }
            if (!pod.ends && world_.chance(0.002)) {
                evicted.push_back(uid);
            }
        }
        for (const std::string& uid : evicted) {
            if (standby_is_there()) {
                world_.evict(uid);
            }
        }
    }

    void disturb_operator() {
        if (!leader_ || !world_.chance(0.002)) {
            return;
        }
        const bool graceful = world_.chance(0.5);
        if (!graceful) {
            leader_->die();
        }
        next_leader_at_ = world_.now() + (graceful ? world_.between(1'500, 4'000) : kLease + world_.between(0, 5'000));
        last_ = std::move(leader_);
    }

    World world_;
    std::unique_ptr<Controller> leader_;
    std::unique_ptr<Controller> last_;   // led before, and may still have writes on the wire
    std::unique_ptr<Controller> dying_;  // the same, of one that another has followed
    Millis next_leader_at_ = 0;
};

std::uint64_t number(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(Lives, StayWithinWhatTheServerCanGiveAndUseIt) {
    const std::uint64_t only = number("CENOTE_LIFE", 0);
    const std::uint64_t lives = only != 0 ? only : number("CENOTE_LIVES", 200);
    for (std::uint64_t seed = only != 0 ? only : 1; seed <= lives; ++seed) {
        Life life(seed);
        const std::string fault = life.run();
        ASSERT_EQ(fault, "") << "CENOTE_LIFE=" << seed << ": " << life.world().available << " available, " << life.world().open()
                             << " open\n"
                             << life.story();
    }
}

}  // namespace
}  // namespace cenote::budget::simulation
