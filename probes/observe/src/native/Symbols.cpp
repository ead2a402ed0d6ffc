// SPDX-License-Identifier: Apache-2.0
#include "Symbols.h"
#include "CodeFile.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <unistd.h>

namespace coroscope::observe::native {

namespace {

/// Of namespaces, and of functions inlined into each other at one address: more is not believed.
constexpr int deepestNesting = 200;

std::string hex(const unsigned char* bytes, std::size_t size) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

/// /usr/lib/debug/.build-id/ab/cdef.debug, where packages of debug information put it.
int findDebugInformation(Dwfl_Module* module, void**, const char*, Dwarf_Addr, const char*, const char*,
                         GElf_Word, char** fileName) {
    const unsigned char* id = nullptr;
    GElf_Addr address = 0;
    const int size = ::dwfl_module_build_id(module, &id, &address);
    if (size < 2)
        return -1;
    const std::string name = hex(id, static_cast<std::size_t>(size));
    const std::string path =
        "/usr/lib/debug/.build-id/" + name.substr(0, 2) + '/' + name.substr(2) + ".debug";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0)
        *fileName = ::strdup(path.c_str());
    return file;
}

/// "coroscope::runBlocking" of "_ZN9coroscope11runBlockingITkNS_...": the beginning of a name that is newer
/// than the demangler of the C++ library.
std::string beginningOf(std::string_view name) {
    std::string text;
    std::string_view rest = name;
    if (rest.starts_with("_ZNK"))
        rest.remove_prefix(4);
    else if (rest.starts_with("_ZN"))
        rest.remove_prefix(3);
    else if (rest.starts_with("_Z"))
        rest.remove_prefix(2);
    while (!rest.empty() && rest.front() >= '1' && rest.front() <= '9') {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (error != std::errc{} || size > rest.size())
            break;
        text += (text.empty() ? "" : "::") + std::string(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    return text.empty() ? std::string(name) : text;
}

/// Without what compilers add to the parts of a function that they have cut up: "f(int) [clone .resume]".
std::string demangled(const char* name) {
    int status = -1;
    char* const text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    std::string result = status == 0 && text != nullptr ? text : beginningOf(name);
    std::free(text);
    if (const std::size_t clone = result.find(" [clone "); clone != std::string::npos)
        result.erase(clone);
    return result;
}

std::string functionName(Dwarf_Die* die) {
    Dwarf_Attribute attribute;
    for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name})
        if (::dwarf_attr_integrate(die, kind, &attribute) != nullptr)
            if (const char* const name = ::dwarf_formstring(&attribute))
                return demangled(name);
    const char* const name = ::dwarf_diename(die);
    return name ? name : "";
}

std::uint32_t lineAt(Dwarf_Die* die) {
    Dwarf_Attribute attribute;
    Dwarf_Word line = 0;
    if (::dwarf_attr(die, DW_AT_call_line, &attribute) == nullptr ||
        ::dwarf_formudata(&attribute, &line) != 0)
        return 0;
    return static_cast<std::uint32_t>(line);
}

/// The file in which the inlined function was called.
std::string callFile(Dwarf_Die* unit, Dwarf_Die* inlined) {
    Dwarf_Attribute attribute;
    Dwarf_Word index = 0;
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (::dwarf_attr(inlined, DW_AT_call_file, &attribute) == nullptr ||
        ::dwarf_formudata(&attribute, &index) != 0 || ::dwarf_getsrcfiles(unit, &files, &count) != 0)
        return {};
    const char* const name = ::dwarf_filesrc(files, index, nullptr, nullptr);
    return name ? name : "";
}

/// Calls `visit` for each child until it answers true; answers whether one did.
template <class F>
bool anyChild(Dwarf_Die* parent, F&& visit) {
    Dwarf_Die child;
    if (::dwarf_child(parent, &child) != 0)
        return false;
    do {
        if (visit(child))
            return true;
    } while (::dwarf_siblingof(&child, &child) == 0);
    return false;
}

/// The function whose code has the address. elfutils has a search for that, which fails where functions lie
/// in namespaces, as clang puts them. `deep`: also those that lie in functions.
bool findFunction(Dwarf_Die* in, Dwarf_Addr address, bool deep, int depth, Dwarf_Die& found) {
    return depth < deepestNesting && anyChild(
                                         in,
                                         [&](Dwarf_Die& child) {
                                             switch (::dwarf_tag(&child)) {
                                             case DW_TAG_subprogram:
                                                 if (::dwarf_haspc(&child, address) > 0) {
                                                     found = child;
                                                     return true;
                                                 }
                                                 return deep &&
                                                        findFunction(&child, address, deep, depth + 1, found);
                                             case DW_TAG_namespace:
                                             case DW_TAG_module:
                                             case DW_TAG_class_type:
                                             case DW_TAG_structure_type:
                                             case DW_TAG_union_type:
                                                 return findFunction(&child, address, deep, depth + 1, found);
                                             default:
                                                 return false;
                                             }
                                         });
}

/// The function at the address and what was inlined into it there, the outermost first.
std::vector<Dwarf_Die> functionsAt(Dwarf_Die* unit, Dwarf_Addr address) {
    std::vector<Dwarf_Die> functions;
    Dwarf_Die here;
    if (!findFunction(unit, address, false, 0, here) && !findFunction(unit, address, true, 0, here))
        return functions;
    functions.push_back(here);
    const auto hasAddress = [&](Dwarf_Die& child) {
        const int tag = ::dwarf_tag(&child);
        const bool block = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
                           tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
        if (!block || ::dwarf_haspc(&child, address) <= 0)
            return false;
        here = child;
        return true;
    };
    for (int depth = 0; depth < deepestNesting; ++depth) {
        Dwarf_Die parent = here;
        if (!anyChild(&parent, hasAddress))
            break;
        if (::dwarf_tag(&here) == DW_TAG_inlined_subroutine)
            functions.push_back(here);
    }
    return functions;
}

/// The compilation unit that has the address. There is an index for that, but clang leaves it out.
Dwarf_Die* unitAt(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
    if (Dwarf_Die* const unit = ::dwfl_module_addrdie(module, address, &bias))
        return unit;
    for (Dwarf_Die* unit = nullptr; (unit = ::dwfl_module_nextcu(module, unit, &bias)) != nullptr;)
        if (::dwarf_haspc(unit, address - bias) > 0)
            return unit;
    return nullptr;
}

std::vector<SiteText> fromDebugInformation(Dwfl_Module* module, Dwarf_Addr address) {
    Dwarf_Addr bias = 0;
    Dwarf_Die* const unit = unitAt(module, address, bias);
    if (unit == nullptr)
        return {};
    SiteText here;
    if (Dwarf_Line* const line = ::dwarf_getsrc_die(unit, address - bias)) {
        int number = 0;
        if (const char* const file = ::dwarf_linesrc(line, nullptr, nullptr);
            file != nullptr && ::dwarf_lineno(line, &number) == 0) {
            here.file = file;
            here.line = static_cast<std::uint32_t>(number);
        }
    }
    std::vector<SiteText> frames;
    std::vector<Dwarf_Die> functions = functionsAt(unit, address - bias);
    for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
        here.function = functionName(&*function);
        frames.push_back(here);
        here = {callFile(unit, &*function), {}, lineAt(&*function)};
    }
    return frames;
}

} // namespace

Dwfl_Callbacks callbacksWith(decltype(Dwfl_Callbacks::find_elf) findElf) noexcept {
    Dwfl_Callbacks callbacks{};
    callbacks.find_elf = findElf;
    callbacks.find_debuginfo = findDebugInformation;
    callbacks.section_address = ::dwfl_offline_section_address;
    return callbacks;
}

std::vector<SiteText> framesAt(Dwfl_Module* module, Dwarf_Addr address, const std::string& path) {
    std::vector<SiteText> frames = fromDebugInformation(module, address);
    GElf_Off offset = 0;
    GElf_Sym symbol{};
    const char* const name =
        ::dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
    if (frames.empty() && name != nullptr)
        frames.push_back({path, demangled(name), 0});
    // The part of a coroutine that runs has a name of its own in the symbol table only, with some compilers.
    if (!frames.empty() && frames.back().function.empty() && name != nullptr)
        frames.back().function = demangled(name);
    return frames;
}

const Symbols::File& Symbols::file(int pid, const std::string& path, bool executable,
                                   const std::string& buildId) {
    static const Dwfl_Callbacks callbacks = callbacksWith(nullptr);
    const auto [at, added] = files_.try_emplace({path, buildId});
    File& file = at->second;
    if (!added)
        return file;
    // What the process was started from is certainly that. All else is known by its build id.
    Descriptor descriptor = executable ? openExecutable(pid) : Descriptor();
    const bool certain = static_cast<bool>(descriptor);
    if (!certain)
        descriptor = openCodeFile(pid, path);
    if (!descriptor) {
        file.note = path + " cannot be opened: its functions are shown as addresses.";
        return file;
    }
    file.session.reset(::dwfl_begin(&callbacks));
    if (!file.session)
        return file;
    ::dwfl_report_begin(file.session.get());
    Dwfl_Module* const module =
        ::dwfl_report_elf(file.session.get(), path.c_str(), path.c_str(), descriptor.get(), 0, true);
    if (module != nullptr)
        descriptor.release(); // elfutils closes it
    ::dwfl_report_end(file.session.get(), nullptr, nullptr);
    GElf_Addr bias = 0;
    if (module == nullptr || ::dwfl_module_getelf(module, &bias) == nullptr) {
        file.note = path + " is no program file that can be read: its functions are shown as addresses.";
        return file;
    }
    const unsigned char* id = nullptr;
    GElf_Addr address = 0;
    const int size = ::dwfl_module_build_id(module, &id, &address);
    const std::string found(reinterpret_cast<const char*>(id), size > 0 ? static_cast<std::size_t>(size) : 0);
    if (!certain && found != buildId) {
        file.note = path +
                    " is not the file that the program has loaded (its build id differs): its functions "
                    "are shown as addresses.";
        return file;
    }
    if (::dwfl_module_getdwarf(module, &bias) == nullptr)
        file.note = path + " has no debug information: lines and inlined functions are not known.";
    file.module = module;
    return file;
}

} // namespace coroscope::observe::native
