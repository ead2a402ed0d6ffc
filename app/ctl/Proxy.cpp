// SPDX-License-Identifier: Apache-2.0
#include "Proxy.h"
#include "CommandLog.h"
#include "Snapshot.h"

#include <iostream>
#include <utility>

#include <unistd.h>

namespace coroscope::ctl {

observe::RemoteOptions remoteOptions() {
    observe::RemoteOptions options;
    options.useTerminal = true;
    options.quote = false;
    options.said = [](std::string_view bytes) { std::cerr << bytes << std::flush; };
    return options;
}

Exit proxy(const std::string& target, bool readOnly) {
    if (::isatty(STDOUT_FILENO) != 0) {
        std::cerr
            << "coroscopectl: proxy talks to another Coroscope, not to a terminal; see coroscopectl --via\n";
        return failure;
    }
    using Opened = observe::Result<std::unique_ptr<observe::Source>>;
    std::function<Opened()> open;
    if (!target.empty())
        open = [&target]() -> Opened {
            auto source = openTarget(target);
            if (source && !(*source)->info().live)
                return observe::Problem{target +
                                        " is a file: only running programs are observed from elsewhere."};
            return source;
        };
    observe::ProxyOptions options;
    options.readOnly = readOnly;
    options.log = [](const std::string& what) { (void)logCommand(what); };
    const std::string problem = observe::serveProxy(STDIN_FILENO, STDOUT_FILENO, open, options);
    if (problem.empty())
        return success;
    std::cerr << "coroscopectl: " << problem << '\n';
    return failure;
}

} // namespace coroscope::ctl
