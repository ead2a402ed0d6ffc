// SPDX-License-Identifier: Apache-2.0
// Days on which everything goes wrong: targets that are killed at any moment, that have more jobs than room,
// whose handlers hang; observers that are many, slow or asleep.
#include "Observer.h"
#include "Process.h"
#include "ScratchDirectory.h"
#include "Storm.h"

#include <coroscope/model/RecordLayout.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <thread>

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

/// The ids that stand in the slots of a record, read without any of the observer's code.
class Slots {
public:
    explicit Slots(int pid) {
        const HeldRecords held = heldRecords(pid);
        const Descriptor file(held.paths.empty() ? -1 : ::open(held.paths[0].c_str(), O_RDONLY | O_CLOEXEC));
        struct stat info{};
        if (::fstat(file.get(), &info) != 0)
            std::abort();
        size_ = static_cast<std::size_t>(info.st_size);
        void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
        if (memory == MAP_FAILED)
            std::abort();
        base_ = static_cast<const std::byte*>(memory);
    }
    ~Slots() { ::munmap(const_cast<std::byte*>(base_), size_); }
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    /// Of jobs that have not come to their end.
    std::set<std::uint64_t> ids() const {
        std::set<std::uint64_t> all;
        const auto& header = *reinterpret_cast<const layout::Header*>(base_);
        for (std::uint64_t i = 0; i < header.slotsHighWater; ++i) {
            const auto& slot =
                *reinterpret_cast<const layout::Slot*>(base_ + header.jobs.offset + i * header.jobs.stride);
            if (slot.id != 0 && !isFinal(layout::JobWord{slot.jobWord}.state()))
                all.insert(slot.id);
        }
        return all;
    }
    std::uint64_t eventsWritten() const {
        std::uint64_t sum = 0;
        const auto& header = *reinterpret_cast<const layout::Header*>(base_);
        for (std::uint64_t i = 0; i < header.threads.capacity; ++i)
            sum += reinterpret_cast<const layout::Thread*>(base_ + header.threads.offset +
                                                           i * header.threads.stride)
                       ->ringHead;
        return sum;
    }

private:
    const std::byte* base_ = nullptr;
    std::size_t size_ = 0;
};

std::set<std::uint64_t> idsIn(const JobTree& tree) {
    std::set<std::uint64_t> all;
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node))
            all.insert(tree.row(node).id.value);
    return all;
}

long residentKilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (long value = 0; word == "RssAnon:" && status >> value)
            return value;
    return 0;
}

/// How often a target is killed: COROSCOPE_TEST_KILLS=1000 for the long run.
int kills() {
    const char* const text = std::getenv("COROSCOPE_TEST_KILLS");
    return text && std::atoi(text) > 0 ? std::atoi(text) : 100;
}

TEST(BadDays, ATargetKilledAtAnyMomentLeavesItsObserverACompleteTree) {
    std::mt19937 random(4'711);
    ProducedFile produced;
    int changing = 0, overtaken = 0;
    long before = 0;
    for (int round = 0; round < kills(); ++round) {
        TargetProcess target;
        produced.clear();
        Observer observer;
        // Every other storm is on already when the observer comes.
        const bool late = round % 2 == 0;
        if (late)
            target.tell("storm 2 " + produced.path());
        ASSERT_EQ(observer.attachTo(target.pid()), "");
        const Slots slots(target.pid());
        if (!late)
            target.tell("storm 2 " + produced.path());
        std::thread killer([&, after = std::chrono::microseconds(random() % 15'000)] {
            std::this_thread::sleep_for(after);
            target.signal(SIGKILL);
        });
        const bool ended = eventually([&] {
            if (random() % 8 == 0) // now and then it is slow
                std::this_thread::sleep_for(std::chrono::milliseconds(random() % 4));
            observer.read();
            return observer.source->ended().has_value();
        });
        killer.join();
        ASSERT_TRUE(ended) << "round " << round;
        EXPECT_THAT(observer.source->ended()->text, HasSubstr("was killed"));

        const std::set<std::uint64_t> seen = idsIn(observer.tree), there = slots.ids();
        std::vector<std::uint64_t> differ;
        std::set_symmetric_difference(seen.begin(), seen.end(), there.begin(), there.end(),
                                      std::back_inserter(differ));
        EXPECT_THAT(differ, testing::IsEmpty()) << "round " << round << ", of " << there.size();
        for (Node node = 0; node < observer.tree.endNode(); ++node) {
            if (!observer.tree.isLive(node))
                continue;
            const JobRow& row = observer.tree.row(node);
            EXPECT_FALSE(isFinal(row.state));
            changing += row.changing;
        }
        EXPECT_EQ(observer.mismarked, 0u) << "round " << round;
        overtaken += observer.lost != 0;
        if (!late) {
            // A thread dies within a step: its events were all written, in part, or not at all.
            EXPECT_EQ(observer.events + observer.lost, slots.eventsWritten());
            EXPECT_GE(observer.events + observer.lost, produced.done());
            EXPECT_LE(observer.events + observer.lost, produced.begun());
        }
        if (round == kills() / 4)
            before = residentKilobytes();
    }
    RecordProperty("rows in mid-write", changing);
    RecordProperty("rounds with losses", overtaken);
#ifndef COROSCOPE_SANITIZED // they keep what is freed
    EXPECT_LT(residentKilobytes() - before, 100'000) << "nothing piles up";
#else
    (void)before;
#endif
}

#ifdef COROSCOPE_SANITIZED
constexpr unsigned stormThreads[] = {1, 4}; // what more threads must write to lose something takes minutes
constexpr int stormLooks = 20;
#else
constexpr unsigned stormThreads[] = {1, 4, 200}; // 200: more than have a ring of their own
constexpr int stormLooks = 200;
#endif

/// A name that no job of a storm has ever had: parts of two.
std::string tornName(const Observer& observer) {
    const std::set<std::string> known{"", "calm", "gusts from the north", "rough"};
    for (Node node = 0; node < observer.tree.endNode(); ++node)
        if (observer.tree.isLive(node) && !known.contains(observer.nameOf(node)))
            return observer.nameOf(node);
    return {};
}

TEST(BadDays, SeenAndLostAreWhatWasProducedHoweverSlowTheObserverIs) {
    ProducedFile produced;
    for (const unsigned threads : stormThreads) {
        TargetProcess target;
        produced.clear();
        Observer observer;
        ASSERT_EQ(observer.attachTo(target.pid()), "");
        target.tell("storm " + std::to_string(threads) + ' ' + produced.path());
        const auto until = [&](std::uint64_t events) {
            return eventually([&] { return produced.done() >= events; });
        };
        // Looks rarely, so that whole rings are overwritten in between, and then all the time.
        for (int look = 1; look <= 5; ++look) {
            ASSERT_TRUE(until(produced.done() + threads * 40'000ull));
            observer.read();
        }
        EXPECT_GT(observer.lost, 0u) << threads;
        // Among 200 threads that never rest, an observer gets a hundredth of the machine: by the clock, then.
        const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        for (int look = 0; look < stormLooks && std::chrono::steady_clock::now() < enough; ++look) {
            observer.read();
            ASSERT_EQ(tornName(observer), "");
        }
        const std::uint64_t count = std::stoull(target.tell("calm"));
        observer.read();
        EXPECT_EQ(observer.events + observer.lost, count) << threads;
        EXPECT_TRUE(observer.soon([&] { return observer.tree.totals().jobs == 0; })) << "and nothing is left";
    }
}

/// An observer in a process of its own, which answers "s" when it has attached; after "e" it reads to the end
/// and answers with seen plus lost.
class OtherObserver {
public:
    explicit OtherObserver(int target) {
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line_) != 0)
            std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            Observer observer;
            const bool attached = observer.attachTo(target).empty();
            (void)!::write(line_[1], attached ? "s" : "f", 1);
            char word = 0;
            while (::recv(line_[1], &word, 1, MSG_DONTWAIT) != 1) {
                observer.read();
                observer.source->wait(1);
            }
            observer.read();
            const std::string text = std::to_string(observer.events + observer.lost);
            (void)!::write(line_[1], text.data(), text.size());
            ::_exit(0);
        }
    }
    ~OtherObserver() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::close(line_[0]);
        ::close(line_[1]);
    }
    OtherObserver(const OtherObserver&) = delete;
    OtherObserver& operator=(const OtherObserver&) = delete;

    bool attached() { return word() == "s"; }
    void signal(int number) const { ::kill(pid_, number); }
    std::uint64_t seenAndLost() {
        (void)!::write(line_[0], "e", 1);
        return std::stoull("0" + word());
    }

private:
    std::string word() {
        char text[64];
        const ssize_t size = ::read(line_[0], text, sizeof text);
        return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }
    int pid_ = -1;
    int line_[2];
};

TEST(BadDays, AnObserverThatSleepsHoldsUpNobodyAndCountsWhatItMissed) {
    TargetProcess target;
    ProducedFile produced;
    OtherObserver sleeper(target.pid());
    ASSERT_TRUE(sleeper.attached());
    sleeper.signal(SIGSTOP);
    Observer awake;
    ASSERT_EQ(awake.attachTo(target.pid()), "");
    target.tell("storm 2 " + produced.path());
    ASSERT_TRUE(eventually([&] {
        awake.read();
        return produced.done() > 300'000;
    })) << "the target goes on";
    const std::uint64_t count = std::stoull(target.tell("calm"));
    awake.read();
    EXPECT_EQ(awake.events + awake.lost, count);
    sleeper.signal(SIGCONT);
    EXPECT_EQ(sleeper.seenAndLost(), count);
}

TEST(BadDays, TenObserversAtOnceSeeTheSame) {
    TargetProcess target;
    ProducedFile produced;
    std::vector<std::unique_ptr<OtherObserver>> observers;
    for (int i = 0; i < 10; ++i)
        observers.push_back(std::make_unique<OtherObserver>(target.pid()));
    for (const auto& observer : observers)
        ASSERT_TRUE(observer->attached());
    target.tell("storm 2 " + produced.path());
    ASSERT_TRUE(eventually([&] { return produced.done() > 200'000; }));
    const std::uint64_t count = std::stoull(target.tell("calm"));
    for (const auto& observer : observers)
        EXPECT_EQ(observer->seenAndLost(), count);
}

TEST(BadDays, JobsBeyondTheRoomForThemAreCountedAndShown) {
    const auto target = TargetProcess::by({"env", "COROSCOPE_MAX_JOBS=8192"});
    target->tell("begin root -");
    target->tell("many 10000 root");
    Observer observer;
    ASSERT_EQ(observer.attachTo(target->pid()), "");
    EXPECT_EQ(observer.tree.totals().jobs, 8'191u);
    EXPECT_EQ(observer.source->untrackedJobs(), 10'001u - 8'191u);
    target->tell("end root Completed");
    target->tell("begin late -");
    EXPECT_TRUE(observer.soon([&] { return observer.named("late") != noNode; })) << "room that is free again";
}

TEST(BadDays, AHandlerThatHangsHoldsUpItsCommandsOnly) {
    TargetProcess target;
    target.tell("begin a -");
    target.tell("begin b -");
    Observer observer;
    ASSERT_EQ(observer.attachTo(target.pid()), "");
    target.tell("hang");
    std::vector<CommandAnswer::Kind> kinds;
    const auto answered = [&](std::size_t count) {
        return observer.soon([&] {
            for (const CommandAnswer& answer : observer.source->answers())
                kinds.push_back(answer.kind);
            return kinds.size() >= count;
        });
    };
    ASSERT_TRUE(observer.source->cancel(observer.row("a").id, false, "never"));
    ASSERT_TRUE(observer.source->cancel(observer.row("b").id, false, "nor this"));
    EXPECT_TRUE(answered(2));
    EXPECT_THAT(kinds, testing::Each(CommandAnswer::Kind::Queued))
        << "told that it waits, never that it is done";
    target.tell("begin c a");
    EXPECT_TRUE(observer.soon([&] { return observer.named("c") != noNode; })) << "news go on";
    Observer second;
    ASSERT_EQ(second.attachTo(target.pid()), "");
    EXPECT_TRUE(second.source->contact().followsEvents) << "the agent answers whoever comes";
    // More than wait at most, a few at a time: who does not read his answers loses them.
    int accepted = 0;
    EXPECT_TRUE(observer.soon([&] {
        for (int few = 0; few < 20 && accepted < 1'100; ++few)
            accepted += static_cast<bool>(observer.source->cancel(observer.row("b").id, false, "too many"));
        for (const CommandAnswer& answer : observer.source->answers())
            kinds.push_back(answer.kind);
        return kinds.back() == CommandAnswer::Kind::Refused;
    })) << "what does not fit is refused in words";
    EXPECT_GT(accepted, 1'000);
}

TEST(BadDays, TheSocketOfAKilledProgramIsRemovedByTheNextOneAndNoOtherFile) {
    const ScratchDirectory scratch;
    const std::string sockets = scratch.path() + "/coroscope/";
    const auto start = [&] { return TargetProcess::by({"env", "XDG_RUNTIME_DIR=" + scratch.path()}); };
    const auto there = [&](const std::string& name) { return std::filesystem::exists(sockets + name); };
    const auto lives = start();
    lives->tell("begin a -");
    // Who is answered knows that the agent has looked round.
    Observer observer;
    ASSERT_EQ(observer.attachTo(lives->pid()), "");
    ASSERT_EQ(observer.source->contact().problem, "");
    auto killed = start();
    killed->tell("begin a -");
    const std::string left = std::to_string(killed->pid()) + ".sock";
    killed.reset();
    ASSERT_TRUE(there(left));
    // The name of a process that is not to be seen here, in another container, which listens.
    const std::string others = "4194305.sock", file = "4194306.sock";
    std::ofstream(sockets + file) << "no socket";
    const int listens = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = sockets + others;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(listens, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listens, 16), 0);

    const auto next = start();
    next->tell("begin a -");
    EXPECT_TRUE(eventually([&] { return !there(left); }));
    EXPECT_TRUE(there(others));
    EXPECT_TRUE(there(file));
    EXPECT_TRUE(there(std::to_string(lives->pid()) + ".sock"));
    EXPECT_TRUE(there(std::to_string(next->pid()) + ".sock"));
    ::close(listens);
}

TEST(BadDays, ACoreFileHasTheRecordAndIsOfReasonableSize) {
    std::ifstream pattern("/proc/sys/kernel/core_pattern");
    std::string where;
    std::getline(pattern, where);
    if (where.starts_with('|') || where.find('/') != std::string::npos)
        GTEST_SKIP() << "cores do not go to the current directory here: " << where;
    const ScratchDirectory scratch;
    const auto target =
        TargetProcess::by({"env", "-C", scratch.path(), "prlimit", "--core=unlimited:unlimited"});
    target->tell("begin left-in-the-core -");
    target->tell("many 100000 left-in-the-core");
    target->write("abort");
    EXPECT_EQ(target->waitForExit(), 128 + SIGABRT);
    const std::vector<std::string> files = scratch.names();
    if (files.empty())
        GTEST_SKIP() << "no core files here (sanitizers, or a limit)";
    const std::string core = scratch.path() + '/' + files.front();
    struct stat info{};
    ASSERT_EQ(::stat(core.c_str(), &info), 0);
    EXPECT_LT(info.st_size, 100 << 20) << "2 GB of address space must not get into it";
    EXPECT_LT(info.st_blocks * 512, 64 << 20);
    std::ifstream file(core, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    // The header, then the slots by their addresses in the process.
    const auto read = [&](std::size_t place, auto& into) {
        if (place > bytes.size() || bytes.size() - place < sizeof into)
            return false;
        std::memcpy(&into, bytes.data() + place, sizeof into);
        return true;
    };
    Elf64_Ehdr elf{};
    ASSERT_TRUE(read(0, elf));
    std::vector<Elf64_Phdr> parts(elf.e_phnum);
    for (std::size_t i = 0; i < parts.size(); ++i)
        ASSERT_TRUE(read(elf.e_phoff + i * elf.e_phentsize, parts[i]));
    std::uint64_t base = 0;
    layout::Header header{};
    for (const Elf64_Phdr& part : parts)
        if (part.p_type == PT_LOAD && part.p_filesz > sizeof header && read(part.p_offset, header) &&
            std::memcmp(header.magic, layout::magic, sizeof header.magic) == 0) {
            base = part.p_vaddr;
            break;
        }
    ASSERT_NE(base, 0u) << "the record's header is not in the core";
    ASSERT_TRUE(header.slotsHighWater > 100'001);
    std::size_t jobs = 0;
    for (std::uint64_t i = 0; i < header.slotsHighWater; ++i) {
        const std::uint64_t address = base + header.jobs.offset + i * header.jobs.stride;
        for (const Elf64_Phdr& part : parts) {
            std::uint64_t id = 0;
            if (part.p_type == PT_LOAD && address >= part.p_vaddr && address < part.p_vaddr + part.p_filesz &&
                read(part.p_offset + address - part.p_vaddr, id))
                jobs += id != 0;
        }
    }
    EXPECT_EQ(jobs, 100'001u);
    EXPECT_NE(bytes.find("left-in-the-core"), std::string::npos);
}

} // namespace
} // namespace coroscope::test
