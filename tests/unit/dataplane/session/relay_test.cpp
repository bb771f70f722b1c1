#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/message_writer.hpp"
#include "dataplane/session/client_relay.hpp"
#include "dataplane/session/server_relay.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cenote::session {
namespace {

constexpr std::uint32_t kNoLimit = 0x7FFFFFFF;

// What a driver would do, as text: the bytes forwarded, and the decisions between them.
struct Trace {
    std::string text;
    void bytes(std::string_view piece) { text += piece; }
    void mark(std::string_view what) { text += "<" + std::string(what) + ">"; }
};

// A client's stream given in pieces; a server is linked as soon as one is asked for and leaves after `linked_for` messages.
Trace run_client(const std::vector<std::string_view>& pieces) {
    Trace trace;
    ClientRelay relay;
    TransactionTracker tracker;
    bool linked = false;
    std::string pending;
    for (const auto piece : pieces) {
        pending += piece;
        std::string_view rest = pending;
        bool more = true;
        while (more) {
            const auto step = relay.next(rest, linked ? &tracker : nullptr, kNoLimit);
            switch (step.kind) {
                case ClientRelay::Kind::kNeedMore:
                    more = false;
                    break;
                case ClientRelay::Kind::kForward:
                    trace.bytes(rest.substr(0, step.size));
                    break;
                case ClientRelay::Kind::kDiscard:
                    if (step.starts != 0) {
                        trace.mark("discard");
                    }
                    break;
                case ClientRelay::Kind::kNeedServer:
                    trace.mark("need");
                    linked = true;
                    break;
                case ClientRelay::Kind::kTerminate:
                    trace.mark(tracker.idle() ? "bye" : "bye, owing");
                    return trace;
                case ClientRelay::Kind::kError:
                    trace.mark("error");
                    return trace;
            }
            rest.remove_prefix(step.size);
        }
        pending = std::string(rest);
    }
    return trace;
}

std::string client_stream() {
    protocol::MessageWriter out;
    out.message('H', "");                     // a Flush with nothing to flush
    out.message('d', std::string(300, 'x'));  // late COPY data
    protocol::write_query(out, "select 1");
    out.message('P', std::string(700, 'p'));
    out.message('B', std::string("\0name\0", 6));
    out.message('E', std::string(9, '\0'));
    out.message('S', "");
    out.message('X', "");
    return out.take();
}

std::vector<std::string_view> random_cuts(std::string_view all, std::mt19937& random) {
    std::vector<std::string_view> pieces;
    while (!all.empty()) {
        const std::size_t size = std::min<std::size_t>(all.size(), 1 + random() % (random() % 4 == 0 ? 400 : 9));
        pieces.push_back(all.substr(0, size));
        all.remove_prefix(size);
    }
    return pieces;
}

TEST(ClientRelay, EveryCutGivesTheSameActions) {
    const auto stream = client_stream();
    const auto whole = run_client({stream}).text;
    EXPECT_THAT(whole, testing::StartsWith("<discard><discard><need>Q"));
    EXPECT_THAT(whole, testing::EndsWith("<bye, owing>"));
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        const std::string_view view(stream);
        ASSERT_EQ(run_client({view.substr(0, cut), view.substr(cut)}).text, whole) << "cut at " << cut;
    }
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        ASSERT_EQ(run_client(random_cuts(stream, random)).text, whole);
    }
}

TEST(ClientRelay, RefusesWhatIsNoMessage) {
    EXPECT_EQ(run_client({"GET / HTTP/1.1"}).text, "<error>");
    EXPECT_EQ(run_client({std::string_view("Q\0\0\0\3", 5)}).text, "<error>");
    ClientRelay relay;
    TransactionTracker tracker;
    EXPECT_EQ(relay.next(std::string_view("Q\x7f\xff\xff\xff", 5), &tracker, 1000).kind, ClientRelay::Kind::kError);
    EXPECT_TRUE(tracker.idle());
}

Trace run_server(const std::vector<std::string_view>& pieces, std::string_view owed) {
    Trace trace;
    ServerRelay relay;
    TransactionTracker tracker;
    for (const char type : owed) {
        tracker.on_client_message(type);
    }
    std::string pending;
    for (const auto piece : pieces) {
        pending += piece;
        std::string_view rest = pending;
        while (true) {
            const auto step = relay.next(rest, tracker);
            if (step.kind == ServerRelay::Kind::kError) {
                trace.mark("error");
                return trace;
            }
            if (step.kind == ServerRelay::Kind::kNeedMore) {
                break;
            }
            trace.bytes(rest.substr(0, step.size));
            if (step.kind == ServerRelay::Kind::kReadyForQuery) {
                trace.mark(tracker.clean() ? "clean" : "ready");
            } else if (step.kind == ServerRelay::Kind::kParameterStatus) {
                trace.mark(std::string(step.name) + "=" + std::string(step.value));
            }
            rest.remove_prefix(step.size);
        }
        pending = std::string(rest);
    }
    return trace;
}

TEST(ServerRelay, EveryCutGivesTheSameActions) {
    protocol::MessageWriter out;
    out.message('T', std::string(40, 't'));
    out.message('D', std::string(2000, 'd'));
    out.message('C', std::string("SELECT 1\0", 9));
    protocol::write_ready_for_query(out, 'T');
    protocol::write_parameter_status(out, "TimeZone", "UTC");
    out.message('C', std::string("COMMIT\0", 7));
    protocol::write_ready_for_query(out, 'I');
    const auto stream = out.take();
    const auto whole = run_server({stream}, "QQ").text;
    EXPECT_THAT(whole, testing::HasSubstr("T<ready>"));
    EXPECT_THAT(whole, testing::HasSubstr("<TimeZone=UTC>"));
    EXPECT_THAT(whole, testing::EndsWith("I<clean>"));
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        const std::string_view view(stream);
        ASSERT_EQ(run_server({view.substr(0, cut), view.substr(cut)}, "QQ").text, whole) << "cut at " << cut;
    }
    std::mt19937 random(11);
    for (int round = 0; round < 500; ++round) {
        ASSERT_EQ(run_server(random_cuts(stream, random), "QQ").text, whole);
    }
}

TEST(ServerRelay, RefusesABrokenReadyForQuery) {
    EXPECT_EQ(run_server({std::string_view("Z\0\0\0\4", 5)}, "Q").text, "<error>");
    EXPECT_EQ(run_server({std::string_view("D\0\0\0\0", 5)}, "Q").text, "<error>");
    EXPECT_EQ(
        run_server(
            {std::string_view(
                "S\0\0\0\x06"
                "ab",
                7
            )},
            "Q"
        )
            .text,
        "<error>"
    );
}

}  // namespace
}  // namespace cenote::session
