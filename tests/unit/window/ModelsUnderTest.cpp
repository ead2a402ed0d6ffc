// SPDX-License-Identifier: Apache-2.0
#include "ModelsUnderTest.h"

#include <QAbstractItemModel>
#include <QAbstractItemModelTester>
#include <QEvent>
#include <QWidget>

#include <cstring>

namespace coroscope::app {

bool ModelsUnderTest::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::Show && object->isWidgetType() &&
        static_cast<QWidget*>(object)->isWindow()) {
        for (QAbstractItemModel* model : object->findChildren<QAbstractItemModel*>()) {
            const bool ours = std::strncmp(model->metaObject()->className(), "coroscope::", 11) == 0;
            if (ours && model->findChild<QAbstractItemModelTester*>() == nullptr)
                new QAbstractItemModelTester(model, QAbstractItemModelTester::FailureReportingMode::Fatal,
                                             model);
        }
    }
    return QObject::eventFilter(object, event);
}

} // namespace coroscope::app
