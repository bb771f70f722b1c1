// What the cases of op_kube_apiserver_test share: the server from the environment, a namespace of its own for each case, requests to the
// outside.
#pragma once

#include "operator/kube/api_client.hpp"
#include "operator/kube/kube_config.hpp"

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

namespace cenote::apiserver_test {

using kube::Json;
using kube::ObjectName;
using Kind = kube::ApiError::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

inline kube::ClusterAccess access() {
    kube::ClusterAccess out;
    out.server = environment("CENOTE_API_SERVER");
    out.ca_file = environment("CENOTE_API_CA_FILE");
    out.token = environment("CENOTE_API_TOKEN");
    return out;
}

inline std::unique_ptr<kube::ApiClient> connect_to(const kube::ClusterAccess& to, kube::ApiClientOptions options = {}) {
    auto client = kube::connect(to, std::move(options));
    EXPECT_TRUE(client.has_value()) << client.error().message;
    return std::move(*client);
}

/// Asks test_kube_client.py for something and waits until it is done.
inline void ask(const std::string& command) {
    std::cout << '@' << command << std::endl;
    std::string answer;
    std::getline(std::cin, answer);
    ASSERT_EQ(answer, "ok");
}

template <class Condition>
bool wait_until(Condition condition, seconds limit = seconds(60)) {
    const auto deadline = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

class ApiServerTest : public testing::Test {
protected:
    void SetUp() override { make_namespace(ns_); }

    void make_namespace(const std::string& name) {
        const auto made = client_->apply(kube::kNamespace, {"", name}, Json::object());
        ASSERT_TRUE(made.has_value()) << made.error().message;
    }
    [[nodiscard]] ObjectName in_ns(const std::string& name) const { return {ns_, name}; }
    void put(const std::string& name, const std::string& value) {
        const auto done = client_->apply(kube::kConfigMap, in_ns(name), {{"data", {{"k", value}}}});
        ASSERT_TRUE(done.has_value()) << done.error().message;
    }

    std::unique_ptr<kube::ApiClient> client_ = connect_to(access());
    std::string ns_ = "case-" + std::to_string(::getpid());
};

}  // namespace cenote::apiserver_test
