#include "dataplane/session/transaction_tracker.hpp"

#include <gtest/gtest.h>

namespace cenote::session {
namespace {

// A script of messages: ">Q" the client sends a Query, "<Z" + status the server is ready, "<E" … ; checks after each step when asked.
class Script {
public:
    Script& client(std::string_view types) {
        for (const char type : types) {
            tracker.on_client_message(type);
        }
        return *this;
    }
    Script& server(std::string_view types) {
        for (const char type : types) {
            tracker.on_server_message(type);
        }
        return *this;
    }
    Script& ready(char status = 'I') {
        tracker.on_ready_for_query(status);
        return *this;
    }
    Script& expect_clean(bool clean) {
        EXPECT_EQ(tracker.clean(), clean);
        return *this;
    }
    Script& expect_provable(bool provable) {
        EXPECT_EQ(tracker.provable(), provable);
        return *this;
    }
    TransactionTracker tracker;
};

TEST(TransactionTracker, SimpleQuery) {
    Script().expect_clean(true).client("Q").expect_clean(false).server("TDC").ready().expect_clean(true);
}

TEST(TransactionTracker, AnOpenTransactionKeepsTheServer) {
    Script()
        .client("Q")
        .ready('T')
        .expect_clean(false)
        .client("Q")
        .server("E")
        .ready('E')
        .expect_clean(false)
        .client("Q")
        .ready('I')
        .expect_clean(true);
}

TEST(TransactionTracker, PipelinedBatchesOweOneAnswerEach) {
    Script().client("PBDES").client("PBDES").server("12nC").ready().expect_clean(false).server("12nC").ready().expect_clean(true);
}

TEST(TransactionTracker, ABatchWithoutSyncIsNotClean) {
    Script().client("PBDEH").server("12nC").expect_clean(false).client("S").ready().expect_clean(true);
}

TEST(TransactionTracker, AnErrorSkipsToItsSync) {
    Script().client("PBES").client("PBES").server("E").ready().expect_clean(false).server("12C").ready().expect_clean(true);
}

TEST(TransactionTracker, QueriesSentBeforeTheSyncAreDroppedByTheServer) {
    Script().client("PBEH").server("E").client("Q").expect_clean(false).client("S").ready().expect_clean(true).expect_provable(true);
}

TEST(TransactionTracker, CopyInBySimpleQuery) {
    Script().client("Q").server("G").client("dddc").server("C").expect_clean(false).ready().expect_clean(true).expect_provable(true);
}

// libpq: Execute and Sync at once, the Sync is ignored in COPY IN; CopyDone and another Sync, one answer.
TEST(TransactionTracker, CopyInByExtendedQueryHasOneAnswerForTwoSyncs) {
    Script().client("PBES").server("12G").client("ddcS").server("C").ready().expect_clean(true).expect_provable(true);
}

TEST(TransactionTracker, CopyInWithEverythingPipelined) {
    Script()
        .client("PBESdddcS")
        .server("12G")
        .expect_clean(false)
        .server("C")
        .expect_clean(false)
        .ready()
        .expect_clean(true)
        .expect_provable(true);
}

TEST(TransactionTracker, ABatchPipelinedBehindACopy) {
    Script()
        .client("PBESdcS")
        .client("PBES")
        .server("12GC")
        .ready()
        .expect_clean(false)
        .server("12C")
        .ready()
        .expect_clean(true)
        .expect_provable(true);
}

TEST(TransactionTracker, CopyFailBySimpleQuery) {
    Script().client("Q").server("G").client("df").server("E").expect_clean(false).ready().expect_clean(true).expect_provable(true);
}

TEST(TransactionTracker, CopyFailByExtendedQuery) {
    Script().client("PBES").server("G").client("dfS").server("E").ready().expect_clean(true).expect_provable(true);
}

TEST(TransactionTracker, TheServerEndsTheCopyAndTheClientsRestComesLate) {
    // It reads the rest and ignores it: nothing more is to come.
    Script()
        .client("Q")
        .server("G")
        .client("d")
        .server("E")
        .ready()
        .expect_clean(true)
        .client("dc")
        .expect_clean(true)
        .client("f")
        .expect_clean(true);
}

TEST(TransactionTracker, ExtendedCopyThatFailsBeforeTheClientIsDone) {
    Script()
        .client("PBES")
        .server("G")
        .client("d")
        .server("E")
        .expect_clean(false)
        .client("dcS")
        .ready()
        .expect_clean(true)
        .expect_provable(true);
}

TEST(TransactionTracker, ASyncIntoAFailingCopyProvesNothing) {
    Script().client("PBES").server("G").client("dS").server("E").expect_provable(false);
}

TEST(TransactionTracker, AnAnswerNobodyAskedForProvesNothing) { Script().ready().expect_clean(false).expect_provable(false); }

TEST(TransactionTracker, AQueryBehindABatchWithoutSync) {
    Script().client("PBEQ").server("12CC").ready().expect_clean(true).expect_provable(true);
    Script().client("PBEQ").server("E").expect_provable(false);
}

TEST(TransactionTracker, FunctionCall) { Script().client("F").server("V").ready().expect_clean(true); }

TEST(TransactionTracker, ResetForgets) {
    Script script;
    script.client("PBE").tracker.reset();
    script.expect_clean(true);
}

TEST(TransactionTracker, AFlushAloneOwesNothing) {
    Script().client("H").expect_clean(true).client("Q").server("E").ready().expect_clean(true);
}

}  // namespace
}  // namespace cenote::session
