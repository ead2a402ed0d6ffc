// SPDX-License-Identifier: Apache-2.0
#include "Symboliser.h"
#include "Frames.h"
#include "Message.h"
#include "Utf8.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>

namespace coroscope::observe::native {

namespace {

constexpr std::chrono::seconds patience{10};
/// Of one file; a target that makes up more than it can have starts over.
constexpr std::size_t mostAddresses = 100'000;
/// Of all files; a record has room for a thousand.
constexpr std::size_t mostFiles = 2'000;
/// Where the work of the record and the runtime is done, as it stands in demangled names.
constexpr std::string_view ownNames[] = {"coroscope::record::",          "coroscope::detail::",
                                         "coroscope::CoroutineScope::",  "coroscope::newJob(",
                                         "coroscope::newSupervisorJob(", "coroscope_job_begin"};

/// Where it stands. Debug information with lines alone knows functions without what they belong to.
constexpr std::string_view ownFiles[] = {"/coroscope/runtime/", "/probes/record/src/",
                                         "/runtime/src/CoroutineScope.cpp", "/runtime/src/Job.cpp",
                                         "/runtime/src/JobNode.cpp"};

bool isOwn(const SiteText& frame) {
    const std::string_view file = frame.file, function = frame.function;
    if (std::any_of(std::begin(ownFiles), std::end(ownFiles),
                    [&](std::string_view own) { return file.find(own) != std::string_view::npos; }))
        return true;
    return std::any_of(std::begin(ownNames), std::end(ownNames),
                       [&](std::string_view name) { return function.find(name) != std::string_view::npos; });
}

} // namespace

void dropOwnFrames(std::vector<SiteText>& frames) {
    const auto first =
        std::find_if(frames.begin(), frames.end(), [](const SiteText& frame) { return !isOwn(frame); });
    if (first != frames.end()) // a stack of nothing else is better than none
        frames.erase(frames.begin(), first);
}

CallStackText Symboliser::textOf(const RawCallStack& stack) {
    const std::lock_guard guard(lock_);
    if (files_.size() > mostFiles)
        files_.clear();
    std::map<ModuleName, std::set<std::uint64_t>> wanted;
    for (const RawCallStack::Frame& frame : stack.frames)
        if (!frame.module.path.empty() && !files_[frame.module].frames.contains(frame.address))
            wanted[frame.module].insert(frame.address);
    for (const auto& [module, addresses] : wanted)
        ask(module, files_[module], {addresses.begin(), addresses.end()});

    CallStackText text;
    text.cut = stack.cut;
    std::set<std::string> notes;
    for (const RawCallStack::Frame& frame : stack.frames) {
        const File& file = files_[frame.module];
        const auto known = file.frames.find(frame.address);
        if (known == file.frames.end())
            text.frames.push_back(unknownFrame(frame.module.path, frame.address));
        else
            text.frames.insert(text.frames.end(), known->second.begin(), known->second.end());
        if (!file.note.empty())
            notes.insert(file.note);
    }
    for (const std::string& note : notes)
        text.note += (text.note.empty() ? "" : " ") + note;
    dropOwnFrames(text.frames);
    return text;
}

void Symboliser::ask(const ModuleName& module, File& file, const std::vector<std::uint64_t>& addresses) {
    if (file.hopeless)
        return;
    if (file.frames.size() > mostAddresses)
        file.frames.clear();
    MessageWriter request;
    request.number(static_cast<std::uint64_t>(Ask::Symbols));
    request.number(static_cast<std::uint64_t>(pid_));
    request.number(module.executable ? 1 : 0);
    request.text(module.path);
    request.text(module.buildId);
    request.number(addresses.size());
    for (const std::uint64_t address : addresses)
        request.number(address);
    const std::optional<std::string> answer =
        helper_.send(request.bytes()) ? helper_.receive(patience) : std::nullopt;
    if (!answer) {
        file.hopeless = true;
        file.note = module.path + " could not be read: its debug information makes its reader fail.";
        return;
    }
    MessageReader reader(*answer);
    file.note = presentable(reader.text());
    const std::uint64_t count = reader.count();
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, addresses.size()); ++i)
        file.frames[addresses[i]] = readFrames(reader);
}

} // namespace coroscope::observe::native
