// SPDX-License-Identifier: Apache-2.0
// Addresses to functions and lines, with elfutils. In the helper only: what is read here may be anybody's.
#pragma once

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <elfutils/libdwfl.h>

namespace coroscope::observe::native {

struct EndDwfl {
    void operator()(Dwfl* session) const noexcept { ::dwfl_end(session); }
};
using DwflSession = std::unique_ptr<Dwfl, EndDwfl>;

/// What elfutils asks of us: debug information in a file of its own is looked for where distributions put it.
/// The callbacks must outlive the session. `findElf` may be null where files are handed over open.
Dwfl_Callbacks callbacksWith(decltype(Dwfl_Callbacks::find_elf) findElf) noexcept;

/// The functions that are active at the address of an instruction, those inlined there first. Without debug
/// information the one that the symbol table has, with the file of the code and no line; without any the
/// file alone and "+0x1234". `path`: of the file, for people.
std::vector<SiteText> framesAt(Dwfl_Module* module, Dwarf_Addr address, const std::string& path);

/// The files of one process that were opened so far.
class Symbols {
public:
    struct File {
        Dwfl_Module* module = nullptr; ///< null: `note` says why
        std::string note;              ///< a sentence about what is missing; empty when all is well
        DwflSession session;
    };
    /// `buildId` may be empty: the file that was mapped had none.
    const File& file(int pid, const std::string& path, bool executable, const std::string& buildId);

private:
    using Key = std::pair<std::string, std::string>; ///< path, build id
    std::map<Key, File> files_;
};

} // namespace coroscope::observe::native
