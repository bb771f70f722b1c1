// Key derivations (PBKDF2), off the gate's thread: each takes milliseconds to seconds, and a password that is guessed costs as many as one
// that is known. Tasks may be added from any thread; they run one a helper thread, what servers wait for first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cenote::gate {

class Derivations {
public:
    enum class For { kClient, kServer };

    explicit Derivations(std::size_t threads);
    ~Derivations() { stop(); }
    Derivations(const Derivations&) = delete;
    Derivations& operator=(const Derivations&) = delete;

    /// The threads start with the first task: most installations never need one.
    void add(For whom, std::function<void()> task);
    /// Waits for those that run; the others are dropped.
    void stop();

private:
    void run();

    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> servers_;  // guarded, as all below
    std::deque<std::function<void()>> clients_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
};

}  // namespace cenote::gate
