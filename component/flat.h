#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "component/types.h"
#include "component/validate.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/canon/plan.h"

// A component once its tree is resolved (Explainer.md, "Instance Definitions"): which core modules are instantiated in
// which order and with what, which functions are lifted and lowered. Nested instances, aliases, arguments and re-exports
// are gone; what comes from outside is a leaf.
namespace wherry::component {

inline constexpr uint32_t kNone = ~uint32_t{0};

// A function, table, memory, global or tag of the core.
struct CoreItem {
  enum class From : uint8_t { Nothing, Export, Canon };
  From from = From::Nothing;
  uint32_t index = 0;         // A core instance; a canonical function.
  uint32_t position = kNone;  // Export: in the module's list; kNone: not known before linking, by `name`.
  std::string_view name = {};
  friend bool operator==(const CoreItem&, const CoreItem&) = default;
};

// A component instance: what has handles and flags of its own.
struct FlatInstance {
  uint32_t parent = kNone;
  bool calls_out = false;  // Has a canonical function other than lift: may leave, and so be entered anew.
  bool calls_out_within = false;  // It has, or one inside of it, whose calls mark it too.
  bool throws = false;            // An exception may come out of its code.
  bool uses_context = false;      // Has context.get or context.set.
  bool may_be_barred = false;     // Some lift has a realloc or post-return: may_leave is not always true.
};

struct FlatResource {
  uint32_t instance = kNone;  // That defines it; kNone: it is imported.
  uint32_t leaf = kNone;      // Into leaves, of an imported one.
  CoreItem destructor;
};

// Something that must be supplied: an import of the outermost component, or an item of an imported instance.
struct FlatLeaf {
  enum class Kind : uint8_t { Func, Resource, Module };
  Kind kind = Kind::Func;
  std::string_view interface;  // Empty: imported by itself.
  std::string_view name;
  TypeId type;                // Func
  uint32_t resource = kNone;  // Resource: into resources.
  uint32_t module_type = 0;   // Module: into Types::module_types.
};

enum class Encoding : uint8_t { Utf8, Utf16, Latin1Utf16 };

struct FlatOptions {
  uint32_t instance = 0;  // Whose they are.
  uint32_t depth = 0;     // How many functions are made one for another before this has its realloc.
  Encoding encoding = Encoding::Utf8;
  bool is_async = false;
  bool is_wide = false;  // 64-bit memory.
  CoreItem memory;
  CoreItem realloc;
  CoreItem post_return;
  CoreItem callback;
  friend bool operator==(const FlatOptions&, const FlatOptions&) = default;
};

// A function's type as plan nodes.
struct FlatSignature {
  TypeId type;
  uint32_t params = kNone;  // A sequence of them.
  uint32_t result = kNone;  // kNone: there is none.
  bool is_async = false;    // Its type.
  // Where own and borrow occur: whether calls need a scope.
  bool has_borrow = false;
};

struct FlatLift {
  uint32_t instance = 0;
  CoreItem func;
  FlatOptions options;
  FlatSignature signature;
};

// A function of components: lifted, or a leaf.
struct FlatFunc {
  bool is_leaf = false;
  uint32_t index = 0;  // Into lifts or leaves.
};

// A core function that a canonical definition makes; not lift.
struct FlatCanon {
  CanonOp op = CanonOp::Lower;
  uint32_t instance = 0;
  wasm::CanonId core_type;  // Of the core function.
  FlatFunc callee;          // Lower
  uint32_t options = 0;     // Lower: into options.
  FlatSignature signature;  // Lower, as the caller sees it.
  uint32_t resource = 0;    // resource.new, drop, rep: into resources.
  uint32_t number = 0;      // context.get, set.
  bool is_direct = false;   // Lower: nothing happens between caller and callee; the callee stands for it.
  bool is_barred =
      false;  // Lower: the callee is around the caller, or inside of it, or itself: always a trap.
  uint32_t adapter = kNone;  // Lower: into adapters, whose export number this is.
  uint32_t adapter_export = 0;
};

// A flag of an instance that an adapter reads or writes: it imports it as a global.
struct FlatFlag {
  enum class Kind : uint8_t { MayLeave, Entered };
  uint32_t instance = 0;
  Kind kind = Kind::MayLeave;
  friend bool operator==(const FlatFlag&, const FlatFlag&) = default;
};

// A core module of the engine's own between guests (component/adapters.h). It imports, for each of its canonical functions in order,
// the callee's core function and the function that does everything; then the flags.
struct FlatAdapter {
  base::Vector<uint8_t> module;
  base::Vector<uint32_t> canons;
  base::Vector<FlatFlag> flags;
};

struct FlatModule {
  bool is_leaf = false;
  uint32_t index = 0;  // Into Component::modules or leaves.
};

// An argument of an instantiation of an imported module, whose own order of imports is not known yet: they are sorted.
struct FlatArgument {
  std::string_view module;
  std::string_view name;
  CoreItem item;

  static bool is_before(const FlatArgument& a, const FlatArgument& b) {
    return a.module != b.module ? a.module < b.module : a.name < b.name;
  }
};

struct FlatCoreInstance {
  FlatModule module;
  uint32_t instance = 0;  // Whose code it is.
  Range
      arguments;  // Into core_arguments, in the order of the module's imports; of a leaf into named_arguments.
};

struct FlatExport {
  std::string_view interface;  // Empty: exported by itself.
  std::string_view name;
  enum class Kind : uint8_t { Func, Resource, Module } kind = Kind::Func;
  FlatFunc func;              // Func
  TypeId type;                // Func: as the outermost component says it.
  uint32_t resource = kNone;  // Resource
  FlatModule module;
};

// Immutable once made. Strings point into the component.
struct FlatComponent {
  base::Vector<FlatInstance> instances;  // Parents first; the outermost is the first.
  base::Vector<FlatResource> resources;
  base::Vector<FlatLeaf> leaves;
  base::Vector<FlatLift> lifts;
  base::Vector<FlatCanon> canons;
  base::Vector<FlatOptions> options;  // Of lowered functions: most of an instance have the same.
  base::Vector<FlatAdapter> adapters;
  base::Vector<FlatCoreInstance> core_instances;  // In the order of instantiation.
  base::Vector<CoreItem> core_arguments;
  base::Vector<FlatArgument> named_arguments;
  base::Vector<FlatExport> exports;
  canon::Plan plan;
  // By ResourceId as the outermost component's own types have them: into resources, or kNone.
  base::Vector<uint32_t> root_resources;
};

// Resolves the tree. Errors: Unsupported for values and start functions of components, imported components, and interfaces inside of
// interfaces; Limit for a tree of more than kMaxInstances instances; OutOfMemory.
base::Result<FlatComponent> flatten(const ValidComponent& component, const wasm::TypeRegistry& registry);

}  // namespace wherry::component
