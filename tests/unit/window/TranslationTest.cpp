// SPDX-License-Identifier: Apache-2.0
// Every text of the window can be translated: with a translator that marks what goes through it, whatever is
// on show bears the mark.
#include "HandFedWindow.h"

#include "widgets/AboutDialog.h"
#include "widgets/JobTreeView.h"
#include "widgets/KeysDialog.h"
#include "widgets/StartDialog.h"
#include "widgets/StatusBar.h"
#include "widgets/ThroughDialog.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QTabBar>
#include <QTextDocument>
#include <QTranslator>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

class Marker : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char* context, const char* text, const char*, int) const override {
        // Qt's own are Qt's to translate.
        return QByteArray(context).startsWith('Q') ? QString()
                                                   : QStringLiteral("«%1»").arg(QString::fromUtf8(text));
    }
};

/// What no language changes: commands, code, names and places of the target, units, our name, paths, and what
/// observe says of states and waits, which has no translator.
bool isNoSentence(const QString& text) {
    static const QRegularExpression same(QStringLiteral(
        R"(^([\s\d.,:·#%<>+/×–›()-]|Coroscope|handfed|name-\d+|IO|trace=\d+|launch|Suspended|Active|pid)"
        R"(|ms|s)*$|reader\.cpp|/|^add_subdirectory|^(ssh|docker|kubectl|sudo) )"
        R"(|^something that the program does not tell$)"));
    return same.match(text).hasMatch();
}

QString plain(const QString& text) {
    if (!Qt::mightBeRichText(text))
        return text;
    QTextDocument document;
    document.setHtml(text);
    return document.toPlainText();
}

/// Of all that is on show in there: what it says, for each text that nobody could translate.
std::string untranslated(const QWidget& within) {
    QStringList found;
    const auto look = [&](const QObject* of, const char* what, const QString& text) {
        const QString words = plain(text).trimmed();
        if (!words.isEmpty() && !words.contains(u'«') && !isNoSentence(words))
            found << QStringLiteral("%1 %2 of %3 %4")
                         .arg(QLatin1String(what), words, QLatin1String(of->metaObject()->className()),
                              of->objectName());
    };
    for (const auto* each : within.findChildren<QLabel*>())
        look(each, "text", each->text());
    for (const auto* each : within.findChildren<QAbstractButton*>())
        if (!each->objectName().startsWith(QLatin1String("qt_")))
            look(each, "text", each->text());
    for (const auto* each : within.findChildren<QAction*>())
        if (!each->isSeparator() && qobject_cast<QLineEdit*>(each->parent()) == nullptr)
            look(each, "text", each->text());
    for (const auto* each : within.findChildren<QDockWidget*>())
        look(each, "title", each->windowTitle());
    for (const auto* each : within.findChildren<QHeaderView*>())
        for (int i = 0; each->model() != nullptr && i < each->count(); ++i)
            look(each, "column", each->model()->headerData(i, each->orientation()).toString());
    for (const auto* each : within.findChildren<QWidget*>()) {
        if (each->objectName().startsWith(QLatin1String("qt_")) ||
            qobject_cast<QTabBar*>(each->parent()) != nullptr) // Qt's
            continue;
        look(each, "tooltip", each->toolTip());
        look(each, "accessible name", each->accessibleName());
        look(each, "accessible description", each->accessibleDescription());
    }
    return found.join(u'\n').toStdString();
}

class TranslationTest : public HandFedWindow {
protected:
    void SetUp() override {
        QCoreApplication::installTranslator(&marker);
        show();
        window->offerHint();
    }
    void TearDown() override {
        window.reset();
        QCoreApplication::removeTranslator(&marker);
    }
    Marker marker;
};

TEST_F(TranslationTest, theEmptyWindowAndItsDialogs) {
    EXPECT_EQ(untranslated(*window), "");
    window->askAttach();
    window->askStart();
    window->askThrough({});
    AboutDialog::open(window.get());
    KeysDialog::open(window.get());
    QApplication::processEvents();
    EXPECT_EQ(untranslated(*window), "");
    auto* stray = new QLabel(QStringLiteral("a stray word"), window.get());
    EXPECT_NE(untranslated(*window), "") << "one that is not translated would be seen";
    delete stray;
}

TEST_F(TranslationTest, aProgramWithItsJobs) {
    open(family(1, 19));
    window->workspace().select(id(5));
    QApplication::processEvents();
    EXPECT_EQ(untranslated(*window), "");
    window->setView(ViewSwitch::Map);
    window->workspace().cancel(id(5), false, QStringLiteral("name-1"));
    QApplication::processEvents();
    EXPECT_EQ(untranslated(*window), "") << "with the map and after a cancel";
}

} // namespace
} // namespace coroscope::app
