#pragma once

#include <memory>
#include <span>

#include "component/linker_state.h"
#include "component/state.h"
#include "engine/base/arena.h"
#include "engine/base/vector.h"
#include "wherry/component_instance.h"
#include "wherry/component_linker.h"
#include "wherry/detail/adapter.h"
#include "wherry/func.h"
#include "wherry/instance.h"

// Component instances at run time. Everything of one store is in a RtStore, which the store owns (StoreRef::attach) and
// which dies after the store's core instances.
namespace wherry::component {

struct RtTree;
struct RtInstance;
struct RtStore;

// A resource type in a store: what handles are compared by. Either a guest's (impl) or the host's (host), or one that nobody makes.
struct RtResource {
  RtInstance* impl = nullptr;
  const detail::ResourceClass* host = nullptr;
  CoreItem destructor;
  Func dtor;  // Found when it is needed first.
  void* dtor_object = nullptr;
};

// What one call has lent and borrowed, and memory that lives as long as it.
struct CallScope {
  struct Lend {
    RtInstance* instance;  // Null: the host's own table.
    uint32_t handle;
  };
  base::Vector<Lend> lends;
  base::Vector<std::unique_ptr<char[]>> scratch;
  base::Vector<ComponentResource> host_borrows;  // Handles of the host that end with the call.
  // Handles of what the host is to own, until it has got them: of a call that fails they would be nobody's.
  base::Vector<ComponentResource> host_owns;
  uint32_t borrows = 0;          // Handles of the callee that must be gone when it returns.
  RtInstance* callee = nullptr;  // Whose table they are in.
};

// An entry of a handle table; or free, without a resource.
struct Handle {
  RtResource* resource = nullptr;
  uint64_t rep = 0;            // Of the host's: an address. Free: the next free one.
  CallScope* scope = nullptr;  // Of a borrow.
  uint32_t lends = 0;
  bool is_own = true;
  uint32_t generation = 0;  // In the host's table.
};

// Entries of all handle tables of a store; those that are free again too, as tables do not shrink.
struct HandleCount {
  uint32_t entries = 0;
  uint32_t most = 1'000'000;
};

// Handles of an instance by index: from 1, the last freed first (which guests can see).
class HandleTable {
 public:
  // Null: there is none.
  Handle* find(uint32_t index) {
    return index < entries_.size() && entries_[index].resource != nullptr ? &entries_[index] : nullptr;
  }
  // 0: there is no memory, or too many. `count` is that of all tables of a store (RtStore::handle_count).
  uint32_t add(const Handle& handle, HandleCount& count);
  void remove(uint32_t index);
  std::span<Handle> entries() { return entries_.span(); }

 private:
  base::Vector<Handle> entries_;  // The first one is never used.
  uint32_t free_ = 0;
};

struct RtInstance {
  // Where they are: here, or in globals that an adapter uses too.
  uint32_t* may_leave = nullptr;
  uint32_t* is_entered = nullptr;  // Stays 1 after a trap.
  uint32_t own_may_leave = 1;
  uint32_t own_is_entered = 0;
  uint16_t depth = 0;
  RtInstance* parent = nullptr;
  RtTree* tree = nullptr;
  const FlatInstance* flat = nullptr;
  uint64_t context[2] = {};
  uint32_t backpressure = 0;
  HandleTable handles;
};

// A canonical function in a store. Its binding comes first: typed host functions get its address.
struct RtCanon {
  RtTree& tree() const { return *instance->tree; }

  detail::ComponentBinding binding;
  RtInstance* instance = nullptr;
  const FlatCanon* flat = nullptr;
  detail::LiftedFunc* callee = nullptr;  // Of another guest.
  Func func;                             // Once it is needed.
};

}  // namespace wherry::component

namespace wherry::detail {

struct CanonOptions {
  component::RtStore* store = nullptr;  // Null: nothing has been looked up yet.
  component::RtInstance* instance = nullptr;
  component::RtTree* tree = nullptr;
  Memory memory;
  Func realloc;
  void* realloc_object = nullptr;
  component::Encoding encoding = component::Encoding::Utf8;
  bool is_wide = false;
  // Which resource a tag of GuestOwn stands for; of lifted functions.
  base::Vector<std::pair<const ResourceClass*, component::RtResource*>> tags;
};

struct LiftedFunc {
  CanonOptions options;
  const component::FlatLift* flat = nullptr;
  component::RtInstance* instance = nullptr;
  component::RtTree* tree = nullptr;
  Func func;
  void* object = nullptr;  // Null: nothing has been looked up yet.
  Func post_return;
  void* post_return_object = nullptr;
};

}  // namespace wherry::detail

namespace wherry::component {

// The parts of a tree, as many as its FlatComponent says.
struct TreeArrays {
  std::span<RtInstance> instances;
  std::span<RtResource*> resources;  // By FlatComponent::resources.
  std::span<RtResource> own_resources;
  std::span<Instance> core_instances;  // Null: not made yet.
  std::span<Instance> adapters;        // By FlatComponent::adapters; null until something is taken from it.
  std::span<std::pair<Global, Global>>
      flags;  // By instance, if there are adapters: may_leave, is_entered; null: not a global.
  std::span<detail::LiftedFunc> lifts;
  std::span<RtCanon> canons;
  std::span<detail::CanonOptions> canon_options;  // By FlatComponent::options.
};

// One component in one store: its instances and their functions. How much it takes is known before there is an instance, so it is one
// piece of memory: itself, and its arrays behind it.
struct RtTree : TreeArrays {
  // Takes over a count of `of`. Null: there is no memory.
  static RtTree* create(RtStore* store, detail::ComponentPreState* of, StoreRef in);
  RtTree(const RtTree&) = delete;
  RtTree& operator=(const RtTree&) = delete;
  ~RtTree();

  const detail::ComponentState& component() const {
    return *ComponentTypeAccess::state(pre.get()->component);
  }
  const FlatComponent& flat() const { return component().flat; }

  detail::Shared<detail::ComponentPreState> pre;
  StoreRef store_ref;
  RtStore* store = nullptr;
  uint32_t index = 0;
  bool is_complete = false;

 private:
  RtTree(detail::Shared<detail::ComponentPreState> of, StoreRef in) : pre(std::move(of)), store_ref(in) {}
};

struct RtStore {
  RtStore();
  ~RtStore();
  // Null and an error: OutOfMemory. Made when it is asked for first.
  static Result<RtStore*> of(StoreRef store);
  // Null: the store has no components.
  static RtStore* find(StoreRef store);

  RtResource* host_resource(const detail::ResourceClass* host);

  uint64_t id;        // In the handles that the host has.
  base::Arena arena;  // Of trees.
  base::Vector<RtTree*> trees;
  base::Vector<std::unique_ptr<RtResource>> host_resources;
  HandleTable host_handles;  // ComponentResource
  uint32_t next_generation = 0;
  HandleCount handle_count;
};

// ---- instantiating (instantiate.cc)

// A core item of a tree. Errors: as Instance::get.
Result<wherry::Extern> resolve(RtTree* tree, const CoreItem& item);
Result<void> resolve_options(RtTree* tree, RtInstance* instance, const FlatOptions& flat,
                             detail::CanonOptions* options);
// Fills in a lifted function that is called for the first time.
Result<void> resolve_lift(detail::LiftedFunc* lifted);
// A function with exactly this type: its Func and object.
Result<void> resolve_func(RtTree* tree, const CoreItem& item, uint32_t params, bool has_result, Func* func,
                          void** object);

// ---- entering (calls.cc)

// Whether the callee may be entered from an instance, or from the host (null); then it and what is around it is marked.
bool enter(RtInstance* callee, const RtInstance* caller);
void leave(RtInstance* callee, const RtInstance* caller);

// What a host function of the engine does for each kind of canonical function; the environment is the RtCanon.
HostStatus lowered_entry(void* environment, Caller& caller, uint64_t* slots);
HostStatus dynamic_entry(void* environment, Caller& caller, uint64_t* slots);
HostStatus builtin_entry(void* environment, Caller& caller, uint64_t* slots);
HostStatus barred_entry(void* environment, Caller& caller, uint64_t* slots);
HostStatus unknown_entry(void* environment, Caller& caller, uint64_t* slots);

// ---- resources (resources.cc)

// Ends an owned resource: its destructor. Error: all that a call can fail with.
Result<void> destroy(StoreRef store, RtResource* resource, uint64_t rep, RtInstance* from);

}  // namespace wherry::component

namespace wherry {

namespace detail {
struct CanonCallAccess {
  static const CanonOptions& options(const CanonCall& call) { return *call.options_; }
  static component::CallScope* scope(CanonCall& call) {
    return static_cast<component::CallScope*>(call.scope_);
  }
  // Null and failed: no memory.
  static component::CallScope* open_scope(CanonCall& call);
  static void set_borrows(CanonCall& call) { call.has_borrows_ = true; }
  static void forget_host_borrows(CanonCall& call);
  // The host has what was lifted for it.
  static void hand_over(CanonCall& call) {
    if (call.has_scope_) scope(call)->host_owns = {};
  }
  static bool has_error(const CanonCall& call) { return !call.error_.ok(); }
};
}  // namespace detail

struct ComponentHandleAccess {
  template <class T>
  static detail::Handle of(const T& object) {
    return object.handle_;
  }
  template <class T>
  static T make(detail::Handle handle) {
    T object;
    object.handle_ = handle;
    return object;
  }
  static ComponentPre adopt(detail::ComponentPreState* state) { return ComponentPre(state); }
  static detail::ComponentPreState* state(const ComponentPre& pre) { return pre.state_.get(); }
  // Takes over a count.
  static const detail::ComponentLinkerState& state(const ComponentLinker& linker) { return *linker.state_; }
};

namespace component {
// What a handle of the host stands for; null if nothing.
RtTree* find_tree(StoreRef store, detail::Handle handle);
// Also by a quick handle.
detail::LiftedFunc* find_lift(StoreRef store, detail::Handle handle);

// A handle that is the function's address, with the number of its store, so that following it is one comparison. What stands
// in the generation is no number of an export: no component has as many.
constexpr uint32_t kQuick = 1u << 31;
inline detail::Handle quick_handle(detail::LiftedFunc* lifted) {
  const auto address = reinterpret_cast<uintptr_t>(lifted);
  return {detail::store_id(lifted->tree->store_ref), static_cast<uint32_t>(address),
          kQuick | static_cast<uint32_t>(address >> 32)};
}
// Null: it is of another store, or not quick. SAFETY: lifted functions stay where they are as long as their store lives, whose number
// no other has.
inline detail::LiftedFunc* follow_quick(StoreRef store, detail::Handle handle) {
  if ((handle.generation & kQuick) == 0 || detail::store_id(store) != handle.store) return nullptr;
  return reinterpret_cast<detail::LiftedFunc*>(uint64_t{handle.generation & ~kQuick} << 32 | handle.index);
}
Handle* find_host_handle(StoreRef store, ComponentResource resource);
Result<ComponentResource> add_host_handle(RtStore* store, const Handle& handle);
void remove_host_handle(RtStore* store, ComponentResource resource);
// Ends objects of the host behind handles that nobody has got; of guests' resources only the handles.
void drop_host_handles(RtStore* store, std::span<const ComponentResource> resources);
}  // namespace component

}  // namespace wherry
