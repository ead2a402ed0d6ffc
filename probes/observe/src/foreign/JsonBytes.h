// SPDX-License-Identifier: Apache-2.0
// A file's bytes as the parser of JSON wants them.
#pragma once

#include "foreign/ByteSource.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace coroscope::observe {

/// One by one. Without a source: the end.
class JsonBytes {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    JsonBytes() = default;
    explicit JsonBytes(ByteSource& source)
        : state_(std::make_shared<State>(source)) {
        state_->fill();
    }
    char operator*() const { return state_->buffer[state_->at]; }
    JsonBytes& operator++() {
        state_->text = **this == '"' ? 0 : state_->text + 1;
        if (++state_->at == state_->size || state_->text > longestText)
            state_->fill();
        return *this;
    }
    JsonBytes operator++(int) {
        JsonBytes before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const JsonBytes& a, const JsonBytes& b) { return a.ended() == b.ended(); }

private:
    /// The parser keeps a text as a whole: behind a longer one it is told that the file ends.
    static constexpr std::size_t longestText = std::size_t{4} << 20;

    struct State {
        explicit State(ByteSource& bytes)
            : source(bytes)
            , buffer(std::size_t{1} << 16) {}
        void fill() {
            size = text > longestText ? 0 : source.read(buffer.data(), buffer.size());
            at = 0;
        }
        ByteSource& source;
        std::vector<char> buffer;
        std::size_t at = 0, size = 0;
        std::size_t text = 0; ///< bytes since the last quotation mark
    };
    bool ended() const { return !state_ || state_->size == 0; }
    std::shared_ptr<State> state_;
};

/// A sentence on where a file ceases to be JSON; `error`: what the parser says.
inline std::string notJsonFrom(std::size_t position, const std::string& error) {
    const std::size_t reason = error.find("; last read");
    const std::size_t from = error.find("syntax error");
    return "From byte " + std::to_string(position) + " on it is no JSON, so what follows is missing" +
           (from == std::string::npos
                ? std::string()
                : " (" + error.substr(from, std::min(reason, error.size()) - from) + ')') +
           '.';
}

} // namespace coroscope::observe
