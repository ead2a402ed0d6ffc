// SPDX-License-Identifier: Apache-2.0
#include "model/Exports.h"

#include "model/Format.h"
#include "program/Log.h"

#include <QCoreApplication>
#include <QFile>
#include <QPointer>
#include <QThreadPool>

#include <ostream>
#include <streambuf>
#include <utility>

namespace coroscope::app {

namespace {

/// Takes so much text, and fails then.
class LimitedText : public std::streambuf {
public:
    std::string take() { return std::move(text_); }
    bool tooLong() const noexcept { return tooLong_; }

protected:
    std::streamsize xsputn(const char* from, std::streamsize count) override {
        if (text_.size() + static_cast<std::size_t>(count) > Exports::longestCopy) {
            tooLong_ = true;
            return 0;
        }
        text_.append(from, static_cast<std::size_t>(count));
        return count;
    }

private:
    std::string text_;
    bool tooLong_ = false;
};

QString titleOf(observe::ExportFormat format) {
    const std::string_view title = observe::exportFormatInfo(format).title;
    return QString::fromUtf8(title.data(), static_cast<int>(title.size()));
}

} // namespace

Exports::~Exports() {
    // A file is written to its end; nobody is there any more to take a text.
    if (going() && last_->path.isEmpty())
        control_->stop = true;
}

void Exports::start(observe::Dump dump, observe::ExportOptions options, const QString& path) {
    if (going())
        return;
    auto control = std::make_shared<Control>();
    control_ = control;
    last_ = Saving{Saving::State::Going, path, options.redact, 0, {}};
    options.progress = [control](double share) {
        control->share = share;
        return !control->stop.load();
    };
    QPointer<Exports> self(this);
    const std::string name = QFile::encodeName(path).toStdString();
    auto what = std::make_shared<observe::Dump>(std::move(dump));
    QThreadPool::globalInstance()->start([self, what, control, name, options] {
        LimitedText text;
        std::ostream stream(&text);
        auto saved = std::make_shared<observe::Result<observe::SavedDump>>(
            name.empty() ? observe::exportToStream(std::move(*what), stream, options)
                         : observe::exportToFile(std::move(*what), name, options));
        if (text.tooLong())
            *saved = observe::Problem{"That is too much text to be copied. Export it to a file instead."};
        auto copied = std::make_shared<std::string>(text.take());
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, control, saved, copied, format = options.format] {
                if (self && self->control_ == control && self->last_)
                    self->over(*saved, std::move(*copied), format);
            },
            Qt::QueuedConnection);
    });
    emit changed();
}

void Exports::over(const observe::Result<observe::SavedDump>& saved, std::string text,
                   observe::ExportFormat format) {
    last_->state = saved ? Saving::State::Done : Saving::State::Failed;
    if (control_->stop.load() && !saved) {
        dismiss();
        return;
    }
    if (!saved) {
        last_->sentence = QString::fromStdString(saved.problem());
        logWarning(last_->sentence);
        emit changed();
        return;
    }
    auto known = saved;
    const QString jobs = jobsText(known->jobs);
    const QString redacted = last_->redact ? tr(", redacted,") : QString();
    if (last_->path.isEmpty())
        last_->sentence = tr("Copied %1 as %2.").arg(jobs, titleOf(format));
    else if (format == observe::ExportFormat::Dump)
        last_->sentence =
            tr("Saved %1%2 to %3 (%4).").arg(jobs, redacted, last_->path, sizeText(known->bytes));
    else
        last_->sentence = tr("Exported %1%2 as %3 to %4 (%5).")
                              .arg(jobs, redacted, titleOf(format), last_->path, sizeText(known->bytes));
    logInfo(last_->sentence);
    if (last_->path.isEmpty())
        emit textReady(QString::fromStdString(text));
    emit changed();
}

void Exports::dismiss() {
    if (going()) {
        control_->stop = true;
        return;
    }
    last_.reset();
    emit changed();
}

void Exports::refresh() {
    if (!going())
        return;
    last_->share = control_->share;
    emit changed();
}

} // namespace coroscope::app
