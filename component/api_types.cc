// The public views of types: a component's own nodes, translated as they are asked for.
#include <string>

#include "component/state.h"

namespace wherry {

using component::Entity;
using component::Prim;
using component::Sort;
using component::TypeKind;
using component::TypeNode;
using Access = ComponentTypeAccess;

namespace {

constexpr std::string_view kKindNames[] = {
    "bool",   "s8",     "u8",     "s16",  "u16",    "s32",    "u32",    "s64",          "u64",     "f32",
    "f64",    "char",   "string", "list", "list",   "map",    "record", "tuple",        "variant", "enum",
    "option", "result", "flags",  "own",  "borrow", "stream", "future", "error-context"};
static_assert(std::size(kKindNames) == static_cast<size_t>(ComponentKind::ErrorContext) + 1);

ComponentKind kind_of(Prim prim) {
  switch (prim) {
    case Prim::Bool: return ComponentKind::Bool;
    case Prim::S8: return ComponentKind::S8;
    case Prim::U8: return ComponentKind::U8;
    case Prim::S16: return ComponentKind::S16;
    case Prim::U16: return ComponentKind::U16;
    case Prim::S32: return ComponentKind::S32;
    case Prim::U32: return ComponentKind::U32;
    case Prim::S64: return ComponentKind::S64;
    case Prim::U64: return ComponentKind::U64;
    case Prim::F32: return ComponentKind::F32;
    case Prim::F64: return ComponentKind::F64;
    case Prim::Char: return ComponentKind::Char;
    case Prim::String: return ComponentKind::String;
    case Prim::ErrorContext: break;
  }
  return ComponentKind::ErrorContext;
}

// Null for a primitive type.
const TypeNode* node_of(const ComponentType& type) {
  const component::ValType bits = Access::type(type);
  if (type.is_empty() || !bits.is_id()) return nullptr;
  const TypeNode* node = &Access::state(type)->types()[bits.id()];
  return node->kind == TypeKind::Prim ? nullptr : node;
}

std::span<const component::Member> members_of(const ComponentType& type) {
  const TypeNode* const node = node_of(type);
  if (node == nullptr) return {};
  return Access::state(type)->types().members(node->members);
}

void append(const ComponentType& type, std::string* out);

// Calls itself by way of append(), to the depth of the type.
void append_members(const ComponentType& type, bool has_types, std::string* out) {
  *out += " { ";
  for (size_t i = 0; i < type.count(); ++i) {
    if (i != 0) *out += ", ";
    *out += type.name(i);
    const ComponentType part = type.type(i);
    if (!has_types || part.is_empty()) continue;
    *out += type.kind() == ComponentKind::Variant ? "(" : ": ";
    append(part, out);
    if (type.kind() == ComponentKind::Variant) *out += ")";
  }
  *out += " }";
}

void append(const ComponentType& type, std::string* out) {
  constexpr size_t kMost = 4000;  // Types may be a million parts long.
  if (out->size() > kMost) {
    *out += "...";
    return;
  }
  const ComponentKind kind = type.kind();
  *out += to_string(kind);
  switch (kind) {
    case ComponentKind::Record:
    case ComponentKind::Variant: return append_members(type, true, out);
    case ComponentKind::Enum:
    case ComponentKind::Flags: return append_members(type, false, out);
    case ComponentKind::Tuple:
      *out += "<";
      for (size_t i = 0; i < type.count(); ++i) {
        if (i != 0) *out += ", ";
        append(type.type(i), out);
      }
      *out += ">";
      return;
    case ComponentKind::Own:
    case ComponentKind::Borrow: *out += "<resource " + std::to_string(type.resource()) + ">"; return;
    default: break;
  }
  const ComponentType first = type.first();
  const ComponentType second = type.second();
  if (first.is_empty() && second.is_empty()) return;
  *out += "<";
  if (first.is_empty()) {
    *out += "_";
  } else {
    append(first, out);
  }
  if (!second.is_empty()) {
    *out += ", ";
    append(second, out);
  }
  if (kind == ComponentKind::FixedList) *out += ", " + std::to_string(type.length());
  *out += ">";
}

}  // namespace

std::string_view to_string(ComponentKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < std::size(kKindNames) ? kKindNames[index] : "?";
}

// ---- value types

ComponentKind ComponentType::kind() const {
  if (is_empty()) return ComponentKind::Bool;
  const component::ValType type = Access::type(*this);
  if (type.is_prim()) return kind_of(type.prim());
  const TypeNode& node = state_->types()[type.id()];
  switch (node.kind) {
    case TypeKind::Prim: return kind_of(node.first.prim());
    case TypeKind::Record: return ComponentKind::Record;
    case TypeKind::Variant: return ComponentKind::Variant;
    case TypeKind::List: return ComponentKind::List;
    case TypeKind::FixedList: return ComponentKind::FixedList;
    case TypeKind::Tuple: return ComponentKind::Tuple;
    case TypeKind::Flags: return ComponentKind::Flags;
    case TypeKind::Enum: return ComponentKind::Enum;
    case TypeKind::Option: return ComponentKind::Option;
    case TypeKind::Result: return ComponentKind::Result;
    case TypeKind::Map: return ComponentKind::Map;
    case TypeKind::Own: return ComponentKind::Own;
    case TypeKind::Borrow: return ComponentKind::Borrow;
    case TypeKind::Stream: return ComponentKind::Stream;
    default: return ComponentKind::Future;
  }
}

size_t ComponentType::count() const { return members_of(*this).size(); }
std::string_view ComponentType::name(size_t index) const {
  const auto members = members_of(*this);
  return index < members.size() ? members[index].name : std::string_view();
}
ComponentType ComponentType::type(size_t index) const {
  const auto members = members_of(*this);
  return index < members.size() ? Access::type(state_, members[index].type) : ComponentType();
}
std::optional<size_t> ComponentType::find(std::string_view name) const {
  const auto members = members_of(*this);
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].name == name) return i;
  }
  return std::nullopt;
}

ComponentType ComponentType::first() const {
  const TypeNode* const node = node_of(*this);
  const bool is_handle = node != nullptr && (node->kind == TypeKind::Own || node->kind == TypeKind::Borrow);
  return node == nullptr || is_handle ? ComponentType() : Access::type(state_, node->first);
}
ComponentType ComponentType::second() const {
  const TypeNode* const node = node_of(*this);
  return node == nullptr ? ComponentType() : Access::type(state_, node->second);
}
uint32_t ComponentType::length() const {
  const TypeNode* const node = node_of(*this);
  return node == nullptr ? 0 : node->length;
}
uint32_t ComponentType::resource() const {
  const component::ValType type = Access::type(*this);
  const TypeNode* const node = node_of(*this);
  if (node == nullptr || (node->kind != TypeKind::Own && node->kind != TypeKind::Borrow)) return 0;
  return state_->types().resource_of(type.id()).value;
}

std::string ComponentType::to_string() const {
  std::string text;
  if (!is_empty()) append(*this, &text);
  return text;
}

// Calls itself to the depth of the types; what is the same node is not looked at, but two large types that were written
// twice are compared whole: at most kMaxTypeSize parts.
bool ComponentType::same_type(ComponentType a, ComponentType b) {
  if (a == b) return true;
  if (a.is_empty() || b.is_empty() || a.kind() != b.kind() || a.count() != b.count()) return false;
  if (a.kind() == ComponentKind::Own || a.kind() == ComponentKind::Borrow) {
    return a.state_ == b.state_ && a.resource() == b.resource();
  }
  if (a.length() != b.length()) return false;
  for (size_t i = 0; i < a.count(); ++i) {
    if (a.name(i) != b.name(i) || !same_type(a.type(i), b.type(i))) return false;
  }
  return same_type(a.first(), b.first()) && same_type(a.second(), b.second());
}

// ---- functions

bool ComponentFuncType::is_async() const {
  return !is_empty() && state_->types()[Access::id(*this)].is_async;
}
size_t ComponentFuncType::param_count() const {
  return is_empty() ? 0 : state_->types()[Access::id(*this)].members.count;
}
std::string_view ComponentFuncType::param_name(size_t index) const {
  if (index >= param_count()) return {};
  return state_->types().members(state_->types()[Access::id(*this)].members)[index].name;
}
ComponentType ComponentFuncType::param_type(size_t index) const {
  if (index >= param_count()) return {};
  return Access::type(state_,
                      state_->types().members(state_->types()[Access::id(*this)].members)[index].type);
}
ComponentType ComponentFuncType::result() const {
  return is_empty() ? ComponentType() : Access::type(state_, state_->types()[Access::id(*this)].first);
}
std::string ComponentFuncType::to_string() const {
  std::string text = is_async() ? "async func(" : "func(";
  for (size_t i = 0; i < param_count(); ++i) {
    if (i != 0) text += ", ";
    text += param_name(i);
    text += ": ";
    append(param_type(i), &text);
  }
  text += ")";
  if (!result().is_empty()) {
    text += " -> ";
    append(result(), &text);
  }
  return text;
}

// ---- items

std::string_view to_string(ComponentItemKind kind) {
  constexpr std::string_view kNames[] = {"module",   "func",      "value",   "type",
                                         "resource", "component", "instance"};
  return kNames[static_cast<size_t>(kind)];
}

ComponentItemKind ComponentItem::kind() const {
  switch (static_cast<Sort>(sort_)) {
    case Sort::CoreModule: return ComponentItemKind::Module;
    case Sort::Value: return ComponentItemKind::Value;
    case Sort::Component: return ComponentItemKind::Component;
    case Sort::Instance: return ComponentItemKind::Instance;
    case Sort::Type:
      return state_->types()[component::TypeId(id_)].kind == TypeKind::Resource ? ComponentItemKind::Resource
                                                                                : ComponentItemKind::Type;
    default: return ComponentItemKind::Func;
  }
}

ComponentFuncType ComponentItem::func() const {
  if (is_empty() || kind() != ComponentItemKind::Func) return {};
  return Access::func(state_, component::TypeId(id_));
}
ComponentType ComponentItem::type() const {
  if (is_empty()) return {};
  if (kind() == ComponentItemKind::Value) return Access::type(state_, component::ValType::from_bits(id_));
  if (kind() != ComponentItemKind::Type) return {};
  const component::TypeId id(id_);
  return component::is_value_kind(state_->types()[id].kind) ? Access::type(state_, component::ValType(id))
                                                            : ComponentType();
}
uint32_t ComponentItem::resource() const {
  if (is_empty() || kind() != ComponentItemKind::Resource) return 0;
  return state_->types()[component::TypeId(id_)].resource.value;
}

namespace {

std::span<const component::Extern> externs_of(const ComponentItem& item, bool imports) {
  if (item.is_empty()) return {};
  const Entity entity = Access::entity(item);
  if (entity.sort != Sort::Instance && entity.sort != Sort::Component) return {};
  const component::Types& types = Access::state(item)->types();
  return types.externs(imports ? types[entity.type()].imports : types[entity.type()].exports);
}

}  // namespace

size_t ComponentItem::export_count() const { return externs_of(*this, false).size(); }
ComponentItem ComponentItem::export_at(size_t index) const {
  const auto list = externs_of(*this, false);
  return index < list.size() ? Access::item(state_, list[index]) : ComponentItem();
}
ComponentItem ComponentItem::find_export(std::string_view name) const {
  for (const component::Extern& item : externs_of(*this, false)) {
    if (item.name == name) return Access::item(state_, item);
  }
  return {};
}
size_t ComponentItem::import_count() const { return externs_of(*this, true).size(); }
ComponentItem ComponentItem::import_at(size_t index) const {
  const auto list = externs_of(*this, true);
  return index < list.size() ? Access::item(state_, list[index]) : ComponentItem();
}

}  // namespace wherry
