// SPDX-License-Identifier: Apache-2.0
#include "widgets/ThroughDialog.h"

#include "program/Recent.h"
#include "theme/Theme.h"
#include "widgets/Cards.h"
#include "widgets/TargetDelegate.h"

#include <coroscope/observe/Remote.h>

#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPointer>
#include <QPushButton>
#include <QThreadPool>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr qsizetype mostHeard = 600;
const char* const examples[] = {"ssh host", "docker exec -i NAME", "kubectl exec -i POD --", "sudo -n"};
} // namespace

ThroughDialog::ThroughDialog(Workspace& workspace, QWidget* parent)
    : QDialog(parent)
    , workspace_(workspace) {
    setObjectName(QStringLiteral("throughDialog"));
    setWindowTitle(tr("Attach through a command"));
    resize(580, 460);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    auto* note =
        new QLabel(tr("The command leads to another machine or into a container, where coroscopectl is "
                      "installed too. No port is opened: all goes over the command's standard streams."),
                   this);
    note->setWordWrap(true);
    layout->addWidget(note);
    auto* top = new QHBoxLayout;
    top->setSpacing(8);
    command_ = new QComboBox(this);
    command_->setObjectName(QStringLiteral("throughCommand"));
    command_->setEditable(true);
    command_->setInsertPolicy(QComboBox::NoInsert);
    command_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    command_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    command_->setAccessibleName(tr("Command that leads there"));
    command_->lineEdit()->setAccessibleName(command_->accessibleName());
    command_->lineEdit()->setPlaceholderText(QStringLiteral("ssh host"));
    command_->addItems(recentCommands());
    look_ = new QPushButton(tr("Show programs"), this);
    look_->setObjectName(QStringLiteral("throughLook"));
    look_->setAutoDefault(false);
    top->addWidget(command_, 1);
    top->addWidget(look_);
    layout->addLayout(top);
    auto* hints = new QHBoxLayout;
    hints->setSpacing(6);
    hints->addWidget(dimLabel(tr("For example"), this));
    for (const char* const example : examples) {
        auto* hint = new QPushButton(QString::fromLatin1(example), this);
        hint->setFont(Theme::mono());
        hint->setFlat(true);
        hint->setAutoDefault(false);
        hint->setAccessibleName(tr("Use %1").arg(QString::fromLatin1(example)));
        connect(hint, &QPushButton::clicked, this, [this, example] {
            command_->setEditText(QString::fromLatin1(example));
            command_->setFocus();
            // The word to be replaced.
            const QString text = command_->currentText();
            const qsizetype at =
                std::max({text.indexOf(QLatin1String("host")), text.indexOf(QLatin1String("NAME")),
                          text.indexOf(QLatin1String("POD"))});
            if (at >= 0)
                command_->lineEdit()->setSelection(static_cast<int>(at),
                                                   text.mid(at, 3) == QLatin1String("POD") ? 3 : 4);
        });
        hints->addWidget(hint);
    }
    hints->addStretch(1);
    layout->addLayout(hints);
    list_ = new QListView(this);
    list_->setObjectName(QStringLiteral("throughList"));
    list_->setAccessibleName(tr("Programs there"));
    auto* delegate = new TargetDelegate(this);
    delegate->showReasons(true);
    list_->setItemDelegate(delegate);
    list_->setModel(&targets_);
    list_->setMouseTracking(true);
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    empty_ = dimLabel({}, this);
    empty_->setObjectName(QStringLiteral("throughEmpty"));
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setMargin(24);
    QFrame* frame = card(this);
    frame->layout()->setContentsMargins(1, 1, 1, 1);
    frame->layout()->addWidget(list_);
    frame->layout()->addWidget(empty_);
    layout->addWidget(frame, 1);
    said_ = dimLabel({}, this);
    said_->setObjectName(QStringLiteral("throughSaid"));
    said_->setFont(Theme::mono());
    said_->setWordWrap(true);
    said_->setTextFormat(Qt::PlainText);
    said_->hide();
    layout->addWidget(said_);
    problem_ = new QLabel(this);
    problem_->setObjectName(QStringLiteral("throughProblem"));
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    problem_->hide();
    layout->addWidget(problem_);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    auto* close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    attach_ = new QPushButton(tr("Attach"), this);
    attach_->setObjectName(QStringLiteral("throughGo"));
    attach_->setAutoDefault(false);
    buttons->addStretch(1);
    buttons->addWidget(close);
    buttons->addWidget(attach_);
    layout->addLayout(buttons);

    connect(look_, &QPushButton::clicked, this, [this] {
        if (looking_)
            stopLooking();
        else
            look(command());
    });
    connect(command_->lineEdit(), &QLineEdit::returnPressed, this, [this] { look(command()); });
    connect(command_, &QComboBox::currentTextChanged, this, &ThroughDialog::refresh);
    connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, &ThroughDialog::refresh);
    connect(list_, &QListView::activated, this, &ThroughDialog::go);
    connect(attach_, &QPushButton::clicked, this, &ThroughDialog::go);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(this, &QDialog::finished, this, [this] {
        stopLooking();
        if (!workspace_.openingThrough().isEmpty())
            workspace_.stopOpening();
    });
    connect(&workspace_, &Workspace::attached, this, &QDialog::accept);
    connect(&workspace_, &Workspace::throughFailed, this, [this](const QString&, const QString& sentence) {
        say(sentence);
        refresh();
    });
    if (command_->count() > 0)
        command_->setCurrentIndex(0);
    command_->setFocus();
    command_->lineEdit()->selectAll();
    refresh();
}

ThroughDialog::~ThroughDialog() {
    if (looking_)
        *looking_ = true;
}

QString ThroughDialog::command() const {
    return command_->currentText().trimmed();
}

QString ThroughDialog::problem() const {
    return problem_->text();
}

void ThroughDialog::look(const QString& wanted) {
    stopLooking();
    say({});
    heard_.clear();
    said_->hide();
    if (command() != wanted)
        command_->setEditText(wanted);
    if (wanted.isEmpty())
        return;
    looking_ = std::make_shared<std::atomic<bool>>(false);
    targets_.merge({});
    QPointer<ThroughDialog> self(this);
    const auto here = [self](auto work) {
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, work] {
                if (self)
                    work();
            },
            Qt::QueuedConnection);
    };
    QThreadPool::globalInstance()->start([self, here, wanted, stop = looking_] {
        observe::RemoteOptions options;
        options.stop = stop.get();
        options.said = [self, here, stop](std::string_view bytes) {
            const QString text = QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size()));
            here([self, stop, text] {
                if (self->looking_ == stop)
                    self->hear(text);
            });
        };
        auto result = std::make_shared<observe::Result<std::vector<observe::Target>>>(
            observe::discoverThrough(wanted.toStdString(), options));
        here([self, stop, wanted, result] {
            if (self->looking_ != stop)
                return;
            self->looking_ = nullptr;
            self->said_->hide();
            if (*result)
                self->found(wanted, **result);
            else
                self->say(QString::fromStdString(result->problem()));
            self->refresh();
        });
    });
    refresh();
}

void ThroughDialog::stopLooking() {
    if (looking_)
        *looking_ = true;
    looking_ = nullptr;
    said_->hide();
    refresh();
}

void ThroughDialog::found(const QString& wanted, const std::vector<observe::Target>& targets) {
    rememberCommand(wanted);
    lookedAt_ = wanted;
    targets_.merge(targets);
    for (int row = 0; row < targets_.rowCount(); ++row) {
        const QModelIndex index = targets_.index(row);
        if (!index.data(Targets::AttachableRole).toBool())
            continue;
        list_->setCurrentIndex(index);
        list_->setFocus();
        return;
    }
}

/// What the command says on its standard error: a person may have to touch a key, or to give up.
void ThroughDialog::hear(const QString& said) {
    heard_ = (heard_ + said).right(mostHeard);
    said_->setText(heard_.trimmed());
    said_->setVisible(!said_->text().isEmpty());
}

void ThroughDialog::say(const QString& sentence) {
    const Tokens& t = Theme::tokens();
    QPalette palette = problem_->palette();
    palette.setColor(QPalette::WindowText, Theme::readable(t, t.failed, t.panel));
    problem_->setPalette(palette);
    problem_->setText(sentence);
    problem_->setVisible(!sentence.isEmpty());
}

void ThroughDialog::go() {
    const QModelIndex index = list_->currentIndex();
    if (!attach_->isEnabled() || !index.isValid())
        return;
    say({});
    workspace_.attachThrough(lookedAt_, index.data(Targets::PidRole).toInt());
    refresh();
}

void ThroughDialog::refresh() {
    const bool attaching = !workspace_.openingThrough().isEmpty();
    const bool current = !looking_ && lookedAt_ == command();
    const bool some = current && targets_.rowCount() > 0;
    look_->setText(looking_ ? tr("Stop") : current ? tr("Look again") : tr("Show programs"));
    look_->setEnabled(!attaching && (looking_ || !command().isEmpty()));
    list_->setVisible(some);
    empty_->setVisible(!some);
    empty_->setText(looking_ ? tr("Asking…")
                    : current && !command().isEmpty()
                        ? tr("No program with the Coroscope runtime runs there, as far as this user may see.")
                        : tr("Enter shows the programs there."));
    const QModelIndex index = list_->currentIndex();
    attach_->setEnabled(some && !attaching && index.isValid() &&
                        index.data(Targets::AttachableRole).toBool());
    attach_->setText(attaching ? tr("Attaching…") : tr("Attach"));
}

} // namespace coroscope::app
