#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/byte_reader.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::validate {

// A reference of unknown heap type, not null: what ref.as_non_null makes of unreachable code's bottom. Occurs on
// operand stacks only; matches every reference type.
inline constexpr wasm::ValType kAnyReference = wasm::ValType::ref(static_cast<wasm::AbstractHeap>(0), false);

// The part of FunctionValidator that does not depend on the sink: the reader, the instruction at hand, look-ups
// in the module, and the making of errors. Checks answer false after storing the error, which sticks.
class BodyChecks {
 protected:
  explicit BodyChecks(const TypedModule& module);

  void begin_body(base::ByteSpan body, uint64_t offset);
  // Reads the declarations of locals behind the parameters. `*has_uninitialized`: one of them has no default.
  bool read_locals(std::span<const wasm::ValType> params, base::Vector<wasm::ValType>* locals,
                   bool* has_uninitialized);
  // Makes all locals up to `end` of one type.
  bool add_locals(wasm::ValType type, size_t end, base::Vector<wasm::ValType>* locals);
  // Reads any instruction into `inst_`.
  bool read_instruction();

  [[gnu::cold]] bool fail(wasm::ErrorCode code, std::string detail = {});
  [[gnu::cold]] bool fail_memory() { return fail(wasm::ErrorCode::OutOfMemory); }
  [[gnu::cold]] bool fail_malformed();  // With the reader's fault.
  [[gnu::cold]] bool fail_index(wasm::ErrorCode code, uint32_t index, size_t count);
  [[gnu::cold]] bool fail_mismatch(wasm::ValType found, wasm::ValType expected);
  [[gnu::cold]] bool fail_expected(wasm::ValType found, const char* expected);
  [[gnu::cold]] bool fail_operands(uint32_t needed, uint32_t present);
  [[gnu::cold]] bool fail_height(uint32_t extra);
  [[gnu::cold]] bool fail_arity(const char* what, size_t found, size_t expected);

  bool matches(wasm::ValType found, wasm::ValType expected) const {
    return found == expected || found.kind() == wasm::ValKind::Bottom || matches_slowly(found, expected);
  }
  bool matches_slowly(wasm::ValType found, wasm::ValType expected) const;
  bool match(wasm::ValType found, wasm::ValType expected) {
    return matches(found, expected) || fail_mismatch(found, expected);
  }
  // Two lists of types as those of blocks and calls.
  bool match_all(std::span<const wasm::ValType> found, std::span<const wasm::ValType> expected);

  // Null after storing the error.
  const wasm::CanonType* type_at(uint32_t index);
  const wasm::CanonType* func_type_at(uint32_t index);
  const wasm::CanonType* struct_type_at(uint32_t index);
  const wasm::CanonType* array_type_at(uint32_t index);

  // Brings a type of the module into canonical space.
  bool resolve(wasm::ValType* type);
  bool resolve(wasm::HeapType* heap);

  bool check_memory(uint32_t index);
  bool check_table(uint32_t index);
  bool check_global(uint32_t index);
  bool check_tag(uint32_t index);
  bool check_element(uint32_t index);
  bool check_data(uint32_t index);  // Also that the data count section is there.
  bool check_func_reference(uint32_t index, bool in_body);
  // Alignment, offset and lane of a memory access whose memory exists.
  bool check_access();
  bool check_lane();

  wasm::HeapType top_of(wasm::HeapType heap) const;
  std::string text_of(wasm::ValType type) const;  // In the module's own indices.

  const TypedModule& typed_;
  const wasm::Module& module_;
  const wasm::TypeRegistry& registry_;
  base::ByteReader reader_;
  wasm::Instruction inst_;
  base::Error error_;
};

// Whether it may stand in a constant expression (core spec 3.4.9), global.get aside.
bool is_constant(wasm::Op op, wasm::Features features);

}  // namespace wherry::validate
