// Flattening: the tree of components is carried out once, when a component is loaded, with everything that an index stands
// for known by name instead of by value. What is left is a list of core instantiations with their arguments, and the
// canonical functions between them; instantiating is then a loop, and no component linker exists at run time.
//
// A component that is instantiated twice is carried out twice, as it has state twice. So small files can ask for much: the
// number of instances and the number of definitions carried out are bounded. Instances inside of instances are followed with a stack of
// frames, not by calls.
//
// Resources are what makes types differ from instance to instance. Each frame knows which resource a ResourceId of its types
// is (bind()), learned wherever a type with a name comes in: imports, instances made, exports with an ascribed type.
// Rejected: substituting types once more, as the validator did; only plans need to know, and only where own and borrow are.
#include <algorithm>

#include "component/adapters.h"
#include "component/flattener.h"
#include "component/limits.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr uint32_t kMaxInstances = 10'000;
// A step leaves 40 bytes behind or less. A file of 50 KB can ask for as many as it likes: components in it, times how often they
// are instantiated.
constexpr uint64_t kMaxSteps = 5'000'000;

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

base::Failure unsupported(std::string what) {
  return base::fail(ErrorCode::FeatureDisabled, base::Error::kNoOffset, std::move(what));
}

}  // namespace

bool NumberMap::set(uint32_t key, uint32_t value) {
  if ((count_ + 1) * 2 > slots_.size()) {
    base::Vector<Slot> former = std::move(slots_);
    slots_ = {};
    if (!slots_.resize(former.empty() ? 16 : former.size() * 2)) return false;
    for (const Slot& slot : former) {
      if (slot.key != kNone) slots_[place(slot.key)] = slot;
    }
  }
  Slot& slot = slots_[place(key)];
  count_ += slot.key == kNone ? 1 : 0;
  slot = {key, value};
  return true;
}

Result<FlatComponent> Flattener::run() {
  WHERRY_TRY(open(0, kNone, kNone, kNone));
  for (;;) {
    Frame& here = frame();
    if (here.at < here.end) {
      const Def& def = file_.defs[here.at++];
      WHERRY_TRY(count(1));
      WHERRY_TRY(step(def));
      continue;
    }
    if (here.caller == kNone) break;
    WHERRY_TRY(close());
  }
  WHERRY_TRY(finish_exports());
  WHERRY_TRY(find_direct());
  if (!make_adapters(valid_, &out_)) return out_of_memory();
  return std::move(out_);
}

Result<void> Flattener::count(uint64_t steps) {
  steps_ += steps;
  if (steps_ <= kMaxSteps) return {};
  return base::fail(ErrorCode::TooManyItems, base::Error::kNoOffset,
                    "instantiating the component takes more than 5000000 steps");
}

// ---- frames

Result<void> Flattener::open(uint32_t component, uint32_t outer, uint32_t caller, uint32_t arguments) {
  if (out_.instances.size() >= kMaxInstances) {
    return base::fail(ErrorCode::TooManyItems, base::Error::kNoOffset,
                      "a component of more than 10000 instances");
  }
  std::unique_ptr<Frame> made(new (std::nothrow) Frame);
  if (made == nullptr) return out_of_memory();
  const Def& def = file_.defs[file_.components[component].def];
  made->component = component;
  made->outer = outer;
  made->caller = caller;
  made->instance = static_cast<uint32_t>(out_.instances.size());
  made->at = file_.components[component].def + 1;
  made->end = def.end;
  made->arguments = arguments;
  for (uint32_t sort = 0; sort < kSortCount; ++sort) {
    if (!made->spaces[sort].reserve(valid_.scopes()[component].spaces[sort].size())) return out_of_memory();
  }
  FlatInstance instance;
  instance.parent = caller == kNone ? kNone : frames_[caller]->instance;
  if (!out_.instances.push_back(instance)) return out_of_memory();
  made->exports = WHERRY_TRY(add_bag({}));
  current_ = static_cast<uint32_t>(frames_.size());
  if (!frames_.push_back(std::move(made))) return out_of_memory();
  return {};
}

Result<void> Flattener::close() {
  Bag& exports = bags_[frame().exports];
  std::sort(exports.begin(), exports.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  Item item;
  item.a = frame().exports;
  current_ = frame().caller;
  const uint32_t type = type_of_next(Sort::Instance);
  WHERRY_TRY(bind(Sort::Instance, type, item));
  return push(Sort::Instance, item);
}

Result<void> Flattener::push(Sort sort, const Item& item) {
  return frame().space(sort).push_back(item) ? Result<void>() : out_of_memory();
}

Result<uint32_t> Flattener::add_bag(Bag&& bag) {
  WHERRY_TRY(count(bag.size()));
  if (!bags_.push_back(std::move(bag))) return out_of_memory();
  return static_cast<uint32_t>(bags_.size() - 1);
}

const Flattener::Entry* Flattener::find(uint32_t bag, std::string_view name) const {
  const Bag& entries = bags_[bag];
  const Entry* const found = std::lower_bound(entries.begin(), entries.end(), name,
                                              [](const Entry& a, std::string_view b) { return a.name < b; });
  return found != entries.end() && found->name == name ? found : nullptr;
}

// ---- definitions

Result<void> Flattener::step(const Def& def) {
  switch (def.kind) {
    case DefKind::Component: {
      Item item;
      item.a = def.index;
      item.b = current_;
      frame().at = def.end + 1;
      return push(Sort::Component, item);
    }
    case DefKind::ComponentType:
    case DefKind::InstanceType: frame().at = def.end + 1; return push(Sort::Type, {});
    case DefKind::CoreModuleType: frame().at = def.end + 1; return push(Sort::CoreType, {});
    case DefKind::CoreModule: {
      Item item;
      item.a = 0;
      item.b = def.index;
      return push(Sort::CoreModule, item);
    }
    case DefKind::CoreType: {
      for (uint32_t i = 0; i < file_.core_types[def.index].count; ++i) WHERRY_TRY(push(Sort::CoreType, {}));
      return {};
    }
    case DefKind::CoreInstance: return core_instance(file_.core_instances[def.index]);
    case DefKind::Instance: return instance(file_.instances[def.index]);
    case DefKind::Alias: return alias(file_.aliases[def.index]);
    case DefKind::Type: return type(file_.types[def.index]);
    case DefKind::Canon: return canon(file_.canons[def.index]);
    case DefKind::Import: return import(file_.imports[def.index]);
    case DefKind::Export: return export_(file_.exports[def.index]);
    case DefKind::Start: return unsupported("instantiating a component with a start function");
    case DefKind::Value: return unsupported("instantiating a component with values");
    default: return {};
  }
}

Result<void> Flattener::type(const TypeDef& def) {
  Item item;
  if (def.form == TypeForm::Resource) {
    FlatResource resource;
    resource.instance = frame().instance;
    if (def.has_first) resource.destructor = at(Sort::CoreFunc, def.number).core;
    item.a = static_cast<uint32_t>(out_.resources.size());
    if (!out_.resources.push_back(resource)) return out_of_memory();
    WHERRY_TRY(bind(Sort::Type, type_of_next(Sort::Type), item));
  }
  return push(Sort::Type, item);
}

Result<void> Flattener::alias(const Alias& alias) {
  switch (alias.kind) {
    case AliasKind::Outer: {
      uint32_t from = current_;
      for (uint32_t i = 0; i < alias.instance; ++i) from = frames_[from]->outer;
      const Item item = frames_[from]->space(alias.sort)[alias.index];
      return push(alias.sort, item);
    }
    case AliasKind::CoreExport: {
      Item item;
      item.core = WHERRY_TRY(core_export(at(Sort::CoreInstance, alias.instance), alias.sort, alias.name));
      return push(alias.sort, item);
    }
    case AliasKind::Export: break;
  }
  const Entry* const found = find(at(Sort::Instance, alias.instance).a, alias.name);
  return push(alias.sort, found->item);
}

Result<void> Flattener::export_(const Export& exported) {
  const Item item = at(exported.sort, exported.index);
  if (exported.has_type) WHERRY_TRY(bind(exported.sort, type_of_next(exported.sort), item));
  if (!bags_[frame().exports].push_back({exported.name.name, exported.sort, item})) return out_of_memory();
  return push(exported.sort, item);
}

Result<void> Flattener::instance(const InstanceDef& def) {
  Bag bag;
  if (!bag.reserve(def.items.size())) return out_of_memory();
  for (const InstanceItem& item : def.items) {
    if (!bag.push_back({item.name.name, item.sort, at(item.sort, item.index)})) return out_of_memory();
  }
  std::sort(bag.begin(), bag.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  const uint32_t made = WHERRY_TRY(add_bag(std::move(bag)));
  if (def.is_instantiate) {
    const Item component = at(Sort::Component, def.target);
    return open(component.a, component.b, current_, made);
  }
  Item item;
  item.a = made;
  return push(Sort::Instance, item);
}

// ---- imports

Result<void> Flattener::import(const Import& import) {
  const Sort sort = import.type.sort;
  Item item;
  if (frame().caller == kNone) {
    WHERRY_TRY(root_import(import, &item));
  } else {
    item = find(frame().arguments, import.name.name)->item;
  }
  WHERRY_TRY(bind(sort, type_of_next(sort), item));
  return push(sort, item);
}

Result<void> Flattener::root_import(const Import& import, Item* item) {
  const Entity entity{import.type.sort, type_of_next(import.type.sort)};
  const std::string_view name = import.name.name;
  if (entity.sort != Sort::Instance) {
    *item = WHERRY_TRY(leaf_item({}, name, entity));
    return {};
  }
  Bag bag;
  if (!bag.reserve(types_[entity.type()].exports.count)) return out_of_memory();
  for (const Extern& exported : types_.externs(types_[entity.type()].exports)) {
    const Item made = WHERRY_TRY(leaf_item(name, exported.name, exported.entity));
    if (!bag.push_back({exported.name, exported.entity.sort, made})) return out_of_memory();
  }
  std::sort(bag.begin(), bag.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  item->a = WHERRY_TRY(add_bag(std::move(bag)));
  return {};
}

Result<Flattener::Item> Flattener::leaf_item(std::string_view interface, std::string_view name,
                                             Entity entity) {
  Item item;
  FlatLeaf leaf;
  leaf.interface = interface;
  leaf.name = name;
  const auto made = static_cast<uint32_t>(out_.leaves.size());
  switch (entity.sort) {
    case Sort::Func:
      leaf.type = entity.type();
      item.a = 1;
      item.b = made;
      break;
    case Sort::CoreModule:
      leaf.kind = FlatLeaf::Kind::Module;
      leaf.module_type = entity.id;
      item.a = 1;
      item.b = made;
      break;
    case Sort::Type: {
      const TypeNode& node = types_[entity.type()];
      if (node.kind != TypeKind::Resource) return item;
      item.a = frame().resources.find(node.resource.value);
      if (item.a != kNone) return item;  // Equal to one that was imported before.
      item.a = static_cast<uint32_t>(out_.resources.size());
      FlatResource resource;
      resource.leaf = made;
      leaf.kind = FlatLeaf::Kind::Resource;
      leaf.resource = item.a;
      // Later items of the same interface mention it.
      if (!out_.resources.push_back(resource) || !frame().resources.set(node.resource.value, item.a))
        return out_of_memory();
      break;
    }
    case Sort::Component: return unsupported("instantiating a component that imports a component");
    case Sort::Value: return unsupported("instantiating a component with values");
    default: return unsupported("instantiating a component that imports an instance with instances inside");
  }
  if (!out_.leaves.push_back(leaf)) return out_of_memory();
  return item;
}

Result<void> Flattener::bind(Sort sort, uint32_t type, const Item& item) {
  if (sort == Sort::Type) {
    const TypeNode& node = types_[TypeId(type)];
    if (node.kind != TypeKind::Resource || item.a == kNone) return {};
    return frame().resources.set(node.resource.value, item.a) ? Result<void>() : out_of_memory();
  }
  if (sort != Sort::Instance) return {};
  const TypeNode& node = types_[TypeId(type)];
  WHERRY_TRY(count(node.exports.count));
  for (const Extern& exported : types_.externs(node.exports)) {
    if (exported.entity.sort != Sort::Type && exported.entity.sort != Sort::Instance) continue;
    const Entry* const found = find(item.a, exported.name);
    if (found != nullptr) WHERRY_TRY(bind(exported.entity.sort, exported.entity.id, found->item));
  }
  return {};
}

// ---- core instances

Result<void> Flattener::core_instance(const InstanceDef& def) {
  Item made;
  if (!def.is_instantiate) {
    Bag bag;
    if (!bag.reserve(def.items.size())) return out_of_memory();
    for (const InstanceItem& item : def.items) {
      if (!bag.push_back({item.name.name, item.sort, at(item.sort, item.index)})) return out_of_memory();
    }
    std::sort(bag.begin(), bag.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    made.b = WHERRY_TRY(add_bag(std::move(bag)));
    return push(Sort::CoreInstance, made);
  }
  const Item module = at(Sort::CoreModule, def.target);
  FlatCoreInstance instance;
  instance.module = {module.a != 0, module.b};
  instance.instance = frame().instance;
  Bag given;  // Core instances by name.
  if (!given.reserve(def.items.size())) return out_of_memory();
  for (const InstanceItem& item : def.items) {
    if (!given.push_back({item.name.name, item.sort, at(Sort::CoreInstance, item.index)}))
      return out_of_memory();
  }
  std::sort(given.begin(), given.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  const uint32_t bag = WHERRY_TRY(add_bag(std::move(given)));
  if (instance.module.is_leaf) {
    const Range imports = types_.module_type(out_.leaves[module.b].module_type).imports;
    instance.arguments = {static_cast<uint32_t>(out_.named_arguments.size()), imports.count};
    for (const CoreName& import : types_.core_names(imports)) {
      const Sort sort = core_sort(types_.core_extern(import.item).kind);
      const CoreItem item = WHERRY_TRY(core_export(find(bag, import.module)->item, sort, import.name));
      if (!out_.named_arguments.push_back({import.module, import.name, item})) return out_of_memory();
    }
    FlatArgument* const first = out_.named_arguments.data() + instance.arguments.first;
    std::sort(first, first + instance.arguments.count, &FlatArgument::is_before);
  } else {
    const wasm::Module& wasm = valid_.modules()[module.b]->module;
    WHERRY_TRY(count(wasm.imports.size()));
    instance.arguments = {static_cast<uint32_t>(out_.core_arguments.size()),
                          static_cast<uint32_t>(wasm.imports.size())};
    for (const wasm::Import& import : wasm.imports) {
      const CoreItem item =
          WHERRY_TRY(core_export(find(bag, import.module)->item, core_sort(import.kind), import.name));
      if (!out_.core_arguments.push_back(item)) return out_of_memory();
    }
  }
  made.a = static_cast<uint32_t>(out_.core_instances.size());
  if (!out_.core_instances.push_back(instance)) return out_of_memory();
  return push(Sort::CoreInstance, made);
}

Result<CoreItem> Flattener::core_export(const Item& instance, Sort, std::string_view name) {
  if (instance.a == kNone) return find(instance.b, name)->item.core;
  CoreItem item;
  item.from = CoreItem::From::Export;
  item.index = instance.a;
  item.name = name;
  const FlatModule module = out_.core_instances[instance.a].module;
  if (!module.is_leaf) item.position = WHERRY_TRY(find_module_export(module.index, name));
  return item;
}

Result<uint32_t> Flattener::find_module_export(uint32_t module, std::string_view name) {
  if (module_exports_.empty() && !module_exports_.resize(file_.modules.size())) return out_of_memory();
  const auto& exports = valid_.modules()[module]->module.exports;
  base::Vector<uint32_t>& sorted = module_exports_[module];
  if (sorted.empty()) {
    WHERRY_TRY(count(exports.size()));
    for (uint32_t i = 0; i < exports.size(); ++i) {
      if (!sorted.push_back(i)) return out_of_memory();
    }
    std::sort(sorted.begin(), sorted.end(),
              [&](uint32_t a, uint32_t b) { return exports[a].name < exports[b].name; });
  }
  const uint32_t* const found =
      std::lower_bound(sorted.begin(), sorted.end(), name,
                       [&](uint32_t a, std::string_view b) { return exports[a].name < b; });
  return *found;
}

// ---- what the outermost component exports

Result<void> Flattener::finish_exports() {
  const auto add = [&](std::string_view interface, const Entry& entry, Entity entity) -> Result<void> {
    FlatExport made;
    made.interface = interface;
    made.name = entry.name;
    switch (entry.sort) {
      case Sort::Func:
        made.func = {entry.item.a != 0, entry.item.b};
        made.type = entity.type();
        break;
      case Sort::Type:
        if (entry.item.a == kNone) return {};
        made.kind = FlatExport::Kind::Resource;
        made.resource = entry.item.a;
        break;
      case Sort::CoreModule:
        made.kind = FlatExport::Kind::Module;
        made.module = {entry.item.a != 0, entry.item.b};
        break;
      default: return {};
    }
    return out_.exports.push_back(made) ? Result<void>() : out_of_memory();
  };
  const Range exports = types_[valid_.type()].exports;
  for (const Entry& entry : bags_[frame().exports]) {
    const Extern* const type = types_.find(exports, entry.name);
    if (entry.sort != Sort::Instance) {
      WHERRY_TRY(add({}, entry, type->entity));
      continue;
    }
    for (const Entry& inner : bags_[entry.item.a]) {
      const Extern* const inner_type = types_.find(types_[type->entity.type()].exports, inner.name);
      if (inner_type != nullptr) WHERRY_TRY(add(entry.name, inner, inner_type->entity));
    }
  }
  for (uint32_t i = 0; i < types_.resource_count(); ++i) {
    if (!out_.root_resources.push_back(frame().resources.find(i))) return out_of_memory();
  }
  return {};
}

Result<FlatComponent> flatten(const ValidComponent& component, const wasm::TypeRegistry& registry) {
  return Flattener(component, registry).run();
}

}  // namespace wherry::component
