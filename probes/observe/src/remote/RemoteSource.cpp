// SPDX-License-Identifier: Apache-2.0
// A program at the far end of a command as a Source.
#include "Process.h"
#include "remote/Link.h"

#include <coroscope/observe/Remote.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace coroscope::observe {

namespace link = wire::link;
using link::Key;
using remote::Link;
using remote::Receiver;

namespace {

constexpr std::int64_t second = 1'000'000'000;
/// Silence that is told. The far end says something each second.
constexpr std::int64_t noticed = 4 * second;

/// All but call stacks is in the tables; these are asked for.
class RemoteDictionary : public Dictionary {
public:
    RemoteDictionary(const Receiver& received, std::weak_ptr<Link> link)
        : tables_(received.dictionary())
        , names_(received.names())
        , link_(std::move(link)) {}
    std::string text(TextId id) const override {
        return isOwnName(id) ? names_->text(id) : tables_->text(id);
    }
    SiteText site(SiteId id) const override { return tables_->site(id); }
    StackText stack(StackId id) const override { return tables_->stack(id); }
    ContextText context(std::uint32_t id) const override { return tables_->context(id); }
    CallStackText callStack(CallStackId id) const override {
        const std::shared_ptr<Link> link = link_.lock();
        if (id == 0 || !link)
            return {};
        auto came = link->ask([&](SectionWriter& sections, std::uint64_t request) {
            Fields<Key>(sections).number(Key::Request, request).number(Key::CallStack, id);
            sections.write(wire::link::tags::callStack);
        });
        CallStackText stack;
        if (came)
            stack = remote::callStackOf(*came);
        else
            stack.note = came.problem();
        return stack;
    }

private:
    std::shared_ptr<const Dictionary> tables_;
    std::shared_ptr<const OwnNames> names_;
    std::weak_ptr<Link> link_;
};

class RemoteSource : public Source {
public:
    RemoteSource(std::shared_ptr<Link> link, SourceInfo info)
        : link_(std::move(link))
        , info_(std::move(info))
        , dictionary_(link_->with(
              [this](Receiver& received) { return std::make_shared<RemoteDictionary>(received, link_); })) {
        info_.via = link_->command();
        look();
    }

    const SourceInfo& info() const override { return info_; }
    std::shared_ptr<const Dictionary> dictionary() const override { return dictionary_; }
    Contact contact() const override { return contact_; }
    std::optional<SourceEnd> ended() const override { return ended_; }
    std::uint64_t untrackedJobs() const override { return untracked_; }

    void read(Batch& batch) override {
        if (ended_)
            return;
        const std::string dead = link_->dead(); // asked first: what came before it is read below
        std::optional<Receiver::Arrived> arrived;
        std::optional<SourceEnd> over;
        link_->with([&](Receiver& received) {
            if (!received.batches.empty()) {
                arrived = std::move(received.batches.front());
                received.batches.pop_front();
            }
            if (received.batches.empty())
                over = received.over;
            answers_.insert(answers_.end(), std::make_move_iterator(received.answers.begin()),
                            std::make_move_iterator(received.answers.end()));
            received.answers.clear();
        });
        if (arrived) {
            batch = std::move(arrived->batch);
            link_->send([](SectionWriter& sections) {
                Fields<Key>(sections).number(Key::Batches, 1);
                sections.write(link::tags::taken);
            });
            delay_ = std::max<std::int64_t>(0, info_.now() - arrived->sent) + arrived->age;
            delayAt_ = monotonicNow();
        }
        look();
        if (over)
            finish(*std::move(over));
        else if (!dead.empty() && !arrived)
            finish({info_.now(), std::time(nullptr), dead, true});
    }

    void wait(int milliseconds) override {
        if (!ended_ && milliseconds > 0)
            link_->wait(std::chrono::milliseconds(milliseconds));
    }

    std::int64_t delay() const override {
        const std::int64_t silent = link_->silentFor();
        if (silent > noticed)
            return silent;
        return monotonicNow() - delayAt_ < second ? delay_ : 0;
    }

    Result<std::uint64_t> cancel(JobId job, bool childrenOnly, std::string_view reason) override {
        if (ended_)
            return Problem{ended_->text};
        if (!contact_.commandsAllowed)
            return Problem{contact_.problem};
        const std::uint64_t request = link_->nextRequest();
        link_->send([&](SectionWriter& sections) {
            Fields<Key>(sections)
                .number(Key::Request, request)
                .number(Key::ProcessStart, info_.processStart)
                .number(Key::Job, job.value)
                .number(Key::ChildrenOnly, childrenOnly)
                .text(Key::Text, reason);
            sections.write(link::tags::cancel);
        });
        return request;
    }

    std::vector<CommandAnswer> answers() override { return std::exchange(answers_, {}); }

    std::string failureText(const EndedJob& job) const override {
        return link_->with([&](Receiver& received) { return received.failures.find(job.id); });
    }

    Result<ThreadSample> sample(JobId job) const override {
        auto came = link_->ask([&](SectionWriter& sections, std::uint64_t request) {
            Fields<Key>(sections).number(Key::Request, request).number(Key::Job, job.value);
            sections.write(link::tags::sample);
        });
        if (!came)
            return Problem{came.problem()};
        if (std::string problem = remote::problemOf(*came); !problem.empty())
            return Problem{std::move(problem)};
        return remote::sampleOf(*came);
    }

private:
    void look() {
        link_->with([&](Receiver& received) {
            contact_ = received.contact;
            untracked_ = received.untracked;
        });
        if (link_->silentFor() > noticed)
            contact_ = {.problem = "Nothing comes through " + info_.via +
                                   " at the moment: what is shown is old, and nothing can be cancelled."};
    }

    void finish(SourceEnd end) {
        ended_ = std::move(end);
        contact_ = {.problem = ended_->text};
    }

    const std::shared_ptr<Link> link_;
    SourceInfo info_;
    std::shared_ptr<const Dictionary> dictionary_;
    Contact contact_;
    std::uint64_t untracked_ = 0;
    std::optional<SourceEnd> ended_;
    std::vector<CommandAnswer> answers_;
    std::int64_t delay_ = 0, delayAt_ = 0;
};

/// Far ends are shells as a rule: only what no shell takes for something else goes there.
bool isPlainWord(const std::string& word) {
    return !word.empty() && word[0] != '-' && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
               c == '_' || c == '.' || c == '+';
    });
}

} // namespace

Result<std::unique_ptr<Source>> attachThrough(const std::string& command, const std::string& target,
                                              const RemoteOptions& options) {
    if (!isPlainWord(target))
        return Problem{"Through a command, programs are named by their pid, or by a plain name."};
    auto link = Link::start(command, {target}, options);
    if (!link)
        return Problem{link.problem()};
    std::optional<SourceInfo> info;
    std::string cannot;
    const std::string problem = (*link)->await([&](Receiver& received) {
        info = received.info;
        cannot = received.cannot;
        return !cannot.empty() || (info && (!received.batches.empty() || received.over));
    });
    if (!problem.empty())
        return Problem{problem};
    if (!cannot.empty())
        return Problem{cannot};
    return std::unique_ptr<Source>(std::make_unique<RemoteSource>(*std::move(link), *std::move(info)));
}

Result<std::vector<Target>> discoverThrough(const std::string& command, const RemoteOptions& options) {
    auto link = Link::start(command, {}, options);
    if (!link)
        return Problem{link.problem()};
    std::optional<SourceInfo> info;
    std::string cannot;
    std::string problem = (*link)->await([&](Receiver& received) {
        info = received.info;
        cannot = received.cannot;
        return received.targets || info || !cannot.empty();
    });
    if (problem.empty())
        problem = cannot;
    if (!problem.empty())
        return Problem{std::move(problem)};
    if (info) {
        // The command serves one program whatever is asked for, as a key's forced command does.
        Target only;
        only.pid = info->pid;
        only.processStart = info->processStart;
        only.program = info->program;
        only.commandLine = info->commandLine;
        only.attachable = true;
        return std::vector<Target>{std::move(only)};
    }
    return (*link)->with([](Receiver& received) { return *std::move(received.targets); });
}

} // namespace coroscope::observe
