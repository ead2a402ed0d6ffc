// SPDX-License-Identifier: Apache-2.0
#include "RedactedDump.h"
#include "Redaction.h"

#include <memory>
#include <mutex>
#include <utility>

namespace coroscope::observe {

namespace {

class RedactedWords : public Dictionary {
public:
    explicit RedactedWords(std::shared_ptr<const Dictionary> plain)
        : plain_(std::move(plain)) {}

    std::string text(TextId id) const override {
        const std::string plain = plain_->text(id);
        const std::lock_guard guard(lock_);
        return redaction_.name(plain);
    }
    SiteText site(SiteId id) const override { return redacted(plain_->site(id)); }
    StackText stack(StackId id) const override {
        StackText stack = plain_->stack(id);
        for (SiteText& frame : stack.frames)
            frame = redacted(frame);
        return stack;
    }
    ContextText context(std::uint32_t id) const override {
        const ContextText plain = plain_->context(id);
        const std::lock_guard guard(lock_);
        return redaction_.context(plain);
    }
    CallStackText callStack(CallStackId id) const override {
        CallStackText stack = plain_->callStack(id);
        for (SiteText& frame : stack.frames)
            frame = redacted(frame);
        stack.note.clear(); // it names files
        return stack;
    }
    std::string failure(const std::string& plain) const {
        const std::lock_guard guard(lock_);
        return redaction_.failure(plain);
    }
    std::uint64_t address(std::uint64_t plain) const {
        const std::lock_guard guard(lock_);
        return redaction_.address(plain);
    }

private:
    SiteText redacted(const SiteText& plain) const {
        const std::lock_guard guard(lock_);
        return redaction_.site(plain);
    }

    std::shared_ptr<const Dictionary> plain_;
    mutable std::mutex lock_;
    mutable Redaction redaction_;
};

} // namespace

void redact(Dump& dump) {
    SourceInfo& info = dump.info;
    const auto words = std::make_shared<RedactedWords>(std::move(dump.dictionary));
    const auto redactRow = [&words](JobRow& row) {
        if (row.waitKind == WaitKind::Event)
            row.waitsFor = words->address(row.waitsFor);
    };
    info.program = "program";
    info.commandLine.clear();
    info.via.clear();
    info.file.clear();
    info.host.clear();
    info.problems.clear(); // they quote lines
    info.redacted = true;
    if (!dump.endText.empty())
        dump.endText = "The program had ended.";
    for (JobRow& row : dump.jobs)
        redactRow(row);
    for (EndedJob& job : dump.ended)
        redactRow(job.row);
    for (Incident& incident : dump.incidents) {
        redactRow(incident.job);
        incident.text = words->failure(incident.text);
    }
    dump.failureText = [words, plain = std::move(dump.failureText)](const EndedJob& job) {
        return words->failure(plain(job));
    };
    dump.dictionary = words;
}

} // namespace coroscope::observe
