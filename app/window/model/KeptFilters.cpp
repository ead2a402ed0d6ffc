// SPDX-License-Identifier: Apache-2.0
#include "model/KeptFilters.h"

#include <QMap>
#include <QSettings>
#include <QVariant>

namespace coroscope::app::keptFilters {

namespace {
const QString key = QStringLiteral("filters");

QVariantMap stored() {
    return QSettings().value(key).toMap();
}
} // namespace

std::vector<std::pair<QString, QString>> all() {
    std::vector<std::pair<QString, QString>> filters;
    const QVariantMap map = stored();
    for (auto at = map.begin(); at != map.end(); ++at)
        filters.emplace_back(at.key(), at.value().toString());
    return filters;
}

void keep(const QString& name, const QString& text) {
    QVariantMap map = stored();
    map[name] = text;
    QSettings().setValue(key, map);
}

void rename(const QString& name, const QString& newName) {
    QVariantMap map = stored();
    if (!map.contains(name) || newName.isEmpty() || newName == name)
        return;
    map[newName] = map.take(name);
    QSettings().setValue(key, map);
}

void forget(const QString& name) {
    QVariantMap map = stored();
    map.remove(name);
    QSettings().setValue(key, map);
}

} // namespace coroscope::app::keptFilters
