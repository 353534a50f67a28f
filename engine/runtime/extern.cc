// Types of external values, and when one may stand for another (core spec 3.3, "Import Subtyping"). Types are in canonical
// space, so that equality of defined types is equality of bits.
#include "engine/runtime/extern.h"

#include <cinttypes>
#include <cstdio>

namespace wherry::runtime {

ExternType type_of(const ExternValue& value) {
  ExternType type;
  type.kind = value.kind;
  switch (value.kind) {
    case wasm::ExternKind::Func: type.func = value.func->type; break;
    case wasm::ExternKind::Table: type.table = value.table->current_type(); break;
    case wasm::ExternKind::Memory: type.memory = value.memory->current_type(); break;
    case wasm::ExternKind::Global: type.global = value.global->type(); break;
    case wasm::ExternKind::Tag: type.func = &value.tag->type(); break;
  }
  return type;
}

namespace {

bool limits_match(const wasm::Limits& found, const wasm::Limits& wanted) {
  if (found.is_64 != wanted.is_64 || found.is_shared != wanted.is_shared || found.min < wanted.min)
    return false;
  return !wanted.has_max || (found.has_max && found.max <= wanted.max);
}

bool globals_match(const wasm::TypeRegistry& registry, const wasm::GlobalType& found,
                   const wasm::GlobalType& wanted) {
  if (found.is_mutable != wanted.is_mutable) return false;
  return found.is_mutable ? found.content == wanted.content
                          : registry.is_subtype(found.content, wanted.content);
}

}  // namespace

bool matches(const wasm::TypeRegistry& registry, const ExternType& found, const ExternType& wanted) {
  if (found.kind != wanted.kind) return false;
  switch (found.kind) {
    case wasm::ExternKind::Func: return registry.is_subtype(*found.func, wanted.func->id);
    case wasm::ExternKind::Tag: return found.func->id == wanted.func->id;
    case wasm::ExternKind::Table:
      return found.table.element == wanted.table.element &&
             limits_match(found.table.limits, wanted.table.limits);
    case wasm::ExternKind::Memory:
      return found.memory.page_size_log2 == wanted.memory.page_size_log2 &&
             limits_match(found.memory.limits, wanted.memory.limits);
    case wasm::ExternKind::Global: return globals_match(registry, found.global, wanted.global);
  }
  return false;
}

namespace {

constexpr size_t kListedTypes = 12;

void append_types(std::string* text, const char* keyword, std::span<const wasm::ValType> types) {
  if (types.empty()) return;
  *text += " (";
  *text += keyword;
  size_t listed = 0;
  for (const wasm::ValType type : types) {
    *text += ' ';
    if (listed++ == kListedTypes) {
      *text += "...";
      break;
    }
    *text += wasm::to_text(type);
  }
  *text += ')';
}

void append_limits(std::string* text, const wasm::Limits& limits) {
  char number[64];
  if (limits.is_64) *text += " i64";
  std::snprintf(number, sizeof number, " %" PRIu64, limits.min);
  *text += number;
  if (limits.has_max) {
    std::snprintf(number, sizeof number, " %" PRIu64, limits.max);
    *text += number;
  }
  if (limits.is_shared) *text += " shared";
}

}  // namespace

std::string to_text(const ExternType& type) {
  std::string text;
  switch (type.kind) {
    case wasm::ExternKind::Func:
    case wasm::ExternKind::Tag:
      text = type.kind == wasm::ExternKind::Func ? "(func" : "(tag";
      append_types(&text, "param", type.func->func.params);
      append_types(&text, "result", type.func->func.results);
      break;
    case wasm::ExternKind::Table:
      text = "(table";
      append_limits(&text, type.table.limits);
      text += ' ';
      text += wasm::to_text(type.table.element);
      break;
    case wasm::ExternKind::Memory:
      text = "(memory";
      append_limits(&text, type.memory.limits);
      if (type.memory.page_size_log2 != 16) {
        char page_size[32];
        std::snprintf(page_size, sizeof page_size, " (pagesize %u)", 1u << type.memory.page_size_log2);
        text += page_size;
      }
      break;
    case wasm::ExternKind::Global:
      text = type.global.is_mutable ? "(global (mut " : "(global ";
      text += wasm::to_text(type.global.content);
      if (type.global.is_mutable) text += ')';
      break;
  }
  text += ')';
  return text;
}

}  // namespace wherry::runtime
