// SPDX-License-Identifier: Apache-2.0
#include "widgets/FilterField.h"

#include "model/KeptFilters.h"
#include "theme/Theme.h"
#include "widgets/RowHeight.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QDragEnterEvent>
#include <QInputDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QRegularExpression>
#include <QStandardItemModel>

#include <algorithm>

namespace coroscope::app {

namespace {
enum Role { HelpRole = Qt::UserRole, InsertRole, GoesOnRole };
constexpr int problemDelayMilliseconds = 700;
constexpr int mostRows = 12;

/// The choice on the left, what it means on the right.
class ChoiceDelegate : public RowHeight {
public:
    using RowHeight::RowHeight;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QFontMetrics metrics(Theme::text());
        return {metrics.horizontalAdvance(index.data().toString()) +
                    metrics.horizontalAdvance(index.data(HelpRole).toString()) + 48,
                RowHeight::sizeHint(option, index).height()};
    }
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const Tokens& t = Theme::tokens();
        const bool on = (option.state & QStyle::State_Selected) != 0;
        const QColor ground = on ? t.selection : t.panel;
        painter->fillRect(option.rect, ground);
        const QRect rect = option.rect.adjusted(10, 0, -10, 0);
        painter->setFont(Theme::text());
        const QFontMetrics metrics(painter->font());
        const QString help = index.data(HelpRole).toString();
        const int helpWidth = std::min(metrics.horizontalAdvance(help), rect.width() / 2);
        painter->setPen(t.text);
        painter->drawText(
            rect, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
            metrics.elidedText(index.data().toString(), Qt::ElideMiddle, rect.width() - helpWidth - 12));
        painter->setPen(Theme::readable(t, t.dim, ground));
        painter->drawText(rect, Qt::AlignVCenter | Qt::AlignRight | Qt::TextSingleLine,
                          metrics.elidedText(help, Qt::ElideRight, helpWidth));
    }
};
} // namespace

FilterField::FilterField(Workspace& workspace, QWidget* parent)
    : QLineEdit(parent)
    , workspace_(workspace)
    , completion_(workspace)
    , completer_(new QCompleter(this))
    , choices_(new QStandardItemModel(this))
    , kept_(new QMenu(this)) {
    clock_.start();
    completer_->setModel(choices_);
    completer_->setWidget(this);
    completer_->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    completer_->setMaxVisibleItems(mostRows);
    completer_->popup()->setItemDelegate(new ChoiceDelegate(completer_->popup()));
    completer_->popup()->setObjectName(QStringLiteral("filterChoices"));
    completer_->popup()->setAccessibleName(tr("Completions"));
    connect(completer_, qOverload<const QModelIndex&>(&QCompleter::activated), this, &FilterField::complete);
    problem_ = new QLabel(parent == nullptr ? this : parent->window());
    problem_->setObjectName(QStringLiteral("filterProblem"));
    problem_->setTextFormat(Qt::RichText);
    problem_->setWordWrap(true);
    problem_->hide();

    // A moment without a key: a search over a million jobs is not begun for each letter.
    debounce_.setSingleShot(true);
    debounce_.setInterval(200);
    connect(&debounce_, &QTimer::timeout, this, [this] { apply(true); });
    problemDelay_.setSingleShot(true);
    problemDelay_.setInterval(problemDelayMilliseconds);
    connect(&problemDelay_, &QTimer::timeout, this, &FilterField::showProblem);
    connect(this, &QLineEdit::textChanged, this, &FilterField::edited);
    connect(this, &QLineEdit::textEdited, this, &FilterField::offerCompletions);
    connect(this, &QLineEdit::returnPressed, this, [this] {
        apply(false);
        showProblem();
        if (!workspace_.searchProblem())
            emit left();
    });
    connect(kept_, &QMenu::aboutToShow, this, &FilterField::fillKeptMenu);
}

bool FilterField::completing() const {
    return completer_->popup()->isVisible();
}

void FilterField::edited() {
    problem_->hide();
    if (text().trimmed().isEmpty())
        apply(true);
    else
        debounce_.start();
}

void FilterField::apply(bool typed) {
    debounce_.stop();
    workspace_.setSearch(text());
    if (workspace_.searchProblem()) {
        problemDelay_.start();
        return;
    }
    problemDelay_.stop();
    problem_->hide();
    history_.use(text().trimmed(), typed, clock_.elapsed());
}

void FilterField::setFilter(const QString& filter) {
    setText(filter);
    apply(false);
    showProblem();
}

void FilterField::narrow(const QString& condition) {
    QString there = text().trimmed();
    if (there == condition) {
        setFilter({});
        return;
    }
    for (const QString& with : {QLatin1Char(' ') + condition, condition + QLatin1Char(' ')})
        if (there.endsWith(with) || there.startsWith(with)) {
            setFilter(there.remove(with).trimmed());
            return;
        }
    // What stands there may say "or".
    const bool group = there.contains(QRegularExpression(QStringLiteral("\\b(or|OR)\\b")));
    if (!there.isEmpty())
        there = group ? QStringLiteral("(%1) ").arg(there) : there + QLatin1Char(' ');
    setFilter(there + condition);
}

void FilterField::back() {
    apply(true); // what stands there now is to be found again
    setText(history_.back());
    debounce_.stop();
    workspace_.setSearch(text());
}

void FilterField::forward() {
    setText(history_.forward());
    debounce_.stop();
    workspace_.setSearch(text());
}

/// Tab takes a completion; without a list it leaves the field, as everywhere. Shift+Delete cuts what is
/// marked; without a mark it is the window's, to cancel what has just been filtered for.
bool FilterField::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride && !hasSelectedText()) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Delete && key->modifiers() == Qt::ShiftModifier) {
            event->ignore();
            return false;
        }
    }
    if (event->type() == QEvent::KeyPress && completing()) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Tab) {
            keyPressEvent(key);
            return true;
        }
    }
    return QLineEdit::event(event);
}

void FilterField::keyPressEvent(QKeyEvent* event) {
    if (completing() && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter ||
                         event->key() == Qt::Key_Tab || event->key() == Qt::Key_Escape)) {
        const QModelIndex at = completer_->popup()->currentIndex();
        completer_->popup()->hide();
        if (event->key() == Qt::Key_Escape)
            return;
        if (event->key() == Qt::Key_Tab || at.isValid()) {
            complete(at.isValid() ? at : completer_->completionModel()->index(0, 0));
            return;
        }
    }
    switch (event->key()) {
    case Qt::Key_Escape:
        clear();
        emit left();
        return;
    case Qt::Key_Down:
        if (event->modifiers() & Qt::AltModifier)
            break;
        emit left();
        return;
    case Qt::Key_Space:
        if (event->modifiers() & Qt::ControlModifier) {
            offerCompletions();
            return;
        }
        break;
    default:
        break;
    }
    QLineEdit::keyPressEvent(event);
}

/// Words may be dropped here. A file, or a whole dump as text, is for the window behind.
void FilterField::dragEnterEvent(QDragEnterEvent* event) {
    const QMimeData& dragged = *event->mimeData();
    if (dragged.hasUrls() || dragged.text().trimmed().contains(QLatin1Char('\n')))
        event->ignore();
    else
        QLineEdit::dragEnterEvent(event);
}

void FilterField::focusOutEvent(QFocusEvent* event) {
    QLineEdit::focusOutEvent(event);
    if (event->reason() != Qt::PopupFocusReason && debounce_.isActive())
        apply(true);
}

void FilterField::offerCompletions() {
    const FilterCompletion::Choices found = completion_.at(text(), cursorPosition());
    replaceFrom_ = found.from;
    replaceLength_ = found.length;
    choices_->clear();
    int width = 220;
    for (const FilterCompletion::Choice& choice : found.choices) {
        auto* item = new QStandardItem(choice.shown);
        item->setData(choice.help, HelpRole);
        item->setData(choice.text, InsertRole);
        item->setData(choice.goesOn, GoesOnRole);
        choices_->appendRow(item);
        const QFontMetrics metrics(Theme::text());
        width = std::max(width, metrics.horizontalAdvance(choice.shown) + 64 +
                                    metrics.horizontalAdvance(choice.help));
    }
    if (found.choices.empty()) {
        completer_->popup()->hide();
        return;
    }
    QRect at = cursorRect();
    at.setTop(height() - 1);
    at.setHeight(1);
    at.setWidth(std::min(width, 560));
    completer_->complete(at);
    completer_->popup()->setCurrentIndex({});
}

void FilterField::complete(const QModelIndex& index) {
    if (!index.isValid())
        return;
    const QString choice = index.data(InsertRole).toString();
    const bool goesOn = index.data(GoesOnRole).toBool();
    QString whole = text();
    whole.replace(replaceFrom_, replaceLength_, choice);
    setText(whole);
    setCursorPosition(static_cast<int>(replaceFrom_ + choice.size()));
    setFocus();
    if (goesOn)
        QTimer::singleShot(0, this, &FilterField::offerCompletions);
}

void FilterField::showProblem() {
    problemDelay_.stop();
    const std::optional<observe::QueryProblem>& problem = workspace_.searchProblem();
    if (!problem || !isVisible()) {
        problem_->hide();
        return;
    }
    const Tokens& t = Theme::tokens();
    const QByteArray bytes = text().trimmed().toUtf8();
    const auto piece = [&](std::size_t from, std::size_t length) {
        return QString::fromUtf8(bytes.mid(static_cast<qsizetype>(from), static_cast<qsizetype>(length)))
            .toHtmlEscaped();
    };
    const std::size_t end = problem->at + problem->length;
    problem_->setText(
        QStringLiteral(
            "<span style=\"font-family:'%1'\">%2<span style=\"color:%3;text-decoration:underline\">"
            "%4</span>%5</span><br>%6")
            .arg(Theme::mono().family(), piece(0, problem->at), Theme::readable(t, t.failed, t.panel).name(),
                 piece(problem->at, problem->length), piece(end, static_cast<std::size_t>(bytes.size())),
                 QString::fromStdString(problem->sentence).toHtmlEscaped()));
    const QWidget* const top = problem_->parentWidget();
    const QPoint below = mapTo(top, QPoint(0, height() + 4));
    problem_->setFixedWidth(std::min(width(), 620));
    problem_->setFixedHeight(problem_->heightForWidth(problem_->width()));
    problem_->move(below);
    problem_->raise();
    problem_->show();
    setAccessibleDescription(QString::fromStdString(problem->sentence));
}

void FilterField::askName(const QString& title, const QString& question, const QString& button,
                          const QString& suggested, std::function<void(const QString&)> then) {
    auto* dialog = new QInputDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("filterName"));
    dialog->setWindowTitle(title);
    dialog->setLabelText(question);
    dialog->setOkButtonText(button);
    dialog->setCancelButtonText(tr("Close"));
    dialog->setTextValue(suggested);
    connect(dialog, &QInputDialog::textValueSelected, this, [then = std::move(then)](const QString& name) {
        if (!name.trimmed().isEmpty())
            then(name.trimmed());
    });
    constexpr int wide = 380;
    dialog->resize(wide, dialog->sizeHint().height());
    dialog->open();
    for (auto* label : dialog->findChildren<QLabel*>()) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }
}

void FilterField::fillKeptMenu() {
    kept_->clear();
    const auto filters = keptFilters::all();
    for (const auto& [name, filter] : filters) {
        QAction* action = kept_->addAction(name + QLatin1Char('\t') + filter, this,
                                           [this, chosen = filter] { setFilter(chosen); });
        action->setCheckable(true);
        action->setChecked(filter == workspace_.search());
    }
    if (filters.empty())
        kept_->addAction(tr("Filters that you keep stand here."))->setEnabled(false);
    kept_->addSeparator();
    const QString filter = workspace_.search();
    QAction* keep = kept_->addAction(tr("Keep this filter…"), this, [this, filter] {
        askName(tr("Keep this filter"), tr("Keep %1 under the name").arg(filter), tr("Keep"), filter,
                [filter](const QString& name) { keptFilters::keep(name, filter); });
    });
    keep->setEnabled(!filter.isEmpty());
    if (!filters.empty()) {
        QMenu* renames = kept_->addMenu(tr("Rename"));
        QMenu* removes = kept_->addMenu(tr("Forget"));
        for (const auto& [name, text] : filters) {
            renames->addAction(name, this, [this, old = name] {
                askName(tr("Rename a filter"), tr("New name of %1").arg(old), tr("Rename"), old,
                        [old](const QString& fresh) { keptFilters::rename(old, fresh); });
            });
            removes->addAction(name, this, [old = name] { keptFilters::forget(old); });
        }
    }
    kept_->addSeparator();
    QAction* undo = kept_->addAction(tr("Previous filter\tAlt+Left"), this, &FilterField::back);
    undo->setEnabled(history_.canGoBack());
    QAction* redo = kept_->addAction(tr("Next filter\tAlt+Right"), this, &FilterField::forward);
    redo->setEnabled(history_.canGoForward());
}

} // namespace coroscope::app
