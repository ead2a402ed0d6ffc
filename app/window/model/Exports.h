// SPDX-License-Identifier: Apache-2.0
// Saves and exports in the background: one at a time.
#pragma once

#include <coroscope/observe/Export.h>

#include <QObject>
#include <QString>

#include <atomic>
#include <memory>
#include <optional>

namespace coroscope::app {

/// What a person wants to have in another format.
struct ExportWish {
    observe::ExportFormat format = observe::ExportFormat::Dump;
    JobId job = {};           ///< this one and all below it; none: all jobs
    bool onlyMatches = false; ///< what the filter in use leaves
    bool redact = false;
};

class Exports : public QObject {
    Q_OBJECT
public:
    struct Saving {
        enum class State { Going, Done, Failed };
        State state = State::Going;
        QString path; ///< empty: it is copied as text
        bool redact = false;
        double share = 0; ///< that is done
        QString sentence; ///< what came of it
    };
    /// More text is not copied: programs that it is pasted into choke on it.
    static constexpr std::size_t longestCopy = std::size_t{16} << 20;

    using QObject::QObject;
    ~Exports() override;

    /// Goes on in the background; without a path it ends in textReady(). Does nothing while another one goes.
    void start(observe::Dump dump, observe::ExportOptions options, const QString& path);
    /// The last one: it goes on, it is done, or it has failed.
    const std::optional<Saving>& last() const noexcept { return last_; }
    bool going() const noexcept { return last_ && last_->state == Saving::State::Going; }
    /// Gives up one that goes on; forgets one that is over.
    void dismiss();
    /// Reads how far it is.
    void refresh();

signals:
    void changed();
    void textReady(const QString& text);

private:
    /// What the thread that saves and the window's share.
    struct Control {
        std::atomic<bool> stop = false;
        std::atomic<double> share = 0;
    };
    void over(const observe::Result<observe::SavedDump>& saved, std::string text,
              observe::ExportFormat format);

    std::optional<Saving> last_;
    std::shared_ptr<Control> control_;
};

} // namespace coroscope::app
