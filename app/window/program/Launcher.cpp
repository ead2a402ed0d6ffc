// SPDX-License-Identifier: Apache-2.0
#include "program/Launcher.h"

#include <coroscope/observe/Words.h>

#include <QFileInfo>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringDecoder>

#include <algorithm>
#include <memory>

namespace coroscope::app {

std::optional<QStringList> splitWords(const QString& command) {
    const auto words = observe::splitWords(command.toStdString());
    if (!words)
        return std::nullopt;
    QStringList list;
    for (const std::string& word : *words)
        list << QString::fromStdString(word);
    return list;
}

Launcher::~Launcher() {
    for (QProcess* process : processes_) {
        process->disconnect(this);
        process->terminate();
    }
    for (QProcess* process : processes_)
        if (process->state() != QProcess::NotRunning && !process->waitForFinished(2000)) {
            process->kill();
            process->waitForFinished(1000);
        }
}

void Launcher::start(const Launch& launch) {
    std::optional<QStringList> split = splitWords(launch.command);
    if (!split) {
        emit failed(tr("A quotation mark is missing."));
        return;
    }
    QStringList words = *std::move(split);
    if (words.isEmpty() || words.first().isEmpty()) {
        emit failed(tr("There is no program to start."));
        return;
    }
    const QString program = words.takeFirst();
    if (!launch.folder.isEmpty() && !QFileInfo(launch.folder).isDir()) {
        emit failed(tr("%1 is not a folder.").arg(launch.folder));
        return;
    }
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString& line : launch.environment) {
        const qsizetype sign = line.indexOf(QLatin1Char('='));
        if (sign <= 0) {
            emit failed(tr("“%1” is not of the form NAME=value.").arg(line));
            return;
        }
        environment.insert(line.left(sign), line.mid(sign + 1));
    }
    auto* process = new QProcess(this);
    process->setProgram(program);
    process->setArguments(words);
    process->setWorkingDirectory(launch.folder);
    process->setProcessEnvironment(environment);
    process->setProcessChannelMode(QProcess::MergedChannels);
    process->setStandardInputFile(QProcess::nullDevice());
    processes_.push_back(process);
    auto pid = std::make_shared<int>(0); // the process forgets it at its end
    auto decoder = std::make_shared<QStringDecoder>(QStringDecoder::Utf8);
    connect(process, &QProcess::started, this, [this, process, pid, program] {
        *pid = static_cast<int>(process->processId());
        emit started(*pid, QFileInfo(program).fileName());
    });
    const auto read = [this, process, pid, decoder] {
        const QString text = decoder->decode(process->readAll());
        if (!text.isEmpty())
            emit output(*pid, text);
    };
    connect(process, &QProcess::readyRead, this, read);
    const auto forget = [this, process] {
        std::erase(processes_, process);
        process->deleteLater();
    };
    connect(process, &QProcess::errorOccurred, this,
            [this, process, program, forget](QProcess::ProcessError error) {
                if (error != QProcess::FailedToStart)
                    return;
                QString why = process->errorString();
                why.remove(QLatin1String("execve: ")); // nobody called it
                forget();
                emit failed(tr("%1 did not start: %2.").arg(program, why));
            });
    connect(process, &QProcess::finished, this,
            [this, pid, read, forget](int code, QProcess::ExitStatus status) {
                read();
                forget();
                emit ended(*pid, status == QProcess::CrashExit ? tr("It was killed, or it crashed.")
                                 : code == 0                   ? tr("It has ended.")
                                             : tr("It has ended with exit code %1.").arg(code));
            });
    process->start();
}

void Launcher::stop(int pid) {
    for (QProcess* process : processes_)
        if (process->processId() == pid)
            process->terminate();
}

bool Launcher::runs(int pid) const {
    return std::any_of(processes_.begin(), processes_.end(),
                       [pid](const QProcess* process) { return process->processId() == pid; });
}

} // namespace coroscope::app
