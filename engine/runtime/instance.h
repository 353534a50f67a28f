#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/abi/code_provider.h"
#include "engine/abi/context.h"
#include "engine/base/vector.h"
#include "engine/runtime/extern.h"
#include "engine/runtime/outcome.h"
#include "engine/wasm/module.h"
#include "engine/wasm/type_registry.h"

namespace wherry::runtime {

class Store;

// What active data segments write, ready to be mapped or copied: pages of a file.
struct MemoryImage {
  struct Run {
    uint64_t memory_offset = 0;
    uint64_t file_offset = 0;
    base::ByteSpan bytes;  // The same bytes of the file, where it is mapped.
  };
  int descriptor = -1;
  base::Vector<Run> runs;
};

// What the instances of one module share: everything about it that does not depend on the instance. Made once a
// module by instantiate::prepare_module; immutable, any thread; outlives all instances.
struct ModuleShape {
  const wasm::Module* module = nullptr;
  const wasm::TypeSet* types = nullptr;
  const wasm::TypeRegistry* registry = nullptr;
  abi::CodeProvider* code = nullptr;

  // In canonical space, by index.
  std::span<const wasm::ValType> global_types;
  std::span<const wasm::ValType> table_types;
  std::span<const wasm::ValType> element_types;
  // Instead of the data segments, which are all active and all of memory 0; null: there is none.
  const MemoryImage* image = nullptr;

  abi::ContextLayout layout;
  base::Vector<uint32_t> global_offsets;    // abi::global_offsets.
  base::Vector<abi::TypeEntry> type_table;  // What Context::types points to.
  // Open addressing by name: index + 1, or 0. Sorted by name, and as long as the exports are many, where names were chosen to collide.
  // Empty for few exports.
  base::Vector<uint32_t> export_table;
  uint64_t instance_bytes = 0;  // What an instance may come to take beside its memories and tables.

  // Works out `instance_bytes`.
  void count_instance_bytes();
  // Fills `export_table` if there are enough exports to be worth it. False: no memory.
  static constexpr size_t kIndexedExports = 16;
  [[nodiscard]] bool index_exports();

  // Of a function, imported or defined.
  const wasm::CanonType& func_type(uint32_t func) const { return (*types)[module->funcs[func].type]; }
  // The position in Module::exports of a name; -1 if there is none.
  int64_t find_export(std::string_view name) const;
  // The type that an import asks for, or an index of a kind declares.
  ExternType type_of(wasm::ExternKind kind, uint32_t index) const;
  ExternType import_type(const wasm::Import& import) const { return type_of(import.kind, import.index); }
};

// What keeps a module (its ModuleShape, code and bytes) alive for a store: `release` is called with `object` once,
// when the store ends. Null functions are not called.
struct ModuleOwner {
  void* object = nullptr;
  void (*release)(void*) = nullptr;
};

// An instance of a module in a store (core spec 4.2.5). Lives as long as the store. Belongs to its thread.
class Instance {
 public:
  // Allocates an instance in the store: context with imports in place, memories, tables (of nulls) and tags; globals
  // are zero. `imports` were checked. First half of instantiate::instantiate, which is what others call. Takes over
  // `owner`, also on failure. Errors: LimitExceeded, OutOfMemory.
  static base::Result<Instance*> allocate(Store& store, const ModuleShape& shape,
                                          std::span<const ExternValue> imports, ModuleOwner owner);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  Store& store() const { return *store_; }
  const ModuleShape& shape() const { return *shape_; }
  const wasm::Module& module() const { return *shape_->module; }
  abi::Context* context() const { return context_; }
  uint32_t index() const { return index_; }  // In its store.
  // What instantiate() was given as owner: the embedder's module.
  void* owner() const { return owner_.object; }

  static Instance* of(abi::Context* context) { return static_cast<Instance*>(context->instance); }

  // By the module's index spaces, imports included; indices must be in range. Functions come made. A global's object is
  // made on first use: null when there is no memory for it.
  abi::FuncObject* func(uint32_t index);
  // The same as a reference, without making it: what tables and globals hold.
  abi::Ref func_ref(uint32_t index) const;
  Table* table(uint32_t index) const;
  LinearMemory* memory(uint32_t index) const;
  Global* global(uint32_t index);
  Tag* tag(uint32_t index) const { return tags_[index]; }
  abi::GlobalSlots global_slots(uint32_t index) const;

  // The export at a position of Module::exports. Null (is_null) only without memory.
  ExternValue export_at(uint32_t position);

  // Segments: bytes and references that bulk instructions read; empty once dropped. References of an element segment
  // are worked out on first use, hence the Result. Errors: OutOfMemory, those of evaluate().
  base::ByteSpan data(uint32_t segment) const;
  base::Result<std::span<const abi::Ref>> element(uint32_t segment);
  // Works out all references of a segment, dropped or not, into `refs`. Errors: as of evaluate().
  base::Result<void> read_element(uint32_t segment, abi::Ref* refs);
  // Calls `visit(Ref)` for what element() has worked out.
  template <class Visit>
  void for_each_element_ref(Visit visit) const {
    for (const ElementRefs& segment : elements_) {
      for (const abi::Ref ref : segment.refs) visit(ref);
    }
  }
  void drop_data(uint32_t segment);
  void drop_all_data();
  void drop_element(uint32_t segment);
  uint32_t element_count(uint32_t segment) const;  // 0 once dropped.

 private:
  friend class Store;
  Instance() = default;
  base::Result<void> allocate_parts(size_t room_bytes);
  void fill_head();
  base::Result<void> bind_imports(std::span<const ExternValue> imports);
  base::Result<void> make_definitions();

  Store* store_ = nullptr;
  const ModuleShape* shape_ = nullptr;
  abi::Context* context_ = nullptr;  // Behind this, in the same memory.
  ModuleOwner owner_;
  uint32_t index_ = 0;
  abi::FuncObject* funcs_ = nullptr;  // Zero-filled until made.
  size_t funcs_bytes_ = 0;            // Of their mapping; 0: they lie behind the Context.
  base::Vector<Global*> imported_globals_;
  base::Vector<Global*> own_globals_;  // Empty until the first is asked for.
  base::Vector<Tag*> tags_;
  base::Vector<uint64_t> dropped_data_;  // A bit a segment.
  base::Vector<uint64_t> dropped_elements_;
  // References of passive segments, once worked out.
  struct ElementRefs {
    base::Vector<abi::Ref> refs;
    bool is_ready = false;
  };
  base::Vector<ElementRefs> elements_;  // Empty until the first is asked for.
};

}  // namespace wherry::runtime
