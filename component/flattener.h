#pragma once

#include <memory>

#include "component/flat.h"

namespace wherry::component {

// Numbers by numbers; open addressing.
class NumberMap {
 public:
  // kNone: it is not there.
  uint32_t find(uint32_t key) const {
    if (slots_.empty()) return kNone;
    const Slot& slot = slots_[place(key)];
    return slot.key == key ? slot.value : kNone;
  }
  [[nodiscard]] bool set(uint32_t key, uint32_t value);

 private:
  struct Slot {
    uint32_t key = kNone;
    uint32_t value = 0;
  };
  size_t place(uint32_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t at = (key * 0x9e3779b97f4a7c15u >> 32) & mask;
    while (slots_[at].key != kNone && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  base::Vector<Slot> slots_;
  size_t count_ = 0;
};

// Carries out the definitions of components without running anything: every index stands for what it will be.
class Flattener {
 public:
  Flattener(const ValidComponent& valid, const wasm::TypeRegistry& registry)
      : valid_(valid), file_(valid.component()), types_(valid.types()), registry_(registry) {}
  base::Result<FlatComponent> run();

 private:
  // What an index stands for; by sort:
  //   core ones           `core`
  //   CoreModule          a: whether it is a leaf, b: which
  //   CoreInstance        a: into out_.core_instances, or kNone and b: a bag
  //   Func                a: whether it is a leaf, b: which
  //   Type                a: into out_.resources, or kNone
  //   Component           a: into Component::components, b: the frame around it
  //   Instance            a: a bag
  struct Item {
    uint32_t a = kNone;
    uint32_t b = kNone;
    CoreItem core;
  };
  struct Entry {
    std::string_view name;
    Sort sort = Sort::Func;
    Item item;
  };
  // Exports of an instance, sorted by name.
  using Bag = base::Vector<Entry>;

  // A component that is being instantiated.
  struct Frame {
    uint32_t component = 0;   // Into Component::components
    uint32_t outer = kNone;   // The frame around it.
    uint32_t caller = kNone;  // The frame that instantiates it.
    uint32_t instance = 0;    // Into out_.instances
    uint32_t at = 0;          // The next definition.
    uint32_t end = 0;
    uint32_t arguments = kNone;  // A bag.
    uint32_t exports = kNone;    // A bag.
    base::Vector<Item> spaces[kSortCount];
    NumberMap resources;  // ResourceId to out_.resources
    NumberMap nodes;      // TypeId to plan nodes

    base::Vector<Item>& space(Sort sort) { return spaces[static_cast<uint32_t>(sort)]; }
  };

  base::Result<void> open(uint32_t component, uint32_t outer, uint32_t caller, uint32_t arguments);
  base::Result<void> close();
  base::Result<void> step(const Def& def);
  base::Result<void> import(const Import& import);
  base::Result<void> root_import(const Import& import, Item* item);
  base::Result<Item> leaf_item(std::string_view interface, std::string_view name, Entity entity);
  base::Result<void> instance(const InstanceDef& def);
  base::Result<void> core_instance(const InstanceDef& def);
  base::Result<void> alias(const Alias& alias);
  base::Result<void> type(const TypeDef& def);
  base::Result<void> canon(const Canon& canon);
  base::Result<void> lift(const Canon& canon);
  base::Result<void> lower(const Canon& canon, FlatCanon* made);
  base::Result<void> export_(const Export& exported);
  base::Result<void> finish_exports();
  void find_facts();
  base::Result<void> find_direct();
  bool is_direct(const FlatCanon& canon);
  base::Result<bool> is_around(uint32_t outer, uint32_t inner);

  base::Result<CoreItem> core_export(const Item& instance, Sort sort, std::string_view name);
  base::Result<uint32_t> find_module_export(uint32_t module, std::string_view name);
  base::Result<FlatOptions> options(std::span<const CanonOption> list);
  base::Result<uint32_t> shared_options(const FlatOptions& options);
  base::Result<FlatSignature> signature(TypeId type);
  base::Result<uint32_t> node(ValType type);
  base::Result<uint32_t> make_node(TypeId type);

  Frame& frame() { return *frames_[current_]; }
  const Item& at(Sort sort, uint32_t index) { return frame().space(sort)[index]; }
  // The validator's entry beside the next item of an index space.
  uint32_t type_of_next(Sort sort) {
    return valid_.scopes()[frame().component].space(sort)[frame().space(sort).size()];
  }
  base::Result<void> push(Sort sort, const Item& item);
  // Learns which resources the type's resources are from what the item is.
  base::Result<void> bind(Sort sort, uint32_t type, const Item& item);
  base::Result<uint32_t> add_bag(Bag&& bag);
  const Entry* find(uint32_t bag, std::string_view name) const;
  base::Result<void> count(uint64_t steps);

  const ValidComponent& valid_;
  const Component& file_;
  const Types& types_;
  const wasm::TypeRegistry& registry_;
  FlatComponent out_;
  base::Vector<std::unique_ptr<Frame>> frames_;
  base::Vector<Bag> bags_;
  base::Vector<base::Vector<uint32_t>>
      module_exports_;  // By module: places in its exports by name; empty: not yet made.
  uint32_t current_ = 0;
  uint64_t steps_ = 0;
};

}  // namespace wherry::component
