// SPDX-License-Identifier: Apache-2.0
// A queue in a circle of memory that doubles when it is full.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace coroscope::detail {

template <class T>
class RingBuffer {
    static_assert(std::is_nothrow_move_constructible_v<T>);

public:
    RingBuffer() noexcept = default;
    RingBuffer(const RingBuffer&) = delete;
    RingBuffer& operator=(const RingBuffer&) = delete;
    ~RingBuffer() {
        while (!empty())
            popFront();
        if (memory_)
            std::allocator<T>().deallocate(memory_, room_);
    }

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    /// Only std::bad_alloc; then nothing has happened.
    void pushBack(T&& value) {
        if (size_ == room_)
            grow();
        std::construct_at(memory_ + at(size_), std::move(value));
        ++size_;
    }
    T popFront() noexcept {
        T& front = memory_[first_];
        T value = std::move(front);
        std::destroy_at(&front);
        first_ = (first_ + 1) & (room_ - 1);
        --size_;
        return value;
    }
    T popBack() noexcept {
        T& back = memory_[at(--size_)];
        T value = std::move(back);
        std::destroy_at(&back);
        return value;
    }

private:
    std::size_t at(std::size_t i) const noexcept { return (first_ + i) & (room_ - 1); }
    void grow() {
        const std::size_t room = room_ == 0 ? 4 : room_ * 2;
        T* const memory = std::allocator<T>().allocate(room);
        for (std::size_t i = 0; i < size_; ++i) {
            T& old = memory_[at(i)];
            std::construct_at(memory + i, std::move(old));
            std::destroy_at(&old);
        }
        if (memory_)
            std::allocator<T>().deallocate(memory_, room_);
        memory_ = memory;
        room_ = room;
        first_ = 0;
    }

    T* memory_ = nullptr;
    std::size_t room_ = 0; ///< a power of two, or nothing
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace coroscope::detail
