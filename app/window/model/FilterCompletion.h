// SPDX-License-Identifier: Apache-2.0
// What can be typed next in a filter: keys, then the values that occur in the program.
#pragma once

#include "model/Labels.h"

#include <coroscope/observe/Query.h>

#include <QString>

#include <cstdint>
#include <vector>

namespace coroscope::app {

class Workspace;

class FilterCompletion {
public:
    struct Choice {
        QString text;        ///< as it is to stand in the filter
        QString shown;       ///< without quotes
        QString help;        ///< what it means, or how many jobs have it
        bool goesOn = false; ///< a key: its value comes next
    };
    struct Choices {
        qsizetype from = 0, length = 0; ///< the characters that a choice replaces
        std::vector<Choice> choices;
    };

    explicit FilterCompletion(const Workspace& workspace)
        : workspace_(workspace) {}

    /// `cursor`: characters before it.
    Choices at(const QString& text, qsizetype cursor);

private:
    void collect(observe::Query::Key key);

    struct Value {
        QString text;
        std::uint64_t jobs = 0;
    };
    const Workspace& workspace_;
    observe::Query::Key collected_ = observe::Query::Key::Word;
    std::int64_t collectedAt_ = 0;
    bool complete_ = false;
    std::vector<Value> values_; ///< most frequent first
};

} // namespace coroscope::app
