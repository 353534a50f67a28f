// How core modules spell what a world has (the names that wit-bindgen and wit-component agreed on, which BuildTargets.md of
// the component model describes beside its own): the import `ns:pkg/iface@1.0.0` `func`, `$root` `func` for functions of the
// world itself, `[resource-drop]r` beside the functions, and for resources that are the component's own the module
// `[export]iface`; exports are `func`, `iface#func`, `iface#[dtor]r`.
//
// All names are written down once and looked up, rather than taken apart: names cannot be ambiguous, and whatever is not in
// the list is an error with the reason that its shape suggests.
#include "component/assemble/world.h"

#include "component/compose.h"
#include "component/names.h"

namespace wherry::component::assemble {

using wit::FuncId;
using wit::InterfaceId;
using wit::TypeId;
using wit::TypeKind;
using wit::WorldItem;

namespace {

constexpr std::string_view kRoot = "$root";
constexpr std::string_view kExport = "[export]";

// What begins the names of things that need a scheduler.
constexpr std::string_view kAsync[] = {"[async",         "[stream-",  "[future-",       "[task-",
                                       "[waitable-",     "[subtask-", "[backpressure-", "[context-",
                                       "[error-context", "[thread-",  "[yield"};

}  // namespace

bool World::add(std::string_view module, std::string_view field, const Meaning& meaning) {
  constexpr auto kFull = text::NameMap::Insertion::OutOfMemory;
  const auto number = static_cast<uint32_t>(meanings_.size());
  return names_.insert(model.keep(module, "\n", field), number) != kFull &&
         modules_.insert(module, 0) != kFull && meanings_.push_back(meaning) && model.ok;
}

bool World::index() {
  bool ok = true;
  for (uint32_t i = 0; ok && i < world().imports.size(); ++i) ok = index_import(i);
  for (uint32_t i = 0; ok && i < world().exports.size(); ++i) ok = index_export(i);
  return ok;
}

bool World::index_import(uint32_t at) {
  const WorldItem item = world().imports[at];
  const auto add_drop = [&](std::string_view module, TypeId type) {
    return !model.is_resource(wit::Type(type)) || add(module, model.keep("[resource-drop]", model[type].name),
                                                      {Source::DropImported, at, type.value});
  };
  if (item.kind == WorldItem::Type) return add_drop(kRoot, TypeId(item.index));
  if (item.kind == WorldItem::Func) {
    return add(kRoot, full_name(model, model[FuncId(item.index)]), {Source::Function, at, item.index});
  }
  const InterfaceId id(item.index);
  const std::string_view module = name_of(item);
  for (const TypeId type : model[id].types) {
    if (!add_drop(module, type)) return false;
  }
  for (const FuncId function : model[id].functions) {
    if (!add(module, full_name(model, model[function]), {Source::Function, at, function.value})) return false;
  }
  return modules_.insert(module, 0) != text::NameMap::Insertion::OutOfMemory && add_track(module);
}

bool World::add_track(std::string_view module) {
  const std::string_view part = compatible_part(module);
  if (const uint32_t* const known = tracks_.find(part)) {
    if (is_compatible_name(newest_[*known], module)) newest_[*known] = module;
    return true;
  }
  return tracks_.insert(part, static_cast<uint32_t>(newest_.size())) == text::NameMap::Insertion::Done &&
         newest_.push_back(module);
}

bool World::index_export(uint32_t at) {
  const WorldItem item = world().exports[at];
  if (item.kind != WorldItem::Interface) return true;
  const std::string_view module = model.keep(kExport, name_of(item));
  for (const TypeId type : model[InterfaceId(item.index)].types) {
    if (model[type].kind != TypeKind::Resource) continue;
    for (const auto& [prefix, source] :
         {std::pair("[resource-drop]", Source::DropOwn), std::pair("[resource-new]", Source::NewOwn),
          std::pair("[resource-rep]", Source::RepOwn)}) {
      if (!add(module, model.keep(prefix, model[type].name), {source, at, type.value})) return false;
    }
  }
  return true;
}

bool World::find(std::string_view module, std::string_view name, Meaning* meaning) const {
  std::string key(module);
  if (modules_.find(module) == nullptr) {
    const uint32_t* const track = tracks_.find(compatible_part(module));
    if (track != nullptr && is_compatible_name(module, newest_[*track])) key = newest_[*track];
  }
  key += "\n";
  key += name;
  const uint32_t* const found = names_.find(key);
  if (found != nullptr) *meaning = meanings_[*found];
  return found != nullptr;
}

std::string World::why_unknown(std::string_view module, std::string_view name) const {
  for (const std::string_view prefix : kAsync) {
    if (name.starts_with(prefix)) return "asynchronous calls, streams, futures and threads are not supported";
  }
  if (module.starts_with("cm32p2")) return "names of the form `cm32p2` are not supported";
  if (module.starts_with(kExport)) return "the world exports no such resource";
  if (module == kRoot) return "the world imports no such function";
  if (modules_.find(module) != nullptr) return "the world's import has no such function";
  return "neither does the world import " + quoted(module) + " nor is there an adapter of this name";
}

std::string_view World::name_of(const WorldItem& item) {
  if (item.kind == WorldItem::Func) return full_name(model, model[FuncId(item.index)]);
  return item.name.empty() ? full_name(model, InterfaceId(item.index)) : item.name;
}

std::string_view World::export_name(const WorldItem& item, const wit::Function& function) {
  const std::string_view name = full_name(model, function);
  return item.kind == WorldItem::Func ? name : model.keep(name_of(item), "#", name);
}

std::string_view World::destructor_name(const WorldItem& item, const wit::TypeDef& resource) {
  return model.keep(name_of(item), "#[dtor]", resource.name);
}

void World::mark_function(const wit::Function& function, base::Vector<uint8_t>* types) const {
  for (const wit::Member& param : model.run(function.params)) {
    if (param.type.is_id()) (*types)[param.type.id().value] = 1;
  }
  if (function.result.is_id()) (*types)[function.result.id().value] = 1;
  if (function.kind != wit::FuncKind::Free) (*types)[function.resource.value] = 1;
}

// Types are made of types with smaller numbers.
void World::mark_parts_of_types(base::Vector<uint8_t>* types) const {
  for (size_t i = types->size(); i-- > 0;) {
    if ((*types)[i] == 0) continue;
    const wit::TypeDef& type = model.types[i];
    for (const wit::Type part : {type.first, type.second}) {
      if (part.is_id()) (*types)[part.id().value] = 1;
    }
    for (const wit::Member& member : model.run(type.members)) {
      if (member.type.is_id()) (*types)[member.type.id().value] = 1;
    }
  }
}

bool World::mark(std::span<const Part> parts) {
  base::Vector<uint8_t> of_exports;
  base::Vector<uint8_t> is_exported;
  if (!marked_types_.resize(model.types.size()) || !marked_functions_.resize(model.functions.size()) ||
      !of_exports.resize(model.types.size()) || !is_exported.resize(model.interfaces.size())) {
    return false;
  }
  for (const Part& part : parts) {
    if (!part.is_used) continue;
    for (const Need& need : part.needs) {
      const Meaning& meaning = need.meaning;
      if (meaning.source == Source::DropImported) marked_types_[meaning.id] = 1;
      if (meaning.source != Source::Function) continue;
      marked_functions_[meaning.id] = 1;
      mark_function(model[FuncId(meaning.id)], &marked_types_);
    }
  }
  for (const WorldItem& item : world().imports) {
    if (item.kind == WorldItem::Type) marked_types_[item.index] = 1;
  }
  for (const WorldItem& item : world().exports) {
    if (item.kind == WorldItem::Func) mark_function(model[FuncId(item.index)], &of_exports);
    if (item.kind != WorldItem::Interface) continue;
    is_exported[item.index] = 1;
    for (const TypeId type : model[InterfaceId(item.index)].types) of_exports[type.value] = 1;
    for (const FuncId id : model[InterfaceId(item.index)].functions) mark_function(model[id], &of_exports);
  }
  // What exports are made of is imported unless it is exported itself. What has no name is made of what has one.
  mark_parts_of_types(&of_exports);
  for (size_t i = 0; i < of_exports.size(); ++i) {
    const wit::Owner owner = model.types[i].owner;
    const bool is_imported = owner.kind == wit::Owner::Interface && is_exported[owner.index] == 0;
    if (is_imported) marked_types_[i] |= of_exports[i];
  }
  mark_parts_of_types(&marked_types_);
  return true;
}

bool World::is_marked(const WorldItem& item) const {
  if (item.kind == WorldItem::Type) return true;
  if (item.kind == WorldItem::Func) return marked_functions_[item.index] != 0;
  for (const TypeId type : model[InterfaceId(item.index)].types) {
    if (marked_types_[type.value] != 0) return true;
  }
  for (const FuncId function : model[InterfaceId(item.index)].functions) {
    if (marked_functions_[function.value] != 0) return true;
  }
  return false;
}

}  // namespace wherry::component::assemble
