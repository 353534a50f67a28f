// Shared ownership within one store: what a guest holds by several handles at once (a socket and its two streams).
//
// Counts are plain numbers: a store's objects are on one thread at a time. Making one fails, rather than ending the process,
// when memory runs out, since guests decide how many there are.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace wherry::wasi::host {

// The base of what Ref holds.
class Counted {
 public:
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 protected:
  Counted() = default;
  virtual ~Counted() = default;

 private:
  template <class T>
  friend class Ref;
  size_t holders_ = 0;
};

// One holder of a T; the last one deletes it. Empty by default.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) { hold(); }
  Ref(const Ref& other) : object_(other.object_) { hold(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class Derived>
    requires requires(Derived* derived) { static_cast<T*>(derived); }
  Ref(const Ref<Derived>& other) : object_(other.get()) {
    hold();
  }
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ == nullptr) return;
    Counted* const counted = object_;
    if (--counted->holders_ == 0) delete counted;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  void hold() {
    if (object_ != nullptr) ++static_cast<Counted*>(object_)->holders_;
  }

  T* object_ = nullptr;
};

// Empty if memory runs out.
template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new (std::nothrow) T(std::forward<Args>(args)...));
}

}  // namespace wherry::wasi::host
