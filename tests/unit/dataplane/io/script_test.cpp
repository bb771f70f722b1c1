// Random scripts on a few streams of two loops against a model: what a stream is given is what its peer wrote, what the peer reads is what
// was sent, whatever happens between.
#include "tests/unit/dataplane/io/harness.hpp"

#include <fmt/format.h>

namespace cenote::io::test {
namespace {

struct Actor {
    Side* side = nullptr;
    Bench* at = nullptr;
    std::string written;  // by the peer, for the stream
    std::string sent;     // by the stream, for the peer
    std::size_t checked_in = 0;
    std::size_t checked_out = 0;
    bool moving = false;
    bool peer_finished = false;
    bool finished = false;
};

class ScriptTest : public ::testing::TestWithParam<std::tuple<Engine, Transport>> {
protected:
    static constexpr std::size_t kActors = 8;

    ScriptTest() : one_(std::get<0>(GetParam())), two_(std::get<0>(GetParam())) {}

    void start(Actor& actor) {
        actor = {};
        actor.at = random_() % 2 == 0 ? &one_ : &two_;
        const auto sockets = make_sockets(std::get<1>(GetParam()));
        auto& side = *sides_.emplace_back(std::make_unique<Side>());
        side.stream.fd = sockets.mine;
        side.peer = std::make_unique<Peer>(sockets.other);
        actor.side = &side;
        actor.at->adopt(side);
    }

    [[nodiscard]] std::string bytes() {
        const auto kind = random_() % 20;
        return random_bytes(random_, kind < 14 ? 1 + random_() % 100 : kind < 19 ? 1 + random_() % 20'000 : 1 + random_() % 400'000);
    }

    void turn(Bench& bench) {
        bench.turn();
        for (auto& actor : actors_) {
            if (actor.moving && actor.side->left) {
                arrive(actor);
            }
        }
    }

    // Off its loop: the next one takes it, with what raced.
    void arrive(Actor& actor) {
        actor.moving = false;
        actor.side->got += actor.at->loop.gather(actor.side->stream, {});
        actor.at = actor.at == &one_ ? &two_ : &one_;
        actor.at->adopt(*actor.side);
    }

    void check(Actor& actor) const {
        const auto& side = *actor.side;
        ASSERT_TRUE(
            std::string_view(actor.written).substr(actor.checked_in).starts_with(std::string_view(side.got).substr(actor.checked_in))
        );
        ASSERT_TRUE(
            std::string_view(actor.sent).substr(actor.checked_out).starts_with(std::string_view(side.peer->got).substr(actor.checked_out))
        );
        actor.checked_in = side.got.size();
        actor.checked_out = side.peer->got.size();
        if (side.ends != 0) {
            ASSERT_TRUE(actor.peer_finished);
        }
    }

    void act(Actor& actor) {
        auto& side = *actor.side;
        auto& loop = actor.at->loop;
        const auto what = random_() % 100;
        if (what < 25) {
            if (!actor.peer_finished) {
                const auto more = bytes();
                actor.written += more;
                side.peer->write(more);
            }
        } else if (what < 35) {
            side.peer->read();
            side.peer->pump();
        } else if (actor.moving) {
            turn(*actor.at);
        } else if (what < 55) {
            if (!actor.finished) {
                const auto more = bytes();
                actor.sent += more;
                loop.send(side.stream, more);
            }
        } else if (what < 63) {
            if (side.ends == 0) {
                loop.pause(side.stream, random_() % 2 == 0 ? Paused::kWatchEnd : Paused::kWatchError);
            }
        } else if (what < 73) {
            if (side.ends == 0) {
                loop.resume(side.stream);
            }
        } else if (what < 90) {
            turn(*actor.at);
        } else if (what < 93) {
            static_cast<void>(loop.wait(TimePoint::min()));  // collected, not looked at
        } else if (what < 97) {
            if (!loop.sending(side.stream) && !actor.finished && side.ends == 0) {
                side.left = false;
                if (loop.leave(side.stream)) {
                    arrive(actor);
                } else {
                    actor.moving = true;
                }
            }
        } else if (what == 97) {
            if (side.peer->unwritten.empty()) {
                actor.peer_finished = true;
                side.peer->shut_down();
            }
        } else if (what == 98) {
            if (!actor.finished) {
                actor.finished = true;
                loop.finish_sending(side.stream);
            }
        } else {
            loop.close(side.stream);
            side.peer->read();
            check(actor);
            start(actor);
        }
    }

    // Everything that was begun is brought to its end.
    void finish(Actor& actor) {
        auto& side = *actor.side;
        for (int i = 0; i < 2000 && actor.moving; ++i) {
            turn(*actor.at);
        }
        ASSERT_FALSE(actor.moving);
        auto& bench = *actor.at;
        if (side.ends == 0 || side.got.size() < actor.written.size()) {
            bench.loop.resume(side.stream);
        }
        EXPECT_TRUE(bench.until([&] {
            const bool moved = side.peer->unwritten.empty();
            side.peer->pump();
            side.peer->read();
            return moved && side.got.size() == actor.written.size() && side.peer->got.size() == actor.sent.size() &&
                   (side.ends != 0) == actor.peer_finished && side.peer->ended == actor.finished;
        }))
            << fmt::format(
                   "got {} of {}, sent {} of {}, ends {}, peer finished {}, finished {}, its end seen {}", side.got.size(),
                   actor.written.size(), side.peer->got.size(), actor.sent.size(), side.ends, actor.peer_finished, actor.finished,
                   side.peer->ended
               );
        check(actor);
        bench.loop.close(side.stream);
    }

    void run(std::uint32_t seed) {
        SCOPED_TRACE(seed);
        random_.seed(seed);
        actors_.assign(kActors, {});
        for (auto& actor : actors_) {
            start(actor);
        }
        for (int step = 0; step < 1500 && !HasFatalFailure(); ++step) {
            auto& actor = actors_[random_() % kActors];
            act(actor);
            check(actor);
        }
        for (auto& actor : actors_) {
            finish(actor);
        }
        one_.idle();
        two_.idle();
        sides_.clear();
    }

    Bench one_;
    Bench two_;
    std::mt19937 random_;
    std::vector<Actor> actors_;
    std::vector<std::unique_ptr<Side>> sides_;
};

CENOTE_BOTH_ENGINES_AND_TRANSPORTS(ScriptTest);

TEST_P(ScriptTest, AgreesWithTheModel) {
    for (std::uint32_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
        run(seed);
    }
}

}  // namespace
}  // namespace cenote::io::test
