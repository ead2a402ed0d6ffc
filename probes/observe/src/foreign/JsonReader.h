// SPDX-License-Identifier: Apache-2.0
// Reads JSON from its beginning to its end and tells value by value, so that nothing is held but what a
// reader of events keeps. Where it is damaged it looks for the next place that the events' reader knows, and
// goes on there.
#pragma once

#include "foreign/JsonInput.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coroscope::observe {

/// Who is told. Keys and texts are as they stand there, and good until the next one; `escaped` says whether
/// unescaped() makes something else of them.
class JsonEvents {
public:
    virtual ~JsonEvents() = default;
    virtual void key(std::string_view name) = 0;
    /// `rest` begins with a key. How long that is with its colon, if it is the one that was expected, which
    /// is told by that; else 0.
    virtual std::size_t expectedKey(std::string_view) { return 0; }
    virtual void text(std::string_view raw, bool escaped) = 0;
    virtual void number(std::string_view digits) = 0;
    virtual void truth(bool value) = 0;
    virtual void null() = 0;
    virtual void beginObject() = 0;
    virtual void endObject() = 0;
    virtual void beginArray() = 0;
    virtual void endArray() = 0;

    /// Whether what begins now, an object or an array, may be known as a whole; then known() is asked.
    virtual bool mayBeKnown() { return false; }
    /// Then first: `rest` begins with it. How long it is, if it is one of those that came lately; else 0.
    virtual std::size_t knownLately(std::string_view) { return 0; }
    /// `value`: all of it. True: it is passed over. False: it is told as usual.
    virtual bool known(std::string_view) { return false; }

    /// Keys at which one can go on behind a damage; the first in an object that begins with it.
    virtual std::span<const std::string_view> marks() const = 0;
    /// It goes on at that key. Answers what is open there: "{[" for an object in which an array is.
    virtual std::string_view resume(int mark) = 0;
    /// A sentence on what is missing.
    virtual void missing(std::string sentence) = 0;
};

/// True: nothing was damaged. Deeper than `deepest` nobody nests what can be shown.
bool readJson(ByteSource& bytes, JsonEvents& events, std::size_t deepest);

} // namespace coroscope::observe
