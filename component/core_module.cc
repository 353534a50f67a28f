// The binary format of core modules, from the writing side, as far as the component tools and the adapters between guests need it: a
// dozen kinds of instructions, functions of numbers. Codes are those of the tables that the decoder has, engine/wasm/opcodes.inc
// among them, so that what is written here reads as the same there.
#include "component/core_module.h"

namespace wherry::component {

using text::ByteBuffer;
using wasm::Op;

void write_core_preamble(ByteBuffer* out) {
  constexpr uint8_t kPreamble[] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  out->append(kPreamble);
}

void write_core_section(CoreSection id, const ByteBuffer& content, ByteBuffer* out) {
  out->section(static_cast<uint8_t>(id), content);
}

void write_core_section(CoreSection id, size_t count, const ByteBuffer& items, ByteBuffer* out) {
  out->section(static_cast<uint8_t>(id), count, items);
}

void write_func_type(const wasm::FuncType& type, ByteBuffer* out) {
  constexpr uint8_t kFuncType = 0x60;
  out->u8(kFuncType);
  for (const std::span<const wasm::ValType> list : {type.params, type.results}) {
    out->u64(list.size());
    for (const wasm::ValType item : list) out->u8(static_cast<uint8_t>(item.kind()));
  }
}

void write_global_type(const wasm::GlobalType& type, ByteBuffer* out) {
  out->u8(static_cast<uint8_t>(type.content.kind()));
  out->u8(type.is_mutable ? 0x01 : 0x00);
}

void write_limits(const wasm::Limits& limits, ByteBuffer* out) {
  out->u8(
      static_cast<uint8_t>((limits.has_max ? 1 : 0) | (limits.is_shared ? 2 : 0) | (limits.is_64 ? 4 : 0)));
  out->u64(limits.min);
  if (limits.has_max) out->u64(limits.max);
}

void write_table_type(const wasm::Limits& limits, ByteBuffer* out) {
  out->u8(static_cast<uint8_t>(wasm::AbstractHeap::Func));  // The short form of (ref null func).
  write_limits(limits, out);
}

void write_import(std::string_view module, std::string_view name, wasm::ExternKind kind, ByteBuffer* out) {
  out->name(module);
  out->name(name);
  out->u8(static_cast<uint8_t>(kind));
}

void write_export(std::string_view name, wasm::ExternKind kind, uint32_t index, ByteBuffer* out) {
  out->name(name);
  out->u8(static_cast<uint8_t>(kind));
  out->u32(index);
}

CoreCode& CoreCode::op(Op op) {
  bytes_.opcode(info(op).code);
  return *this;
}

CoreCode& CoreCode::op(Op op, uint32_t index) {
  bytes_.opcode(info(op).code);
  bytes_.u32(index);
  return *this;
}

CoreCode& CoreCode::call_indirect(uint32_t type, uint32_t table) {
  op(Op::CallIndirect, type);
  bytes_.u32(table);
  return *this;
}

CoreCode& CoreCode::i32(int32_t value) {
  op(Op::I32Const);
  bytes_.s64(value);
  return *this;
}

CoreCode& CoreCode::block(Op op) {
  constexpr uint8_t kEmptyType = 0x40;
  bytes_.opcode(info(op).code);
  bytes_.u8(kEmptyType);
  return *this;
}

void CoreCode::end_expression(ByteBuffer* out) {
  op(Op::End);
  out->append(bytes_.span());
  out->require(bytes_.ok());
}

void CoreCode::end_body(ByteBuffer* out) {
  constexpr uint8_t kNoLocals = 0;
  out->u64(1 + bytes_.size() + 1);
  out->u8(kNoLocals);
  end_expression(out);
}

}  // namespace wherry::component
