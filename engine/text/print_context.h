#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/text/print_names.h"
#include "engine/text/print_writer.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/module.h"

// What the parts of the printer share: the module, its identifiers, and the way to write the smaller things.
namespace wherry::text {

enum class Space : uint8_t { Type, Func, Table, Memory, Global, Tag, Element, Data };
inline constexpr uint32_t kSpaceCount = 8;

class PrintContext {
 public:
  PrintContext(const wasm::Module& module, const PrintOptions& options, TextSink& sink)
      : module(module), options(options), out(sink) {}

  // Makes identifiers of the names; false when out of memory.
  [[nodiscard]] bool prepare();

  // Begins a line; `offset` is for the comment that PrintOptions::offsets asks for.
  void line(uint64_t depth, uint64_t offset = base::Error::kNoOffset);

  // ` $name (;3;)` of a definition, with an annotation when the name is no identifier of its own.
  void definition(Space space, uint32_t index);
  // ` $name` or ` 3`.
  void reference(Space space, uint32_t index);
  void field_reference(uint32_t type, uint32_t field);

  void heap_type(wasm::HeapType heap);  // Each begins with a blank.
  void val_type(wasm::ValType type);
  void ref_type(wasm::ValType type);  // In full: (ref null any)
  void limits(const wasm::Limits& limits);
  void table_type(const wasm::TableType& type);
  void memory_type(const wasm::MemoryType& type);
  void global_type(const wasm::GlobalType& type);
  // ` (param i32 i64)`, ` (result f32)`
  void types(std::string_view keyword, std::span<const wasm::ValType> types);
  // ` (type 3)`, and what that stands for.
  void type_use(uint32_t type);
  void type_use_bare(uint32_t type);
  // The function type of that index, or null.
  const wasm::FuncType* func_type(uint32_t type) const;

  const wasm::Module& module;
  const PrintOptions& options;
  PrintWriter out;
  base::Arena arena;
  NameTable ids[kSpaceCount];
  FieldNames fields;

 private:
  std::string_view name_of(Space space, uint32_t index) const;
};

// One instruction with its immediates, without line or indentation; `labels` may be null (constant expressions).
void print_instruction(PrintContext& context, const wasm::Instruction& instruction, const NameTable* locals,
                       LabelNames* labels);

// What follows the label of a block: its type and catch clauses. It is open already in `labels`.
void print_block_operands(PrintContext& context, const wasm::Instruction& instruction, LabelNames* labels);

// A constant expression up to and including its `end`: ` (i32.const 1)`, or, if it is longer, ` i32.const 1 i32.const 2
// i32.add`, between ` (keyword` and `)` where a keyword is given.
base::Result<void> print_const_expr(PrintContext& context, base::ByteReader& reader,
                                    std::string_view keyword);

// Parameters, results, locals and instructions of defined functions, to be asked for in ascending order.
class BodyPrinter {
 public:
  explicit BodyPrinter(PrintContext& context) : context_(context) {}

  // ` (type 0) (param $x i32) (result i32)`, with the names of the function's locals, of which it makes identifiers.
  // `always` writes parameters even where they have no names.
  [[nodiscard]] bool signature(uint32_t func, bool always);
  // Locals and instructions, each on a line of its own.
  base::Result<void> body(uint32_t func);

 private:
  void typed_item(std::string_view keyword, uint64_t index, wasm::ValType type, uint64_t offset, bool* open);
  base::Result<void> locals(base::ByteReader& reader, uint64_t params);
  base::Result<void> instructions(base::ByteReader& reader);
  void block_head(const wasm::Instruction& instruction, std::string_view name);

  PrintContext& context_;
  NameTable locals_;
  base::Vector<Name> local_names_;
  LabelNames labels_;
  base::Vector<wasm::Op> blocks_;  // What is open; Else for an If that has got to its `else`.
  uint32_t next_local_ = 0;        // In Names::locals, Names::labels.
  uint32_t next_label_ = 0;
  base::Arena arena_;  // For identifiers of the current function.
};

}  // namespace wherry::text
