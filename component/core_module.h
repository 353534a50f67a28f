#pragma once

#include <cstdint>
#include <string_view>

#include "engine/decode/section.h"
#include "engine/text/byte_buffer.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/module.h"

// Writing core modules of the engine's own: those that stand between the guests' modules. Types have no references but
// those of tables. Whoever makes a module has it validated; here nothing is checked.
namespace wherry::component {

using CoreSection = decode::SectionId;

void write_core_preamble(text::ByteBuffer* out);

// A section's content, or its items, of which `count` are written in front.
void write_core_section(CoreSection id, const text::ByteBuffer& content, text::ByteBuffer* out);
void write_core_section(CoreSection id, size_t count, const text::ByteBuffer& items, text::ByteBuffer* out);

void write_func_type(const wasm::FuncType& type, text::ByteBuffer* out);
void write_global_type(const wasm::GlobalType& type, text::ByteBuffer* out);
void write_limits(const wasm::Limits& limits, text::ByteBuffer* out);
// Of any functions.
void write_table_type(const wasm::Limits& limits, text::ByteBuffer* out);
// What is imported or exported follows: a type, or a function's type by its index; an index.
void write_import(std::string_view module, std::string_view name, wasm::ExternKind kind,
                  text::ByteBuffer* out);
void write_export(std::string_view name, wasm::ExternKind kind, uint32_t index, text::ByteBuffer* out);

// Instructions. Ends with one of the last two.
class CoreCode {
 public:
  CoreCode& op(wasm::Op op);
  CoreCode& op(wasm::Op op, uint32_t index);
  CoreCode& call_indirect(uint32_t type, uint32_t table);
  CoreCode& i32(int32_t value);
  // `block`, `loop` or `if`, without parameters and results.
  CoreCode& block(wasm::Op op);
  void require(bool ok) { bytes_.require(ok); }

  // As an expression; as a function's body without local variables, its length in front.
  void end_expression(text::ByteBuffer* out);
  void end_body(text::ByteBuffer* out);

 private:
  text::ByteBuffer bytes_;
};

}  // namespace wherry::component
