// SPDX-License-Identifier: Apache-2.0
#include "Sections.h"
#include "Crc32.h"

#include <utility>

#include <zstd.h>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {
constexpr int compressionLevel = 1;
/// Smaller ones are not worth the compressor's time.
constexpr std::size_t leastCompressed = 256;
} // namespace

SectionWriter::SectionWriter(std::function<void(const void*, std::size_t)> sink)
    : sink_(std::move(sink))
    , compressor_(::ZSTD_createCCtx(), &::ZSTD_freeCCtx) {}

void SectionWriter::write(std::uint32_t tag) {
    dump::SectionHead head{};
    head.mark = dump::sectionMark;
    head.tag = tag;
    head.index = index_++;
    head.plainSize = static_cast<std::uint32_t>(plain_.size());
    bool use = plain_.size() >= leastCompressed;
    std::size_t packed = 0;
    if (use) {
        packed_.resize(::ZSTD_compressBound(plain_.size()));
        packed = ::ZSTD_compressCCtx(compressor_.get(), packed_.data(), packed_.size(), plain_.data(),
                                     plain_.size(), compressionLevel);
        use = ::ZSTD_isError(packed) == 0 && packed < plain_.size() &&
              plain_.size() <= packed * dump::largestRatio;
    }
    head.encoding = static_cast<std::uint16_t>(use ? dump::Encoding::Zstd : dump::Encoding::Plain);
    const std::vector<char>& stored = use ? packed_ : plain_;
    head.storedSize = use ? static_cast<std::uint32_t>(packed) : head.plainSize;
    head.check = crc32(stored.data(), head.storedSize);
    head.headCheck = crc32(&head, offsetof(dump::SectionHead, headCheck));
    sink_(&head, sizeof head);
    sink_(stored.data(), head.storedSize);
    plain_.clear();
}

bool isSectionHead(const dump::SectionHead& head) noexcept {
    return head.mark == dump::sectionMark &&
           head.headCheck == crc32(&head, offsetof(dump::SectionHead, headCheck));
}

SectionOpener::SectionOpener()
    : decompressor_(::ZSTD_createDCtx(), &::ZSTD_freeDCtx) {}

bool SectionOpener::mayBe(const dump::SectionHead& head) noexcept {
    return head.storedSize <= dump::largestSection && head.plainSize <= dump::largestSection &&
           head.plainSize <= std::uint64_t{head.storedSize} * dump::largestRatio;
}

bool SectionOpener::open(const dump::SectionHead& head, std::vector<char>& stored, std::vector<char>& plain) {
    if (crc32(stored.data(), stored.size()) != head.check)
        return false;
    if (head.encoding == static_cast<std::uint16_t>(dump::Encoding::Plain)) {
        std::swap(plain, stored);
        return plain.size() == head.plainSize;
    }
    if (head.encoding != static_cast<std::uint16_t>(dump::Encoding::Zstd))
        return false;
    plain.resize(head.plainSize);
    return ::ZSTD_decompressDCtx(decompressor_.get(), plain.data(), plain.size(), stored.data(),
                                 stored.size()) == plain.size();
}

} // namespace coroscope::observe
