#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace wherry::base {

// Memory given out piece by piece and taken back all at once. Lack of memory, or passing `limit_bytes`, is a
// null pointer. Holds only trivially destructible objects. Move-only. Not thread-safe.
class Arena {
 public:
  explicit Arena(size_t limit_bytes = ~size_t{0}) : limit_bytes_(limit_bytes) {}
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // Uninitialised bytes, aligned to `alignment` (a power of two up to 64), or null.
  void* allocate_bytes(size_t size_bytes, size_t alignment);

  // `count` value-initialised objects, or null.
  template <class T>
  T* allocate(size_t count = 1) {
    static_assert(std::is_trivially_destructible_v<T>);
    size_t size_bytes;
    if (__builtin_mul_overflow(count, sizeof(T), &size_bytes)) return nullptr;
    T* objects = static_cast<T*>(allocate_bytes(size_bytes, alignof(T)));
    if (objects != nullptr) {
      for (size_t i = 0; i < count; ++i) new (objects + i) T();
    }
    return objects;
  }

  // What it holds in all, unused ends of blocks included.
  size_t reserved_bytes() const { return reserved_bytes_; }

  // Gives everything back. Whatever was allocated is gone.
  void reset();

 private:
  struct Block;
  void* allocate_in_new_block(size_t size_bytes, size_t alignment);

  Block* blocks_ = nullptr;
  uintptr_t next_ = 0;
  uintptr_t end_ = 0;
  size_t reserved_bytes_ = 0;
  size_t limit_bytes_;
};

}  // namespace wherry::base
