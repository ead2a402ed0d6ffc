// SPDX-License-Identifier: Apache-2.0
#include "foreign/JsonReader.h"

#include <utility>

namespace coroscope::observe {

namespace {

class Reader {
public:
    Reader(ByteSource& bytes, JsonEvents& events, std::size_t deepest)
        : input_(bytes)
        , events_(events)
        , deepest_(deepest) {}

    bool read() {
        if (const char first = input_.peek(); first != '{' && first != 0)
            if (const int mark = input_.find(events_.marks()); mark >= 0)
                goOn(mark);
        for (;;) {
            const char* const reason = readOn();
            if (reason == nullptr)
                return whole_;
            whole_ = false;
            if (!goOnBehind(reason))
                return false;
        }
    }

private:
    enum class Next : std::uint8_t { Value, ValueOrEnd, Key, KeyOrEnd, CommaOrEnd, Nothing };

    /// Null at its end; else why it is no JSON.
    const char* readOn() {
        for (;;) {
            const char c = input_.peek();
            if (c == 0)
                return next_ == Next::Nothing ? nullptr : "it ends here";
            const bool object = !open_.empty() && open_.back() == '{';
            switch (next_) {
            case Next::Nothing:
                // Behind its end: of a damaged one that may be a wrong end.
                return whole_ ? nullptr : "brackets do not match";
            case Next::CommaOrEnd:
                if (c == ',') {
                    input_.skip(1);
                    next_ = object ? Next::Key : Next::Value;
                    continue;
                }
                if (!end(c))
                    return "a comma or the end was expected";
                continue;
            case Next::KeyOrEnd:
            case Next::Key:
                if (next_ == Next::KeyOrEnd && end(c))
                    continue;
                if (const char* const reason = key(c))
                    return reason;
                continue;
            case Next::ValueOrEnd:
                if (end(c))
                    continue;
                [[fallthrough]];
            case Next::Value:
                if (const char* const reason = value(c))
                    return reason;
            }
        }
    }

    bool end(char c) {
        if (open_.empty() || c != (open_.back() == '{' ? '}' : ']'))
            return false;
        input_.skip(1);
        open_.pop_back();
        next_ = open_.empty() ? Next::Nothing : Next::CommaOrEnd;
        c == '}' ? events_.endObject() : events_.endArray();
        return true;
    }

    const char* key(char c) {
        if (c != '"')
            return "a name was expected";
        next_ = Next::Value;
        if (const std::size_t size = events_.expectedKey(input_.sight()); size != 0) {
            input_.skip(size);
            return nullptr;
        }
        const JsonInput::Text name = input_.text();
        if (name.problem != nullptr)
            return name.problem;
        events_.key(name.escaped ? unescaped(name.raw, scratch_) : name.raw);
        if (input_.peek() != ':')
            return "a colon was expected";
        input_.skip(1);
        return nullptr;
    }

    const char* value(char c) {
        next_ = open_.empty() ? Next::Nothing : Next::CommaOrEnd;
        if (c == '"') {
            const JsonInput::Text text = input_.text();
            if (text.problem == nullptr)
                events_.text(text.raw, text.escaped);
            return text.problem;
        }
        if (c == '{' || c == '[') {
            if (events_.mayBeKnown()) {
                if (const std::size_t size = events_.knownLately(input_.sight()); size != 0) {
                    input_.skip(size);
                    return nullptr;
                }
                const std::size_t size = input_.extent();
                if (size != 0 && events_.known({input_.at(), size})) {
                    input_.skip(size);
                    return nullptr;
                }
            }
            if (open_.size() >= deepest_)
                return "it is nested deeper than such a dump can be";
            input_.skip(1);
            open_.push_back(c);
            next_ = c == '{' ? Next::KeyOrEnd : Next::ValueOrEnd;
            c == '{' ? events_.beginObject() : events_.beginArray();
            return nullptr;
        }
        const std::string_view word = input_.word();
        if (word == "true" || word == "false")
            events_.truth(word == "true");
        else if (word == "null")
            events_.null();
        else if (!word.empty() && (word[0] == '-' || (word[0] >= '0' && word[0] <= '9')))
            events_.number(word);
        else
            return "this is no value";
        return nullptr;
    }

    /// False: nothing that is known follows.
    bool goOnBehind(const char* reason) {
        const std::uint64_t line = input_.line(), byte = input_.position();
        if (byte < notBefore_)
            input_.skip(static_cast<std::size_t>(notBefore_ - byte));
        const int mark = input_.find(events_.marks());
        const std::string from =
            "From line " + std::to_string(line) + " (byte " + std::to_string(byte) + ") on it is no JSON";
        const std::string why = std::string(" (") + reason + ").";
        if (mark < 0) {
            // What a wrong bracket has ended already is no damage of its own.
            if (next_ != Next::Nothing)
                events_.missing(from + ", so what follows is missing" + why);
            return false;
        }
        if (next_ != Next::Nothing)
            events_.missing(from + why + " Line " + std::to_string(input_.line()) +
                            " is the next that can be read again.");
        goOn(mark);
        return true;
    }

    void goOn(int mark) {
        notBefore_ = input_.position() + 2; // never at the same place twice
        open_ = events_.resume(mark);
        next_ = *input_.at() == '"' ? Next::Key : Next::Value;
    }

    JsonInput input_;
    JsonEvents& events_;
    std::size_t deepest_;
    std::string open_; ///< a bracket for each
    Next next_ = Next::Value;
    bool whole_ = true;
    std::uint64_t notBefore_ = 0;
    std::string scratch_;
};

} // namespace

bool readJson(ByteSource& bytes, JsonEvents& events, std::size_t deepest) {
    return Reader(bytes, events, deepest).read();
}

} // namespace coroscope::observe
