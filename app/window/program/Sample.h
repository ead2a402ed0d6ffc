// SPDX-License-Identifier: Apache-2.0
// The sample program, started as a process of its own.
#pragma once

#include <QObject>
#include <QString>

class QProcess;

namespace coroscope::app {

class Sample : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~Sample() override; ///< ends the process, too

    static QString path();
    static bool found();
    /// Ends in started() or failed().
    void start();

signals:
    void started(int pid);
    void failed(const QString& sentence);

private:
    QProcess* process_ = nullptr;
};

} // namespace coroscope::app
