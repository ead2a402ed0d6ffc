// SPDX-License-Identifier: Apache-2.0
// A target's texts as QStrings, kept after the first look: the dictionary makes a new string each time.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>

#include <QString>

#include <memory>
#include <unordered_map>

namespace coroscope::app {

class Labels {
public:
    /// Forgets all, and reads from this one from now on. Without one every text is empty.
    void use(std::shared_ptr<const observe::Dictionary> dictionary);

    const QString& text(TextId id) const;
    const QString& dispatcher(std::uint32_t context) const;
    /// "reader.cpp:88 Reader::next" of the innermost place; empty for 0.
    const QString& stack(StackId id) const;
    /// "conn.cpp:34".
    const QString& site(SiteId id) const;
    observe::StackText frames(StackId id) const;
    observe::SiteText place(SiteId id) const;
    observe::ContextText context(std::uint32_t id) const;
    const observe::Dictionary* dictionary() const noexcept { return dictionary_.get(); }

    /// The name a job was given, else the kind: "reader-311", "launch".
    QString name(const observe::JobRow& row) const;
    /// "reader-311 launch #40219", "launch #40219".
    QString fullName(const observe::JobRow& row) const;

private:
    using Kept = std::unordered_map<std::uint32_t, QString>;
    template <class Make>
    const QString& keep(Kept& kept, std::uint32_t id, Make make) const;

    std::shared_ptr<const observe::Dictionary> dictionary_;
    mutable Kept texts_, dispatchers_, stacks_, sites_;
};

} // namespace coroscope::app
