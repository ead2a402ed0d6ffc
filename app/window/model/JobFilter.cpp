// SPDX-License-Identifier: Apache-2.0
#include "model/JobFilter.h"

#include "model/Format.h"

#include <algorithm>

namespace coroscope::app {

JobFilter::JobFilter(const Labels& labels, const QString& words)
    : labels_(labels)
    , words_(words.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    if (words_.size() > 32)
        words_ = words_.mid(0, 32);
    for (QString& word : words_) {
        const qsizetype hash = word.lastIndexOf(QLatin1Char('#'));
        bool isNumber = false;
        const std::uint64_t number = hash > 0 ? word.mid(hash + 1).toULongLong(&isNumber) : 0;
        if (!isNumber)
            continue;
        numbers_.push_back(number);
        word.truncate(hash); // what stands before may be its name or its kind
    }
    for (qsizetype i = 0; i < words_.size(); ++i) {
        all_ |= Mask{1} << i;
        const QString& word = words_[i];
        const auto isDigit = [](QChar c) { return c >= QLatin1Char('0') && c <= QLatin1Char('9'); };
        if (std::all_of(word.begin() + (word.startsWith(QLatin1Char('#')) ? 1 : 0), word.end(), isDigit))
            numeric_ |= Mask{1} << i;
    }
}

JobFilter::Mask JobFilter::wordsIn(const QString& text) const {
    Mask found = 0;
    for (qsizetype i = 0; i < words_.size(); ++i) {
        if (text.contains(words_[i], Qt::CaseInsensitive))
            found |= Mask{1} << i;
    }
    return found;
}

JobFilter::Mask JobFilter::kept(std::unordered_map<std::uint32_t, Mask>& cache, std::uint32_t key,
                                const QString& text) const {
    return cache.emplace(key, wordsIn(text)).first->second;
}

bool JobFilter::matches(const observe::JobRow& row) {
    for (const std::uint64_t number : numbers_)
        if (row.number != number)
            return false;
    Mask missing = all_;
    const auto look = [&](auto& cache, std::uint32_t key, auto text) {
        const auto found = cache.find(key);
        missing &= ~(found != cache.end() ? found->second : kept(cache, key, text()));
    };
    if (row.name != 0)
        look(names_, row.name, [&] { return labels_.text(row.name); });
    if (missing != 0)
        look(kinds_, static_cast<std::uint32_t>(row.kind), [&] {
            const std::string_view kind = coroscope::name(row.kind);
            return QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
        });
    if (missing != 0)
        look(states_,
             static_cast<std::uint32_t>(row.state) << 16 | static_cast<std::uint32_t>(row.execution) << 8 |
                 static_cast<std::uint32_t>(row.waitKind),
             [&] { return stateText(row.state, row.execution) + QLatin1Char(' ') + waitText(row); });
    if (missing != 0 && row.suspendedAt != 0)
        look(stacks_, row.suspendedAt, [&] { return labels_.stack(row.suspendedAt); });
    if (missing != 0 && row.site != 0)
        look(sites_, row.site, [&] { return labels_.site(row.site); });
    if ((missing & numeric_) != 0)
        missing &= ~wordsIn(QLatin1Char('#') + QString::number(row.number));
    return missing == 0;
}

} // namespace coroscope::app
