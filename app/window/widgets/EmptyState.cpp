// SPDX-License-Identifier: Apache-2.0
#include "widgets/EmptyState.h"

#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace coroscope::app {

namespace {
QLabel* strong(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont font = Theme::text();
    font.setWeight(QFont::DemiBold);
    label->setFont(font);
    return label;
}
QLabel* words(const QString& text, QWidget* parent) {
    QLabel* label = dimLabel(text, parent);
    label->setWordWrap(true);
    return label;
}
} // namespace

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent) {
    setObjectName(QStringLiteral("page"));
    setAttribute(Qt::WA_StyledBackground);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* page = new QWidget(scroll);
    page->setObjectName(QStringLiteral("page"));
    scroll->setWidget(page);
    all->addWidget(scroll);
    auto* outer = new QVBoxLayout(page);
    outer->setContentsMargins(24, 16, 24, 16);
    outer->addStretch(2);
    auto* column = new QWidget(page);
    column->setMaximumWidth(520);
    auto* layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    auto* title = new QLabel(tr("Look into a running program"), column);
    title->setFont(Theme::title());
    layout->addWidget(title);
    problem_ = new QLabel(column);
    problem_->setObjectName(QStringLiteral("emptyProblem"));
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    problem_->hide();
    layout->addWidget(problem_);

    const auto step = [&](const QString& head, const QString& text, QPushButton* button,
                          QPushButton* other = nullptr) {
        QFrame* frame = card(column);
        frame->layout()->addWidget(strong(head, frame));
        QLabel* label = words(text, frame);
        frame->layout()->addWidget(label);
        if (button != nullptr) {
            auto* row = new QHBoxLayout;
            row->addWidget(button);
            if (other != nullptr)
                row->addWidget(other);
            row->addStretch(1);
            qobject_cast<QVBoxLayout*>(frame->layout())->addLayout(row);
        }
        layout->addWidget(frame);
        return label;
    };
    auto* attach = new QPushButton(tr("Attach…"));
    auto* open = new QPushButton(tr("Open dump…"));
    step(tr("Attach to a program, or open a dump"),
         tr("Programs with the Coroscope runtime show on the left by themselves. Reading changes nothing in "
            "them. A dump can also be dropped here."),
         attach, open);
    sample_ = new QPushButton(tr("Start the sample"));
    sample_->setObjectName(QStringLiteral("startSample"));
    sampleText_ = step(tr("Or try the sample"), QString(), sample_);
    QLabel* code = nullptr;
    {
        QFrame* frame = card(column);
        frame->layout()->addWidget(strong(tr("Or add it to your own program"), frame));
        frame->layout()->addWidget(
            words(tr("Link the runtime; there is nothing to call. Every job is in the record "
                     "from then on."),
                  frame));
        code = new QLabel(QStringLiteral("add_subdirectory(coroscope)\n"
                                         "target_link_libraries(server\n"
                                         "    PRIVATE Coroscope::runtime)"),
                          frame);
        code->setFont(Theme::mono());
        code->setTextInteractionFlags(Qt::TextSelectableByMouse);
        code->setMinimumWidth(100);
        frame->layout()->addWidget(code);
        layout->addWidget(frame);
    }
    auto* middle = new QHBoxLayout;
    middle->addStretch(1);
    middle->addWidget(column, 20);
    middle->addStretch(1);
    outer->addLayout(middle);
    outer->addStretch(3);
    connect(attach, &QPushButton::clicked, this, &EmptyState::attachRequested);
    connect(open, &QPushButton::clicked, this, &EmptyState::openRequested);
    connect(sample_, &QPushButton::clicked, this, &EmptyState::sampleRequested);
    setSampleFound(true);
}

void EmptyState::setProblem(const QString& sentence) {
    const Tokens& t = Theme::tokens();
    QPalette palette = problem_->palette();
    palette.setColor(QPalette::WindowText, Theme::readable(t, t.failed, t.background));
    problem_->setPalette(palette);
    problem_->setText(sentence);
    problem_->setVisible(!sentence.isEmpty());
}

void EmptyState::setSampleFound(bool found) {
    sample_->setEnabled(found);
    sampleText_->setText(
        found ? tr("An order pipeline with some thousand jobs, started as a program of its own.")
              : tr("The sample program “orders” is not beside this program; build the samples to "
                   "have it."));
}

} // namespace coroscope::app
