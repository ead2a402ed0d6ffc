// SPDX-License-Identifier: Apache-2.0
// The far end of a link: reads the program as any observer does and hands on what the near end has room for.
// Between is a Session, which folds what was not yet handed on: a slow link loses history, never state, and
// needs no more memory here than one row a job.
#include "DumpTables.h"
#include "Process.h"
#include "remote/Frames.h"

#include <coroscope/observe/LargeVector.h>
#include <coroscope/observe/Remote.h>
#include <coroscope/observe/Session.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace coroscope::observe {

namespace dump = wire::dump;
namespace link = wire::link;
using link::Key;
using remote::FrameReader;
using remote::FrameWriter;
using remote::HelloFinder;

namespace {

constexpr std::int64_t millisecond = 1'000'000, second = 1'000 * millisecond;
/// From the beginning of one batch to that of the next. Nothing finer than the longer is seen in a window.
/// Where there is little to tell and the observer has taken all before, waiting that long is what would make
/// it late.
constexpr std::int64_t batchEvery = 16 * millisecond, smallBatchEvery = 4 * millisecond;
constexpr std::uint64_t smallBatch = 4u << 10; ///< bytes
constexpr std::int64_t statusEvery = second;
/// The observer says something every two seconds.
constexpr std::int64_t mostSilence = 120 * second, mostHello = 60 * second, mostGoodbye = 5 * second;
/// So many bytes are made ahead of what the pipe takes.
constexpr std::size_t mostAhead = 256u << 10;
constexpr std::size_t mostQuestions = 64, mostCommands = 4'096;

std::string hostName() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

void write(SectionWriter& sections, const CallStackText& stack) {
    Fields<Key> fields(sections);
    for (const SiteText& frame : stack.frames)
        fields.text(Key::File, frame.file).text(Key::Function, frame.function).number(Key::Line, frame.line);
    fields.number(Key::Cut, stack.cut).text(Key::Note, stack.note);
}

void write(SectionWriter& sections, const std::vector<Target>& targets) {
    Fields<Key> fields(sections);
    for (const Target& target : targets)
        fields.number(Key::Pid, static_cast<std::uint64_t>(target.pid))
            .number(Key::ProcessStart, target.processStart)
            .text(Key::Program, target.program)
            .text(Key::CommandLine, target.commandLine)
            .text(Key::User, target.user)
            .number(Key::Uid, target.uid)
            .number(Key::RunsFor, static_cast<std::uint64_t>(target.runsFor))
            .number(Key::Jobs, static_cast<std::uint64_t>(target.jobs))
            .number(Key::Attachable, target.attachable)
            .text(Key::Text, target.problem);
    sections.write(link::tags::targets);
}

/// Writes one batch, a section at a time.
class BatchWriter {
public:
    /// `version`: the minor one of whoever reads it.
    BatchWriter(SectionWriter& sections, const Dictionary& dictionary, unsigned version)
        : sections_(sections)
        , dictionary_(dictionary)
        , tables_(dictionary, version > 0 ? DumpTables::Use::Link : DumpTables::Use::LinkOfVersion0)
        , tellsNames_(version > 0) {}

    Batch& batch() noexcept { return batch_; }
    bool busy() const noexcept { return busy_; }
    void begin(std::int64_t age) {
        settle();
        busy_ = true;
        age_ = age;
        node_ = row_ = ended_ = incident_ = resource_ = 0;
    }

    /// The next section with what it needs before it. The last one ends the batch.
    void step(const Session& session) {
        const auto named = [this](const JobRow& row) {
            name(row);
            return tables_.translate(row);
        };
        const std::size_t nodes = batch_.tree ? batch_.tree->endNode() : 0;
        if (node_ < nodes)
            node_ = rows<dump::Job>(dump::tags::jobs, node_, nodes, [&](std::size_t i) {
                return named(batch_.tree->row(static_cast<Node>(i)));
            });
        else if (row_ < batch_.rows.size())
            row_ = rows<dump::Job>(dump::tags::jobs, row_, batch_.rows.size(),
                                   [&](std::size_t i) { return named(batch_.rows[i]); });
        else if (ended_ < batch_.ended.size())
            ended_ = rows<dump::Ended>(dump::tags::ended, ended_, batch_.ended.size(), [&](std::size_t i) {
                const EndedJob& job = batch_.ended[i];
                name(job.row);
                return tables_.translate(job, job.failure != 0 ? text(session.failureText(job)) : 0);
            });
        else if (incident_ < batch_.incidents.size())
            incident_ = rows<dump::Incident>(
                dump::tags::incidents, incident_, batch_.incidents.size(), [&](std::size_t i) {
                    name(batch_.incidents[i].job);
                    return tables_.translate(batch_.incidents[i], text(batch_.incidents[i].text));
                });
        else if (batch_.resources && resource_ < batch_.resources->size())
            resource_ = rows<dump::Resource>(
                dump::tags::resources, resource_, batch_.resources->size(),
                [&](std::size_t i) { return tables_.translate((*batch_.resources)[i]); });
        else
            end();
    }

private:
    /// A complete state goes as it is now, so that each job of it is told once.
    void settle() {
        if (!batch_.tree)
            return;
        for (EndedJob& job : batch_.ended)
            if (const Node node = batch_.tree->find(job.id); node != noNode && !job.row.id)
                job.row = batch_.tree->row(node);
        Batch since;
        since.rows = std::exchange(batch_.rows, {});
        since.ended = batch_.ended;
        TreeChanges changes;
        batch_.tree->apply(std::move(since), changes);
    }

    /// Translates the rows of one section, tells what they name for the first time, then them.
    template <class Row, class Translate>
    std::size_t rows(std::uint32_t tag, std::size_t first, std::size_t count, Translate&& translate) {
        const std::size_t to = std::min(count, first + sectionSize / sizeof(Row));
        std::vector<Row> made;
        made.reserve(to - first);
        for (std::size_t i = first; i < to; ++i)
            made.push_back(translate(i));
        tell();
        for (std::size_t next = 0; next < made.size();)
            next = writeRowSection(sections_, tag, next, made.size(), [&](std::size_t i) { return made[i]; });
        return to;
    }

    /// Tells the name of a job, unless the last job that was told of in its slot had the same.
    void name(const JobRow& row) {
        if (!tellsNames_ || !isOwnName(row.name))
            return;
        if (row.id.index() >= namesTold_.size())
            namesTold_.resize(std::size_t{row.id.index()} + 1);
        if (std::exchange(namesTold_[row.id.index()], row.name) == row.name)
            return;
        names_.push_back({row.name, text(dictionary_.text(row.name))});
    }

    std::uint32_t text(std::string text) {
        texts_.push_back(std::move(text));
        return static_cast<std::uint32_t>(textsTold_ + texts_.size() - 1);
    }

    void tell() {
        while (told_[0] < tables_.texts().size())
            told_[0] =
                writeTextSection(sections_, dump::tags::texts, told_[0], tables_.texts().size(),
                                 [&](std::size_t i) -> std::string_view { return *tables_.texts()[i]; });
        tellRows(dump::tags::sites, told_[1], tables_.sites());
        tellRows(dump::tags::stacks, told_[2], tables_.stacks());
        tellRows(dump::tags::contexts, told_[3], tables_.contexts());
        for (std::size_t next = 0; next < texts_.size();)
            next =
                writeTextSection(sections_, link::tags::batchTexts, next, texts_.size(), [&](std::size_t i) {
                    return std::string_view(texts_[i]).substr(0, dump::longestText);
                });
        textsTold_ += texts_.size();
        texts_.clear();
        for (std::size_t next = 0; next < names_.size();)
            next = writeRowSection(sections_, link::tags::names, next, names_.size(),
                                   [&](std::size_t i) { return names_[i]; });
        names_.clear();
    }
    template <class Row>
    void tellRows(std::uint32_t tag, std::size_t& told, const std::vector<Row>& all) {
        while (told < all.size())
            told = writeRowSection(sections_, tag, told, all.size(), [&](std::size_t i) { return all[i]; });
    }

    void end() {
        Fields<Key>(sections_)
            .number(Key::Reset, batch_.reset)
            .number(Key::HasResources, batch_.resources.has_value())
            .number(Key::Events, batch_.events)
            .number(Key::Lost, batch_.lost)
            .number(Key::EndedUntold, batch_.endedUntold)
            .number(Key::FailedUntold, batch_.failedUntold)
            .number(Key::Age, static_cast<std::uint64_t>(age_))
            .number(Key::Clock, static_cast<std::uint64_t>(monotonicNow()));
        sections_.write(link::tags::batchEnd);
        textsTold_ = 0;
        busy_ = false;
    }

    SectionWriter& sections_;
    const Dictionary& dictionary_;
    DumpTables tables_;
    Batch batch_;
    bool busy_ = false;
    std::int64_t age_ = 0;
    std::size_t node_ = 0, row_ = 0, ended_ = 0, incident_ = 0, resource_ = 0;
    std::size_t told_[4] = {}; ///< rows of texts, sites, stacks, contexts
    std::vector<std::string> texts_;
    std::size_t textsTold_ = 0; ///< of this batch
    bool tellsNames_;
    std::vector<link::Name> names_;
    LargeVector<TextId> namesTold_; ///< by slot
};

/// Answers what takes long, one after the other, on a thread of its own.
class Questions {
public:
    struct Answer {
        std::uint32_t tag;
        std::uint64_t request;
        CallStackText stack;
        std::optional<ThreadSample> sample;
        std::string problem;
    };
    using Work = std::function<Answer()>;

    Questions()
        : thread_([this] { run(); }) {}
    ~Questions() {
        {
            const std::lock_guard guard(lock_);
            stop_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    /// False when too many wait already.
    bool ask(Work work) {
        const std::lock_guard guard(lock_);
        if (asked_.size() >= mostQuestions)
            return false;
        asked_.push_back(std::move(work));
        changed_.notify_all();
        return true;
    }
    std::vector<Answer> answers() {
        const std::lock_guard guard(lock_);
        return std::exchange(answers_, {});
    }

private:
    void run() {
        std::unique_lock guard(lock_);
        for (;;) {
            changed_.wait(guard, [this] { return stop_ || !asked_.empty(); });
            if (stop_)
                return;
            const Work work = std::move(asked_.front());
            asked_.pop_front();
            guard.unlock();
            Answer answer = work();
            guard.lock();
            answers_.push_back(std::move(answer));
        }
    }

    std::mutex lock_;
    std::condition_variable changed_;
    std::deque<Work> asked_;
    std::vector<Answer> answers_;
    bool stop_ = false;
    std::thread thread_;
};

/// The standard streams may be shared with others: they are left as they were.
class NoWaiting {
public:
    explicit NoWaiting(int descriptor)
        : descriptor_(descriptor)
        , flags_(::fcntl(descriptor, F_GETFL)) {
        if (flags_ >= 0)
            ::fcntl(descriptor_, F_SETFL, flags_ | O_NONBLOCK);
    }
    ~NoWaiting() {
        if (flags_ >= 0)
            ::fcntl(descriptor_, F_SETFL, flags_);
    }
    NoWaiting(const NoWaiting&) = delete;
    NoWaiting& operator=(const NoWaiting&) = delete;

private:
    int descriptor_, flags_;
};

class Proxy {
public:
    Proxy(int input, int output, const ProxyOptions& options)
        : input_(input)
        , output_(output)
        , options_(options) {}

    std::string serve(const std::function<Result<std::unique_ptr<Source>>()>& open) {
        outgoing_.hello();
        const std::int64_t begin = monotonicNow();
        while (!greeted_) {
            if (!exchange(100) || monotonicNow() - begin > mostHello)
                return problem_.empty()
                           ? "Nobody who speaks Coroscope's link is there. This command is run by "
                             "the window, or by coroscopectl --via; not by hand."
                           : problem_;
        }
        if (!open) {
            write(outgoing_.sections, discover());
            while (exchange(1'000)) {
                if (std::exchange(listAsked_, false))
                    write(outgoing_.sections, discover());
                if (monotonicNow() - lastHeard_ > mostSilence)
                    break;
            }
            return problem_;
        }
        auto source = open();
        if (!source) {
            Fields<Key>(outgoing_.sections).text(Key::Text, source.problem());
            outgoing_.sections.write(link::tags::cannot);
            sayGoodbye();
            return {};
        }
        Session session(*std::move(source));
        session_ = &session;
        handOn(session);
        questions_.reset(); // its thread uses the session
        session_ = nullptr;
        return problem_;
    }

private:
    void handOn(Session& session) {
        writeInfo(session.info());
        writeStatus(monotonicNow());
        BatchWriter batches(outgoing_.sections, *session.dictionary(), finder_.hello().versionMinor);
        std::int64_t begun = 0;
        for (;;) {
            const bool idle = outgoing_.empty() && !batches.busy();
            if (!exchange(idle ? 2 : batches.busy() && outgoing_.size() < mostAhead ? 0 : 50))
                return;
            const std::int64_t now = monotonicNow();
            if (now - lastHeard_ > mostSilence)
                return;
            answer();
            if (now >= nextStatus_ || !(session.status().contact == told_))
                writeStatus(now);
            while (batches.busy() && outgoing_.size() < mostAhead) {
                batches.step(session);
                if (!batches.busy()) {
                    untaken_.push_back(outgoing_.total() - batchFrom_);
                    untakenBytes_ += untaken_.back();
                }
            }
            if (batches.busy())
                continue;
            // The end is looked at first: what was read before it is in the batch then.
            const SessionStatus status = session.status();
            const bool quick = untaken_.empty() && outgoing_.total() - batchFrom_ <= smallBatch;
            if (now < begun + (quick ? smallBatchEvery : batchEvery) ||
                untakenBytes_ >= link::mostUntakenBytes || untaken_.size() >= link::mostUntakenBatches)
                continue;
            if (session.take(batches.batch())) {
                begun = now;
                batchFrom_ = outgoing_.total();
                batches.begin(static_cast<std::int64_t>(status.lagMilliseconds * 1e6));
            } else if (status.ended) {
                writeStatus(now);
                answer();
                Fields<Key>(outgoing_.sections)
                    .number(Key::At, static_cast<std::uint64_t>(status.ended->at))
                    .number(Key::WallClock, static_cast<std::uint64_t>(status.ended->wallClock))
                    .text(Key::Text, status.ended->text);
                outgoing_.sections.write(link::tags::over);
                sayGoodbye();
                return;
            }
        }
    }

    void writeInfo(const SourceInfo& info) {
        using Field = dump::FieldKey;
        Fields<Field>(outgoing_.sections)
            .text(Field::Program, info.program)
            .number(Field::Pid, static_cast<std::uint64_t>(info.pid))
            .number(Field::ProcessStart, info.processStart)
            .text(Field::RuntimeVersion, info.runtimeVersion)
            .text(Field::Host, hostName())
            .text(Field::CommandLine, info.commandLine)
            .text(Field::Writer, "Coroscope");
        outgoing_.sections.write(link::tags::info);
    }

    void writeStatus(std::int64_t now) {
        const SessionStatus status = session_->status();
        told_ = status.contact;
        nextStatus_ = now + statusEvery;
        Contact contact = told_;
        if (options_.readOnly && contact.commandsAllowed) {
            contact.commandsAllowed = false;
            contact.problem = readOnlyText;
        }
        Fields<Key>(outgoing_.sections)
            .number(Key::FollowsEvents, contact.followsEvents)
            .number(Key::CommandsAllowed, contact.commandsAllowed)
            .number(Key::Stopped, contact.stopped)
            .number(Key::Untracked, status.untracked)
            .number(Key::Clock, static_cast<std::uint64_t>(now))
            .text(Key::Text, contact.problem);
        outgoing_.sections.write(link::tags::status);
    }

    void writeAnswer(const CommandAnswer& answer) {
        Fields<Key>(outgoing_.sections)
            .number(Key::Request, answer.request)
            .number(Key::Answer, static_cast<std::uint64_t>(answer.kind))
            .text(Key::Text, answer.text);
        outgoing_.sections.write(link::tags::answer);
    }

    void refuse(std::uint64_t request, std::string because) {
        writeAnswer({request, CommandAnswer::Kind::Refused, std::move(because)});
    }

    /// What the program and the questions' thread have answered meanwhile.
    void answer() {
        for (CommandAnswer& each : session_->answers()) {
            const auto theirs = requests_.find(each.request);
            if (theirs == requests_.end())
                continue;
            each.request = theirs->second;
            if (each.kind != CommandAnswer::Kind::Queued)
                requests_.erase(theirs);
            writeAnswer(each);
        }
        if (!questions_)
            return;
        for (const Questions::Answer& each : questions_->answers()) {
            Fields<Key> fields(outgoing_.sections);
            fields.number(Key::Request, each.request).text(Key::Text, each.problem);
            if (each.sample)
                fields.number(Key::Tid, static_cast<std::uint64_t>(each.sample->tid))
                    .text(Key::Thread, each.sample->threadName)
                    .number(Key::PausedFor, static_cast<std::uint64_t>(each.sample->pausedFor))
                    .number(Key::WallClock, static_cast<std::uint64_t>(each.sample->wallClock));
            write(outgoing_.sections, each.sample ? each.sample->stack : each.stack);
            outgoing_.sections.write(each.tag);
        }
    }

    /// Sends and receives what can be at once, or waits for that. False when the observer has left, or what
    /// it says makes no sense.
    bool exchange(int milliseconds) {
        pollfd waiting[2] = {{input_, POLLIN, 0}, {outgoing_.empty() ? -1 : output_, POLLOUT, 0}};
        ::poll(waiting, 2, milliseconds);
        if (waiting[1].revents != 0 && !outgoing_.send(output_))
            return false;
        if (waiting[0].revents == 0)
            return true;
        char bytes[16'384];
        const ssize_t got = ::read(input_, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return true;
        if (got <= 0)
            return false;
        lastHeard_ = monotonicNow();
        return take({bytes, static_cast<std::size_t>(got)});
    }

    bool take(std::string_view bytes) {
        if (!greeted_) {
            const HelloFinder::Outcome found = finder_.take(bytes);
            if (found == HelloFinder::Outcome::More)
                return true;
            if (found == HelloFinder::Outcome::TooMuch)
                return false;
            const auto major = finder_.hello().versionMajor;
            if (major != link::versionMajor) {
                problem_ = "The observer speaks version " + std::to_string(major) +
                           " of the link, this coroscopectl version " + std::to_string(link::versionMajor) +
                           ". Install the same one on both sides.";
                return false;
            }
            greeted_ = true;
            bytes = finder_.rest();
        }
        frames_.add(bytes);
        std::uint32_t tag = 0;
        std::string_view plain;
        for (;;) {
            const FrameReader::Outcome outcome = frames_.next(tag, plain);
            if (outcome == FrameReader::Outcome::More)
                return true;
            if (outcome == FrameReader::Outcome::Damaged || !take(tag, plain)) {
                problem_ = "What the observer says makes no sense.";
                return false;
            }
        }
    }

    bool take(std::uint32_t tag, std::string_view plain) {
        std::uint64_t request = 0, job = 0, processStart = 0, number = 0, stack = 0;
        bool childrenOnly = false;
        std::string text;
        const bool sound = readFields<Key>(plain, [&](Key key, std::uint64_t value, std::string_view bytes) {
            if (key == Key::Request)
                request = value;
            else if (key == Key::Job)
                job = value;
            else if (key == Key::ProcessStart)
                processStart = value;
            else if (key == Key::Batches)
                number = value;
            else if (key == Key::CallStack)
                stack = value;
            else if (key == Key::ChildrenOnly)
                childrenOnly = value != 0;
            else if (key == Key::Text)
                text = bytes.substr(0, 1'024);
        });
        if (!sound)
            return false;
        if (tag == link::tags::taken) {
            for (; number > 0 && !untaken_.empty(); --number) {
                untakenBytes_ -= untaken_.front();
                untaken_.pop_front();
            }
        } else if (tag == link::tags::list) {
            listAsked_ = true;
        } else if (tag == link::tags::cancel && session_) {
            cancel(request, JobId{job}, processStart, childrenOnly, std::move(text));
        } else if (tag == link::tags::sample && session_) {
            ask(link::tags::sampled, request, [this, request, job] {
                auto sample = session_->sample(JobId{job});
                Questions::Answer answer{link::tags::sampled, request, {}, {}, sample.problem()};
                if (sample)
                    answer.sample = *std::move(sample);
                return answer;
            });
        } else if (tag == link::tags::callStack && session_) {
            ask(link::tags::callStackMade, request, [this, request, stack] {
                return Questions::Answer{link::tags::callStackMade,
                                         request,
                                         session_->dictionary()->callStack(static_cast<CallStackId>(stack)),
                                         {},
                                         {}};
            });
        }
        return true;
    }

    void ask(std::uint32_t tag, std::uint64_t request, Questions::Work work) {
        if (!questions_)
            questions_ = std::make_unique<Questions>();
        if (questions_->ask(std::move(work)))
            return;
        Fields<Key>(outgoing_.sections)
            .number(Key::Request, request)
            .text(Key::Text, "Too much is asked for at once.");
        outgoing_.sections.write(tag);
    }

    void cancel(std::uint64_t request, JobId job, std::uint64_t processStart, bool childrenOnly,
                std::string reason) {
        const SourceInfo& info = session_->info();
        if (options_.readOnly)
            return refuse(request, readOnlyText);
        if (processStart != info.processStart)
            return refuse(request, "It is another process by now.");
        if (requests_.size() >= mostCommands)
            return refuse(request, "Too many commands wait already.");
        if (options_.log)
            options_.log("hands on: cancel " + std::string(childrenOnly ? "what is below " : "") + "job id " +
                         std::to_string(job.value) + " in " + processLabel(info.program, info.pid) +
                         "; reason: " + reason);
        const std::uint64_t ours = session_->nextRequest();
        requests_.emplace(ours, request);
        session_->cancel(ours, job, childrenOnly, std::move(reason));
    }

    /// Sends what is left, and waits until the observer hangs up: what was sent could be lost else.
    void sayGoodbye() {
        const std::int64_t begin = monotonicNow();
        while (monotonicNow() - begin < (outgoing_.empty() ? mostGoodbye : mostSilence) && exchange(100)) {
        }
    }

    static constexpr const char* readOnlyText =
        "This link is read-only: coroscopectl proxy was started with --read-only there.";

    const int input_, output_;
    const ProxyOptions& options_;
    Session* session_ = nullptr;
    FrameWriter outgoing_;
    HelloFinder finder_;
    FrameReader frames_;
    bool greeted_ = false, listAsked_ = false;
    std::string problem_;
    std::int64_t lastHeard_ = monotonicNow();
    Contact told_;
    std::int64_t nextStatus_ = 0;
    std::deque<std::uint64_t> untaken_; ///< bytes of the batches that were not taken yet
    std::uint64_t untakenBytes_ = 0, batchFrom_ = 0;
    std::unordered_map<std::uint64_t, std::uint64_t> requests_; ///< the session's numbers to theirs
    std::unique_ptr<Questions> questions_;                      ///< after what it asks
};

} // namespace

std::string serveProxy(int input, int output, const std::function<Result<std::unique_ptr<Source>>()>& open,
                       const ProxyOptions& options) {
    const remote::NoBrokenPipeSignal quiet;
    const NoWaiting in(input), out(output);
    return Proxy(input, output, options).serve(open);
}

} // namespace coroscope::observe
