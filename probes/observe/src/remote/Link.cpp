// SPDX-License-Identifier: Apache-2.0
#include "remote/Link.h"
#include "Utf8.h"

#include <coroscope/observe/Words.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::observe::remote {

namespace link = wire::link;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t beatEvery = 2 * second;
constexpr std::size_t mostSaid = 4'096, readSize = 256u << 10;
/// A question is given up after so long.
constexpr std::chrono::seconds mostAsking{20};
constexpr int notFound = 127, notRun = 126, sshFailed = 255;

bool namesProxy(const std::string& word) {
    const std::size_t slash = word.rfind('/');
    return slash != std::string::npos && word.compare(slash + 1, std::string::npos, "coroscopectl") == 0;
}

std::string fileName(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// The last lines of what was said, in one.
std::string lastLines(std::string_view said) {
    constexpr std::size_t most = 400;
    // ssh ends its lines as a terminal does.
    std::string plain(said);
    std::erase(plain, '\r');
    std::string text = presentable(plain, true);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\t' || text.back() == ' '))
        text.pop_back();
    if (text.size() > most) {
        std::size_t from = text.size() - most;
        while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80)
            ++from;
        text = "…" + text.substr(from);
    }
    std::string line;
    for (const char c : text)
        if (c != '\n')
            line += c == '\t' ? ' ' : c;
        else if (!line.empty() && line.back() != ' ')
            line += " / ";
    return line;
}

} // namespace

Result<std::shared_ptr<Link>> Link::start(const std::string& command,
                                          const std::vector<std::string>& arguments,
                                          const RemoteOptions& options) {
    auto words = splitWords(command);
    if (!words)
        return Problem{"A quotation mark is missing in: " + presentable(command)};
    if (words->empty() || words->front().empty())
        return Problem{"There is no command to run."};
    if (!namesProxy(words->back()))
        words->push_back("coroscopectl");
    words->push_back("proxy");
    words->insert(words->end(), arguments.begin(), arguments.end());
    auto process = Command::start(*words, options.useTerminal);
    if (!process)
        return Problem{process.problem()};
    return std::shared_ptr<Link>(new Link(presentable(command), *std::move(process), options));
}

Link::Link(std::string command, Command process, const RemoteOptions& options)
    : command_(std::move(command))
    , options_(options)
    , wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , process_(std::move(process))
    , lastHeard_(monotonicNow())
    , thread_([this] { run(); }) {}

Link::~Link() {
    {
        const std::lock_guard guard(lock_);
        stop_ = true;
    }
    wake();
    thread_.join();
}

void Link::wake() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto wrote = ::write(wake_.get(), &one, sizeof one);
}

std::string Link::await(const std::function<bool(Receiver&)>& condition) {
    std::unique_lock guard(lock_);
    for (;;) {
        if (condition(received_))
            return {};
        if (!dead_.empty())
            return dead_;
        if (options_.stop && options_.stop->load(std::memory_order_relaxed))
            return "Attaching was given up.";
        if (monotonicNow() - lastHeard_ > std::chrono::nanoseconds(options_.patience).count())
            return "Nothing has come through " + command_ + " for " +
                   std::to_string(options_.patience.count() / 1000) +
                   " s. Does it wait for a password, or for the machine?" + saidText();
        changed_.wait_for(guard, std::chrono::milliseconds(50));
    }
}

void Link::wait(std::chrono::milliseconds atMost) {
    std::unique_lock guard(lock_);
    changed_.wait_for(guard, atMost, [this] { return news_ != newsSeen_ || !dead_.empty(); });
    newsSeen_ = news_;
}

void Link::send(const std::function<void(SectionWriter&)>& fill) {
    {
        const std::lock_guard guard(lock_);
        if (!dead_.empty())
            return;
        fill(outgoing_.sections);
    }
    wake();
}

std::uint64_t Link::nextRequest() {
    const std::lock_guard guard(lock_);
    return ++lastRequest_;
}

Result<std::string> Link::ask(const std::function<void(SectionWriter&, std::uint64_t)>& fill) {
    const std::uint64_t request = nextRequest();
    with([&](Receiver& received) { received.replies.emplace(request, std::nullopt); });
    send([&](SectionWriter& sections) { fill(sections, request); });
    std::unique_lock guard(lock_);
    const auto deadline = std::chrono::steady_clock::now() + mostAsking;
    const auto reply = [&]() -> std::optional<std::string>& { return received_.replies[request]; };
    while (!reply() && dead_.empty() && std::chrono::steady_clock::now() < deadline)
        changed_.wait_for(guard, std::chrono::milliseconds(50));
    std::optional<std::string> came = std::move(reply());
    received_.replies.erase(request);
    if (came)
        return *std::move(came);
    return Problem{dead_.empty() ? "No answer has come through " + command_ + '.' : dead_};
}

std::string Link::dead() const {
    const std::lock_guard guard(lock_);
    return dead_;
}

std::int64_t Link::silentFor() const {
    const std::lock_guard guard(lock_);
    return monotonicNow() - lastHeard_;
}

void Link::run() {
    const NoBrokenPipeSignal quiet;
    serve();
    process_.end();
}

void Link::serve() {
    std::int64_t nextBeat = 0;
    for (;;) {
        bool toSend = false;
        {
            const std::lock_guard guard(lock_);
            if (stop_)
                return;
            const std::int64_t now = monotonicNow();
            if (greeted_ && now >= nextBeat && outgoing_.empty()) {
                outgoing_.sections.write(link::tags::beat);
                nextBeat = now + beatEvery;
            }
            if (!outgoing_.send(process_.input()) && greeted_)
                nextBeat = now + beatEvery; // the end of its output will say more
            toSend = !outgoing_.empty();
            if (greeted_ && now - lastHeard_ > std::chrono::nanoseconds(options_.silence).count()) {
                die("Nothing has come through " + command_ + " for " +
                    std::to_string(options_.silence.count() / 1000) + " s: the link is taken for dead.");
                return;
            }
        }
        pollfd waiting[4] = {{process_.output(), POLLIN, 0},
                             {wake_.get(), POLLIN, 0},
                             {errorsOpen_ ? process_.errors() : -1, POLLIN, 0},
                             {toSend ? process_.input() : -1, POLLOUT, 0}};
        ::poll(waiting, 4, 500);
        if (waiting[1].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
        }
        if (waiting[2].revents != 0)
            readErrors();
        if (waiting[0].revents != 0 && !readOutput())
            return;
    }
}

/// False once nothing more can come.
bool Link::readOutput() {
    bytes_.resize(readSize);
    const ssize_t got = ::read(process_.output(), bytes_.data(), bytes_.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got > 0)
        return takeBytes({bytes_.data(), static_cast<std::size_t>(got)});
    while (errorsOpen_) { // what it said last is there by now
        pollfd more{process_.errors(), POLLIN, 0};
        if (::poll(&more, 1, 100) <= 0)
            break;
        readErrors();
    }
    const std::string why = endText();
    const std::lock_guard guard(lock_);
    die(why);
    return false;
}

bool Link::takeBytes(std::string_view bytes) {
    const std::int64_t now = monotonicNow();
    const std::lock_guard guard(lock_);
    if (!greeted_) {
        const HelloFinder::Outcome found = finder_.take(bytes);
        if (found == HelloFinder::Outcome::TooMuch) {
            die(command_ +
                " says something, but it is not coroscopectl: " + lastLines(finder_.banner().substr(0, 200)));
            return false;
        }
        if (found == HelloFinder::Outcome::More)
            return true;
        const auto major = finder_.hello().versionMajor;
        if (major != link::versionMajor) {
            die("At the other end of " + command_ + " is " +
                (major > link::versionMajor ? "a newer" : "an older") + " Coroscope: it speaks version " +
                std::to_string(major) + " of the link, this one version " +
                std::to_string(link::versionMajor) + ". Install the same one on both sides.");
            return false;
        }
        greeted_ = true;
        outgoing_.hello();
        bytes = finder_.rest();
    }
    lastHeard_ = now;
    frames_.add(bytes);
    std::uint32_t tag = 0;
    std::string_view plain;
    for (;;) {
        const FrameReader::Outcome outcome = frames_.next(tag, plain);
        if (outcome == FrameReader::Outcome::More)
            break;
        const char* wrong = outcome == FrameReader::Outcome::Damaged
                                ? "is damaged: is there a terminal or a filter in between?"
                                : received_.take(tag, plain, now);
        if (wrong) {
            die("What comes through " + command_ + ' ' + wrong +
                (outcome == FrameReader::Outcome::Damaged ? "" : "."));
            return false;
        }
    }
    ++news_;
    changed_.notify_all();
    return true;
}

void Link::readErrors() {
    char bytes[4'096];
    const ssize_t got = ::read(process_.errors(), bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        errorsOpen_ = false;
        return;
    }
    const std::string_view more(bytes, static_cast<std::size_t>(got));
    if (options_.said)
        options_.said(more);
    const std::lock_guard guard(lock_);
    said_ += more;
    if (said_.size() > 2 * mostSaid)
        said_.erase(0, said_.size() - mostSaid);
}

/// With the lock held.
std::string Link::saidText() const {
    std::string said = options_.quote ? lastLines(said_) : std::string();
    return said.empty() ? said : " It said: \"" + said + "\".";
}

/// With the lock held.
void Link::die(std::string why) {
    dead_ = std::move(why);
    ++news_;
    changed_.notify_all();
}

/// Its output has ended: a sentence on how, and on what to do.
std::string Link::endText() {
    const std::optional<int> status = process_.status(1'000);
    const std::string how = status ? " (" + statusText(*status) + ')' : "";
    const std::lock_guard guard(lock_);
    if (greeted_)
        return "The link through " + command_ + " has ended" + how + '.' + saidText();
    std::string text = command_ + " has ended before coroscopectl answered" + how + '.' + saidText();
    if (const std::string banner = lastLines(finder_.banner()); !banner.empty() && said_.empty())
        text += " It said: \"" + banner + "\".";
    const int code = status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
    const auto words = splitWords(command_);
    const std::string program = words && !words->empty() ? fileName(words->front()) : std::string();
    if (code == notFound || code == notRun)
        text += " Is coroscopectl installed there? Else give its path as the command's last word.";
    else if (program == "ssh" && code == sshFailed)
        text +=
            " Nobody can answer ssh's questions here: use a key or an agent, and make the host known first "
            "(ssh -o BatchMode=yes must work).";
    else if (program == "sudo" && code == 1)
        text += " Nobody can give sudo a password here: allow it without one (sudo -n must work).";
    return text;
}

} // namespace coroscope::observe::remote
