// Types across borders: a component's against those that a C++ program states as constants, and against those of another component.
//
// Names of fields, cases and flags are compared without '-', '_' and case against C++ ones: names that differ in nothing else cannot
// be in one type (strong uniqueness). Everything here calls itself to the depth of the component's types, kMaxTypeDepth.
#include "component/link_types.h"

#include "component/runtime.h"

namespace wherry::component {

namespace {

using detail::FuncDesc;
using detail::ResourceClass;
using detail::TypeDesc;

bool is_same_letter(char a, char b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return lower(a) == lower(b);
}

bool is_same_name(std::string_view a, std::string_view b) {
  if (a.size() == b.size()) {  // Nearly always the same letters, but for '-' instead of '_'.
    size_t same = 0;
    while (same < a.size() && (a[same] == b[same] || (a[same] == '_' && b[same] == '-'))) ++same;
    if (same == a.size()) return true;
  }
  size_t i = 0;
  size_t j = 0;
  for (;;) {
    while (i < a.size() && (a[i] == '-' || a[i] == '_')) ++i;
    while (j < b.size() && (b[j] == '-' || b[j] == '_')) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (!is_same_letter(a[i++], b[j++])) return false;
  }
}

// Compares types with descriptions; `Resources` answers whether a component's resource is of a class.
template <class Resources>
class DescMatcher {
 public:
  DescMatcher(const detail::ComponentState& state, Resources resources, MatchedTypes* known, std::string* why)
      : state_(state), resources_(resources), known_(known), why_(why) {}

  bool func(TypeId id, const FuncDesc& desc) {
    const ComponentFuncType type = ComponentTypeAccess::func(&state_, id);
    if (type.is_async()) return fail("the function is asynchronous");
    if (type.param_count() != desc.params.size()) {
      return fail(std::to_string(desc.params.size()) + " parameters, expected " +
                  std::to_string(type.param_count()));
    }
    for (size_t i = 0; i < desc.params.size(); ++i) {
      if (!value(type.param_type(i), desc.params[i])) {
        *why_ = "parameter '" + std::string(type.param_name(i)) + "': " + *why_;
        return false;
      }
    }
    if (value(type.result(), desc.result)) return true;
    *why_ = "result: " + *why_;
    return false;
  }

 private:
  bool fail(std::string why) {
    *why_ = std::move(why);
    return false;
  }

  // A type of which `id` may be another name. Chains of names can be long, those of WASI are of two or three.
  TypeId original(TypeId id) const {
    for (int most = 8; most > 0 && state_.types()[id].origin.is_id(); --most) {
      id = state_.types()[id].origin.id();
    }
    return id;
  }

  // Either may be missing.
  bool value(ComponentType type, const TypeDesc* desc) {
    const ValType id = ComponentTypeAccess::type(type);
    if (type.is_empty() || desc == nullptr || !id.is_id()) return structure(type, desc);
    const TypeId node = original(id.id());
    if (known_->has(node, desc)) return true;
    if (!structure(type, desc)) return false;
    known_->add(node, desc);
    return true;
  }

  bool structure(ComponentType type, const TypeDesc* desc) {
    if (type.is_empty() && desc == nullptr) return true;
    if (type.is_empty()) return fail("found " + std::string(to_string(desc->kind)) + ", expected nothing");
    if (desc == nullptr) return fail("found nothing, expected " + type.to_string());
    ComponentKind kind = type.kind();
    if (kind == ComponentKind::Map && desc->kind == ComponentKind::List) return map(type, *desc);
    if (kind != desc->kind) {
      return fail("found " + std::string(to_string(desc->kind)) + ", expected " + type.to_string());
    }
    switch (kind) {
      case ComponentKind::List:
      case ComponentKind::Option: return value(type.first(), desc->types[0]);
      case ComponentKind::Result:
        return value(type.first(), desc->types[0]) && value(type.second(), desc->types[1]);
      case ComponentKind::Own:
      case ComponentKind::Borrow:
        return resources_(ResourceId(type.resource()), desc->resource) ||
               fail("another resource, expected " + type.to_string());
      case ComponentKind::Record:
      case ComponentKind::Tuple:
      case ComponentKind::Variant:
      case ComponentKind::Enum:
      case ComponentKind::Flags: return members(type, *desc);
      default: return true;
    }
  }

  bool map(ComponentType type, const TypeDesc& desc) {
    const TypeDesc& entry = *desc.types[0];
    if (entry.kind != ComponentKind::Tuple || entry.count != 2)
      return fail("a list, expected " + type.to_string());
    return value(type.first(), entry.types[0]) && value(type.second(), entry.types[1]);
  }

  bool members(ComponentType type, const TypeDesc& desc) {
    if (type.count() != desc.count) {
      return fail("found " + std::to_string(desc.count) + " parts, expected " + type.to_string());
    }
    for (uint32_t i = 0; i < desc.count; ++i) {
      if (desc.names != nullptr && !is_same_name(desc.names[i], type.name(i))) {
        return fail("found '" + std::string(desc.names[i]) + "', expected '" + std::string(type.name(i)) +
                    "'");
      }
      if (desc.types != nullptr && !value(type.type(i), desc.types[i])) return false;
    }
    return true;
  }

  const detail::ComponentState& state_;
  Resources resources_;
  MatchedTypes* known_;
  std::string* why_;
};

}  // namespace

bool matches_desc(const detail::ComponentState& state, TypeId func, const FuncDesc& desc,
                  std::span<const Supply> supplies, MatchedTypes* known, std::string* why) {
  const auto is_of_class = [&](ResourceId id, const ResourceClass* resource) {
    const uint32_t found = state.flat.root_resources[id.value];
    if (found == kNone) return false;
    const uint32_t leaf = state.flat.resources[found].leaf;
    return leaf != kNone && supplies[leaf].host == resource && resource->destroy != nullptr;
  };
  return DescMatcher(state, is_of_class, known, why).func(func, desc);
}

bool matches_export(const RtTree& tree, TypeId func, const FuncDesc& desc,
                    base::Vector<std::pair<const ResourceClass*, RtResource*>>* tags, std::string* why) {
  const auto is_of_class = [&](ResourceId id, const ResourceClass* resource) {
    const uint32_t found = tree.flat().root_resources[id.value];
    if (found == kNone) return false;
    RtResource* const actual = tree.resources[found];
    if (resource->destroy != nullptr) return actual->host == resource;
    for (const auto& [tag, known] : *tags) {
      if (tag == resource) return known == actual;
    }
    return tags->push_back({resource, actual});
  };
  // What a comparison that fails has bound is bound no longer.
  const size_t bound = tags->size();
  MatchedTypes known;
  if (DescMatcher(tree.component(), is_of_class, &known, why).func(func, desc)) return true;
  tags->truncate(bound);
  return false;
}

namespace {

bool matches_value(const RtTree& tree, ComponentType a, const RtTree& other, ComponentType b,
                   std::string* why) {
  const auto fail = [&] {
    if (why->empty()) {
      *why = "found " + (b.is_empty() ? "nothing" : b.to_string()) + ", expected " +
             (a.is_empty() ? "nothing" : a.to_string());
    }
    return false;
  };
  if (a.is_empty() || b.is_empty()) return (a.is_empty() && b.is_empty()) || fail();
  if (a.kind() != b.kind() || a.count() != b.count() || a.length() != b.length()) return fail();
  if (a.kind() == ComponentKind::Own || a.kind() == ComponentKind::Borrow) {
    const uint32_t wanted = tree.flat().root_resources[a.resource()];
    const uint32_t found = other.flat().root_resources[b.resource()];
    return (wanted != kNone && found != kNone && tree.resources[wanted] == other.resources[found]) || fail();
  }
  for (size_t i = 0; i < a.count(); ++i) {
    if (a.name(i) != b.name(i)) return fail();
    if (!matches_value(tree, a.type(i), other, b.type(i), why)) return false;
  }
  return matches_value(tree, a.first(), other, b.first(), why) &&
         matches_value(tree, a.second(), other, b.second(), why);
}

}  // namespace

bool matches_lifted(const RtTree& tree, TypeId wanted, const RtTree& other, TypeId found, std::string* why) {
  const ComponentFuncType a = ComponentTypeAccess::func(&tree.component(), wanted);
  const ComponentFuncType b = ComponentTypeAccess::func(&other.component(), found);
  if (a.is_async() != b.is_async() || a.param_count() != b.param_count()) {
    *why = "found " + b.to_string() + ", expected " + a.to_string();
    return false;
  }
  for (size_t i = 0; i < a.param_count(); ++i) {
    if (a.param_name(i) != b.param_name(i)) {
      *why = "found the parameter '" + std::string(b.param_name(i)) + "', expected '" +
             std::string(a.param_name(i)) + "'";
      return false;
    }
    if (!matches_value(tree, a.param_type(i), other, b.param_type(i), why)) return false;
  }
  return matches_value(tree, a.result(), other, b.result(), why);
}

}  // namespace wherry::component
