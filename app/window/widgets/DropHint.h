// SPDX-License-Identifier: Apache-2.0
// Lies over the window while something is dragged over it, and says what happens when it is let go.
#pragma once

#include <QString>
#include <QWidget>

namespace coroscope::app {

/// It neither takes the pointer nor the keyboard.
class DropHint : public QWidget {
    Q_OBJECT
public:
    explicit DropHint(QWidget* window);
    void offer(const QString& sentence);
    void withdraw() { hide(); }
    const QString& sentence() const noexcept { return sentence_; }
    /// The window has another size.
    void fit();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString sentence_;
};

} // namespace coroscope::app
