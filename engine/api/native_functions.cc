// Where the code of compiled functions lies, for profilers and debuggers, and what they are called. One pass over the address map's
// ranges and one over the name section, for whoever asks: nothing is kept, and a run that nobody watches reads neither.
#include "wherry/native_function.h"

#include <algorithm>

#include "engine/api/native_code.h"
#include "engine/decode/name_section.h"

namespace wherry {

namespace {

constexpr size_t kNameBytes = 256;  // As in a Frame.

void name_all(const wasm::Module& module, std::vector<NativeFunction>* functions) {
  std::vector<NativeFunction*> by_index;
  by_index.reserve(functions->size());
  for (NativeFunction& function : *functions) by_index.push_back(&function);
  std::sort(by_index.begin(), by_index.end(),
            [](const NativeFunction* a, const NativeFunction* b) { return a->index < b->index; });
  decode::NameMap names = decode::NameSection(module).names(decode::NameKind::Func);
  auto next = by_index.begin();
  // A map that is not in order names what comes in order.
  for (decode::NameMap::Entry entry; names.next(&entry);) {
    while (next != by_index.end() && (*next)->index < entry.index) ++next;
    for (; next != by_index.end() && (*next)->index == entry.index; ++next) {
      (*next)->name = std::string(entry.name.substr(0, kNameBytes));
    }
  }
}

}  // namespace

std::vector<NativeFunction> native_functions(const Module& module) {
  std::vector<NativeFunction> functions;
  const detail::ModuleState& state = *ModuleAccess::state(module);
  if (state.native == nullptr || state.artifact == nullptr) {
    return functions;
  }
  const base::ByteSpan text = state.artifact->artifact.text();
  const std::span<const artifact::FunctionRange> ranges = state.artifact->artifact.view().ranges();
  functions.reserve(ranges.size());
  for (const artifact::FunctionRange& range : ranges) {
    // The file's word is not taken for it.
    if (range.begin > text.size() || range.size_bytes > text.size() - range.begin) {
      continue;
    }
    functions.push_back(
        {text.data() + range.begin, range.size_bytes, state.module().imported_funcs + range.function, {}});
  }
  name_all(state.module(), &functions);
  return functions;
}

}  // namespace wherry
