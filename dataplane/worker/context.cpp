#include "dataplane/worker/context.hpp"

namespace cenote::worker {

Context::Context(pool::WorkerId worker, registry::Process& shared_process, const Crew& all, registry::RuntimeRef first, io::Engine engine)
    : id(worker), process(shared_process), crew(all), loop(engine), now(Clock::now()), agenda(now), runtime(std::move(first)) {}

void Context::post(std::function<void()> task) {
    auto* letter = new TaskLetter;  // freed by the worker that reads it
    letter->kind = Letter::Kind::kTask;
    letter->task = std::move(task);
    post(static_cast<Letter&>(*letter));
}

}  // namespace cenote::worker
