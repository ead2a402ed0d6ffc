// SPDX-License-Identifier: Apache-2.0
// Programs that the window has started. They end with the window.
#pragma once

#include "program/Recent.h"

#include <QObject>
#include <QString>

#include <optional>
#include <vector>

class QProcess;

namespace coroscope::app {

/// As observe::splitWords.
std::optional<QStringList> splitWords(const QString& command);

class Launcher : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~Launcher() override; ///< ends all of them, at most some seconds

    /// Ends in started() or failed().
    void start(const Launch& launch);
    /// Asks it to end (SIGTERM).
    void stop(int pid);
    bool runs(int pid) const;

signals:
    void started(int pid, const QString& program);
    void failed(const QString& sentence);
    /// Both streams, in pieces of whole characters.
    void output(int pid, const QString& text);
    /// `how`: a sentence.
    void ended(int pid, const QString& how);

private:
    std::vector<QProcess*> processes_;
};

} // namespace coroscope::app
