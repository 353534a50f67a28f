// Instantiating a flattened component: resources, then core instances in order, with what they ask for made as they ask.
//
// Nothing is linked by name any more, but what an imported module imports. A canonical function takes form as a host
// function of the store when a core instance takes it, or not at all: where nothing happens between two guests, the callee's own core
// function is handed over. Lifted functions are looked up when they are called first.
//
// A tree that fails on the way stays with its store, as its core instances do: something may refer to it.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>

#include "component/link_types.h"
#include "component/runtime.h"
#include "wherry/detail/compiled_part.h"

namespace wherry {

namespace component {

namespace {

constexpr DataKey<RtStore> kComponents{"components"};

// Ids of stores' components are unique in the process, so that a handle means nothing in another store.
uint64_t next_id() {
  static constinit std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

RtStore::RtStore() : id(next_id()) {}

// Objects of the host that guests still have, or that the host has by a handle.
RtStore::~RtStore() {
  const auto sweep = [](HandleTable& table) {
    for (Handle& handle : table.entries()) {
      if (handle.resource == nullptr || !handle.is_own || handle.resource->host == nullptr) continue;
      handle.resource->host->destroy(reinterpret_cast<void*>(handle.rep));
    }
  };
  for (RtTree* const tree : trees) {
    for (RtInstance& instance : tree->instances) sweep(instance.handles);
  }
  sweep(host_handles);
  for (RtTree* const tree : trees) tree->~RtTree();
}

RtStore* RtStore::find(StoreRef store) { return store.data(kComponents); }

Result<RtStore*> RtStore::of(StoreRef store) {
  if (RtStore* const known = find(store)) return known;
  std::unique_ptr<RtStore> made(new (std::nothrow) RtStore);
  if (made == nullptr) return Error::out_of_memory();
  RtStore* const address = made.get();
  WHERRY_RETURN_IF_ERROR(store.attach(kComponents, std::move(made)));
  return address;
}

RtResource* RtStore::host_resource(const detail::ResourceClass* host) {
  for (const auto& known : host_resources) {
    if (known->host == host) return known.get();
  }
  std::unique_ptr<RtResource> made(new (std::nothrow) RtResource);
  if (made == nullptr) return nullptr;
  made->host = host;
  return host_resources.push_back(std::move(made)) ? host_resources.back().get() : nullptr;
}

// ---- core items

namespace {

// A function of the engine's from a canonical one.
Result<Func> make_canon(RtCanon* canon);
Result<void> make_func(RtCanon* canon);
// The instance of an adapter, which is made when something of it is taken first.
Result<Instance> adapter_instance(RtTree* tree, uint32_t index);

Error no_item() { return Error::usage("a core item that does not exist"); }

}  // namespace

Result<wherry::Extern> resolve(RtTree* tree, const CoreItem& item) {
  switch (item.from) {
    case CoreItem::From::Nothing: return no_item();
    case CoreItem::From::Export: {
      const Instance instance = tree->core_instances[item.index];
      if (instance.is_null()) return no_item();
      return item.position == kNone ? instance.get(tree->store_ref, item.name)
                                    : instance.get_at(tree->store_ref, item.position);
    }
    case CoreItem::From::Canon: break;
  }
  RtCanon& canon = tree->canons[item.index];
  if (canon.flat->is_direct) return resolve(tree, tree->flat().lifts[canon.flat->callee.index].func);
  if (canon.flat->adapter != kNone && !tree->component().adapters.empty()) {
    WHERRY_ASSIGN_OR_RETURN(const Instance adapter, adapter_instance(tree, canon.flat->adapter));
    return adapter.get_at(tree->store_ref, canon.flat->adapter_export);
  }
  WHERRY_RETURN_IF_ERROR(make_func(&canon));
  return wherry::Extern(canon.func);
}

namespace {

Result<void> make_func(RtCanon* canon) {
  if (!canon->func.is_null()) return {};
  WHERRY_ASSIGN_OR_RETURN(canon->func, make_canon(canon));
  return {};
}

Result<Instance> adapter_instance(RtTree* tree, uint32_t index) {
  const FlatComponent& flat = tree->flat();
  Instance& instance = tree->adapters[index];
  if (!instance.is_null()) return instance;
  const FlatAdapter& adapter = flat.adapters[index];
  base::Vector<wherry::Extern> imports;
  if (!imports.reserve(2 * adapter.canons.size() + adapter.flags.size())) return Error::out_of_memory();
  for (const uint32_t number : adapter.canons) {
    RtCanon& canon = tree->canons[number];
    WHERRY_ASSIGN_OR_RETURN(const wherry::Extern callee,
                            resolve(tree, flat.lifts[canon.flat->callee.index].func));
    WHERRY_RETURN_IF_ERROR(make_func(&canon));
    (void)imports.push_back(callee);  // There is room.
    (void)imports.push_back(wherry::Extern(canon.func));
  }
  for (const FlatFlag& flag : adapter.flags) {
    const auto& [may_leave, is_entered] = tree->flags[flag.instance];
    (void)imports.push_back(wherry::Extern(flag.kind == FlatFlag::Kind::Entered ? is_entered : may_leave));
  }
  WHERRY_ASSIGN_OR_RETURN(
      instance, Instance::create(tree->store_ref, tree->component().adapters[index], imports.span()));
  return instance;
}

// What functions of the same options share is looked up once.
Result<const detail::CanonOptions*> shared_options(RtTree* tree, uint32_t index) {
  detail::CanonOptions& options = tree->canon_options[index];
  if (options.store == nullptr) {
    const FlatOptions& flat = tree->flat().options[index];
    WHERRY_RETURN_IF_ERROR(resolve_options(tree, &tree->instances[flat.instance], flat, &options));
  }
  return &options;
}

Result<Func> make_canon(RtCanon* canon) {
  RtTree* const tree = &canon->tree();
  const FlatCanon& flat = *canon->flat;
  const wasm::CanonType& type = tree->component().registry->type(flat.core_type);
  for (const std::span<const wasm::ValType> part : {type.func.params, type.func.results}) {
    if (std::any_of(part.begin(), part.end(), [](wasm::ValType one) { return one.is_ref(); }))
      return Error::make(ErrorKind::Unsupported, "a canonical function whose type has references");
  }
  detail::HostClosure closure;
  closure.environment = canon;
  canon->binding.may_leave = canon->instance->may_leave;
  if (flat.op != CanonOp::Lower) {
    closure.entry = &builtin_entry;
    return detail::create_canon_func(tree->store_ref, type, closure);
  }
  WHERRY_ASSIGN_OR_RETURN(canon->binding.options, shared_options(tree, flat.options));
  closure.entry = &lowered_entry;
  const FlatOptions& options = tree->flat().options[flat.options];
  if (options.is_async || options.is_wide) {
    closure.entry = &builtin_entry;
    return detail::create_canon_func(tree->store_ref, type, closure);
  }
  if (flat.is_barred) {
    closure.entry = &barred_entry;
    return detail::create_canon_func(tree->store_ref, type, closure);
  }
  if (!flat.callee.is_leaf) {
    canon->callee = &tree->lifts[flat.callee.index];
    return detail::create_canon_func(tree->store_ref, type, closure);
  }
  const Supply& supply = tree->pre.get()->supplies[flat.callee.index];
  canon->binding.environment = supply.environment;
  switch (supply.kind) {
    case Supply::Kind::Typed: closure.entry = supply.entry; break;
    case Supply::Kind::Dynamic: closure.entry = &dynamic_entry; break;
    case Supply::Kind::Lifted: canon->callee = &tree->store->trees[supply.tree]->lifts[supply.index]; break;
    default: closure.entry = &unknown_entry; break;
  }
  return detail::create_canon_func(tree->store_ref, type, closure);
}

}  // namespace

Result<void> resolve_func(RtTree* tree, const CoreItem& item, uint32_t params, bool has_result, Func* func,
                          void** object) {
  static constexpr wherry::ValType kTypes[] = {wherry::ValType::i32(), wherry::ValType::i32(),
                                               wherry::ValType::i32(), wherry::ValType::i32()};
  WHERRY_ASSIGN_OR_RETURN(const wherry::Extern found, resolve(tree, item));
  *func = *found.func();
  WHERRY_ASSIGN_OR_RETURN(
      *object,
      detail::check_signature(tree->store_ref, *func, {{kTypes, params}, {kTypes, has_result ? 1u : 0u}}));
  return {};
}

Result<void> resolve_options(RtTree* tree, RtInstance* instance, const FlatOptions& flat,
                             detail::CanonOptions* options) {
  options->instance = instance;
  options->tree = tree;
  options->encoding = flat.encoding;
  options->is_wide = flat.is_wide;
  if (flat.memory.from != CoreItem::From::Nothing) {
    WHERRY_ASSIGN_OR_RETURN(const wherry::Extern memory, resolve(tree, flat.memory));
    options->memory = *memory.memory();
  }
  if (flat.realloc.from != CoreItem::From::Nothing && !flat.is_wide) {
    WHERRY_RETURN_IF_ERROR(
        resolve_func(tree, flat.realloc, 4, true, &options->realloc, &options->realloc_object));
  }
  options->store = tree->store;
  return {};
}

Result<void> resolve_lift(detail::LiftedFunc* lifted) {
  RtTree* const tree = lifted->tree;
  const FlatLift& flat = *lifted->flat;
  if (flat.options.is_async || flat.signature.is_async || flat.options.is_wide) {
    return Error::make(ErrorKind::Unsupported,
                       flat.options.is_wide ? "lifting from a 64-bit memory" : "asynchronous execution");
  }
  WHERRY_RETURN_IF_ERROR(resolve_options(tree, lifted->instance, flat.options, &lifted->options));
  WHERRY_ASSIGN_OR_RETURN(const wherry::Extern found, resolve(tree, flat.func));
  lifted->func = *found.func();
  WHERRY_ASSIGN_OR_RETURN(const FuncType type, lifted->func.type(tree->store_ref));
  if (flat.options.post_return.from != CoreItem::From::Nothing) {
    WHERRY_ASSIGN_OR_RETURN(const wherry::Extern post, resolve(tree, flat.options.post_return));
    lifted->post_return = *post.func();
    WHERRY_ASSIGN_OR_RETURN(
        lifted->post_return_object,
        detail::check_signature(tree->store_ref, lifted->post_return, {type.results, {}}));
  }
  WHERRY_ASSIGN_OR_RETURN(
      lifted->object, detail::check_signature(tree->store_ref, lifted->func, {type.params, type.results}));
  return {};
}

// ---- the tree

namespace {

Result<RtResource*> resource_of(RtTree* tree, const FlatResource& flat, RtResource* own) {
  if (flat.leaf == kNone) {
    own->impl = &tree->instances[flat.instance];
    own->destructor = flat.destructor;
    return own;
  }
  const Supply& supply = tree->pre.get()->supplies[flat.leaf];
  if (supply.kind == Supply::Kind::Guest) return tree->store->trees[supply.tree]->resources[supply.index];
  if (supply.kind != Supply::Kind::Resource) return own;
  RtResource* const made = tree->store->host_resource(supply.host);
  if (made == nullptr) return Error::out_of_memory();
  return made;
}

// Arrays one behind the other: once to see how much they take, once to make them.
class Arrays {
 public:
  explicit Arrays(size_t begin, char* memory = nullptr) : at_(begin), memory_(memory) {}

  template <class T>
  void add(std::span<T>* array, size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    at_ = (at_ + alignof(T) - 1) & ~(alignof(T) - 1);
    if (memory_ != nullptr) {
      T* const first = reinterpret_cast<T*>(memory_ + at_);
      std::uninitialized_value_construct_n(first, count);
      *array = {first, count};
    }
    at_ += count * sizeof(T);  // NOLINT(bugprone-sizeof-expression): pointers too
  }
  size_t size_bytes() const { return at_; }

 private:
  size_t at_;
  char* memory_;
};

void add_arrays(const detail::ComponentState& component, TreeArrays* tree, Arrays* arrays) {
  const FlatComponent& flat = component.flat;
  const bool has_adapters = !component.adapters.empty();
  arrays->add(&tree->instances, flat.instances.size());
  arrays->add(&tree->resources, flat.resources.size());
  arrays->add(&tree->own_resources, flat.resources.size());
  arrays->add(&tree->core_instances, flat.core_instances.size());
  arrays->add(&tree->adapters, has_adapters ? flat.adapters.size() : 0);
  arrays->add(&tree->flags, has_adapters ? flat.instances.size() : 0);
  arrays->add(&tree->lifts, flat.lifts.size());
  arrays->add(&tree->canons, flat.canons.size());
  arrays->add(&tree->canon_options, flat.options.size());
}

Result<void> prepare(RtTree* tree) {
  const FlatComponent& flat = tree->flat();
  for (size_t i = 0; i < flat.instances.size(); ++i) {
    RtInstance& instance = tree->instances[i];
    instance.tree = tree;
    instance.flat = &flat.instances[i];
    instance.may_leave = &instance.own_may_leave;
    instance.is_entered = &instance.own_is_entered;
    if (flat.instances[i].parent == kNone) continue;
    instance.parent = &tree->instances[flat.instances[i].parent];
    instance.depth = static_cast<uint16_t>(instance.parent->depth + 1);
  }
  for (size_t i = 0; i < flat.resources.size(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(tree->resources[i],
                            resource_of(tree, flat.resources[i], &tree->own_resources[i]));
  }
  for (size_t i = 0; i < flat.lifts.size(); ++i) {
    detail::LiftedFunc& lifted = tree->lifts[i];
    lifted.flat = &flat.lifts[i];
    lifted.tree = tree;
    lifted.instance = &tree->instances[flat.lifts[i].instance];
  }
  for (size_t i = 0; i < flat.canons.size(); ++i) {
    RtCanon& canon = tree->canons[i];
    canon.flat = &flat.canons[i];
    canon.instance = &tree->instances[flat.canons[i].instance];
  }
  return {};
}

// A flag that adapters use is a global, from now on.
Result<void> make_flag(RtTree* tree, const FlatFlag& flag) {
  const bool is_entered = flag.kind == FlatFlag::Kind::Entered;
  auto& [may_leave_flag, entered_flag] = tree->flags[flag.instance];
  Global& global = is_entered ? entered_flag : may_leave_flag;
  if (!global.is_null()) return {};
  RtInstance& instance = tree->instances[flag.instance];
  uint32_t*& word = is_entered ? instance.is_entered : instance.may_leave;
  const GlobalType type{wherry::ValType::i32(), Mutability::Variable};
  WHERRY_ASSIGN_OR_RETURN(global, Global::create(tree->store_ref, type, Val(static_cast<int32_t>(*word))));
  WHERRY_ASSIGN_OR_RETURN(word, detail::global_word(tree->store_ref, global));
  return {};
}

// Before anybody knows where the flags are.
Result<void> prepare_adapters(RtTree* tree) {
  const FlatComponent& flat = tree->flat();
  if (tree->component().adapters.empty()) return {};
  for (const FlatAdapter& adapter : flat.adapters) {
    for (const FlatFlag& flag : adapter.flags) WHERRY_RETURN_IF_ERROR(make_flag(tree, flag));
  }
  return {};
}

// Functions of other instances: whether they have the right types.
Result<void> check_supplies(const RtTree& tree) {
  const FlatComponent& flat = tree.flat();
  const detail::ComponentPreState& pre = *tree.pre.get();
  if (pre.store == 0) return {};
  for (size_t i = 0; i < flat.leaves.size(); ++i) {
    const Supply& supply = pre.supplies[i];
    if (supply.kind != Supply::Kind::Lifted) continue;
    std::string why;
    if (matches_lifted(tree, flat.leaves[i].type, *tree.store->trees[supply.tree], supply.guest_type, &why))
      continue;
    return Error::make(ErrorKind::Link, "import '" + std::string(flat.leaves[i].interface) + "' '" +
                                            std::string(flat.leaves[i].name) + "': " + why);
  }
  return {};
}

// `externs`: room for its imports.
Result<void> instantiate_core(RtTree* tree, uint32_t index, base::Vector<wherry::Extern>* externs) {
  const FlatCoreInstance& flat = tree->flat().core_instances[index];
  size_t count = flat.arguments.count;
  const FlatComponent& all = tree->flat();
  const wherry::Module* module = nullptr;
  if (flat.module.is_leaf) {
    module = &*tree->pre.get()->supplies[flat.module.index].module;
    count = module->import_count();
  } else {
    module = &tree->component().modules[flat.module.index];
  }
  const FlatArgument* const first =
      flat.module.is_leaf ? all.named_arguments.data() + flat.arguments.first : nullptr;
  externs->clear();
  if (!externs->reserve(count)) return Error::out_of_memory();
  for (size_t i = 0; i < count; ++i) {
    const CoreItem* item = nullptr;
    if (flat.module.is_leaf) {
      const ImportType import = module->import_at(i);
      const FlatArgument* const end = first + flat.arguments.count;
      const FlatArgument* const found = std::lower_bound(
          first, end, FlatArgument{import.module, import.name, {}}, &FlatArgument::is_before);
      if (found != end && found->module == import.module && found->name == import.name) item = &found->item;
      if (item == nullptr) return Error::make(ErrorKind::Link, "a module imports what its type does not say");
    } else {
      item = &all.core_arguments[flat.arguments.first + i];
    }
    WHERRY_ASSIGN_OR_RETURN(const wherry::Extern found, resolve(tree, *item));
    (void)externs->push_back(found);  // There is room.
  }
  WHERRY_ASSIGN_OR_RETURN(tree->core_instances[index],
                          Instance::create(tree->store_ref, *module, externs->span()));
  return {};
}

}  // namespace

RtTree* RtTree::create(RtStore* store, detail::ComponentPreState* of, StoreRef in) {
  detail::Shared<detail::ComponentPreState> pre(of);
  const detail::ComponentState& component = *ComponentTypeAccess::state(of->component);
  TreeArrays arrays;
  Arrays sizes(sizeof(RtTree));
  add_arrays(component, &arrays, &sizes);
  void* const memory = store->arena.allocate_bytes(sizes.size_bytes(), alignof(std::max_align_t));
  if (memory == nullptr) return nullptr;
  auto* const tree = new (memory) RtTree(std::move(pre), in);
  Arrays made(sizeof(RtTree), static_cast<char*>(memory));
  add_arrays(component, tree, &made);
  tree->store = store;
  tree->index = static_cast<uint32_t>(store->trees.size());
  if (store->trees.push_back(tree)) return tree;
  tree->~RtTree();
  return nullptr;
}

// The others have nothing to destroy.
RtTree::~RtTree() {
  std::destroy(canon_options.begin(), canon_options.end());
  std::destroy(lifts.begin(), lifts.end());
  std::destroy(instances.begin(), instances.end());
}

RtTree* find_tree(StoreRef store, detail::Handle handle) {
  RtStore* const found = RtStore::find(store);
  if (found == nullptr || found->id != handle.store || handle.index >= found->trees.size()) return nullptr;
  return found->trees[handle.index];
}

detail::LiftedFunc* find_lift(StoreRef store, detail::Handle handle) {
  if ((handle.generation & kQuick) != 0) return follow_quick(store, handle);
  RtTree* const tree = find_tree(store, handle);
  if (tree == nullptr || handle.generation >= tree->flat().exports.size()) return nullptr;
  const FlatFunc func = tree->flat().exports[handle.generation].func;
  return func.is_leaf ? nullptr : &tree->lifts[func.index];
}

}  // namespace component

Result<ComponentInstance> ComponentPre::instantiate(StoreRef store) const {
  using component::RtStore;
  using component::RtTree;
  if (store.engine() != component().engine()) {
    return Error::usage("the component is of another engine than the store");
  }
  WHERRY_ASSIGN_OR_RETURN(RtStore* const components, RtStore::of(store));
  if (state_.get()->store != 0 && state_.get()->store != components->id) {
    return Error::make(ErrorKind::InvalidHandle, "the component imports from an instance of another store");
  }
  RtTree* const tree = RtTree::create(components, detail::retain(state_.get()), store);
  if (tree == nullptr) return Error::out_of_memory();
  WHERRY_RETURN_IF_ERROR(component::prepare(tree));
  WHERRY_RETURN_IF_ERROR(component::prepare_adapters(tree));
  WHERRY_RETURN_IF_ERROR(component::check_supplies(*tree));
  base::Vector<Extern> externs;
  for (uint32_t i = 0; i < tree->core_instances.size(); ++i) {
    WHERRY_RETURN_IF_ERROR(store.check_interrupt());  // There may be thousands without a start function.
    WHERRY_RETURN_IF_ERROR(component::instantiate_core(tree, i, &externs));
  }
  tree->is_complete = true;
  return ComponentHandleAccess::make<ComponentInstance>({components->id, tree->index, 0});
}

}  // namespace wherry
