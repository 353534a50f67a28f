// Sequences for range-based `for` whose items are computed. Not part of the API: Module::imports() is.
#pragma once

#include <cstddef>

namespace wherry::detail {

// A sequence whose items are computed as they are asked for, for range-based `for`. `Owner` gives item(i) by the
// member function `At`. Valid as long as the owner.
template <class Owner, class Item, Item (Owner::*At)(size_t) const>
class ItemRange {
 public:
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Item;

    Iterator() = default;
    Iterator(const Owner* owner, size_t index) : owner_(owner), index_(index) {}
    Item operator*() const { return (owner_->*At)(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const Owner* owner_ = nullptr;
    size_t index_ = 0;
  };

  ItemRange(const Owner* owner, size_t size) : owner_(owner), size_(size) {}
  Iterator begin() const { return Iterator(owner_, 0); }
  Iterator end() const { return Iterator(owner_, size_); }
  size_t size() const { return size_; }

 private:
  const Owner* owner_;
  size_t size_;
};

}  // namespace wherry::detail
