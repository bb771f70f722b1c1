// What other threads tell a worker: letters in the order they were posted. A letter about a server lies in that server, so handing one over
// allocates nothing; the rare others carry a function. Posting is lock-free, and wakes the worker only if it sleeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace cenote::worker {

struct Server;
struct Client;

struct Letter {
    enum class Kind : std::uint8_t {
        kBring,     // to the worker of an idle server: another worker's client was given it
        kTakeOver,  // to that client's worker: here is the server
        kTask,      // anything else
    };
    Letter* next = nullptr;
    Kind kind = Kind::kTask;
};

/// Embedded in a server: it is in at most one hand at a time, so one letter is enough.
struct ServerLetter : Letter {
    Server* server = nullptr;
    Client* client = nullptr;
};

struct TaskLetter : Letter {
    std::function<void()> task;
};

class Mailbox {
public:
    /// Any thread. True: the owner sleeps and is to be woken.
    [[nodiscard]] bool post(Letter& letter) noexcept {
        Letter* head = head_.load(std::memory_order_relaxed);
        do {
            letter.next = head;
        } while (!head_.compare_exchange_weak(head, &letter, std::memory_order_seq_cst, std::memory_order_relaxed));
        return sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false, std::memory_order_seq_cst);
    }

    // The owner:
    /// Before a wait. False: there are letters, do not sleep.
    [[nodiscard]] bool doze() noexcept {
        sleeping_.store(true, std::memory_order_seq_cst);
        if (head_.load(std::memory_order_seq_cst) == nullptr) {
            return true;
        }
        sleeping_.store(false, std::memory_order_seq_cst);
        return false;
    }
    void awake() noexcept { sleeping_.store(false, std::memory_order_relaxed); }
    /// All letters, the first posted first; the caller frees tasks.
    [[nodiscard]] Letter* take() noexcept {
        if (head_.load(std::memory_order_relaxed) == nullptr) {
            return nullptr;
        }
        Letter* newest = head_.exchange(nullptr, std::memory_order_acquire);
        Letter* oldest = nullptr;
        while (newest != nullptr) {
            Letter* next = newest->next;
            newest->next = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }

private:
    std::atomic<Letter*> head_{nullptr};  // newest first
    std::atomic<bool> sleeping_{false};
};

}  // namespace cenote::worker
