// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any text as a filter, also while it is being typed. Where there is a problem it lies
// within the text.
#include <coroscope/observe/Query.h>
#include <coroscope/observe/Source.h>

#include <cstdlib>
#include <memory>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coroscope::observe;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // A few jobs to ask about, out of a dump as others write it.
    static const std::unique_ptr<Source> source =
        *openText("SupervisorJobImpl{Active}\n"
                  "\t\"reader#1\":StandaloneCoroutine{Active}, continuation "
                  "is SUSPENDED at line A.b(A.kt:1)\n"
                  "\t\"writer#2\":DeferredCoroutine{Cancelling}\n",
                  "jobs");
    static const JobTree tree = [] {
        JobTree made;
        Batch batch;
        TreeChanges changes;
        source->read(batch);
        made.apply(std::move(batch), changes);
        return made;
    }();
    QueryProblem problem;
    const std::optional<Query> query = Query::parse(text, problem);
    if (!query) {
        if (problem.sentence.empty() || problem.at > size || problem.length > size - problem.at)
            std::abort();
        return 0;
    }
    QueryMatcher matcher(*query, tree, source->dictionary(), [](Node) { return 1u; });
    matcher.refresh(source->info().now(), {});
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node))
            (void)matcher.matches(node);
    return 0;
}
