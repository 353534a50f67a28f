#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "component/encode.h"
#include "component/types.h"
#include "component/validate.h"
#include "component/wit/model.h"
#include "engine/base/vector.h"
#include "engine/text/name_map.h"
#include "engine/validate/typed_module.h"

// What the steps of make_component() hand to each other.
namespace wherry::component::assemble {

// An error is a text for people.
template <class T>
using Outcome = std::expected<T, std::string>;
using Problem = std::unexpected<std::string>;

#define WHERRY_TRY_TEXT(...)                              \
  ({                                                      \
    auto wherry_outcome_ = (__VA_ARGS__);                 \
    if (!wherry_outcome_) [[unlikely]] {                  \
      return Problem(std::move(wherry_outcome_).error()); \
    }                                                     \
    *std::move(wherry_outcome_);                          \
  })

Problem out_of_memory();

inline constexpr uint32_t kNone = ~uint32_t{0};
inline constexpr std::string_view kMainModule = "__main_module__";

// What stands behind a core module's import.
enum class Source : uint8_t {
  Function,      // A function that the world imports.
  DropImported,  // The built-ins of a resource: of one that the world imports,
  DropOwn,       // and of one that the component defines.
  NewOwn,
  RepOwn,
  Adapter,     // A function of an adapter.
  MainExport,  // Whatever the main module exports.
};

// An import's meaning.
struct Meaning {
  Source source = Source::Function;
  uint32_t item =
      kNone;        // Of the world: of its imports, or of its exports for what is Own. Of Adapter: the part.
  uint32_t id = 0;  // A wit::FuncId or wit::TypeId.
};

// An import of a core module.
struct Need {
  std::string_view module;
  std::string_view name;
  std::string_view
      alias;  // Its name in Part::reduced; another one where a module imports the same thing twice.
  wasm::ExternKind kind = wasm::ExternKind::Func;
  Meaning meaning;
  uint32_t type = 0;      // Of a function: in the module's types.
  uint32_t slot = kNone;  // In the shim, if what it is exists only when the module runs already.
};

// The main module, or an adapter.
struct Part {
  std::string_view name;          // Of an adapter.
  base::ByteSpan bytes;           // As given.
  base::Vector<uint8_t> reduced;  // What goes into the component.
  std::optional<validate::TypedModule> typed;
  CanonOptionKind encoding = CanonOptionKind::Utf8;
  bool is_used = true;
  base::Vector<Need> needs;
  text::NameMap exports;  // Into module().exports.

  bool is_main() const { return name.empty(); }
  // "the module", "the adapter `x`".
  std::string title() const;
  const wasm::Module& module() const { return typed->module; }
  // Null if there is none of this name and kind.
  const wasm::Export* find_export(std::string_view export_name, wasm::ExternKind kind) const;
  const wasm::FuncType& func_type(uint32_t func) const {
    return module().types[module().funcs[func].type.value].func;
  }
};

// Decodes and validates all but function bodies.
Outcome<void> read_part(base::ByteSpan bytes, wasm::TypeRegistry& registry, Part* part);

// Appends what the sections `component-type` of a part hold, and says how it encodes strings.
Outcome<void> read_metadata(Part* part, wasm::TypeRegistry& registry, base::Vector<ValidComponent>* packages);

// A module without its sections `component-type`, of which all imports are functions; these have their aliases for names.
base::Vector<uint8_t> without_metadata(const Part& part, bool* ok);

// What functions are as core functions, by the types that they are made of (CanonicalABI.md, "Flattening").
class Shapes {
 public:
  // False: out of memory.
  [[nodiscard]] bool make(const wit::Model& model);
  bool is_empty() const { return types_.empty(); }

  enum Direction : uint8_t { Lowered, Lifted };
  struct Shape {
    Flat params;
    Flat results;
    bool are_params_in_memory = false;
    bool is_result_in_memory = false;
    bool needs_memory = false;
    bool needs_realloc = false;
  };
  Shape of(const wit::Model& model, const wit::Function& function, Direction direction) const;

 private:
  struct OfType {
    Flat flat;
    bool has_pointer = false;
  };
  OfType of(wit::Type type) const;
  OfType of(const wit::Model& model, const wit::TypeDef& type) const;

  base::Vector<OfType> types_;  // By wit::TypeId.
};

bool is_same(const wasm::FuncType& type, const Flat& params, const Flat& results);
std::string type_text(const wasm::FuncType& type);
std::string type_text(const Flat& params, const Flat& results);

}  // namespace wherry::component::assemble
