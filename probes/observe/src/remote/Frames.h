// SPDX-License-Identifier: Apache-2.0
// The bytes of a link, both ways: hellos and sections.
#pragma once

#include "Sections.h"

#include <coroscope/wire/LinkFormat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe::remote {

wire::link::Hello ownHello() noexcept;

/// Finds the other side's hello behind what shells may have said before it.
class HelloFinder {
public:
    enum class Outcome { More, Found, TooMuch };
    /// Takes more bytes. Once found, rest() is what followed.
    Outcome take(std::string_view bytes);
    const wire::link::Hello& hello() const noexcept { return hello_; }
    std::string_view rest() const noexcept { return rest_; }
    /// What came before it, or instead of it.
    std::string_view banner() const noexcept { return banner_; }

private:
    std::string bytes_;
    std::string_view banner_, rest_;
    wire::link::Hello hello_{};
};

/// Takes a stream apart. Never asks for more memory than a section may have.
class FrameReader {
public:
    enum class Outcome { More, Frame, Damaged };
    void add(std::string_view bytes);
    /// The next section that is complete; its bytes are good until the next call.
    Outcome next(std::uint32_t& tag, std::string_view& plain);

private:
    std::vector<char> bytes_;
    std::size_t begin_ = 0;
    std::vector<char> stored_, plain_;
    std::uint32_t index_ = 0;
    bool damaged_ = false;
    SectionOpener opener_;
};

/// The bytes that wait to be sent. Threads: one at a time.
class FrameWriter {
public:
    FrameWriter()
        : sections([this](const void* data, std::size_t size) {
            bytes_.append(static_cast<const char*>(data), size);
        }) {}
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    void hello();
    std::size_t size() const noexcept { return bytes_.size() - sent_; }
    bool empty() const noexcept { return size() == 0; }
    /// All that were ever added.
    std::uint64_t total() const noexcept { return before_ + bytes_.size(); }
    /// Writes what the descriptor, which does not block, takes. False when nobody reads any more.
    bool send(int descriptor);

private:
    std::string bytes_;
    std::size_t sent_ = 0;
    std::uint64_t before_ = 0; ///< bytes that are no longer in bytes_

public:
    SectionWriter sections;
};

/// Keeps SIGPIPE from this thread while it lives: who writes sees the error.
class NoBrokenPipeSignal {
public:
    NoBrokenPipeSignal() noexcept;
    ~NoBrokenPipeSignal();
    NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
    NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;

private:
    bool blocked_ = false; ///< by us
};

} // namespace coroscope::observe::remote
