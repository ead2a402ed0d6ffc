// SPDX-License-Identifier: Apache-2.0
#include "Unwind.h"
#include "CodeFile.h"
#include "Frames.h"

#include <cstring>

namespace coroscope::observe::native {

namespace {

constexpr std::size_t mostFrames = 256;

/// The process whose code is looked for; there is one request at a time.
int codeOf = 0;

struct Thread {
    int tid;
    const ThreadCopy* copy;
    std::vector<std::pair<Dwarf_Addr, bool>> addresses; ///< and whether it is that of an instruction itself
};

pid_t nextThread(Dwfl*, void* argument, void** threadArgument) {
    if (*threadArgument != nullptr)
        return 0;
    *threadArgument = argument;
    return static_cast<Thread*>(argument)->tid;
}

bool readMemory(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* argument) {
    const ThreadCopy& copy = *static_cast<Thread*>(argument)->copy;
    const std::uint64_t offset = address - copy.stackFrom;
    if (address < copy.stackFrom || offset + sizeof *result > copy.stack.size() || offset > copy.stack.size())
        return false;
    std::memcpy(result, copy.stack.data() + offset, sizeof *result);
    return true;
}

bool setRegisters(Dwfl_Thread* thread, void* argument) {
    const Registers& registers = static_cast<Thread*>(argument)->copy->registers;
    ::dwfl_thread_state_register_pc(thread, registers.instruction);
    return ::dwfl_thread_state_registers(thread, 0, Registers::count, registers.byNumber.data());
}

int takeFrame(Dwfl_Frame* frame, void* argument) {
    auto& thread = *static_cast<Thread*>(argument);
    Dwarf_Addr address = 0;
    bool exact = false;
    if (!::dwfl_frame_pc(frame, &address, &exact) || thread.addresses.size() >= mostFrames)
        return DWARF_CB_ABORT;
    thread.addresses.emplace_back(address, exact);
    return DWARF_CB_OK;
}

constexpr Dwfl_Thread_Callbacks threadCallbacks{nextThread,   nullptr, readMemory,
                                                setRegisters, nullptr, nullptr};

} // namespace

int Unwinder::findElf(Dwfl_Module* module, void** data, const char* name, Dwarf_Addr base, char** fileName,
                      Elf** elf) {
    if (name[0] == '[') // the kernel's own piece of code, out of the process's memory
        return ::dwfl_linux_proc_find_elf(module, data, name, base, fileName, elf);
    Descriptor file = executablePath(codeOf) == name ? openExecutable(codeOf) : openCodeFile(codeOf, name);
    if (!file)
        return -1;
    *fileName = ::strdup(name);
    return file.release();
}

Unwinder::Unwinder(int pid)
    : pid_(pid) {
    static const Dwfl_Callbacks callbacks = callbacksWith(&Unwinder::findElf);
    codeOf = pid;
    session_.reset(::dwfl_begin(&callbacks));
    if (session_ && (::dwfl_linux_proc_report(session_.get(), pid) != 0 ||
                     ::dwfl_report_end(session_.get(), nullptr, nullptr) != 0))
        session_.reset();
}

CallStackText Unwinder::stackOf(int tid, const ThreadCopy& copy) {
    CallStackText stack;
    if (!session_) {
        stack.note = "Where the program has its code cannot be read.";
        return stack;
    }
    Thread thread{tid, &copy, {}};
    if (::dwfl_attach_state(session_.get(), nullptr, pid_, &threadCallbacks, &thread))
        ::dwfl_getthread_frames(session_.get(), tid, takeFrame, &thread);
    if (thread.addresses.empty())
        thread.addresses.emplace_back(copy.registers.instruction, true);
    for (const auto& [address, exact] : thread.addresses) {
        const Dwarf_Addr at = exact ? address : address - 1; // of the call, not of what comes after it
        Dwfl_Module* const module = ::dwfl_addrmodule(session_.get(), at);
        Dwarf_Addr start = 0;
        const char* const name =
            module ? ::dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr)
                   : nullptr;
        std::vector<SiteText> frames;
        if (module)
            frames = framesAt(module, at, name ? name : "");
        if (frames.empty())
            frames.push_back(unknownFrame(name ? name : "", address - start));
        stack.frames.insert(stack.frames.end(), frames.begin(), frames.end());
    }
    return stack;
}

} // namespace coroscope::observe::native
