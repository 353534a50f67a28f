// Where marking begins.
//
// Stacks are read conservatively. A map of which slots hold references would have to be kept for every point at which a
// function may call or allocate, by every tier; instead each word is asked whether it is an object's address, which is
// quick. The price is that a number, or a slot that nobody reads any more, can keep an object alive.
//
// Of the interpreter, the native stack matters only below the innermost entry of a guest, and only while an instruction of
// that guest runs a builtin: there handlers keep accumulators and mirrored locals in registers. Further out, a guest waits
// for a function of the host to return, and all it has is in its frames; functions of the host have handles.
// Native code has what it needs in registers, which whoever it called has put down somewhere, and on the native stack. So
// with native code anywhere, all of the stack up to the outermost entry into it is read.
#include <algorithm>

#include "engine/abi/activation.h"
#include "engine/abi/native.h"
#include "engine/runtime/heap.h"
#include "engine/runtime/heap_marker.h"
#include "engine/runtime/store.h"

namespace wherry::runtime {

// Not inlined, so that its frame lies below that of mark_stacks, which has the registers.
[[gnu::noinline, clang::no_sanitize("address")]] void Heap::mark_native_stack(Marker& marker, uintptr_t end) {
  const uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~uintptr_t{7};
  if (here >= end) return;
  marker.mark_words(reinterpret_cast<const uint64_t*>(here), reinterpret_cast<const uint64_t*>(end));
}

[[gnu::noinline, clang::no_sanitize("address")]] void Heap::mark_stacks(Marker& marker) {
  const abi::Activation& activation = store_.activation();
  if (activation.stack_base == nullptr) return;
  const bool in_builtin = activation.stack_top == store_.state().stack_limit;
  const abi::NativeEntry* native = store_.state().native_entry;
  const uint64_t* end = activation.stack_top;
  if (native != nullptr && activation.crossings == &native->crossing) {
    end = native->stack_top;
  } else if (in_builtin && activation.live_end != nullptr) {
    end = activation.live_end;
  }
  if (end > activation.stack_end) end = activation.stack_end;
  marker.mark_words(activation.stack_base, end);
  uintptr_t native_end = in_builtin ? reinterpret_cast<uintptr_t>(activation.crossings) : 0;
  for (; native != nullptr; native = native->outer) {
    native_end = std::max(native_end, reinterpret_cast<uintptr_t>(native));
  }
  if (native_end == 0) return;
  // Saves every register that a caller may have left a value in.
  __builtin_unwind_init();
  mark_native_stack(marker, native_end);
}

void Heap::mark_instances(Marker& marker) {
  for (Instance* const instance : store_.instances()) {
    const ModuleShape& shape = instance->shape();
    for (uint32_t i = shape.module->imported_globals; i < shape.global_types.size(); ++i) {
      if (shape.global_types[i].is_ref()) marker.mark(*instance->global_slots(i));
    }
    instance->for_each_element_ref([&marker](abi::Ref ref) { marker.mark(ref); });
  }
}

void Heap::mark_roots(Marker& marker) {
  mark_stacks(marker);
  mark_instances(marker);
  for (const Global* const global : store_.globals()) {
    if (global->content().is_ref()) marker.mark(*global->slots());
  }
  for (const Table* const table : store_.tables()) {
    const wasm::ValType element = table->type().element;
    if (element == wasm::kFuncRef) continue;
    for (uint64_t i = 0; i < table->size(); ++i) marker.mark(table->object.entries[i]);
  }
  roots_.for_each([&marker](abi::Ref ref) { marker.mark(ref); });
  for (const ScannedWords* words = scanned_; words != nullptr; words = words->outer_) {
    marker.mark_words(words->begin_, words->end_);
  }
  marker.mark(store_.state().pending_exception);
}

}  // namespace wherry::runtime
