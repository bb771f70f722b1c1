#include "dataplane/gate/context.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::gate {

Context::Context(registry::Process& shared, registry::RuntimeRef first, ResolvePort resolver, Options chosen)
    : process(shared),
      runtime(std::move(first)),
      resolve(std::move(resolver)),
      options(std::move(chosen)),
      derivations(options.derivation_threads),
      timer_(io) {
    deadlines.on_earlier([this](TimePoint when) { arm(when); });
}

void Context::arm(TimePoint when) {
    timer_.expires_after(std::max(when - now(), Duration::zero()));
    timer_.async_wait([this](net::error_code replaced) {
        if (!replaced) {
            deadlines.run(now());
        }
    });
}

std::size_t Context::max_unauthenticated() const {
    if (options.max_unauthenticated > 0) {
        return options.max_unauthenticated;
    }
    return std::max<std::size_t>(1024, static_cast<std::size_t>(std::max(config().max_client_conn, 0)));
}

std::string age_of(TimePoint since, TimePoint now) {
    return fmt::format("(age={}s)", std::chrono::duration_cast<std::chrono::seconds>(now - since).count());
}

}  // namespace cenote::gate
