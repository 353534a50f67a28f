// Structures and arrays of guests: made, read and written by the host; and how long the host holds references.
//
// A type is named by its ValType: that of a parameter, result, global or table of a module, or AnyRef::type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "wherry/detail/shared.h"
#include "wherry/value.h"

namespace wherry {

namespace detail {
// For Owned. Errors: InvalidHandle.
Result<InterruptState*> own_reference(StoreRef store, Handle handle);
void disown_reference(InterruptState* alive, Handle handle);
Handle handle_of(const ExternRef& reference);
Handle handle_of(const AnyRef& reference);
Handle handle_of(const ExnRef& reference);
}  // namespace detail

// A structure. A handle with the rules of AnyRef; never null unless default-made.
//
// Corresponds to spec 4.2.8 "Structure instances".
class StructRef {
 public:
  StructRef() = default;

  // A new structure of a type `(ref $t)`. `fields` must have the type's number and types of fields, packed ones as
  // i32. Errors: Usage if they do not fit or the type is none of a structure; InvalidHandle; OutOfMemory.
  static Result<StructRef> create(StoreRef store, ValType type, std::span<const Val> fields);

  // The structure that a reference means. Errors: Usage if it is none; InvalidHandle, also for null.
  static Result<StructRef> of(StoreRef store, AnyRef reference);

  // Error: InvalidHandle.
  Result<uint32_t> field_count(StoreRef store) const;
  // Packed fields are read without sign. Errors: Usage for an index beyond the last, InvalidHandle, OutOfMemory.
  Result<Val> get(StoreRef store, uint32_t field) const;
  // Errors: Usage for an index beyond the last, an immutable field, a value that does not fit; InvalidHandle.
  Result<void> set(StoreRef store, uint32_t field, const Val& value) const;

  AnyRef any() const { return reference_; }
  friend bool operator==(const StructRef&, const StructRef&) = default;

 private:
  explicit StructRef(AnyRef reference) : reference_(reference) {}
  AnyRef reference_;
};

// An array; otherwise as StructRef.
//
// Corresponds to spec 4.2.9 "Array instances".
class ArrayRef {
 public:
  ArrayRef() = default;

  // A new array of a type `(ref $t)`, of `length` times a value, or of the values given. Errors: as StructRef::create;
  // OutOfMemory also for an array that StoreLimits::heap_bytes does not allow.
  static Result<ArrayRef> create(StoreRef store, ValType type, uint32_t length, const Val& value);
  static Result<ArrayRef> create(StoreRef store, ValType type, std::span<const Val> elements);
  static Result<ArrayRef> of(StoreRef store, AnyRef reference);

  Result<uint32_t> length(StoreRef store) const;
  Result<Val> get(StoreRef store, uint32_t index) const;
  Result<void> set(StoreRef store, uint32_t index, const Val& value) const;

  AnyRef any() const { return reference_; }
  friend bool operator==(const ArrayRef&, const ArrayRef&) = default;

 private:
  explicit ArrayRef(AnyRef reference) : reference_(reference) {}
  AnyRef reference_;
};

// References that are obtained while it lives go stale at its end, except those that were valid before. Scopes end in
// the opposite order of their beginnings; a host function is a scope by itself. For hosts that pass many references
// outside of host functions, which otherwise last as long as the store.
class RootScope {
 public:
  explicit RootScope(StoreRef store);
  ~RootScope();
  RootScope(const RootScope&) = delete;
  RootScope& operator=(const RootScope&) = delete;

 private:
  StoreRef store_;
  size_t scope_;
};

// Keeps a reference (ExternRef, AnyRef or ExnRef) valid, whatever scope it was obtained in. Move-only. May outlive the
// store, where it does nothing; otherwise it belongs to the store's thread.
template <class Reference>
class Owned {
 public:
  Owned() = default;
  // Error: InvalidHandle. A null or an i31 needs no owner, and is fine.
  static Result<Owned> create(StoreRef store, Reference reference) {
    Owned owned;
    if (!reference.is_null()) {
      WHERRY_ASSIGN_OR_RETURN(detail::InterruptState * alive,
                              detail::own_reference(store, detail::handle_of(reference)));
      owned.alive_ = detail::Shared<detail::InterruptState>(alive);
      owned.reference_ = reference;
    }
    return owned;
  }
  Owned(Owned&& other) noexcept
      : alive_(std::move(other.alive_)), reference_(std::exchange(other.reference_, Reference())) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(alive_, other.alive_);
    std::swap(reference_, other.reference_);
    return *this;
  }
  ~Owned() {
    if (alive_.get() != nullptr) {
      detail::disown_reference(alive_.get(), detail::handle_of(reference_));
    }
  }

  Reference get() const { return reference_; }

 private:
  detail::Shared<detail::InterruptState> alive_;  // Knows when the store has ended.
  Reference reference_;
};

}  // namespace wherry
