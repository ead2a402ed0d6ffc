// SPDX-License-Identifier: Apache-2.0
#include "HandFedWindow.h"

#include <coroscope/observe/Source.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QSettings>

namespace coroscope::app {

bool eventually(const std::function<bool()>& holds) {
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 10'000) {
        QApplication::processEvents(QEventLoop::AllEvents, 20);
        if (holds())
            return true;
    }
    return false;
}

JobId id(std::uint32_t index) {
    return JobId::of(index, 1);
}

observe::JobRow job(std::uint32_t index, std::uint32_t parent) {
    observe::JobRow row;
    row.id = id(index);
    row.parent = parent == 0 ? JobId{} : id(parent);
    row.number = index;
    row.name = index;
    row.site = row.suspendedAt = index;
    row.context = 1;
    row.kind = JobKind::Launch;
    row.state = JobState::Active;
    row.execution = Execution::Suspended;
    row.held = true;
    row.createdAt = row.stateSince = row.executionSince = observe::monotonicNow();
    return row;
}

std::vector<observe::JobRow> family(std::uint32_t first, std::uint32_t last) {
    std::vector<observe::JobRow> rows{job(first, 0)};
    for (std::uint32_t i = first + 1; i <= last; ++i)
        rows.push_back(job(i, first));
    return rows;
}

HandFedWindow::HandFedWindow() {
    QSettings().clear();
}

HandFedWindow::~HandFedWindow() {
    window.reset();
    QSettings().clear();
}

void HandFedWindow::show(int width, int height) {
    window = std::make_unique<MainWindow>(ThemeChoice::Light);
    window->resize(width, height);
    window->show();
}

void HandFedWindow::open(const std::vector<observe::JobRow>& rows, const std::shared_ptr<Feed>& from) {
    observe::Batch batch;
    batch.reset = true;
    batch.rows.assign(rows.begin(), rows.end());
    from->push(std::move(batch));
    window->workspace().open(std::make_unique<HandFedSource>(from));
    ASSERT_TRUE(eventually([&] { return window->workspace().tree().size() == rows.size(); }));
}

} // namespace coroscope::app
