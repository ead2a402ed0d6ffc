// SPDX-License-Identifier: Apache-2.0
#include "remote/Frames.h"
#include "Crc32.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <unistd.h>

namespace coroscope::observe::remote {

namespace link = wire::link;

link::Hello ownHello() noexcept {
    link::Hello hello{};
    std::memcpy(hello.magic, link::magic, sizeof hello.magic);
    hello.versionMajor = link::versionMajor;
    hello.versionMinor = link::versionMinor;
    hello.check = crc32(&hello, offsetof(link::Hello, check));
    return hello;
}

HelloFinder::Outcome HelloFinder::take(std::string_view bytes) {
    bytes_ += bytes;
    const std::string_view magic(reinterpret_cast<const char*>(link::magic), sizeof link::magic);
    for (std::size_t at = bytes_.find(magic); at != std::string::npos && at <= link::longestBanner;
         at = bytes_.find(magic, at + 1)) {
        if (bytes_.size() - at < sizeof hello_)
            return Outcome::More;
        const auto found = valueAt<link::Hello>(bytes_.data() + at);
        if (found.check != crc32(&found, offsetof(link::Hello, check)))
            continue;
        hello_ = found;
        banner_ = std::string_view(bytes_).substr(0, at);
        rest_ = std::string_view(bytes_).substr(at + sizeof hello_);
        return Outcome::Found;
    }
    banner_ = bytes_;
    return bytes_.size() > link::longestBanner ? Outcome::TooMuch : Outcome::More;
}

void FrameReader::add(std::string_view bytes) {
    if (begin_ > 0 && begin_ >= bytes_.size() / 2) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

FrameReader::Outcome FrameReader::next(std::uint32_t& tag, std::string_view& plain) {
    if (damaged_)
        return Outcome::Damaged;
    const std::size_t there = bytes_.size() - begin_;
    if (there < sizeof(wire::dump::SectionHead))
        return Outcome::More;
    const auto head = valueAt<wire::dump::SectionHead>(bytes_.data() + begin_);
    damaged_ = !isSectionHead(head) || head.index != index_ || head.storedSize > link::largestSection ||
               head.plainSize > link::largestSection || !SectionOpener::mayBe(head);
    if (damaged_)
        return Outcome::Damaged;
    if (there - sizeof head < head.storedSize)
        return Outcome::More;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(begin_ + sizeof head);
    stored_.assign(begin, begin + head.storedSize);
    damaged_ = !opener_.open(head, stored_, plain_);
    if (damaged_)
        return Outcome::Damaged;
    begin_ += sizeof head + head.storedSize;
    ++index_;
    tag = head.tag;
    plain = {plain_.data(), plain_.size()};
    return Outcome::Frame;
}

void FrameWriter::hello() {
    const link::Hello hello = ownHello();
    bytes_.append(reinterpret_cast<const char*>(&hello), sizeof hello);
}

bool FrameWriter::send(int descriptor) {
    while (sent_ < bytes_.size()) {
        const ssize_t wrote = ::write(descriptor, bytes_.data() + sent_, bytes_.size() - sent_);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (wrote <= 0)
            return false;
        sent_ += static_cast<std::size_t>(wrote);
    }
    if (sent_ == bytes_.size() || sent_ > (1u << 20)) {
        before_ += sent_;
        bytes_.erase(0, sent_);
        sent_ = 0;
    }
    return true;
}

NoBrokenPipeSignal::NoBrokenPipeSignal() noexcept {
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    blocked_ = ::pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0 && sigismember(&before, SIGPIPE) == 0;
}

NoBrokenPipeSignal::~NoBrokenPipeSignal() {
    if (!blocked_)
        return;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec atOnce{};
    while (::sigtimedwait(&pipe, nullptr, &atOnce) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

} // namespace coroscope::observe::remote
