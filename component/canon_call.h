#pragma once

#include <cstdint>
#include <span>

#include "component/runtime.h"
#include "engine/canon/plan.h"
#include "wherry/detail/component_canon.h"

// What lifting and lowering by plans share with the typed functions' templates: one side of a call.
namespace wherry::component {

using detail::CanonCall;

// A string as it stands in a guest's memory or in the host's, valid in its encoding.
struct SourceString {
  enum class Form : uint8_t { Utf8, Utf16, Latin1 };
  Form form = Form::Utf8;
  bool is_tagged = false;  // Comes from latin1+utf16.
  const uint8_t* bytes = nullptr;
  uint32_t units = 0;

  uint32_t byte_length() const { return form == Form::Utf16 ? 2 * units : units; }
};

inline const detail::CanonOptions& options_of(const CanonCall& call) {
  return detail::CanonCallAccess::options(call);
}

// Takes fuel, if it is counted. Failed: none is left.
[[nodiscard]] bool pay(CanonCall& call, uint64_t units);
// What copying so many bytes from guest to guest takes of it: as much as memory.copy.
constexpr uint64_t fuel_for_bytes(uint64_t size) {
  constexpr uint64_t kBytesPerFuel = 64;
  return (size + kBytesPerFuel - 1) / kBytesPerFuel;
}

// Calls the guest's realloc: bounds and alignment of what it answers are checked.
[[nodiscard]] bool reallocate(CanonCall& call, uint32_t old_address, uint32_t old_size, uint32_t align,
                              uint32_t size, uint32_t* address, uint8_t** bytes);

// Finds and validates a string of the guest's.
[[nodiscard]] bool find_string(CanonCall& call, uint32_t address, uint32_t length, SourceString* string);
// From UTF-8 to UTF-8, found and written at once.
[[nodiscard]] bool copy_utf8(CanonCall& from, uint32_t address, uint32_t length, CanonCall& to,
                             uint32_t* to_address);
// Writes a string into the guest's memory, with exactly the calls of realloc that CanonicalABI.md says.
[[nodiscard]] bool store_string(CanonCall& call, const SourceString& from, uint32_t* address,
                                uint32_t* length);

// Handles: out of a guest's table, and into it. A rep is a number of the guest's that defines the resource, or an address of the host's.
// An entry of the right type; null and failed if there is none.
Handle* find_handle(CanonCall& call, uint32_t index, const RtResource* resource);
// An owned resource changes hands: between guests, to the host, and from a handle that the host has. If this fails it stays where it was.
[[nodiscard]] bool move_own(CanonCall& from, uint32_t index, RtResource* resource, CanonCall& to,
                            uint32_t* to_index);
[[nodiscard]] bool move_own_to_host(CanonCall& call, uint32_t index, RtResource* resource,
                                    ComponentResource* made);
[[nodiscard]] bool move_own_from_host(CanonCall& call, ComponentResource resource, const Handle& handle,
                                      uint32_t* index);
[[nodiscard]] bool lend(CanonCall& call, uint32_t index, const RtResource* resource, uint64_t* rep);
// Lends what the host holds.
[[nodiscard]] bool lend_host(CanonCall& call, ComponentResource resource);
[[nodiscard]] bool give_own(CanonCall& call, RtResource* resource, uint64_t rep, uint32_t* index);
[[nodiscard]] bool give_borrow(CanonCall& call, RtResource* resource, uint64_t rep, uint32_t* index);

// Whether nothing that was lent to the callee is left in its table.
[[nodiscard]] bool check_borrows(CanonCall& call);

// An exception that leaves a component is a trap; other errors are what they are.
Error as_trap(Error error);

// Calls a core function; what is thrown out of it is a trap.
[[nodiscard]] bool call_core(CanonCall& call, Func func, void* object, uint64_t* slots);

}  // namespace wherry::component
