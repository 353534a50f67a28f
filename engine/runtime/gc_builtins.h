#pragma once

#include "engine/abi/tier.h"

// The entries of abi::Builtins that make objects and work on arrays. Not for other folders.
namespace wherry::runtime {

abi::ObjectHeader* allocate(abi::Context* context, uint32_t type_id, uint32_t length, uint64_t size_bytes,
                            uint64_t* live_end);
bool refill(abi::Context* context, uint32_t size_class, uint64_t* live_end);
wasm::TrapCode array_new(abi::Context* context, uint32_t type_id, uint32_t length, const uint64_t* value,
                         uint64_t* live_end, abi::Ref* result);
wasm::TrapCode array_new_data(abi::Context* context, uint32_t type_id, uint32_t data, uint32_t from,
                              uint32_t length, uint64_t* live_end, abi::Ref* result);
wasm::TrapCode array_new_elem(abi::Context* context, uint32_t type_id, uint32_t element, uint32_t from,
                              uint32_t length, uint64_t* live_end, abi::Ref* result);
wasm::TrapCode array_fill(abi::Context* context, abi::Ref array, uint32_t at, const uint64_t* value,
                          uint32_t count);
wasm::TrapCode array_copy(abi::Context* context, abi::Ref to, uint32_t to_at, abi::Ref from, uint32_t from_at,
                          uint32_t count);
wasm::TrapCode array_init_data(abi::Context* context, abi::Ref array, uint32_t at, uint32_t data,
                               uint32_t from, uint32_t count);
wasm::TrapCode array_init_elem(abi::Context* context, abi::Ref array, uint32_t at, uint32_t element,
                               uint32_t from, uint32_t count);

}  // namespace wherry::runtime
