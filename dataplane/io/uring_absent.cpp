// In place of the io_uring engine where liburing was not there to build it.
#include "dataplane/base/assert.hpp"
#include "dataplane/io/loop.hpp"

namespace cenote::io {

class UringRing {};

UringEngine::UringEngine(BufferShelf& shelf) : shelf_(shelf) {}
UringEngine::~UringEngine() = default;
bool UringEngine::add(Stream& /*stream*/) { return false; }
bool UringEngine::leave(Stream& /*stream*/) { return true; }
void UringEngine::close(Stream& /*stream*/) {}
void UringEngine::pause(Stream& /*stream*/, Paused /*watch*/) {}
void UringEngine::resume(Stream& /*stream*/) {}
void UringEngine::send(Stream& /*stream*/, std::string_view /*bytes*/) {}
bool UringEngine::congested(const Stream& /*stream*/) const { return false; }
void UringEngine::finish_sending(Stream& /*stream*/) {}
bool UringEngine::wait(TimePoint /*deadline*/) { return false; }
bool UringEngine::next(Event& /*event*/) { return false; }
void UringEngine::wake() {}

Result<void> probe_uring() { return Error{"io_uring: this program was built without liburing", "0A000"}; }

}  // namespace cenote::io
