// SPDX-License-Identifier: Apache-2.0
// Some lines of source with one of them marked, and the way into the editor.
#pragma once

#include "model/Sources.h"

#include <QWidget>

namespace coroscope::app {

class SourceExcerpt : public QWidget {
    Q_OBJECT
public:
    SourceExcerpt(const Sources::Excerpt& excerpt, std::uint32_t line, QWidget* parent);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    /// It was clicked, or Return was pressed on it.
    void opened();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    Sources::Excerpt excerpt_;
    std::uint32_t line_;
};

} // namespace coroscope::app
