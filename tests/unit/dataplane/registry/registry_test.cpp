#include "dataplane/config/config_loader.hpp"
#include "dataplane/registry/place.hpp"
#include "dataplane/registry/process.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace cenote::registry {
namespace {

TEST(KeySlots, APidNamesItsPlaceAndLooksLikeOne) {
    std::set<std::int32_t> seen;
    for (const std::uint32_t tables : {1U, 2U, 5U, 65U}) {
        seen.clear();
        for (std::uint32_t slot = 0; slot < 3000; ++slot) {
            for (std::uint32_t table = 0; table < tables; ++table) {
                const auto pid = pid_of({table, slot}, tables);
                EXPECT_GT(pid, 0);
                EXPECT_LT(pid, 1 << 22);
                EXPECT_TRUE(seen.insert(pid).second);
                EXPECT_EQ(place_of(pid, tables), (KeyPlace{table, slot}));
            }
        }
    }
    EXPECT_FALSE(place_of(0, 3));
    EXPECT_FALSE(place_of(-5, 3));
    const KeyPlace far{2, 100'000'000};
    EXPECT_EQ(place_of(pid_of(far, 3), 3), far);
}

TEST(KeySlots, APidDoesNotComeBackSoon) {
    KeySlots slots;
    const auto first = slots.reserve();
    slots.release(first);
    for (int i = 0; i < 1000; ++i) {
        const auto next = slots.reserve();
        EXPECT_NE(next, first);
        slots.release(next);
    }
}

struct House {
    explicit House(const std::string& ini) : process(2) {
        process.ports.dial = [this](DialOrder order) { dialled.push_back(std::move(order.place)); };
        process.ports.look_after = [this](const PoolRef& pool) { looked_after.push_back(pool); };
        process.ports.evict = [this](PoolRef pool, pool::WorkerId /*worker*/) { evicted.push_back(std::move(pool)); };
        apply(ini);
    }
    ~House() {
        process.ports.look_after = [](const PoolRef& /*pool*/) {};
    }
    House(const House&) = delete;
    House& operator=(const House&) = delete;
    void apply(const std::string& ini) {
        auto config = config::load_text("t.ini", ini, {}, [](const std::string& path) -> Result<std::string> { return Error{path}; });
        ASSERT_TRUE(config) << config.error().message;
        process.registry.apply(
            std::make_shared<const Runtime>(Runtime{*config, std::make_shared<const auth::UserList>(), session::TrackedNames({}), "", ""})
        );
    }
    Process process;
    std::vector<PoolRef> looked_after;
    std::vector<PoolRef> evicted;
    std::vector<Place> dialled;
};

TEST(PoolRegistry, LooksUpDatabasesWithoutMakingThem) {
    House house("[databases]\n* = host=h\n");
    EXPECT_EQ(house.process.registry.find_database("x"), nullptr);
    EXPECT_TRUE(house.process.registry.databases().empty());
    EXPECT_NE(house.process.registry.pool("x", "u"), nullptr);
    EXPECT_EQ(house.process.registry.databases().size(), 1U);
}

TEST(PoolRegistry, ForgetsAPoolOnlyWhenNobodyHasIt) {
    House house("[databases]\n* = host=h\n");
    auto& registry = house.process.registry;
    auto pool = registry.pool("x", "u");
    auto other = pool;
    EXPECT_FALSE(registry.forget(pool));
    other.reset();
    pool->at(0).stats.query_count.add(7);
    const auto database = pool->database;
    EXPECT_TRUE(registry.forget(pool));
    pool.reset();
    EXPECT_TRUE(registry.pools().empty());
    EXPECT_TRUE(registry.users().empty());
    EXPECT_EQ(database->past.query_count, 7U) << "SHOW STATS must not lose what a pool has done";
}

TEST(PoolRegistry, ForgetsAnAutomaticDatabaseAfterItsTimeout) {
    House house("[databases]\n* = host=h\nkept = host=h\n[pgbouncer]\nautodb_idle_timeout=60\n");
    auto& registry = house.process.registry;
    for (const char* name : {"x", "kept"}) {
        auto pool = registry.pool(name, "u");
        ASSERT_TRUE(registry.forget(pool));
    }
    registry.forget_idle_databases(Clock::now() + std::chrono::seconds(30));
    EXPECT_NE(registry.find_database("x"), nullptr);
    registry.forget_idle_databases(Clock::now() + std::chrono::seconds(61));
    EXPECT_EQ(registry.find_database("x"), nullptr);
    EXPECT_NE(registry.find_database("kept"), nullptr);
}

TEST(PoolRegistry, AChangedHostMakesConnectionsObsoleteAndANewPoolHasTheNewest) {
    House house("[databases]\nd = host=a\n");
    auto& registry = house.process.registry;
    const auto pool = registry.pool("d", "u");
    house.apply("[databases]\nd = host=a pool_size=3\n");
    EXPECT_EQ(pool->epoch, 0U) << "a size is no reason to reconnect";
    EXPECT_EQ(pool->settings()->limits.pool_size, 3U);
    house.apply("[databases]\nd = host=b\n");
    EXPECT_EQ(pool->epoch, 1U);
    EXPECT_EQ(registry.pool("d", "other")->settings()->database.host, "b");
    house.apply("[databases]\ne = host=b\n");
    EXPECT_TRUE(pool->gone);
    EXPECT_EQ(registry.pool("d", "third"), nullptr);
}

TEST(Place, IsCountedUntilItGoes) {
    House house("[databases]\nd = host=a\n[pgbouncer]\nmax_db_connections=1\n");
    const auto pool = house.process.registry.pool("d", "u");
    {
        const std::lock_guard lock(pool->mutex);
        pool->ledger.opening();
    }
    auto place = Place::take(pool, Clock::now());
    ASSERT_TRUE(place);
    const auto sister = house.process.registry.pool("d", "sister");
    EXPECT_FALSE(Place::take(sister, Clock::now()));
    EXPECT_EQ(pool->user->servers.used(), 1);
    place->leave_pool();
    EXPECT_EQ(pool->ledger.total(), 0U);
    EXPECT_EQ(pool->database->servers.used(), 1) << "PostgreSQL has not let go of it yet";
    house.looked_after.clear();
    place.reset();
    EXPECT_EQ(pool->database->servers.used(), 0);
    EXPECT_EQ(pool->user->servers.used(), 0);
    ASSERT_EQ(house.looked_after.size(), 1U);
    EXPECT_EQ(house.looked_after[0], sister);
}

TEST(Place, AUsersLimitGivesTheDatabasesPlaceBack) {
    House house("[databases]\nd = host=a\ne = host=a\n[pgbouncer]\nmax_user_connections=1\nmax_db_connections=5\n");
    const auto one = house.process.registry.pool("d", "u");
    const auto other = house.process.registry.pool("e", "u");
    {
        const std::lock_guard lock(one->mutex);
        one->ledger.opening();
    }
    auto place = Place::take(one, Clock::now());
    ASSERT_TRUE(place);
    EXPECT_FALSE(Place::take(other, Clock::now()));
    EXPECT_EQ(other->database->servers.used(), 0);
}

}  // namespace
}  // namespace cenote::registry
