#include "dataplane/io/uring_engine.hpp"

#include "dataplane/base/assert.hpp"
#include "dataplane/io/loop.hpp"

namespace cenote::io {

struct UringEngine::Ring {};

UringEngine::UringEngine(BufferShelf& /*shelf*/) { CENOTE_CHECK(false); }
UringEngine::~UringEngine() = default;
bool UringEngine::add(Stream& /*stream*/) { return false; }
bool UringEngine::leave(Stream& /*stream*/) { return true; }
void UringEngine::close(Stream& /*stream*/) {}
void UringEngine::pause(Stream& /*stream*/, Paused /*watch*/) {}
void UringEngine::resume(Stream& /*stream*/) {}
void UringEngine::send(Stream& /*stream*/, std::string_view /*bytes*/) {}
bool UringEngine::sending(const Stream& /*stream*/) const { return false; }
bool UringEngine::congested(const Stream& /*stream*/) const { return false; }
void UringEngine::finish_sending(Stream& /*stream*/) {}
bool UringEngine::wait(TimePoint /*deadline*/) { return false; }
bool UringEngine::next(Event& /*event*/) { return false; }
void UringEngine::wake() {}

Result<void> probe_uring() { return Error{"io_uring is not built in"}; }

}  // namespace cenote::io
