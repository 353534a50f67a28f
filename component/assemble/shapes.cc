// What component-level functions are as core functions, worked out from WIT, because the modules' imports and exports are
// checked before there is a component whose types could be asked (component/types.cc does the same for those).
//
// Types are made of types with smaller numbers, so one pass over all of them does. A value that flattens to more than
// Flat::kMost core values is passed in memory in any case, and its flat form is not followed further.
#include <algorithm>

#include "component/assemble/part.h"

namespace wherry::component::assemble {

using wit::TypeKind;

namespace {

constexpr uint32_t kMostParams = 16;
constexpr uint32_t kMostResults = 1;

Flat of_one(Flat::Kind kind) {
  Flat flat;
  flat.push(kind);
  return flat;
}

Flat::Kind kind_of(Prim prim) {
  switch (prim) {
    case Prim::S64:
    case Prim::U64: return Flat::I64;
    case Prim::F32: return Flat::F32;
    case Prim::F64: return Flat::F64;
    default: return Flat::I32;
  }
}

wasm::ValType core_type(Flat::Kind kind) {
  constexpr wasm::ValKind kKinds[] = {wasm::ValKind::I32, wasm::ValKind::I64, wasm::ValKind::F32,
                                      wasm::ValKind::F64};
  return kKinds[kind];
}

bool is_same(std::span<const wasm::ValType> types, const Flat& flat) {
  if (types.size() != flat.count) return false;
  for (uint32_t i = 0; i < flat.count; ++i) {
    if (types[i] != core_type(flat.at(i))) return false;
  }
  return true;
}

std::string_view name_of(wasm::ValType type) {
  switch (type.kind()) {
    case wasm::ValKind::I32: return "i32";
    case wasm::ValKind::I64: return "i64";
    case wasm::ValKind::F32: return "f32";
    case wasm::ValKind::F64: return "f64";
    case wasm::ValKind::V128: return "v128";
    default: return "ref";
  }
}

template <class List>
std::string list_text(const List& list) {
  std::string text = "(";
  for (const wasm::ValType type : list) {
    if (text.size() > 200) return text + " ...)";
    text += std::string(text.size() == 1 ? "" : " ") + std::string(name_of(type));
  }
  return text + ")";
}

base::Vector<wasm::ValType> types_of(const Flat& flat) {
  base::Vector<wasm::ValType> types;
  for (uint32_t i = 0; i < flat.count; ++i) (void)types.push_back(core_type(flat.at(i)));
  return types;
}

}  // namespace

bool is_same(const wasm::FuncType& type, const Flat& params, const Flat& results) {
  return is_same(type.params, params) && is_same(type.results, results);
}

std::string type_text(const wasm::FuncType& type) {
  return list_text(type.params) + " -> " + list_text(type.results);
}

std::string type_text(const Flat& params, const Flat& results) {
  return list_text(types_of(params)) + " -> " + list_text(types_of(results));
}

bool Shapes::make(const wit::Model& model) {
  if (!types_.reserve(model.types.size())) return false;
  for (const wit::TypeDef& type : model.types) {
    if (!types_.push_back(of(model, type))) return false;
  }
  return true;
}

Shapes::OfType Shapes::of(wit::Type type) const {
  if (type.is_none()) return {};
  if (type.is_id()) return types_[type.id().value];
  if (type.prim() != Prim::String) return {of_one(kind_of(type.prim())), false};
  OfType string{of_one(Flat::I32), true};
  string.flat.push(Flat::I32);
  return string;
}

Shapes::OfType Shapes::of(const wit::Model& model, const wit::TypeDef& type) const {
  OfType made;
  const std::span<const wit::Member> members = model.run(type.members);
  switch (type.kind) {
    case TypeKind::Alias: return of(type.first);
    case TypeKind::Record:
    case TypeKind::Tuple:
      for (const wit::Member& member : members) {
        const OfType inner = of(member.type);
        made.flat.append(inner.flat);
        made.has_pointer |= inner.has_pointer;
      }
      return made;
    case TypeKind::Variant:
      for (const wit::Member& member : members) {
        const OfType inner = of(member.type);
        made.flat = Flat::join(made.flat, inner.flat);
        made.has_pointer |= inner.has_pointer;
      }
      break;
    case TypeKind::Option:
    case TypeKind::Result: {
      const OfType first = of(type.first);
      const OfType second = of(type.second);
      made = {Flat::join(first.flat, second.flat), first.has_pointer || second.has_pointer};
      break;
    }
    case TypeKind::List:
    case TypeKind::Map:
      made.flat = of_one(Flat::I32);
      made.flat.push(Flat::I32);
      made.has_pointer = true;
      return made;
    case TypeKind::FixedList: {
      const OfType element = of(type.first);
      made.has_pointer = element.has_pointer;
      for (uint32_t i = 0; i < std::min(type.length, Flat::kMost); ++i) made.flat.append(element.flat);
      return made;
    }
    default: return {of_one(Flat::I32), false};  // A number: flags, a case, a handle.
  }
  // What has cases has their number in front.
  Flat with_case = of_one(Flat::I32);
  with_case.append(made.flat);
  made.flat = with_case;
  return made;
}

Shapes::Shape Shapes::of(const wit::Model& model, const wit::Function& function, Direction direction) const {
  Shape shape;
  bool have_params_pointer = false;
  for (const wit::Member& param : model.run(function.params)) {
    const OfType type = of(param.type);
    shape.params.append(type.flat);
    have_params_pointer |= type.has_pointer;
  }
  const OfType result = of(function.result);
  shape.results = result.flat;
  shape.are_params_in_memory = shape.params.count > kMostParams;
  shape.is_result_in_memory = shape.results.count > kMostResults;
  if (shape.are_params_in_memory) shape.params = of_one(Flat::I32);
  if (shape.is_result_in_memory) {
    // The caller of a lowered function says where; a lifted one answers where.
    shape.results = direction == Lifted ? of_one(Flat::I32) : Flat();
    if (direction == Lowered) shape.params.push(Flat::I32);
  }
  shape.needs_memory =
      shape.are_params_in_memory || shape.is_result_in_memory || have_params_pointer || result.has_pointer;
  shape.needs_realloc =
      direction == Lowered ? result.has_pointer : have_params_pointer || shape.are_params_in_memory;
  return shape;
}

}  // namespace wherry::component::assemble
