// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any bytes as a dump. Checksums would keep all that is inside from being reached, so
// those of sections and heads are put right first; a second look takes the bytes as they are.
#include "Crc32.h"

#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Source.h>
#include <coroscope/wire/DumpFormat.h>

#include <cstring>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace coroscope;
namespace format = wire::dump;

template <class T>
T at(const std::vector<char>& bytes, std::size_t place) {
    T value;
    std::memcpy(&value, bytes.data() + place, sizeof value);
    return value;
}
template <class T>
void put(std::vector<char>& bytes, std::size_t place, const T& value) {
    std::memcpy(bytes.data() + place, &value, sizeof value);
}

void mendChecks(std::vector<char>& bytes) {
    if (bytes.size() < sizeof(format::FileHead))
        return;
    auto head = at<format::FileHead>(bytes, 0);
    std::memcpy(head.magic, format::magic, sizeof head.magic);
    head.versionMajor = format::versionMajor;
    head.headSize = sizeof head;
    head.check = observe::crc32(&head, offsetof(format::FileHead, check));
    put(bytes, 0, head);
    for (std::size_t place = sizeof head; bytes.size() - place >= sizeof(format::SectionHead);) {
        auto section = at<format::SectionHead>(bytes, place);
        const std::size_t begin = place + sizeof section;
        if (section.mark != format::sectionMark || section.storedSize > bytes.size() - begin)
            return;
        section.check = observe::crc32(bytes.data() + begin, section.storedSize);
        section.headCheck = observe::crc32(&section, offsetof(format::SectionHead, headCheck));
        put(bytes, place, section);
        place = begin + section.storedSize;
    }
}

void readAll(const void* bytes, std::size_t size) {
    static const int file = ::memfd_create("dump", MFD_CLOEXEC);
    static const std::string path = "/proc/self/fd/" + std::to_string(file);
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, bytes, size, 0) != static_cast<ssize_t>(size))
        return;
    auto source = observe::open(path);
    if (!source)
        return;
    observe::JobTree tree;
    observe::EndedJobs ended;
    observe::TreeChanges changes;
    observe::Batch batch;
    (*source)->read(batch);
    const auto words = (*source)->dictionary();
    for (const observe::EndedJob& job : batch.ended)
        (void)(*source)->failureText(job);
    ended.apply(batch, tree);
    tree.apply(batch, changes);
    for (observe::Node node = 0; node < tree.endNode(); ++node) {
        const observe::JobRow& row = tree.row(node);
        (void)observe::jobLabel(row, *words);
        (void)words->stack(row.suspendedAt);
        (void)words->context(row.context);
    }
    (void)observe::findings(tree, ended, *words, (*source)->info().now());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    readAll(data, size);
    std::vector<char> mended(data, data + size);
    mendChecks(mended);
    readAll(mended.data(), mended.size());
    return 0;
}
