#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace wherry::base {

// A growing array that reports lack of memory instead of ending the process: whatever a file or a guest can
// size lives in one of these. Every operation that may allocate returns false when it could not, and leaves the
// contents as they were. Elements must be movable without throwing; trivially copyable ones move by memcpy.
// Move-only. Not thread-safe.
template <class T>
class Vector {
  static_assert(alignof(T) <= alignof(std::max_align_t));
  static constexpr bool kTrivial = std::is_trivially_copyable_v<T>;

 public:
  Vector() = default;
  Vector(Vector&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Vector& operator=(Vector&& other) noexcept {
    if (this != &other) {
      release();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  Vector(const Vector&) = delete;
  Vector& operator=(const Vector&) = delete;
  ~Vector() { release(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t index) {
    assert(index < size_);
    return data_[index];
  }
  const T& operator[](size_t index) const {
    assert(index < size_);
    return data_[index];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }
  operator std::span<const T>() const { return {data_, size_}; }
  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

  // Makes room for `capacity` elements in all.
  [[nodiscard]] bool reserve(size_t capacity) { return capacity <= capacity_ || reallocate(capacity); }

  template <class... Args>
  [[nodiscard]] bool emplace_back(Args&&... args) {
    if (size_ == capacity_) [[unlikely]] {
      T value(std::forward<Args>(args)...);  // An argument may live in this vector.
      if (!grow(1)) return false;
      new (data_ + size_++) T(std::move(value));
      return true;
    }
    new (data_ + size_++) T(std::forward<Args>(args)...);
    return true;
  }
  [[nodiscard]] bool push_back(const T& value) { return emplace_back(value); }
  [[nodiscard]] bool push_back(T&& value) { return emplace_back(std::move(value)); }

  // Appends copies; `values` must not lie in this vector.
  [[nodiscard]] bool append(std::span<const T> values) {
    static_assert(kTrivial);
    if (values.size() > capacity_ - size_ && !grow(values.size())) return false;
    if (!values.empty()) std::memcpy(static_cast<void*>(data_ + size_), values.data(), values.size_bytes());
    size_ += values.size();
    return true;
  }

  // Both or neither; one look at the capacity.
  [[nodiscard]] bool append_two(T first, T second) {
    static_assert(kTrivial);
    if (capacity_ - size_ < 2 && !grow(2)) [[unlikely]]
      return false;
    const size_t size = size_;  // What is written below might be it, as far as the compiler knows.
    T* const at = data_ + size;
    at[0] = first;
    at[1] = second;
    size_ = size + 2;
    return true;
  }

  // Changes the size; new elements are value-initialised.
  [[nodiscard]] bool resize(size_t size) {
    if (size > size_) {
      if (size > capacity_ && !grow(size - size_)) return false;
      for (size_t i = size_; i < size; ++i) new (data_ + i) T();
      size_ = size;
      return true;
    }
    truncate(size);
    return true;
  }

  void pop_back() { truncate(size_ - 1); }
  void clear() { truncate(0); }
  void truncate(size_t size) {
    assert(size <= size_);
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for (size_t i = size; i < size_; ++i) data_[i].~T();
    }
    size_ = size;
  }

 private:
  [[gnu::noinline]] bool grow(size_t extra) {
    size_t wanted;
    if (__builtin_add_overflow(size_, extra, &wanted)) return false;
    const size_t doubled = capacity_ < 4 ? 8 : capacity_ + capacity_ / 2;
    return reallocate(wanted > doubled ? wanted : doubled);
  }

  bool reallocate(size_t capacity) {
    size_t size_bytes;
    if (__builtin_mul_overflow(capacity, sizeof(T), &size_bytes)) return false;  // NOLINT: pointers too
    if constexpr (kTrivial) {
      void* moved = std::realloc(static_cast<void*>(data_), size_bytes);
      if (moved == nullptr) return false;
      data_ = static_cast<T*>(moved);
    } else {
      T* moved = static_cast<T*>(std::malloc(size_bytes));
      if (moved == nullptr) return false;
      for (size_t i = 0; i < size_; ++i) {
        new (moved + i) T(std::move(data_[i]));
        data_[i].~T();
      }
      std::free(data_);
      data_ = moved;
    }
    capacity_ = capacity;
    return true;
  }

  void release() {
    clear();
    std::free(static_cast<void*>(data_));
    data_ = nullptr;
    capacity_ = 0;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace wherry::base
