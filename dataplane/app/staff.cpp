#include "dataplane/app/staff.hpp"

#include <future>

namespace cenote::app {

void ask_each_worker(const Staff& staff, const std::function<void(worker::Worker&, std::function<void()> done)>& ask) {
    for (const auto& worker : staff.workers) {
        std::promise<void> answered;
        ask(*worker, [&answered] { answered.set_value(); });
        answered.get_future().wait();
    }
}

}  // namespace cenote::app
