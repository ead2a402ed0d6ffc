// SPDX-License-Identifier: Apache-2.0
#include <coroscope/model/FunctionName.h>
#include <coroscope/observe/Dictionary.h>

#include <algorithm>
#include <string_view>

namespace coroscope::observe {

std::string SiteText::fileName() const {
    const std::size_t slash = file.find_last_of('/');
    return slash == std::string::npos ? file : file.substr(slash + 1);
}

std::string SiteText::shortFunction() const {
    return shortFunctionName(function);
}

std::string SiteText::shortText() const {
    if (!known())
        return "unknown";
    return line == 0 ? fileName() : fileName() + ':' + std::to_string(line);
}

} // namespace coroscope::observe
