// ComponentLinker: definitions by interface and name, and finding what a component imports among them.
//
// Tables of interfaces are kept as they are given; of a component's imports, each is looked up once, in prelink(), and only
// then are types compared. An interface is found by its exact name or by the highest compatible version; which one of the tables and
// names of it a row comes from is decided by order of definition.
#include <new>

#include "component/link_types.h"
#include "component/runtime.h"

namespace wherry {

using component::FlatLeaf;
using component::HostCallable;
using component::LinkerInterface;
using component::LinkerName;
using component::Supply;
using component::VersionedName;

// ---- versions

namespace component {

namespace {

bool take_number(std::string_view* text, uint64_t* value) {
  size_t digits = 0;
  *value = 0;
  while (digits < text->size() && (*text)[digits] >= '0' && (*text)[digits] <= '9' && digits < 18) {
    *value = *value * 10 + static_cast<uint64_t>((*text)[digits++] - '0');
  }
  text->remove_prefix(digits);
  return digits != 0;
}

}  // namespace

// A build suffix ("+...") does not matter; a pre-release ("-...") is compatible with nothing.
VersionedName VersionedName::parse(std::string_view name) {
  VersionedName made;
  const size_t at = name.rfind('@');
  if (at == std::string_view::npos) return made;
  std::string_view rest = name.substr(at + 1);
  for (int i = 0; i < 3; ++i) {
    if (i != 0) {
      if (rest.empty() || rest[0] != '.') return made;
      rest.remove_prefix(1);
    }
    if (!take_number(&rest, &made.version[i])) return made;
  }
  if (!rest.empty() && rest[0] != '+') return made;
  if (made.version[0] == 0 && made.version[1] == 0) return made;
  made.track[0] = made.version[0];
  made.track[1] = made.version[0] == 0 ? made.version[1] : 0;
  made.base = name.substr(0, at);
  return made;
}

}  // namespace component

namespace detail {

ComponentLinkerState::~ComponentLinkerState() {
  for (LinkerInterface& interface : interfaces) {
    for (LinkerName& name : interface.names) {
      if (name.supply.callable != nullptr) name.supply.callable->release();
    }
  }
}

LinkerInterface* ComponentLinkerState::find_exact(std::string_view interface) {
  for (LinkerInterface& known : interfaces) {
    if (known.name == interface) return &known;
  }
  return nullptr;
}

const LinkerInterface* ComponentLinkerState::find(std::string_view interface) const {
  const VersionedName wanted = VersionedName::parse(interface);
  const LinkerInterface* best = nullptr;
  VersionedName best_version;
  for (const LinkerInterface& known : interfaces) {
    const std::string_view name = known.name;
    if (name == interface) return &known;
    // Most are of another name, which needs no reading of numbers.
    const bool has_name = !wanted.base.empty() && name.size() > wanted.base.size() &&
                          name[wanted.base.size()] == '@' && name.starts_with(wanted.base);
    if (!has_name) continue;
    const VersionedName version = VersionedName::parse(name);
    if (!wanted.is_compatible(version)) continue;
    if (best != nullptr && std::lexicographical_compare(version.version, version.version + 3,
                                                        best_version.version, best_version.version + 3)) {
      continue;
    }
    best = &known;
    best_version = version;
  }
  return best;
}

ComponentPreState::~ComponentPreState() {
  for (Supply& supply : supplies) {
    if (supply.callable != nullptr) supply.callable->release();
  }
}

ComponentPreState* retain(ComponentPreState* state) noexcept {
  if (state != nullptr) state->users.fetch_add(1, std::memory_order_relaxed);
  return state;
}
void release(ComponentPreState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state;
}

}  // namespace detail

// ---- defining

namespace {

Error defined_twice(std::string_view interface, std::string_view name) {
  std::string text = "'" + std::string(interface);
  text += interface.empty() || name.empty() ? "" : "' '";
  text += std::string(name) + "' is defined twice";
  return Error::make(ErrorKind::Link, text);
}

Result<LinkerInterface*> interface_of(detail::ComponentLinkerState& state, std::string_view name) {
  if (LinkerInterface* const known = state.find_exact(name)) return known;
  LinkerInterface made;
  made.name = name;
  if (!made.tables.reserve(1)) return Error::out_of_memory();
  if (!state.interfaces.push_back(std::move(made))) return Error::out_of_memory();
  return &state.interfaces.back();
}

LinkerName* find_name(LinkerInterface& interface, std::string_view name) {
  for (LinkerName& known : interface.names) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

// Takes over the count of the callable, also on failure.
Result<void> define(detail::ComponentLinkerState& state, std::string_view interface, std::string_view name,
                    Supply supply) {
  HostCallable* const callable = supply.callable;
  const auto fail = [callable](Error error) {
    if (callable != nullptr) callable->release();
    return error;
  };
  Result<LinkerInterface*> found = interface_of(state, interface);
  if (!found) return fail(std::move(found).error());
  LinkerInterface& target = **found;
  if (LinkerName* const known = find_name(target, name)) {
    if (!state.allows_shadowing) return fail(defined_twice(interface, name));
    if (known->supply.callable != nullptr) known->supply.callable->release();
    known->supply = std::move(supply);
    return {};
  }
  if (!state.allows_shadowing) {
    for (const component::LinkerTable& table : target.tables) {
      for (const ComponentHostEntry& row : table.rows) {
        if (row.name == name) return fail(defined_twice(interface, name));
      }
    }
  }
  if (!target.names.push_back({std::string(name), std::move(supply)})) return fail(Error::out_of_memory());
  return {};
}

Result<HostCallable*> share(void* object, void (*destroy)(void*)) {
  auto* const made = new (std::nothrow) HostCallable;
  if (made == nullptr) {
    if (destroy != nullptr) destroy(object);
    return Error::out_of_memory();
  }
  made->object = object;
  made->destroy = destroy;
  return made;
}

}  // namespace

ComponentLinker::ComponentLinker(const Engine& engine) : state_(new detail::ComponentLinkerState(engine)) {}
ComponentLinker::ComponentLinker(ComponentLinker&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}
ComponentLinker& ComponentLinker::operator=(ComponentLinker&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
ComponentLinker::~ComponentLinker() { delete state_; }

bool ComponentLinker::has_interface(std::string_view interface) const {
  return state_->find(interface) != nullptr;
}

void ComponentLinker::allow_shadowing(bool allow) { state_->allows_shadowing = allow; }
void ComponentLinker::unknown_imports_trap(bool trap) { state_->unknown_trap = trap; }

Result<void> ComponentLinker::define_interface(std::string_view interface,
                                               std::span<const ComponentHostEntry> rows, void* environment) {
  WHERRY_ASSIGN_OR_RETURN(LinkerInterface* const target, interface_of(*state_, interface));
  if (!target->tables.push_back({rows, environment})) return Error::out_of_memory();
  return {};
}

Result<void> ComponentLinker::define_closure(std::string_view interface, std::string_view name,
                                             const detail::FuncDesc* type, detail::HostClosure closure) {
  Supply supply;
  supply.kind = Supply::Kind::Typed;
  supply.entry = closure.entry;
  supply.environment = closure.environment;
  supply.type = type;
  WHERRY_ASSIGN_OR_RETURN(supply.callable, share(closure.environment, closure.destroy));
  return define(*state_, interface, name, std::move(supply));
}

Result<void> ComponentLinker::define_dynamic(std::string_view interface, std::string_view name,
                                             detail::DynamicHost host) {
  Supply supply;
  supply.kind = Supply::Kind::Dynamic;
  supply.dynamic = host.function;
  supply.environment = host.callable;
  WHERRY_ASSIGN_OR_RETURN(supply.callable, share(host.callable, host.destroy));
  return define(*state_, interface, name, std::move(supply));
}

Result<void> ComponentLinker::define_resource(std::string_view interface, std::string_view name,
                                              const detail::ResourceClass* resource) {
  Supply supply;
  supply.kind = Supply::Kind::Resource;
  supply.host = resource;
  return define(*state_, interface, name, std::move(supply));
}

Result<void> ComponentLinker::module(std::string_view interface, std::string_view name,
                                     const Module& module) {
  if (module.engine() != state_->engine)
    return Error::usage("the module is of another engine than the linker");
  Supply supply;
  supply.kind = Supply::Kind::Module;
  supply.module = module;
  return define(*state_, interface, name, std::move(supply));
}

Result<void> ComponentLinker::define_instance(StoreRef store, std::string_view name,
                                              ComponentInstance instance) {
  component::RtTree* const tree = component::find_tree(store, ComponentHandleAccess::of(instance));
  if (tree == nullptr) return Error::make(ErrorKind::InvalidHandle, "no component instance of this store");
  if (!name.empty()) WHERRY_RETURN_IF_ERROR(interface_of(*state_, name));
  for (const component::FlatExport& exported : tree->flat().exports) {
    Supply supply;
    supply.store = tree->store->id;
    supply.tree = tree->index;
    switch (exported.kind) {
      case component::FlatExport::Kind::Func:
        if (exported.func.is_leaf) {
          supply = tree->pre.get()->supplies[exported.func.index];
          if (supply.callable != nullptr) supply.callable->retain();
          break;
        }
        supply.kind = Supply::Kind::Lifted;
        supply.index = exported.func.index;
        supply.guest_type = exported.type;
        break;
      case component::FlatExport::Kind::Resource:
        supply.kind = Supply::Kind::Guest;
        supply.index = exported.resource;
        break;
      case component::FlatExport::Kind::Module:
        supply.kind = Supply::Kind::Module;
        supply.module = exported.module.is_leaf ? tree->pre.get()->supplies[exported.module.index].module
                                                : tree->component().modules[exported.module.index];
        break;
    }
    if (!name.empty() && !exported.interface.empty()) {
      if (supply.callable != nullptr) supply.callable->release();
      continue;  // An instance in an instance, which nothing can import.
    }
    WHERRY_RETURN_IF_ERROR(
        define(*state_, name.empty() ? exported.interface : name, exported.name, std::move(supply)));
  }
  return {};
}

// ---- finding

namespace {

// Of one interface: what stands for a name. Kind::Nothing: nothing.
Supply find_supply(const LinkerInterface& interface, std::string_view name) {
  for (const LinkerName& known : interface.names) {
    if (known.name == name) return known.supply;
  }
  Supply supply;
  for (const component::LinkerTable& table : interface.tables) {
    for (const ComponentHostEntry& row : table.rows) {
      if (row.name != name) continue;
      supply.kind = row.resource != nullptr ? Supply::Kind::Resource : Supply::Kind::Typed;
      supply.entry = row.entry;
      supply.environment = table.environment;
      supply.type = row.type;
      supply.host = row.resource;
      return supply;
    }
  }
  return supply;
}

std::string name_of(const FlatLeaf& leaf) {
  std::string text = "import '";
  if (!leaf.interface.empty()) text += std::string(leaf.interface) + "' '";
  return text + std::string(leaf.name) + "'";
}

// What there is instead of an import that nobody defined.
std::string missing(const detail::ComponentLinkerState& state, const FlatLeaf& leaf,
                    const LinkerInterface* found) {
  constexpr std::string_view kMissing = "is not defined";
  if (leaf.interface.empty()) return std::string(kMissing);
  if (found != nullptr) return std::string(kMissing) + ": '" + found->name + "' has no such item";
  const std::string_view base = leaf.interface.substr(0, leaf.interface.find('@'));
  for (const LinkerInterface& known : state.interfaces) {
    const std::string_view name = known.name;
    if (name.substr(0, name.find('@')) == base)
      return std::string(kMissing) + ": there is '" + known.name + "', another version";
  }
  return std::string(kMissing);
}

Error link_error(const FlatLeaf& leaf, const std::string& what) {
  return Error::make(ErrorKind::Link, name_of(leaf) + " " + what);
}

bool is_of_kind(const FlatLeaf& leaf, const Supply& supply) {
  switch (supply.kind) {
    case Supply::Kind::Typed:
    case Supply::Kind::Dynamic:
    case Supply::Kind::Lifted: return leaf.kind == FlatLeaf::Kind::Func;
    case Supply::Kind::Resource:
    case Supply::Kind::Guest: return leaf.kind == FlatLeaf::Kind::Resource;
    case Supply::Kind::Module: return leaf.kind == FlatLeaf::Kind::Module;
    case Supply::Kind::Trap: return leaf.kind != FlatLeaf::Kind::Module;
    case Supply::Kind::Nothing: break;
  }
  return false;
}

Result<void> check(const detail::ComponentPreState& pre) {
  const detail::ComponentState* const state = ComponentTypeAccess::state(pre.component);
  component::MatchedTypes known;
  std::string why;
  for (size_t i = 0; i < pre.supplies.size(); ++i) {
    const Supply& supply = pre.supplies[i];
    const FlatLeaf& leaf = state->flat.leaves[i];
    if (supply.kind != Supply::Kind::Typed) continue;
    if (component::matches_desc(*state, leaf.type, *supply.type, pre.supplies, &known, &why)) continue;
    return link_error(leaf, "has the type " + ComponentTypeAccess::func(state, leaf.type).to_string() +
                                ", but the host's is another: " + why);
  }
  return {};
}

}  // namespace

Result<ComponentPre> ComponentLinker::prelink(const Component& component) const {
  if (component.engine() != state_->engine) {
    return Error::usage("the component is of another engine than the linker");
  }
  if (const auto& reason = ComponentTypeAccess::state(component)->not_flat)
    return component::to_public(*reason);
  auto* const pre = new (std::nothrow) detail::ComponentPreState(component);
  if (pre == nullptr) return Error::out_of_memory();
  ComponentPre made = ComponentHandleAccess::adopt(pre);
  const auto& leaves = ComponentTypeAccess::state(component)->flat.leaves;
  std::string_view interface;
  const LinkerInterface* found = state_->find({});
  for (const FlatLeaf& leaf : leaves) {
    if (leaf.interface != interface) {
      interface = leaf.interface;
      found = state_->find(interface);
    }
    Supply supply = found == nullptr ? Supply() : find_supply(*found, leaf.name);
    if (supply.kind == Supply::Kind::Nothing) {
      if (!state_->unknown_trap || leaf.kind == FlatLeaf::Kind::Module)
        return link_error(leaf, missing(*state_, leaf, found));
      supply.kind = Supply::Kind::Trap;
    }
    if (!is_of_kind(leaf, supply)) return link_error(leaf, "is of another kind than what is defined");
    if (supply.store != 0 && pre->store != 0 && supply.store != pre->store)
      return link_error(leaf, "is of another store than an import before it");
    if (supply.store != 0) pre->store = supply.store;
    if (supply.callable != nullptr) supply.callable->retain();
    if (!pre->supplies.push_back(supply)) {
      if (supply.callable != nullptr) supply.callable->release();
      return Error::out_of_memory();
    }
  }
  WHERRY_RETURN_IF_ERROR(check(*pre));
  return made;
}

Result<ComponentInstance> ComponentLinker::instantiate(StoreRef store, const Component& component) const {
  WHERRY_ASSIGN_OR_RETURN(const ComponentPre pre, prelink(component));
  return pre.instantiate(store);
}

const Component& ComponentPre::component() const { return state_.get()->component; }

}  // namespace wherry
