// SPDX-License-Identifier: Apache-2.0
#include "program/Sample.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QProcess>

namespace coroscope::app {

Sample::~Sample() {
    if (process_ == nullptr || process_->state() == QProcess::NotRunning)
        return;
    process_->disconnect(this);
    process_->terminate();
    if (!process_->waitForFinished(2000)) {
        process_->kill();
        process_->waitForFinished(1000);
    }
}

QString Sample::path() {
    return QCoreApplication::applicationDirPath() + QStringLiteral("/orders");
}

bool Sample::found() {
    return QFileInfo(path()).isExecutable();
}

void Sample::start() {
    if (!found()) {
        emit failed(
            tr("The sample program was not found at %1; build the samples and start again.").arg(path()));
        return;
    }
    if (process_ != nullptr && process_->state() != QProcess::NotRunning) {
        emit started(static_cast<int>(process_->processId()));
        return;
    }
    delete process_;
    process_ = new QProcess(this);
    process_->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process_->setStandardOutputFile(QProcess::nullDevice());
    connect(process_, &QProcess::started, this,
            [this] { emit started(static_cast<int>(process_->processId())); });
    connect(process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            emit failed(tr("The sample program did not start: %1.").arg(process_->errorString()));
    });
    process_->start(path(), QStringList());
}

} // namespace coroscope::app
