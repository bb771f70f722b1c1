// Watches, against a real kube-apiserver.
#include "operator/kube/cpprest_transport.hpp"
#include "operator/kube/files.hpp"
#include "tests/integration/operator/harness.hpp"

#include <dirent.h>

namespace cenote::apiserver_test {
namespace {

using kube::kConfigMap;

// One watch in a thread of its own.
class Watching {
public:
    Watching(kube::Cluster& cluster, kube::WatchOptions options) {
        thread_ = std::jthread([this, &cluster, options = std::move(options)](const std::stop_token& stop) {
            auto ended = cluster.watch(
                kConfigMap, options,
                [this](const kube::WatchEvent& event) {
                    const std::lock_guard lock(mutex_);
                    seen_.push_back(kube::name_of(event.object));
                },
                stop
            );
            const std::lock_guard lock(mutex_);
            ended_ = std::move(ended);
        });
    }
    [[nodiscard]] bool has(const std::string& name) const {
        const std::lock_guard lock(mutex_);
        return std::find(seen_.begin(), seen_.end(), name) != seen_.end();
    }
    [[nodiscard]] std::optional<kube::ApiResult<void>> ended() const {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    void request_stop() { thread_.request_stop(); }
    void join() { thread_.join(); }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
    std::optional<kube::ApiResult<void>> ended_;
    std::jthread thread_;
};

std::size_t open_sockets() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (const dirent* entry = ::readdir(directory)) {
        std::array<char, 64> target{};
        const std::string path = std::string("/proc/self/fd/") + entry->d_name;
        if (::readlink(path.c_str(), target.data(), target.size() - 1) > 0 && std::string_view(target.data()).starts_with("socket:")) {
            ++count;
        }
    }
    ::closedir(directory);
    return count;
}

class Watches : public ApiServerTest {
protected:
    [[nodiscard]] kube::WatchOptions from_now() const {
        const auto listed = client_->list(kConfigMap, {.ns = ns_, .label_selector = "", .field_selector = "", .resource_version = ""});
        EXPECT_TRUE(listed.has_value());
        kube::WatchOptions options;
        options.ns = ns_;
        options.resource_version = listed->resource_version;
        return options;
    }
};

TEST_F(Watches, FiftyAtOnceDeliverAndEndWithinASecond) {
    const auto options = from_now();
    std::vector<std::unique_ptr<Watching>> watches;
    for (int i = 0; i < 50; ++i) {
        watches.push_back(std::make_unique<Watching>(*client_, options));
    }
    put("news", "1");
    for (const auto& watch : watches) {
        EXPECT_TRUE(wait_until([&] { return watch->has("news"); }));
    }
    const auto began = Clock::now();
    for (const auto& watch : watches) {
        watch->request_stop();
    }
    for (const auto& watch : watches) {
        watch->join();
        EXPECT_TRUE(watch->ended()->has_value());
    }
    EXPECT_LT(Clock::now() - began, seconds(5)) << "all fifty together";
    EXPECT_TRUE(wait_until([] { return open_sockets() <= 5; }, seconds(45))) << open_sockets() << " sockets stayed open";
}

TEST_F(Watches, StoppedBeforeAnyAnswerOrInSilenceTheyReturnAtOnce) {
    for (int i = 0; i < 20; ++i) {
        Watching watch(*client_, from_now());
        const auto began = Clock::now();
        watch.request_stop();
        watch.join();
        EXPECT_LT(Clock::now() - began, seconds(1));
        EXPECT_TRUE(watch.ended()->has_value());
    }
}

TEST_F(Watches, IdleForLongerThanTheTimeoutOfRequestsTheyLive) {
    auto transport = kube::make_cpprest_transport(access(), {.request_timeout = seconds(2)});
    kube::ApiClient client(std::move(*transport), std::make_unique<kube::TokenSource>("", access().token, &kube::read_file));
    Watching watch(client, from_now());
    EXPECT_FALSE(wait_until([&] { return watch.ended().has_value(); }, seconds(5)));
    put("late", "1");
    EXPECT_TRUE(wait_until([&] { return watch.has("late"); }));
}

TEST_F(Watches, TheServersTimeoutIsANormalEnd) {
    auto options = from_now();
    options.timeout = seconds(1);
    const auto ended = client_->watch(kConfigMap, options, [](const kube::WatchEvent&) {}, {});
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
}

TEST_F(Watches, AVersionLongGoneIsGone) {
    ask("restart");  // its cache begins now
    kube::WatchOptions options;
    options.ns = ns_;
    options.resource_version = "1";
    const auto ended = client_->watch(kConfigMap, options, [](const kube::WatchEvent&) { ADD_FAILURE(); }, {});
    EXPECT_TRUE(ended.failed_with(Kind::kGone)) << (ended ? "ended well" : ended.error().message);
}

TEST_F(Watches, AServerThatDiesUnderThemIsAnError) {
    Watching watch(*client_, from_now());
    put("first", "1");
    ASSERT_TRUE(wait_until([&] { return watch.has("first"); }));
    ask("restart");
    ASSERT_TRUE(wait_until([&] { return watch.ended().has_value(); }));
    EXPECT_TRUE(watch.ended()->failed_with(Kind::kUnavailable)) << "a body that breaks off is not one that ended";
    EXPECT_TRUE(client_->get(kConfigMap, in_ns("first")).has_value()) << "the client works on, over new connections";
}

}  // namespace
}  // namespace cenote::apiserver_test
