// SPDX-License-Identifier: Apache-2.0
// Collects what the jobs of a dump name: each text, site, stack and context once, numbered from 0 ("none").
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>
#include <coroscope/wire/DumpFormat.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

class DumpTables {
public:
    /// Of what is told in another way than by tables, rows keep the dictionary's numbers: call stacks, which
    /// cost much to be made out, and names that few jobs share, which come and go.
    enum class Use { Dump, Link, LinkOfVersion0 /**< which only has tables for names */ };
    /// `dictionary` must outlive the tables.
    explicit DumpTables(const Dictionary& dictionary, Use use = Use::Dump);

    /// The row with its numbers in these tables. The same row gives the same answer every time.
    wire::dump::Job translate(const JobRow& row);
    wire::dump::Resource translate(const Resource& resource);
    /// `text`: number of the exception's text.
    wire::dump::Ended translate(const EndedJob& job, std::uint32_t text);
    wire::dump::Incident translate(const Incident& incident, std::uint32_t text);
    std::uint32_t failure(const std::string& text);

    const std::vector<const std::string*>& texts() const noexcept { return texts_; }
    const std::vector<wire::dump::Site>& sites() const noexcept { return sites_; }
    const std::vector<wire::dump::Stack>& stacks() const noexcept { return stacks_; }
    const std::vector<wire::dump::CallStack>& callStacks() const noexcept { return callStacks_; }
    const std::vector<wire::dump::StackRest>& stackRests() const noexcept { return stackRests_; }
    const std::vector<wire::dump::StackRest>& callStackRests() const noexcept { return callStackRests_; }
    const std::vector<wire::dump::Context>& contexts() const noexcept { return contexts_; }

private:
    using Known = std::unordered_map<std::uint32_t, std::uint32_t>; ///< the dictionary's numbers to ours
    std::uint32_t text(std::string text);
    std::uint32_t name(TextId id);
    std::uint32_t site(SiteId id);
    std::uint32_t site(const SiteText& site);
    std::uint32_t stack(StackId id);
    std::uint32_t callStack(CallStackId id);
    std::uint32_t context(std::uint32_t id);
    /// The frames of a row, and what it has no room for.
    template <class Row>
    void takeFrames(Row& row, std::uint32_t number, const std::vector<SiteText>& frames, std::uint32_t cut,
                    std::vector<wire::dump::StackRest>& rests);

    const Dictionary& dictionary_;
    Use use_;
    std::unordered_map<std::string, std::uint32_t> textNumbers_;
    std::unordered_map<std::string, std::uint32_t> siteNumbers_; ///< by the bytes of the row
    Known names_, siteIds_, stackIds_, callStackIds_, contextIds_;
    std::vector<const std::string*> texts_; ///< into textNumbers_
    std::vector<wire::dump::Site> sites_;
    std::vector<wire::dump::Stack> stacks_;
    std::vector<wire::dump::CallStack> callStacks_;
    std::vector<wire::dump::StackRest> stackRests_, callStackRests_;
    std::vector<wire::dump::Context> contexts_;
};

} // namespace coroscope::observe
