// The layouts that compiled code has in its instructions, as one number. kAbiVersion is raised by hand when one of them changes; the
// sizes and offsets are here so that forgetting it is harmless. Compiler and runner hash for themselves: all targets are LP64
// and lay these out alike.
#include "engine/abi/context.h"
#include "engine/abi/exceptions.h"
#include "engine/abi/heap.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/artifact/hash.h"
#include "engine/wasm/traps.h"
#include "engine/wasm/type_registry.h"

namespace wherry::artifact {

namespace {

using abi::Builtins, abi::Context, abi::ContextLayout, abi::FuncCode, abi::FuncObject, abi::HeapFront,
    abi::MemoryObject, abi::NativeBuiltins, abi::NativeEntry, abi::StoreState, abi::TableObject,
    abi::TypeEntry;

constexpr uint32_t kLayouts[] = {
    abi::kAbiVersion,
    abi::kNativeIntegerResults,
    abi::kNativeVectorResults,
#define CONTEXT_FIELD(name, type, description) offsetof(Context, name),
#include "engine/abi/context.inc"
    sizeof(Context),
    sizeof(ContextLayout),
    sizeof(FuncCode),
    offsetof(FuncCode, native),
    sizeof(FuncObject),
    offsetof(FuncObject, code),
    offsetof(FuncObject, context),
    offsetof(FuncObject, type),
    offsetof(FuncObject, native_home),
    offsetof(FuncObject, native),
    sizeof(MemoryObject),
    offsetof(MemoryObject, size_bytes),
    offsetof(MemoryObject, page_size_log2),
    sizeof(TableObject),
    offsetof(TableObject, size),
    sizeof(TypeEntry),
    offsetof(TypeEntry, depth),
    offsetof(TypeEntry, type),
    sizeof(StoreState),
    offsetof(StoreState, call_limit),
    offsetof(StoreState, activation),
    offsetof(StoreState, fuel),
    offsetof(StoreState, deadline_epoch),
    offsetof(StoreState, pending_exception),
    offsetof(StoreState, gc_barrier),
    offsetof(StoreState, callee),
    offsetof(StoreState, callee_index),
    offsetof(StoreState, heap),
    offsetof(StoreState, types),
    offsetof(StoreState, native_stack_limit),
    offsetof(StoreState, native_look),
    offsetof(StoreState, native_entry),
    sizeof(NativeEntry),
    sizeof(NativeBuiltins),
    offsetof(NativeBuiltins, trap),
    offsetof(NativeBuiltins, leave_by_exception),
    offsetof(NativeBuiltins, look),
    offsetof(NativeBuiltins, tag_identity),
    sizeof(Builtins),
    offsetof(Builtins, memory_grow),
    offsetof(Builtins, table_grow),
    offsetof(Builtins, allocate),
    offsetof(Builtins, barrier),
    sizeof(HeapFront),
    offsetof(wasm::CanonType, kind),
    offsetof(wasm::CanonType, depth),
    offsetof(wasm::CanonType, display),
    sizeof(wasm::TypeDirectory),
    abi::kPayloadOffset,
    static_cast<uint32_t>(wasm::TrapCode::OutOfFuel),
};

}  // namespace

uint64_t abi_hash() { return hash_of({reinterpret_cast<const uint8_t*>(kLayouts), sizeof(kLayouts)}); }

}  // namespace wherry::artifact
