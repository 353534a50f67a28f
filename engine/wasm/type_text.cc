// Types as the text format writes them, for messages.
#include <cstdio>

#include "engine/wasm/type_names.h"
#include "engine/wasm/type_registry.h"

namespace wherry::wasm {

std::string to_text(HeapType heap) {
  if (!heap.is_concrete()) {
    const HeapTypeRow* const row = find_heap_type(heap.abstract());
    return std::string(row != nullptr ? row->name : "?");
  }
  char digits[16];
  std::snprintf(digits, sizeof digits, "%u", heap.index());
  return digits;
}

std::string to_text(ValType type) {
  if (!type.is_ref()) return std::string(name_of(type.kind()));
  std::string text = type.nullable() ? "(ref null " : "(ref ";
  text += to_text(type.heap());
  text += ')';
  return text;
}

}  // namespace wherry::wasm
