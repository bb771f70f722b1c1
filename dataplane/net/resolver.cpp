#include "dataplane/net/resolver.hpp"

#include "dataplane/base/log.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace cenote::net {
namespace {

using Steady = std::chrono::steady_clock;

// A burst of connects asks once even where the record says 0, and so does a name of /etc/hosts, which has no TTL. A failure that says
// nothing about the name is kept as long, so that it neither sticks nor is asked for in a loop.
constexpr std::chrono::seconds kShortest{1};

void set_port(Address& address, int port) {
    const auto wire = htons(static_cast<std::uint16_t>(port));
    // sin_port and sin6_port are both the two bytes after the family.
    std::memcpy(reinterpret_cast<char*>(&address.storage) + offsetof(sockaddr_in, sin_port), &wire, sizeof wire);
}

Error failure(const std::string& host, std::string_view reason) {
    return Error{fmt::format("server DNS lookup failed: {}: {}", host, reason), sqlstate::kConnectionFailure};
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<State> {
    struct Waiter {
        Ticket ticket = 0;
        int port = 0;
        Answer answer;
        std::unique_ptr<asio::steady_timer> limit;
    };
    struct Entry {
        Result<std::vector<Address>> answer = Error{"not asked yet"};
        Steady::time_point good_until;
        std::vector<Waiter> waiting;
        std::unique_ptr<DnsQuery> query;  // while one runs
    };

    State(asio::io_context& context, DnsSettings how) : io(context), settings(std::move(how)) {}

    // True once for each ticket: who takes it may answer.
    bool take(Ticket ticket) {
        const std::lock_guard lock(mutex);
        return open_tickets.erase(ticket) == 1;
    }

    void reply(const Result<std::vector<Address>>& told, const Waiter& waiter) {
        if (!take(waiter.ticket)) {
            return;
        }
        if (!told) {
            waiter.answer(told.error());
            return;
        }
        auto addresses = *told;
        for (auto& address : addresses) {
            set_port(address, waiter.port);
        }
        waiter.answer(std::move(addresses));
    }

    void resolve(const std::string& host, const Times& times, Waiter waiter) {
        if (stopped) {
            return;
        }
        auto& entry = entries[host];
        if (!entry.query && Steady::now() < entry.good_until) {
            reply(entry.answer, waiter);
            return;
        }
        const bool bounded = times.limit.count() > 0 && times.limit < kLongest;
        waiter.limit = std::make_unique<asio::steady_timer>(io, bounded ? times.limit : kLongest);
        waiter.limit->async_wait([weak = weak_from_this(), host, ticket = waiter.ticket](error_code cancelled) {
            if (const auto self = weak.lock(); self && !cancelled) {
                self->on_limit(host, ticket);
            }
        });
        entry.waiting.push_back(std::move(waiter));
        if (!entry.query) {
            entry.query =
                std::make_unique<DnsQuery>(io, settings, host, [this, host, times](std::variant<DnsQuery::Found, DnsQuery::Failed> told) {
                    on_answer(host, times, std::move(told));
                });
        }
    }

    void on_answer(const std::string& host, const Times& times, std::variant<DnsQuery::Found, DnsQuery::Failed> told) {
        const auto alive = shared_from_this();
        auto& entry = entries[host];
        entry.query.reset();
        if (auto* found = std::get_if<DnsQuery::Found>(&told)) {
            entry.answer = std::move(found->addresses);
            entry.good_until = Steady::now() + std::min<std::chrono::microseconds>(times.ttl, std::max(found->ttl, kShortest));
        } else {
            const auto& failed = std::get<DnsQuery::Failed>(told);
            entry.answer = failure(host, failed.reason);
            entry.good_until =
                Steady::now() + (failed.no_such_name ? times.bad_ttl : std::min<std::chrono::microseconds>(times.bad_ttl, kShortest));
        }
        const auto answer = entry.answer;  // who is answered may destroy the resolver
        for (const auto& waiter : std::exchange(entry.waiting, {})) {
            if (!stopped) {
                reply(answer, waiter);
            }
        }
    }

    void on_limit(const std::string& host, Ticket ticket) {
        if (const auto answer = drop(host, ticket); answer && take(ticket)) {
            answer(failure(host, "timed out"));
        }
    }

    // The answer it waited with; empty if it does not wait any more.
    Answer drop(const std::string& host, Ticket ticket) {
        const auto entry = entries.find(host);
        if (entry == entries.end()) {
            return {};
        }
        auto& waiting = entry->second.waiting;
        const auto waiter = std::find_if(waiting.begin(), waiting.end(), [&](const Waiter& one) { return one.ticket == ticket; });
        if (waiter == waiting.end()) {
            return {};
        }
        auto answer = std::move(waiter->answer);
        waiting.erase(waiter);
        if (waiting.empty()) {
            entries.erase(entry);  // and with it the query; what an earlier one had found is too old
        }
        return answer;
    }

    void forget(Ticket ticket) {
        for (const auto& [host, entry] : entries) {
            if (std::any_of(entry.waiting.begin(), entry.waiting.end(), [&](const Waiter& one) { return one.ticket == ticket; })) {
                drop(std::string(host), ticket);
                return;
            }
        }
    }

    asio::io_context& io;
    DnsSettings settings;
    std::map<std::string, Entry> entries;
    bool stopped = false;

    std::mutex mutex;
    Ticket last_ticket = 0;         // guarded by mutex
    std::set<Ticket> open_tickets;  // guarded by mutex: asked, neither answered nor cancelled
};

Resolver::Resolver(asio::io_context& io, DnsSettings settings) : state_(std::make_shared<State>(io, std::move(settings))) {
    const auto& file = state_->settings.resolv_conf;
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0) {  // c-ares would ask 127.0.0.1 without a word
        log::warning("resolv_conf {}: {}", file, std::strerror(errno));
    }
}

Resolver::~Resolver() {
    state_->stopped = true;
    state_->entries.clear();
}

Resolver::Ticket Resolver::resolve(std::string host, int port, Times times, Answer answer) {
    Ticket ticket = 0;
    {
        const std::lock_guard lock(state_->mutex);
        ticket = ++state_->last_ticket;
        state_->open_tickets.insert(ticket);
    }
    asio::post(state_->io, [state = state_, ticket, host = std::move(host), port, times, answer = std::move(answer)]() mutable {
        state->resolve(host, times, {ticket, port, std::move(answer), nullptr});
    });
    return ticket;
}

void Resolver::cancel(Ticket ticket) {
    if (state_->take(ticket)) {
        asio::post(state_->io, [state = state_, ticket] { state->forget(ticket); });
    }
}

std::vector<Resolver::Known> Resolver::known() const {
    std::vector<Known> all;
    for (const auto& [host, entry] : state_->entries) {
        Known known;
        known.host = host;
        const auto left = std::chrono::duration_cast<std::chrono::seconds>(entry.good_until - Steady::now()).count();
        known.seconds_left = std::max<std::int64_t>(left, 0);
        if (entry.answer) {
            for (const auto& address : *entry.answer) {
                known.addresses += (known.addresses.empty() ? "" : ",") + address.host();
            }
        }
        all.push_back(std::move(known));
    }
    return all;
}

}  // namespace cenote::net
