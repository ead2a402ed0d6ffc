// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Words.h>

#include <utility>

namespace coroscope::observe {

std::optional<std::vector<std::string>> splitWords(std::string_view command) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool any = false; // of this word: '' is a word, too
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        const bool more = i + 1 < command.size();
        if (quote == '\'') {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '\\' && more && (quote == 0 || command[i + 1] == '"' || command[i + 1] == c)) {
            word += command[++i];
            any = true;
        } else if (quote != 0 && c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            any = true;
        } else if (quote == 0 && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            if (any)
                words.push_back(std::move(word));
            word.clear();
            any = false;
        } else {
            word += c;
            any = true;
        }
    }
    if (quote != 0)
        return std::nullopt;
    if (any)
        words.push_back(std::move(word));
    return words;
}

} // namespace coroscope::observe
