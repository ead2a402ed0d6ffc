// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/Blocks.h>
#include <coroscope/runtime/detail/Lock.h>

#include <mutex>
#include <vector>

namespace coroscope::detail {

constinit thread_local Blocks Blocks::here;

/// What threads give back, in chains of `batch` blocks, and where new blocks come from. Its lock is what
/// makes a block's last use on one thread happen before its next on another.
class BlockDepot {
public:
    static constexpr std::uint32_t batch = 64;

    /// Never destroyed: jobs end while the process does.
    static BlockDepot& instance() {
        static BlockDepot& depot = *new BlockDepot;
        return depot;
    }

    /// Fills the empty list of this thread with one chain.
    void fill(std::size_t list, Blocks::List& to) {
        Shelf& shelf = shelves_[list];
        {
            const std::lock_guard guard(shelf.lock);
            if (!shelf.chains.empty()) {
                const Chain chain = shelf.chains.back();
                shelf.chains.pop_back();
                to.first = chain.first;
                to.count = chain.count;
                return;
            }
        }
        const std::size_t size = (list + 1) * Blocks::step;
        auto* const memory = static_cast<std::byte*>(::operator new(size * batch));
        for (std::uint32_t i = batch; i-- > 0;)
            to.first = new (memory + i * size) Blocks::Free{to.first};
        to.count = batch;
    }
    /// Takes the first `count` blocks of a thread's list.
    void empty(std::size_t list, Blocks::List& from, std::uint32_t count) noexcept {
        if (count == 0)
            return;
        const Chain chain{from.first, count};
        Blocks::Free* last = from.first;
        for (std::uint32_t i = 1; i < count; ++i)
            last = last->next;
        from.first = last->next;
        from.count -= count;
        last->next = nullptr;
        Shelf& shelf = shelves_[list];
        const std::lock_guard guard(shelf.lock);
        try {
            shelf.chains.push_back(chain);
        } catch (const std::bad_alloc&) {
            // These blocks are lost to the process; it has other sorrows.
        }
    }

    /// Gives all that a thread has back when it ends.
    class Guardian {
    public:
        Guardian() noexcept {
            for (Blocks::List& list : Blocks::here.lists_)
                list.limit = 2 * batch;
        }
        ~Guardian() {
            for (std::size_t i = 0; i < Blocks::here.lists_.size(); ++i) {
                Blocks::List& list = Blocks::here.lists_[i];
                list.limit = 0;
                instance().empty(i, list, list.count);
            }
        }
        Guardian(const Guardian&) = delete;
        Guardian& operator=(const Guardian&) = delete;
        void here() const noexcept {}
    };

    static void* take(std::size_t size) {
        guardThisThread();
        const std::size_t index = Blocks::listOf(size);
        Blocks::List& list = Blocks::here.lists_[index];
        if (!list.first)
            instance().fill(index, list);
        Blocks::Free* const block = list.first;
        list.first = block->next;
        --list.count;
        // After the end of the thread's own list nothing may stay in it.
        if (list.limit == 0)
            instance().empty(index, list, list.count);
        return block;
    }
    static void give(void* p, std::size_t size) noexcept {
        guardThisThread();
        const std::size_t index = Blocks::listOf(size);
        Blocks::List& list = Blocks::here.lists_[index];
        list.first = new (p) Blocks::Free{list.first};
        ++list.count;
        if (list.count > list.limit)
            instance().empty(index, list, list.limit == 0 ? list.count : batch);
    }

private:
    struct Chain {
        Blocks::Free* first;
        std::uint32_t count;
    };
    struct alignas(64) Shelf {
        Lock lock;
        std::vector<Chain> chains;
    };

    static void guardThisThread() noexcept {
        static thread_local Guardian guardian;
        guardian.here();
    }

    std::array<Shelf, Blocks::largest / Blocks::step> shelves_;
};

void* Blocks::takeSlowly(std::size_t size) {
    return BlockDepot::take(size);
}

void Blocks::giveSlowly(void* p, std::size_t size) noexcept {
    BlockDepot::give(p, size);
}

} // namespace coroscope::detail
