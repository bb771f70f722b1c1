// Knows what a server still owes its client, and so when it may serve another one. One per server connection; the server's worker only.
//
// Each Query, FunctionCall and Sync is answered by one ReadyForQuery, in order; the two exceptions are what makes this a machine
// (manual, "Message Flow", 55.2.3 extended query, 55.2.6 COPY):
//  - after an error in an extended batch the server drops everything up to the next Sync, Queries included;
//  - a Sync that reaches a server in COPY IN is ignored, so a driver's Execute+Sync, CopyData…, CopyDone+Sync has one answer for two Syncs.
//
//   sent by the client     | remembered as
//   Q F                    | an answer is owed (dropped at the server while it skips to a Sync)
//   P B D E C              | an open batch: nothing is owed yet, but the server is not clean
//   S                      | an answer is owed, the batch ends (ignored inside COPY IN)
//   c f                    | the end of a COPY IN (with nothing owed: late for one that failed, ignored)
//   d H                    | nothing
// Where the order of events does not prove what the server did, provable() turns false: such a server is never used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cenote::session {

class TransactionTracker {
public:
    /// A message of this type goes to the server.
    void on_client_message(char type);
    /// A message of this type came from the server, other than ReadyForQuery.
    void on_server_message(char type);
    void on_ready_for_query(char status);

    /// Nothing is owed, no transaction is open, and that is proven.
    [[nodiscard]] bool clean() const noexcept { return idle() && status_ == 'I' && provable_ && !in_copy_; }
    /// The transaction status of the last ReadyForQuery: I, T or E.
    [[nodiscard]] char status() const noexcept { return status_; }
    [[nodiscard]] bool provable() const noexcept { return provable_; }
    /// Nothing is owed; a transaction may be open.
    [[nodiscard]] bool idle() const noexcept { return empty() && !skips_to_sync_; }

    void reset() noexcept;

private:
    enum class Owed : std::uint8_t { kBatch, kQuery, kSync, kCopyEnd };

    [[nodiscard]] bool empty() const noexcept { return head_ == owed_.size(); }
    [[nodiscard]] Owed front() const noexcept { return owed_[head_]; }
    void push(Owed owed);
    void pop() noexcept;
    void on_error();
    void on_copy_in();

    std::vector<Owed> owed_;  // its capacity stays with the server connection: no allocation once warm
    std::size_t head_ = 0;
    char status_ = 'I';
    bool provable_ = true;
    bool in_copy_ = false;        // the server said CopyInResponse and has not seen its end
    bool copy_end_sent_ = false;  // … but the client has already sent CopyDone or CopyFail
    bool skips_to_sync_ = false;  // the server drops everything up to a Sync that has not been sent yet
    bool sync_in_copy_ = false;   // a Sync was sent into a COPY IN: ignored, unless the COPY fails first
};

}  // namespace cenote::session
