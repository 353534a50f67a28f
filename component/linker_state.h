#pragma once

#include <atomic>
#include <string>

#include "component/flat.h"
#include "component/state.h"
#include "engine/base/vector.h"
#include "wherry/component_linker.h"

// Names and what they stand for; and a component whose imports have been found. Inside of component/.
namespace wherry::component {

// A callable of the host's, shared by linkers and prelinked components; counted.
struct HostCallable {
  std::atomic<uint32_t> users{1};
  void* object = nullptr;
  void (*destroy)(void* object) = nullptr;

  void retain() { users.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (users.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (destroy != nullptr) destroy(object);
    delete this;
  }
};

// What a name stands for. Copied freely; keeps nothing alive by itself, except a module.
struct Supply {
  enum class Kind : uint8_t {
    Nothing,
    Typed,     // entry, environment, type
    Dynamic,   // dynamic, environment
    Lifted,    // tree, index of the lift: of one store
    Resource,  // host
    Guest,     // A resource of a guest: tree, index. Of one store.
    Module,
    Trap,  // An import that nobody supplies.
  };
  Kind kind = Kind::Nothing;
  HostEntry entry = nullptr;
  void* environment = nullptr;
  const detail::FuncDesc* type = nullptr;
  detail::DynamicHostFunction dynamic = nullptr;
  HostCallable* callable = nullptr;
  const detail::ResourceClass* host = nullptr;
  uint64_t store = 0;  // RtStore::id
  uint32_t tree = 0;
  uint32_t index = 0;
  TypeId guest_type;  // Lifted: in the types of its own component.
  std::optional<wherry::Module> module;
};

// One name defined by itself.
struct LinkerName {
  std::string name;
  Supply supply;
};

struct LinkerTable {
  std::span<const ComponentHostEntry> rows;
  void* environment = nullptr;
};

struct LinkerInterface {
  std::string name;  // "wasi:io/streams@0.2.12"
  base::Vector<LinkerName> names;
  base::Vector<LinkerTable> tables;
};

// A name with its version split off: "wasi:io/streams", and what is compatible with it.
struct VersionedName {
  std::string_view base;   // Empty: no version, or one that is compatible with nothing else.
  uint64_t track[2] = {};  // Major; minor if major is 0.
  uint64_t version[3] = {};

  static VersionedName parse(std::string_view name);
  bool is_compatible(const VersionedName& other) const {
    return !base.empty() && base == other.base && track[0] == other.track[0] && track[1] == other.track[1];
  }
};

}  // namespace wherry::component

namespace wherry::detail {

struct ComponentLinkerState {
  explicit ComponentLinkerState(Engine with) : engine(std::move(with)) {}
  ~ComponentLinkerState();

  Engine engine;
  bool allows_shadowing = false;
  bool unknown_trap = false;
  base::Vector<component::LinkerInterface> interfaces;

  // Exactly that one; null.
  component::LinkerInterface* find_exact(std::string_view interface);
  // Or the best compatible one; null.
  const component::LinkerInterface* find(std::string_view interface) const;
};

struct ComponentPreState {
  explicit ComponentPreState(Component of) : component(std::move(of)) {}
  ~ComponentPreState();

  std::atomic<uint32_t> users{1};
  Component component;
  base::Vector<component::Supply> supplies;  // By FlatComponent::leaves; holds a count of each callable.
  uint64_t store = 0;                        // RtStore::id of what belongs to one store; 0: nothing does.
};

}  // namespace wherry::detail
