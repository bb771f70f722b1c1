#include "dataplane/base/log_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <sstream>
#include <thread>

namespace cenote::log {
namespace {

constexpr std::chrono::minutes kPatience{1};
constexpr int kPipeSize = 4096;  // the smallest the kernel gives

std::string notice(std::uint64_t lost) { return fmt::format("lost {}\n", lost); }

class Pipe {
public:
    Pipe() {
        ::signal(SIGPIPE, SIG_IGN);
        EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
        ::fcntl(ends_[0], F_SETPIPE_SZ, kPipeSize);
    }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_writer() { ::close(std::exchange(ends_[1], -1)); }
    void close_reader() { ::close(std::exchange(ends_[0], -1)); }

    /// What lies in it now.
    std::string read_now() {
        pollfd ready{ends_[0], POLLIN, 0};
        return ::poll(&ready, 1, 0) == 1 ? read_some() : "";
    }
    /// Waits until all of this has come; what came.
    std::string read_until(const std::string& last) {
        std::string all;
        while (!all.ends_with(last)) {
            const auto more = read_some();
            if (more.empty()) {
                return all + "(end)";
            }
            all += more;
        }
        return all;
    }

private:
    std::string read_some() {
        std::array<char, 65536> bytes{};
        const auto count = ::read(ends_[0], bytes.data(), bytes.size());
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }

    std::array<int, 2> ends_{-1, -1};
};

std::string line(int number, std::size_t size = 100) {
    auto text = fmt::format("{} ", number);
    text.resize(size - 1, 'x');
    return text + "\n";
}

std::string lines(int first, int end) {
    std::string all;
    for (int i = first; i < end; ++i) {
        all += line(i);
    }
    return all;
}

TEST(LogSink, ALineIsThereWhenTheCallReturns) {
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(pipe.writer());
    for (int i = 0; i < 1000; ++i) {
        sink.write(line(i));
        EXPECT_EQ(pipe.read_now(), line(i));
    }
    sink.write("same\n");
    sink.write("same\n");
    EXPECT_EQ(pipe.read_now(), "same\nsame\n");
    EXPECT_EQ(sink.lost(), 0U);
}

TEST(LogSink, APipeNobodyReadsHoldsUpNobodyAndLosesNothing) {
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(pipe.writer());
    for (int i = 0; i < 1000; ++i) {
        sink.write(line(i));
    }
    EXPECT_EQ(pipe.read_until(line(999)), lines(0, 1000));
    EXPECT_TRUE(sink.flush(kPatience));
    sink.write(line(1000));
    EXPECT_EQ(pipe.read_now(), line(1000));  // at once again
    EXPECT_EQ(sink.lost(), 0U);
}

TEST(LogSink, WhatDoesNotFitIsCountedAndSaid) {
    Pipe pipe;
    LogSink sink(notice, 10'000);
    sink.redirect(pipe.writer());
    constexpr int kLines = 1000;
    for (int i = 0; i < kLines; ++i) {
        sink.write(line(i));
    }
    const auto lost = static_cast<int>(sink.lost());
    ASSERT_GT(lost, 0);
    const int kept = kLines - lost;
    EXPECT_EQ(kept, (kPipeSize + 10'000) / 100);
    const auto told = notice(sink.lost());
    EXPECT_EQ(pipe.read_until(told), lines(0, kept) + told);
    EXPECT_TRUE(sink.flush(kPatience));
    sink.write(line(kLines));
    EXPECT_EQ(pipe.read_now(), line(kLines));
    EXPECT_EQ(sink.lost(), static_cast<std::uint64_t>(lost));
}

TEST(LogSink, ASocketHoldsUpNobodyEitherAndOthersUseItAsBefore) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    {
        LogSink sink(notice);
        sink.redirect(ends[1]);
        constexpr int kLines = 10'000;
        for (int i = 0; i < kLines; ++i) {
            sink.write(line(i));
        }
        EXPECT_EQ(::fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);  // its other users' writes still wait
        std::string all;
        while (all.size() < kLines * 100U) {
            std::array<char, 65536> bytes{};
            const auto count = ::read(ends[0], bytes.data(), bytes.size());
            ASSERT_GT(count, 0);
            all.append(bytes.data(), static_cast<std::size_t>(count));
        }
        EXPECT_EQ(all, lines(0, kLines));
    }
    ::close(ends[0]);
    ::close(ends[1]);
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(pipe.writer());
    EXPECT_EQ(::fcntl(pipe.writer(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(LogSink, AReaderThatIsGone) {
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(pipe.writer());
    for (int i = 0; i < 100; ++i) {
        sink.write(line(i));
    }
    pipe.close_reader();
    EXPECT_TRUE(sink.flush(kPatience));
    sink.write(line(100));
    EXPECT_GT(sink.lost(), 0U);
}

TEST(LogSink, ASinkThatIsStalledEndsAtOnce) {
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(pipe.writer());
    for (int i = 0; i < 100; ++i) {
        sink.write(line(i));
    }
    EXPECT_FALSE(sink.flush(std::chrono::milliseconds(1)));
}

TEST(LogSink, LinesOfManyThreadsStayWholeAndInOrder) {
    Pipe pipe;
    constexpr int kThreads = 4;
    constexpr int kEach = 2000;
    std::string all;
    std::thread reader([&] { all = pipe.read_until("end\n"); });
    {
        LogSink sink(notice, 100U << 20U);
        sink.redirect(pipe.writer());
        std::vector<std::thread> writers;
        for (int thread = 0; thread < kThreads; ++thread) {
            writers.emplace_back([&, thread] {
                for (int i = 0; i < kEach; ++i) {
                    sink.write(fmt::format("{} {} {}\n", thread, i, std::string(static_cast<std::size_t>(i % 300), 'x')));
                }
            });
        }
        for (auto& writer : writers) {
            writer.join();
        }
        sink.write("end\n");
        EXPECT_TRUE(sink.flush(kPatience));
    }
    reader.join();
    std::map<int, int> next;
    std::istringstream text(all);
    int count = 0;
    for (std::string one; std::getline(text, one) && one != "end"; ++count) {
        std::istringstream words(one);
        int thread = -1;
        int number = -1;
        std::string padding;
        words >> thread >> number >> padding;
        ASSERT_EQ(number, next[thread]++) << one;
        ASSERT_EQ(padding.size(), static_cast<std::size_t>(number % 300)) << one;
    }
    EXPECT_EQ(count, kThreads * kEach);
}

TEST(LogSink, AnotherFileTakesTheOldOnesNumber) {
    std::array<Pipe, 2> pipes;
    LogSink sink(notice);
    sink.redirect(pipes[0].writer());
    const int number = sink.descriptor();
    sink.write("one\n");
    sink.redirect(pipes[1].writer());
    EXPECT_EQ(sink.descriptor(), number);
    sink.write("two\n");
    EXPECT_EQ(pipes[0].read_now(), "one\n");
    EXPECT_EQ(pipes[1].read_now(), "two\n");
    sink.redirect(-1);
    sink.write("nowhere\n");
    pipes[1].close_writer();
    EXPECT_EQ(pipes[1].read_until("\n"), "(end)");  // let go of
    EXPECT_EQ(sink.lost(), 0U);
}

// Close-then-open would give the number for a moment to whoever opens next, a client's socket for one.
TEST(LogSink, NoLineGoesAstrayWhileFilesAreSwapped) {
    std::string name = "/tmp/cenote-log-XXXXXX";
    const int file = ::mkostemp(name.data(), O_CLOEXEC | O_APPEND);
    ASSERT_GE(file, 0);
    ::unlink(name.c_str());
    LogSink sink(notice);
    sink.redirect(file);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        while (!done) {
            sink.write("line\n");
        }
    });
    for (int i = 0; i < 2000; ++i) {
        Pipe stranger;
        sink.redirect(file);
        EXPECT_EQ(stranger.read_now(), "");
    }
    done = true;
    writer.join();
    EXPECT_EQ(sink.lost(), 0U);
    ::close(file);
}

TEST(LogSink, AFullDiskIsCountedAndSaid) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    Pipe pipe;
    LogSink sink(notice);
    sink.redirect(full);
    sink.write("lost one\n");
    sink.write("lost two\n");
    sink.redirect(pipe.writer());
    sink.write("kept\n");
    EXPECT_THAT(pipe.read_now(), testing::AllOf(testing::StartsWith("lost "), testing::EndsWith("\nkept\n")));
    EXPECT_GE(sink.lost(), 2U);
    ::close(full);
}

}  // namespace
}  // namespace cenote::log
