// SPDX-License-Identifier: Apache-2.0
// A counted pointer to something that counts its own references (retain, release).
#pragma once

#include <utility>

namespace coroscope::detail {

template <class T>
class Ref {
public:
    constexpr Ref() noexcept = default;
    /// Takes over a reference that the caller has.
    static Ref adopt(T* p) noexcept {
        Ref r;
        r.p_ = p;
        return r;
    }
    static Ref share(T* p) noexcept {
        if (p)
            p->retain();
        return adopt(p);
    }
    Ref(const Ref& o) noexcept
        : p_(o.p_) {
        if (p_)
            p_->retain();
    }
    Ref(Ref&& o) noexcept
        : p_(std::exchange(o.p_, nullptr)) {}
    Ref& operator=(Ref o) noexcept {
        std::swap(p_, o.p_);
        return *this;
    }
    ~Ref() {
        if (p_)
            p_->release();
    }
    T* get() const noexcept { return p_; }
    T* take() noexcept { return std::exchange(p_, nullptr); }
    T* operator->() const noexcept { return p_; }
    T& operator*() const noexcept { return *p_; }
    explicit operator bool() const noexcept { return p_ != nullptr; }

private:
    T* p_ = nullptr;
};

} // namespace coroscope::detail
