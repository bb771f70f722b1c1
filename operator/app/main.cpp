// cenote-operator: see options.cpp for what it takes, operator_application.cpp for what it does.
#include "dataplane/base/log.hpp"
#include "operator/app/operator_application.hpp"
#include "operator/app/options.hpp"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>
#include <variant>

namespace {

/// SIGTERM and SIGINT ask to stop; a second one ends the program at once. Blocked in every thread, taken here.
void wait_for_signals(const sigset_t& signals, std::stop_source& stop, const std::atomic<bool>& over) {
    while (!over) {
        const timespec moment{.tv_sec = 0, .tv_nsec = 200'000'000};
        const int signal = ::sigtimedwait(&signals, nullptr, &moment);
        if (signal < 0) {
            continue;
        }
        if (stop.stop_requested()) {
            cenote::log::warning("second signal {}, ending at once", signal);
            std::_Exit(130);  // the pools' processes are told by the kernel
        }
        cenote::log::info("signal {}, stopping", signal);
        stop.request_stop();
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto parsed = cenote::app::parse_options(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) {
        return *code;
    }
    const auto& options = std::get<cenote::app::Options>(parsed);
    cenote::log::configure(options.verbose ? 1 : 0, false, "");

    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);

    std::stop_source stop;
    std::atomic<bool> over{false};
    std::thread waiter([&] { wait_for_signals(signals, stop, over); });
    const auto result = cenote::app::run_operator(options, stop.get_token());
    over = true;
    waiter.join();
    if (!result) {
        cenote::log::fatal("{}", result.error().message);
        return 1;
    }
    return 0;
}
