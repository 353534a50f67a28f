// What the templates of typed component functions stand on: descriptions of types that a program holds as constants, and
// the call in progress, by which values are lifted from and lowered to a guest's memory. Not part of the API.
//
// The layout of a type is computed by the embedder's compiler (detail/component_codec.h); what is here is what needs the
// instance: its memory, its realloc, its string encoding, its handles. Nothing is boxed on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "wherry/caller.h"
#include "wherry/component_types.h"
#include "wherry/component_value.h"
#include "wherry/memory.h"
#include "wherry/result.h"

namespace wherry::detail {

// A class of resources of the host: how one is destroyed. Its address identifies it.
struct ResourceClass {
  void (*destroy)(void* object);
};
template <class T>
inline constexpr ResourceClass kResourceClass = {[](void* object) { delete static_cast<T*>(object); }};
// A name for a resource of a guest, which a typed function finds out.
template <class Tag>
inline constexpr ResourceClass kGuestResourceClass = {nullptr};

// A C++ type as a component type. All of them are constants of the program.
struct TypeDesc {
  ComponentKind kind = ComponentKind::Bool;
  uint32_t count = 0;
  // `count` of them. Record, Tuple, Variant: of fields or cases, null for a case that carries nothing. List, Option: one. Map: key and
  // value. Result: success and failure, null for nothing.
  const TypeDesc* const* types = nullptr;
  const std::string_view* names = nullptr;  // Record, Variant, Enum, Flags: `count` of them, '_' for '-'.
  const ResourceClass* resource = nullptr;  // Own, Borrow.
};

struct FuncDesc {
  std::span<const TypeDesc* const> params;
  const TypeDesc* result = nullptr;  // Null: none.
};

// A canonical definition in an instance: which memory, realloc, encoding and handles it works with. The engine's.
struct CanonOptions;

// What a lowered host function is bound to; its HostEntry gets the address as its environment.
struct ComponentBinding {
  void* environment = nullptr;          // The host's own.
  const uint32_t* may_leave = nullptr;  // Of the calling instance.
  const CanonOptions* options = nullptr;
};

// A call between host and guest in progress. Failing functions answer false and keep the Error: the first one counts.
class CanonCall {
 public:
  // From a guest to the host.
  CanonCall(Caller& caller, const CanonOptions* options)
      : store_(caller), caller_(&caller), options_(options) {}
  // From the host to a guest.
  CanonCall(StoreRef store, const CanonOptions* options) : store_(store), options_(options) {}
  CanonCall(const CanonCall&) = delete;
  CanonCall& operator=(const CanonCall&) = delete;
  ~CanonCall() {
    if (has_scope_) [[unlikely]]
      close();
  }

  StoreRef store() const { return store_; }
  [[nodiscard]] bool fail(TrapCode code);
  [[nodiscard]] bool fail(Error error);
  Error take_error();

  // Accounts for memory of the host.
  [[nodiscard]] bool charge(uint64_t bytes);

  // ---- memory of the guest

  // `size` bytes at `address`, aligned; null and failed if they are not there.
  uint8_t* range(uint32_t address, uint64_t size, uint32_t align);
  // The same for `count` elements of a list.
  uint8_t* elements(uint32_t address, uint32_t count, uint32_t element_size, uint32_t align);
  // New memory from the guest's realloc, checked.
  [[nodiscard]] bool allocate(uint64_t size, uint32_t align, uint32_t* address, uint8_t** bytes);

  // ---- strings: pointer and length as they stand in memory or in slots

  // A view of the guest's memory, or of bytes that live as long as this call.
  [[nodiscard]] bool lift_string(uint32_t address, uint32_t length, std::string_view* text);
  [[nodiscard]] bool lower_string(std::string_view text, uint32_t* address, uint32_t* length);

  // ---- handles

  [[nodiscard]] bool lift_own(uint32_t handle, const ResourceClass* resource, void** object);
  [[nodiscard]] bool lift_borrow(uint32_t handle, const ResourceClass* resource, void** object);
  [[nodiscard]] bool lower_own(void* object, const ResourceClass* resource, uint32_t* handle);
  [[nodiscard]] bool lower_borrow(void* object, const ResourceClass* resource, uint32_t* handle);
  // Of resources of guests; `kind` is Own or Borrow.
  [[nodiscard]] bool lift_resource(uint32_t handle, ComponentKind kind, const ResourceClass* tag,
                                   ComponentResource* resource);
  [[nodiscard]] bool lower_resource(ComponentResource resource, ComponentKind kind, const ResourceClass* tag,
                                    uint32_t* handle);

  // Ends what was lent to the host. Called before the results are lowered.
  void end_borrows() {
    if (has_borrows_) [[unlikely]]
      return_borrows();
  }

 private:
  friend struct CanonCallAccess;  // The engine's own way in.
  // What range() and elements() have in common; `beyond`: how they fail where the memory ends.
  uint8_t* find(uint32_t address, uint64_t size, uint32_t align, TrapCode beyond);
  void close();
  void return_borrows();

  StoreRef store_;
  Caller* caller_ = nullptr;
  const CanonOptions* options_;
  Result<void> error_;
  uint64_t charged_ = 0;
  void* scope_ = nullptr;  // Scratch and borrows; the engine's.
  bool has_scope_ = false;
  bool has_borrows_ = false;
};

}  // namespace wherry::detail
