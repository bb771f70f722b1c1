#include "dataplane/session/transaction_tracker.hpp"

#include "dataplane/protocol/message_type.hpp"

#include <algorithm>

namespace cenote::session {

namespace frontend = protocol::frontend;
namespace backend = protocol::backend;

void TransactionTracker::push(Owed owed) {
    // A client that keeps its pipeline filled never empties it: the answered part must go all the same.
    if (owed_.size() == owed_.capacity() && head_ * 2 > owed_.size()) {
        owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    owed_.push_back(owed);
}

void TransactionTracker::pop() noexcept {
    if (++head_ == owed_.size()) {
        owed_.clear();
        head_ = 0;
    }
}

void TransactionTracker::reset() noexcept {
    owed_.clear();
    head_ = 0;
    status_ = 'I';
    provable_ = true;
    in_copy_ = copy_end_sent_ = skips_to_sync_ = sync_in_copy_ = false;
}

void TransactionTracker::on_client_message(char type) {
    switch (type) {
        case frontend::kQuery:
        case frontend::kFunctionCall:
            if (!skips_to_sync_) {
                push(Owed::kQuery);
            }
            return;
        case frontend::kSync:
            if (in_copy_ && !copy_end_sent_) {
                sync_in_copy_ = true;
                return;
            }
            skips_to_sync_ = false;
            push(Owed::kSync);
            return;
        case frontend::kCopyDone:
        case frontend::kCopyFail:
            if (in_copy_) {
                copy_end_sent_ = true;
            }
            if (!empty()) {  // with nothing owed no COPY runs or is to come: the server ignores what is late for a failed one
                push(Owed::kCopyEnd);
            }
            return;
        case frontend::kCopyData:
        case frontend::kFlush:
            return;
        default:  // P B D E C
            if (!skips_to_sync_ && (empty() || owed_.back() != Owed::kBatch)) {
                push(Owed::kBatch);
            }
            return;
    }
}

void TransactionTracker::on_server_message(char type) {
    switch (type) {
        case backend::kErrorResponse:
            on_error();
            return;
        case backend::kCopyInResponse:
        case backend::kCopyBothResponse:
            on_copy_in();
            return;
        case backend::kCommandComplete:
            // The COPY's own end; its marker is the first thing owed, after the request that started it.
            if (in_copy_) {
                in_copy_ = copy_end_sent_ = sync_in_copy_ = false;
                const auto marker = std::find(owed_.begin() + static_cast<std::ptrdiff_t>(head_), owed_.end(), Owed::kCopyEnd);
                if (marker == owed_.end()) {
                    provable_ = false;
                } else {
                    owed_.erase(marker);
                    if (head_ == owed_.size()) {
                        owed_.clear();
                        head_ = 0;
                    }
                }
            }
            return;
        default:
            return;
    }
}

// The server now reads CopyData: what was pipelined behind the request and is a Sync it ignores, up to the CopyDone or CopyFail.
void TransactionTracker::on_copy_in() {
    in_copy_ = true;
    auto at = owed_.begin() + static_cast<std::ptrdiff_t>(head_);
    if (at != owed_.end() && (*at == Owed::kQuery || *at == Owed::kBatch)) {
        ++at;  // the request itself
    }
    const auto end = std::find(at, owed_.end(), Owed::kCopyEnd);
    copy_end_sent_ = end != owed_.end();
    if (std::find_if(at, end, [](Owed owed) { return owed == Owed::kQuery || owed == Owed::kBatch; }) != end) {
        provable_ = false;  // requests inside COPY data: the server will refuse them, how is not told apart here
    }
    owed_.erase(std::remove(at, end, Owed::kSync), end);
    if (head_ == owed_.size()) {
        owed_.clear();
        head_ = 0;
    }
}

void TransactionTracker::on_error() {
    const bool was_copy = in_copy_;
    if (was_copy && sync_in_copy_) {
        provable_ = false;  // whether the server saw that Sync before or after its error is not known
    }
    in_copy_ = copy_end_sent_ = sync_in_copy_ = false;
    if (empty() || front() != Owed::kBatch) {
        return;  // an error of a Query, answered by its ReadyForQuery; or a notice of the end of the connection
    }
    if (head_ + 1 < owed_.size() && owed_[head_ + 1] == Owed::kQuery) {
        provable_ = false;  // a batch without Sync, then a Query: the error may be of either
    }
    while (!empty() && front() != Owed::kSync) {
        pop();
    }
    skips_to_sync_ = empty();
}

void TransactionTracker::on_ready_for_query(char status) {
    status_ = status;
    in_copy_ = copy_end_sent_ = sync_in_copy_ = false;
    while (!empty() && (front() == Owed::kBatch || front() == Owed::kCopyEnd)) {
        pop();
    }
    if (empty()) {
        provable_ = false;  // an answer that nobody asked for
        return;
    }
    pop();
    // CopyDone or CopyFail after a COPY that has already failed: the server reads and ignores them.
    while (!empty() && front() == Owed::kCopyEnd) {
        pop();
    }
}

}  // namespace cenote::session
