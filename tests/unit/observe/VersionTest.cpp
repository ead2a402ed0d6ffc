// SPDX-License-Identifier: Apache-2.0
// Records of other versions: kept images of older ones, made-up newer ones, in processes that hold them open.
#include "Observer.h"
#include "Process.h"
#include "RecordReader.h"
#include "ScratchDirectory.h"
#include "SmallRecord.h"

#include <coroscope/model/RecordLayout.h>
#include <coroscope/observe/Source.h>

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

RecordBytes kept(const std::string& name) {
    std::ifstream file(std::string(KEPT_RECORDS) + '/' + name, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    return {bytes.data(), bytes.size()};
}

layout::Header& header(RecordBytes& bytes) {
    return *reinterpret_cast<layout::Header*>(bytes.data());
}

/// A child that holds `record` open as if it were its own, and perhaps does something with it.
class Holder {
public:
    explicit Holder(RecordBytes& record, const std::function<void(std::byte*, std::size_t, int)>& then = {}) {
        int ready[2];
        if (::pipe(ready) != 0)
            std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            header(record).pid = static_cast<std::uint32_t>(::getpid());
            header(record).processStart = ownStart();
            const int file = ::memfd_create(layout::memfdName, MFD_CLOEXEC | MFD_ALLOW_SEALING);
            if (::write(file, record.data(), record.size()) != static_cast<ssize_t>(record.size()))
                ::_exit(1);
            ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
            (void)!::write(ready[1], "r", 1);
            if (then)
                then(static_cast<std::byte*>(
                         ::mmap(nullptr, record.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)),
                     record.size(), file);
            for (;;)
                ::pause();
        }
        char byte = 0;
        (void)!::read(ready[0], &byte, 1);
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~Holder() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    int pid() const { return pid_; }

private:
    static std::uint64_t ownStart() {
        std::ifstream file("/proc/self/stat");
        std::string stat((std::istreambuf_iterator<char>(file)), {});
        std::istringstream fields(stat.substr(stat.rfind(')') + 2));
        std::string field;
        for (int i = 3; i <= 22; ++i)
            fields >> field;
        return std::stoull(field);
    }
    int pid_ = -1;
};

/// The record as a later version may write it: each row and the header longer, with things that nobody knows
/// yet.
RecordBytes grown(const RecordBytes& record) {
    layout::Header old{};
    std::memcpy(&old, record.data(), sizeof old);
    constexpr std::uint32_t longer = 128;
    layout::Table layout::Header::* const tables[] = {
        &layout::Header::jobs,      &layout::Header::threads,   &layout::Header::sites,
        &layout::Header::stacks,    &layout::Header::contexts,  &layout::Header::siteCounters,
        &layout::Header::incidents, &layout::Header::resources, &layout::Header::rings,
        &layout::Header::names};
    RecordBytes big(record.size() * 8);
    std::memset(big.data(), 0xa5, big.size());
    layout::Header now = old;
    std::uint64_t at = 4096;
    now.headerSize = 4000;
    now.versionMinor = 9;
    for (const auto table : tables) {
        const layout::Table& from = old.*table;
        layout::Table& to = now.*table;
        const bool perThread = table == &layout::Header::siteCounters || table == &layout::Header::rings;
        const std::uint64_t rows = from.capacity * (perThread ? old.threads.capacity : 1);
        to.offset = at;
        to.stride = from.stride + longer;
        for (std::uint64_t i = 0; i < rows; ++i)
            std::memcpy(big.data() + at + i * to.stride, record.data() + from.offset + i * from.stride,
                        from.stride);
        at = (at + rows * to.stride + 127) / 128 * 128;
    }
    now.texts.offset = at;
    std::memcpy(big.data() + at, record.data() + old.texts.offset, old.texts.capacity);
    now.totalSize = big.size();
    if (at + old.texts.capacity > big.size())
        std::abort();
    std::memcpy(big.data(), &now, sizeof now);
    return big;
}

std::string everyJob(int pid) {
    Observer observer;
    if (std::string problem = observer.attachTo(pid); !problem.empty())
        return problem;
    std::string text = observer.names();
    for (const Incident& incident : observer.incidents)
        text += '|' + incident.text;
    for (Node node = 0; node < observer.tree.endNode(); ++node)
        if (observer.tree.isLive(node))
            for (const SiteText& place :
                 observer.source->dictionary()->stack(observer.tree.row(node).suspendedAt).frames)
                text += '|' + place.fileName();
    return text;
}

TEST(OlderRecords, OfMinorVersion0And1Open) {
    for (const char* name : {"small-record.bin", "small-record-incidents.bin"}) {
        RecordBytes bytes = kept(name);
        ASSERT_LT(header(bytes).headerSize, sizeof(layout::Header)) << "is not older";
        const Holder holder(bytes);
        EXPECT_THAT(everyJob(holder.pid()), HasSubstr("root;+reader")) << name;
        Observer observer;
        ASSERT_EQ(observer.attachTo(holder.pid()), "");
        EXPECT_THAT(observer.source->contact().problem,
                    HasSubstr("has no agent. Its memory is read instead"));
        EXPECT_EQ(observer.source->info().runtimeVersion, "0.1.0");
    }
}

TEST(NewerRecords, OfANewerMinorVersionOpenThoughEveryRowIsLonger) {
    TargetProcess target;
    target.tell("begin root -");
    target.tell("begin reader root held");
    target.tell("run reader");
    target.tell("suspend reader");
    target.tell("begin failed root");
    target.tell("end failed Failed std::runtime_error: no more paper");
    RecordBytes now = smallRecord(target.pid());
    RecordBytes later = grown(now);
    const Holder today(now), tomorrow(later);
    const std::string all = everyJob(today.pid());
    EXPECT_THAT(all, HasSubstr("root;+reader|std::runtime_error: no more paper|Target.cpp"));
    EXPECT_EQ(everyJob(tomorrow.pid()), all);
}

TEST(NewerRecords, OfANewerMajorVersionAreRefusedWithBothVersionsAndWhatToDo) {
    RecordBytes bytes = kept("small-record.bin");
    header(bytes).versionMajor = 2;
    header(bytes).versionMinor = 3;
    const Holder holder(bytes);
    EXPECT_THAT(
        attach(holder.pid()).problem(),
        HasSubstr(
            "cannot be observed: its record has version 2.3 and this Coroscope reads version 1: a newer "
            "Coroscope is needed."));
    header(bytes).versionMajor = 0;
    const Holder older(bytes);
    EXPECT_THAT(attach(older.pid()).problem(), HasSubstr("an older Coroscope is needed."));
}

TEST(HostileTarget, ThatRewritesAndPunchesHolesIntoItsRecordWhileItIsReadIsSurvived) {
    TargetProcess target;
    target.tell("begin root -");
    target.tell("many 10 root");
    RecordBytes bytes = smallRecord(target.pid());
    const Holder holder(bytes, [](std::byte* memory, std::size_t size, int file) {
        std::mt19937_64 random(7);
        const auto known = std::vector<std::byte>(memory, memory + size);
        for (;;) {
            const std::size_t first = offsetof(layout::Header, slotsHighWater);
            const std::size_t at = first + random() % ((size - first) / 8) * 8;
            std::uint64_t value = random();
            if (random() % 4 != 0)
                std::memcpy(&value, known.data() + at, sizeof value);
            std::atomic_ref(*reinterpret_cast<std::uint64_t*>(memory + at)).store(value);
            if (random() % 10'000 == 0)
                ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, static_cast<off_t>(size));
        }
    });
    // What is wrong in the header stays so for milliseconds: many are refused before one is opened.
    int opened = 0;
    const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (int round = 0; (round < 200 || opened < 5) && std::chrono::steady_clock::now() < enough; ++round) {
        auto attached = attach(holder.pid());
        if (!attached) {
            EXPECT_FALSE(attached.problem().empty());
            continue;
        }
        ++opened;
        Observer observer;
        observer.source = *std::move(attached);
        for (int look = 0; look < 10; ++look)
            observer.read();
        for (Node node = 0; node < observer.tree.endNode(); ++node)
            if (observer.tree.isLive(node))
                (void)observer.source->dictionary()->stack(observer.tree.row(node).suspendedAt);
    }
    EXPECT_GT(opened, 0);
}

TEST(HostileTarget, WhoseRecordIsAPipeOfThatNameKeepsNobodyWaiting) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can mount";
    const ScratchDirectory scratch;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const std::string pipe = scratch.path() + "/memfd:coroscope-record";
        // A file at the root of a mount that has no other place: that is what its name looks like then.
        const bool made = ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                          ::mount("none", scratch.path().c_str(), "tmpfs", 0, nullptr) == 0 &&
                          ::mkfifo(pipe.c_str(), 0600) == 0 &&
                          ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0 &&
                          ::umount2(scratch.path().c_str(), MNT_DETACH) == 0;
        (void)!::write(ready[1], made ? "y" : "n", 1);
        for (;;)
            ::pause();
    }
    char made = 0;
    (void)!::read(ready[0], &made, 1);
    if (made == 'y') {
        EXPECT_EQ(heldRecords(child).paths.size(), 1u) << "it looks like a record";
        ::alarm(60); // an observer that waits for the pipe's writer waits for ever
        EXPECT_THAT(attach(child).problem(), HasSubstr("cannot be observed: the memory offered"));
        ::alarm(0);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    if (made != 'y')
        GTEST_SKIP() << "no mounts here";
}

} // namespace
} // namespace coroscope::test
