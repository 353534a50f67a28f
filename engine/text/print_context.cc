// Types, names and references as the text format writes them (core spec 6.4): the vocabulary of the printer.
//
// Definitions carry their index in a comment, `(;3;)`, as wasm-tools prints it: what has no name is found by it.
// Reference types are abbreviated (`funcref`) where an abbreviation exists; references to defined types go by
// identifier. A type use is written with its parameters and results, for the reader; the parser only compares them.
#include "engine/text/print_context.h"

#include <algorithm>

#include "engine/wasm/type_names.h"

namespace wherry::text {

using wasm::ValType;

namespace {

constexpr std::string_view kSpaceNames[kSpaceCount] = {"type",   "func", "table", "memory",
                                                       "global", "tag",  "elem",  "data"};

std::span<const Name> names_of(const Names& names, Space space) {
  switch (space) {
    case Space::Type: return names.types;
    case Space::Func: return names.funcs;
    case Space::Table: return names.tables;
    case Space::Memory: return names.memories;
    case Space::Global: return names.globals;
    case Space::Tag: return names.tags;
    case Space::Element: return names.elements;
    case Space::Data: return names.data;
  }
  return {};
}

}  // namespace

bool PrintContext::prepare() {
  if (options.names == nullptr) return true;
  const uint64_t counts[kSpaceCount] = {module.types.size(),    module.funcs.size(),   module.tables.size(),
                                        module.memories.size(), module.globals.size(), module.tags.size(),
                                        module.elements.size(), module.data.size()};
  for (uint32_t i = 0; i < kSpaceCount; ++i) {
    const auto names = names_of(*options.names, static_cast<Space>(i));
    if (!ids[i].build(names, counts[i], kSpaceNames[i], arena)) return false;
  }
  return fields.build(options.names->fields, module.types, arena);
}

void PrintContext::line(uint64_t depth, uint64_t offset) {
  if (!options.offsets) return out.line(depth);
  out.put('\n');
  if (offset == base::Error::kNoOffset) {
    out.put("              ");
  } else {
    out.put("(;@");
    out.hex(offset, 8);
    out.put(";) ");
  }
  out.put(std::string_view("                                        ")
              .substr(0, 2 * std::min<uint64_t>(depth, 20)));
}

std::string_view PrintContext::name_of(Space space, uint32_t index) const {
  if (options.names == nullptr) return {};
  const auto names = names_of(*options.names, space);
  const auto found = std::lower_bound(names.begin(), names.end(), index,
                                      [](const Name& name, uint32_t wanted) { return name.index < wanted; });
  return found != names.end() && found->index == index ? found->text : std::string_view();
}

void PrintContext::definition(Space space, uint32_t index) {
  const std::string_view id = ids[static_cast<uint32_t>(space)].id(index);
  if (!id.empty()) {
    out.put(' ');
    out.identifier(id);
    if (id[0] == '#') {  // Possibly made up, to be unique.
      const std::string_view name = name_of(space, index);
      if (name != id) {
        out.put(" (@name ");
        out.text_string(name);
        out.put(')');
      }
    }
  }
  out.put(" (;");
  out.number(index);
  out.put(";)");
}

void PrintContext::reference(Space space, uint32_t index) {
  const std::string_view id = ids[static_cast<uint32_t>(space)].id(index);
  out.put(' ');
  if (id.empty()) return out.number(index);
  out.identifier(id);
}

void PrintContext::field_reference(uint32_t type, uint32_t field) {
  const std::string_view id = fields.id(type, field);
  out.put(' ');
  if (id.empty()) return out.number(field);
  out.identifier(id);
}

void PrintContext::heap_type(wasm::HeapType heap) {
  if (heap.is_concrete()) return reference(Space::Type, heap.index());
  out.put(' ');
  out.put(wasm::find_heap_type(heap.abstract())->name);
}

void PrintContext::ref_type(ValType type) {
  out.put(type.nullable() ? " (ref null" : " (ref");
  heap_type(type.heap());
  out.put(')');
}

void PrintContext::val_type(ValType type) {
  if (type.is_ref() && (!type.nullable() || type.heap().is_concrete())) return ref_type(type);
  out.put(' ');
  out.put(type.is_ref() ? wasm::find_heap_type(type.heap().abstract())->nullable
                        : wasm::name_of(type.kind()));
}

void PrintContext::limits(const wasm::Limits& limits) {
  if (limits.is_64) out.put(" i64");
  out.put(' ');
  out.number(limits.min);
  if (limits.has_max) {
    out.put(' ');
    out.number(limits.max);
  }
  if (limits.is_shared) out.put(" shared");
}

void PrintContext::table_type(const wasm::TableType& type) {
  limits(type.limits);
  val_type(type.element);
}

void PrintContext::memory_type(const wasm::MemoryType& type) {
  limits(type.limits);
  if (type.page_size_log2 == 16) return;
  out.put(" (pagesize ");
  out.number(uint64_t{1} << (type.page_size_log2 & 63));
  out.put(')');
}

void PrintContext::global_type(const wasm::GlobalType& type) {
  if (!type.is_mutable) return val_type(type.content);
  out.put(" (mut");
  val_type(type.content);
  out.put(')');
}

void PrintContext::types(std::string_view keyword, std::span<const ValType> types) {
  if (types.empty()) return;
  out.put(" (");
  out.put(keyword);
  for (const ValType type : types) val_type(type);
  out.put(')');
}

void PrintContext::type_use_bare(uint32_t type) {
  out.put(" (type");
  reference(Space::Type, type);
  out.put(')');
}

void PrintContext::type_use(uint32_t type) {
  type_use_bare(type);
  if (const wasm::FuncType* func = func_type(type)) {
    types("param", func->params);
    types("result", func->results);
  }
}

const wasm::FuncType* PrintContext::func_type(uint32_t type) const {
  if (type >= module.types.size() || module.types[type].kind != wasm::CompositeKind::Func) return nullptr;
  return &module.types[type].func;
}

}  // namespace wherry::text
