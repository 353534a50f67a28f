#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <utility>

#include "engine/base/vector.h"

namespace wherry::base {

// An array that is read: either its own, filled item by item, or somebody else's, used where it lies (a mapped file's). So
// readers need not know whether a module was decoded or came with its tables. Move-only. Not thread-safe while it is filled.
template <class T>
class Items {
 public:
  Items() = default;
  Items(Items&& other) noexcept
      : own_(std::move(other.own_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Items& operator=(Items&& other) noexcept {
    if (this != &other) {
      own_ = std::move(other.own_);
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  const T& operator[](size_t index) const {
    assert(index < size_);
    return data_[index];
  }
  operator std::span<const T>() const { return {data_, size_}; }

  // In place of what it had. Whoever owns them keeps them as long as this lives.
  void borrow(std::span<const T> items) {
    own_ = {};
    data_ = items.data();
    size_ = items.size();
  }

  // Filling its own; as of Vector. Nothing borrowed is changed: that is dropped.
  [[nodiscard]] bool reserve(size_t capacity) { return note(own_.reserve(capacity)); }
  [[nodiscard]] bool push_back(const T& item) { return note(own_.push_back(item)); }
  [[nodiscard]] bool emplace_back() { return note(own_.emplace_back()); }
  [[nodiscard]] bool resize(size_t size) { return note(own_.resize(size)); }
  T& back() { return own_.back(); }
  // What was filled, to be changed; empty if it is borrowed.
  std::span<T> own() { return own_.span(); }

 private:
  bool note(bool ok) {
    data_ = own_.data();
    size_ = own_.size();
    return ok;
  }

  Vector<T> own_;
  const T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wherry::base
