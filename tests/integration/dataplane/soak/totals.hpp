// What all clients of the soak count, and the findings: answers that no pooler may give.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::soak {

struct Totals {
    std::atomic<long> queries{0}, pipelines{0}, transactions{0}, cancels{0}, cancelled{0}, departures{0}, logins{0}, lost{0}, wrong{0};
    std::atomic<long> late{0};      // a cancel hit a later query of the client that sent it
    std::atomic<long> stray{0};     // a cancel hit a client that had sent none, or none for which it was not over
    std::atomic<bool> calm{false};  // there are no faults any more: connections made from now on may not be lost
    std::atomic<bool> over{false};

    using Commit = std::pair<int, long>;  // client, number
    void acknowledged(Commit commit) { add(commits_, commit); }
    void rolled_back(Commit commit) { add(rollbacks_, commit); }

    void found(const std::string& what) {
        ++wrong;
        const std::lock_guard lock(mutex_);
        if (findings_.size() < 10) {
            findings_.push_back(what);
        }
    }

    // Once all clients have ended.
    [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }
    [[nodiscard]] const std::vector<Commit>& commits() const { return commits_; }
    [[nodiscard]] const std::vector<Commit>& rollbacks() const { return rollbacks_; }

    [[nodiscard]] std::string json() const {
        return fmt::format(
            R"({{"queries": {}, "pipelines": {}, "transactions": {}, "cancels": {}, "cancelled": {}, "departures": {}, "logins": {}, "lost": {}, )"
            R"("late": {}, "stray": {}, "commits": {}, "wrong": {}}})",
            queries.load(), pipelines.load(), transactions.load(), cancels.load(), cancelled.load(), departures.load(), logins.load(),
            lost.load(), late.load(), stray.load(), commits_.size(), wrong.load()
        );
    }

private:
    void add(std::vector<Commit>& where, Commit commit) {
        const std::lock_guard lock(mutex_);
        where.push_back(commit);
    }

    std::mutex mutex_;
    std::vector<std::string> findings_;
    std::vector<Commit> commits_, rollbacks_;
};

}  // namespace cenote::soak
