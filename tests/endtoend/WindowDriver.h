// SPDX-License-Identifier: Apache-2.0
// The real window on the real sample, as a person uses it: what the tests of the window share.
#pragma once

#include "Sample.h"

#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QLabel>
#include <QLineEdit>
#include <QSettings>
#include <QTest>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

namespace endtoend {

using namespace coroscope;
using namespace coroscope::app;
using observe::Node;
using observe::noNode;

inline constexpr int fewJobs = 600;

template <class Condition>
bool comes(Condition&& condition) {
    return QTest::qWaitFor(std::forward<Condition>(condition),
                           static_cast<int>(std::chrono::milliseconds(patience).count()));
}

/// Runs the event loop while `milliseconds` of the target's life go by.
inline void watch(int milliseconds) {
    QTest::qWait(milliseconds);
}

inline std::unique_ptr<MainWindow> openWindow(const Sample& sample) {
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(sample.directory()));
    QSettings().clear();
    auto window = std::make_unique<MainWindow>(ThemeChoice::Light);
    window->resize(1440, 900);
    window->show();
    return window;
}

inline bool attach(MainWindow& window, Sample& sample) {
    window.attach(sample.process().pid());
    return comes([&] { return window.workspace().tree().size() > fewJobs / 2; });
}

inline std::string nameOf(MainWindow& window, Node node) {
    return window.workspace().labels().name(window.workspace().tree().row(node)).toStdString();
}

/// The live job of that name and kind, noNode without one.
inline Node find(MainWindow& window, const std::string& name, JobKind kind = JobKind::Launch) {
    const observe::JobTree& tree = window.workspace().tree();
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node) && tree.row(node).kind == kind && nameOf(window, node) == name)
            return node;
    return noNode;
}

/// Selects a job as a click on its finding or on a link would.
inline JobId select(MainWindow& window, const std::string& name) {
    Node node = noNode;
    EXPECT_TRUE(comes([&] { return (node = find(window, name)) != noNode; })) << name;
    if (node == noNode)
        return {};
    const JobId id = window.workspace().tree().row(node).id;
    window.workspace().select(id);
    window.tree().show(node);
    return id;
}

inline bool logged(const Sample& sample, const std::string& end, std::size_t since = 0) {
    const auto lines = sample.logSince(since);
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.ends_with(end); });
}

inline CancelPanel& panel(MainWindow& window) {
    return window.details().cancelPanel();
}

/// Types the reason into the panel that asks, and confirms with Enter.
inline void confirm(MainWindow& window, const char* reason) {
    auto* const line = panel(window).findChild<QLineEdit*>();
    ASSERT_NE(line, nullptr);
    ASSERT_TRUE(panel(window).isVisible());
    QTest::keyClicks(line, QString::fromUtf8(reason));
    QTest::keyClick(line, Qt::Key_Return);
}

inline const Workspace::Cancel& lastCancel(MainWindow& window) {
    return window.workspace().cancels().back();
}

inline bool showsText(const QWidget& widget, const QString& part) {
    const auto labels = widget.findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(), [&](const QLabel* label) {
        return label->isVisible() && label->text().contains(part);
    });
}

} // namespace endtoend
