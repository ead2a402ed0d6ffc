// SPDX-License-Identifier: Apache-2.0
// Where the code keeps frame pointers a stack is read in some 20 ns: two loads a frame. Where it does not the
// same walk gives nonsense, and only the unwinder, a hundred times slower, tells the truth. Which of the two
// a program is cannot be asked for; it is found out, stack by stack:
//
//   A walk is trusted once the unwinder has given the same stack for the same sequence of return addresses.
//   Then it is right for ever: whether a function keeps a frame pointer at one of its call sites is fixed in
//   its code, so if each frame of this sequence did once, it does each time.
//
// The unwinder may know some frames more, those that start a thread or a program: the C library is built
// without frame pointers. They follow from the last one that the walk has found.
#include "CreationStacks.h"
#include "Atomic.h"
#include "Memory.h"
#include "Switch.h"

#include <coroscope/record/Record.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <unordered_map>

#include <link.h>
#include <pthread.h>
#include <unistd.h>
#include <unwind.h>

namespace coroscope::record {

namespace {

constexpr std::size_t mostFrames = layout::CallStack::maxDepth;

/// Return addresses, innermost first.
struct Addresses {
    std::array<std::uintptr_t, mostFrames> at;
    std::size_t count = 0;
    bool cut = false;

    void add(std::uintptr_t address) noexcept {
        if (count < mostFrames)
            at[count++] = address;
        else
            cut = true;
    }
    std::span<const std::uintptr_t> all() const noexcept { return {at.data(), count}; }
    std::uint64_t hash(std::uint64_t seed) const noexcept {
        for (const std::uintptr_t address : all()) {
            seed = (seed ^ address) * 0x9e3779b97f4a7c15u;
            seed ^= seed >> 29;
        }
        return seed;
    }
};

/// What this thread has met lately. `sameByWalk`: of an unwound stack, the walk gives it as well.
struct Met {
    std::uint64_t hash = 0;
    CallStackId id = 0;
    bool sameByWalk = false;
};
constexpr std::uint64_t walkedSeed = 1, unwoundSeed = 2;
constinit thread_local std::array<Met, 128> met{};

Met& metAt(std::uint64_t hash) noexcept {
    return met[hash % met.size()];
}

/// The highest address of this thread's own stack. A fibre's stack lies elsewhere: then nothing is walked.
std::uintptr_t stackEnd() noexcept {
    static constinit thread_local std::uintptr_t end = 0;
    if (end == 0) {
        end = 1;
        pthread_attr_t attributes;
        if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
            void* low = nullptr;
            std::size_t size = 0;
            if (::pthread_attr_getstack(&attributes, &low, &size) == 0)
                end = reinterpret_cast<std::uintptr_t>(low) + size;
            ::pthread_attr_destroy(&attributes);
        }
    }
    return end;
}

/// Follows the frame pointers from `frame` up. Reads nothing but this thread's stack: a frame pointer that is
/// none ends the walk, or leads to another place of the same stack.
__attribute__((no_sanitize("address", "thread"))) void walk(std::uintptr_t frame, Addresses& into) noexcept {
    const std::uintptr_t end = stackEnd();
    std::uintptr_t last = 0;
    while (frame > last && frame + 2 * sizeof frame <= end && frame % sizeof frame == 0) {
        const auto* const words = reinterpret_cast<const std::uintptr_t*>(frame);
        if (words[1] == 0 || into.cut)
            return;
        into.add(words[1]);
        last = frame;
        frame = words[0];
    }
}

struct Unwinding {
    Addresses* into;
    std::uintptr_t from; ///< the first address that counts
    bool begun = false;
};

_Unwind_Reason_Code unwound(_Unwind_Context* context, void* argument) {
    auto& state = *static_cast<Unwinding*>(argument);
    int before = 0;
    const std::uintptr_t address = _Unwind_GetIPInfo(context, &before);
    state.begun = state.begun || address == state.from;
    if (state.begun && address != 0)
        state.into->add(address + (before != 0 ? 1 : 0)); // as if it were a return address
    return state.into->cut ? _URC_END_OF_STACK : _URC_NO_REASON;
}

struct Loaded {
    std::uintptr_t address = 0;
    layout::Module row{};
    std::string path;
    bool found = false;
};

void readBuildId(const dl_phdr_info& info, const ElfW(Phdr) & segment, layout::Module& row) noexcept {
    const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
    const char* const end = at + segment.p_memsz;
    const std::size_t align = segment.p_align == 8 ? 8 : 4;
    const auto padded = [align](std::size_t size) { return (size + align - 1) / align * align; };
    while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        std::memcpy(&head, at, sizeof head);
        const char* const name = at + sizeof head;
        const std::size_t size = sizeof head + padded(head.n_namesz) + padded(head.n_descsz);
        if (size > static_cast<std::size_t>(end - at))
            return;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
            row.buildIdSize =
                static_cast<std::uint16_t>(std::min<std::size_t>(head.n_descsz, sizeof row.buildId));
            std::memcpy(row.buildId, name + padded(head.n_namesz), row.buildIdSize);
            return;
        }
        at += size;
    }
}

int lookIntoLoaded(dl_phdr_info* info, std::size_t, void* argument) {
    auto& wanted = *static_cast<Loaded*>(argument);
    const std::span<const ElfW(Phdr)> segments(info->dlpi_phdr, info->dlpi_phnum);
    wanted.found = std::any_of(segments.begin(), segments.end(), [&](const ElfW(Phdr) & s) {
        return s.p_type == PT_LOAD && wanted.address - info->dlpi_addr - s.p_vaddr < s.p_memsz;
    });
    if (!wanted.found)
        return 0;
    wanted.row.bias = info->dlpi_addr;
    wanted.path = info->dlpi_name ? info->dlpi_name : "";
    for (const ElfW(Phdr) & s : segments)
        if (s.p_type == PT_NOTE)
            readBuildId(*info, s, wanted.row);
    return 1;
}

Loaded loadedAt(std::uintptr_t address) {
    Loaded loaded;
    loaded.address = address;
    ::dl_iterate_phdr(lookIntoLoaded, &loaded);
    return loaded;
}

/// What is beyond the walk's last frame only starts the thread or the program: it lies in the same library,
/// all but the program's entry, which is the last.
bool onlyStarts(std::span<const std::uintptr_t> beyond, std::uintptr_t lastWalked) {
    if (beyond.empty())
        return true;
    const std::uintptr_t library = loadedAt(lastWalked).row.bias;
    return std::all_of(beyond.begin(), beyond.end() - 1,
                       [library](std::uintptr_t address) { return loadedAt(address).row.bias == library; });
}

bool walkTellsTheSame(const Addresses& walked, const Addresses& unwoundStack) {
    return walked.count > 0 && walked.count <= unwoundStack.count && walked.cut == unwoundStack.cut &&
           std::equal(walked.all().begin(), walked.all().end(), unwoundStack.all().begin()) &&
           onlyStarts(unwoundStack.all().subspan(walked.count), walked.all().back());
}

struct Tables {
    std::mutex lock;
    std::unordered_map<std::string, CallStackId> stacks;    ///< by the bytes of layout::CallStack
    std::unordered_map<std::string, std::uint32_t> modules; ///< by the bytes of layout::Module
};
// Never destroyed: jobs may begin while static objects are being torn down.
Tables& tables() {
    static Tables& t = *new Tables;
    return t;
}

std::string ownPath() {
    char path[1024];
    const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

template <class Row>
std::uint32_t append(std::unordered_map<std::string, std::uint32_t>& known, const Row& row, Row* table,
                     std::uint32_t& used, std::uint32_t capacityOfTable) {
    const auto [it, added] =
        known.try_emplace(std::string(reinterpret_cast<const char*>(&row), sizeof row), 0);
    if (!added)
        return it->second;
    const std::uint32_t at = get(used);
    if (at >= capacityOfTable) {
        std::atomic_ref(memory.header->textsRefused).fetch_add(1, std::memory_order_relaxed);
        return 0;
    }
    table[at] = row;
    set(used, at + 1, std::memory_order_release);
    return it->second = at;
}

/// As layout::CallStack has it.
std::uint64_t frameOf(Tables& t, std::uintptr_t address) {
    constexpr std::uint64_t addressMask = (std::uint64_t{1} << layout::CallStack::addressBits) - 1;
    Loaded loaded = loadedAt(address);
    if (!loaded.found)
        return address & addressMask;
    if (loaded.path.empty()) { // what was started has no name here
        loaded.path = ownPath();
        loaded.row.flags = layout::Module::executable;
    }
    loaded.row.path = internText(loaded.path);
    const std::uint32_t module =
        append(t.modules, loaded.row, memory.modules, memory.header->modulesUsed, capacity::modules);
    return std::uint64_t{module} << layout::CallStack::addressBits |
           ((address - (module == 0 ? 0 : loaded.row.bias)) & addressMask);
}

CallStackId intern(const Addresses& stack) noexcept {
    try {
        Tables& t = tables();
        const std::lock_guard guard(t.lock);
        layout::CallStack row{};
        row.depth = static_cast<std::uint16_t>(stack.count);
        row.cut = stack.cut ? 1 : 0;
        for (std::size_t i = 0; i < stack.count; ++i)
            row.frames[i] = frameOf(t, stack.at[i]);
        return append(t.stacks, row, memory.callStacks, memory.header->callStacksUsed, capacity::callStacks);
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

} // namespace

// Not inlined: its own frame is where the walk begins, its return address the first that counts.
__attribute__((noinline)) CallStackId creationStackHere() noexcept {
    Addresses walked;
    walk(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)), walked);
    const std::uint64_t walkedHash = walked.hash(walkedSeed);
    if (const Met& known = metAt(walkedHash); known.hash == walkedHash)
        return known.id;

    Addresses stack;
    Unwinding unwinding{&stack, reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))};
    _Unwind_Backtrace(unwound, &unwinding);
    if (stack.count == 0)
        return 0;
    const std::uint64_t hash = stack.hash(unwoundSeed);
    Met& known = metAt(hash);
    if (known.hash != hash)
        known = {hash, intern(stack), walkTellsTheSame(walked, stack)};
    const Met answer = known;
    if (answer.sameByWalk)
        metAt(walkedHash) = {walkedHash, answer.id, true};
    return answer.id;
}

bool recordCreationStacks(bool wanted) noexcept {
    if (wanted && (!start() || !openCallStacks()))
        return false;
    if (on())
        wantStacks(wanted);
    return true;
}

} // namespace coroscope::record
