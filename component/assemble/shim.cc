// A main module imports functions whose lowering needs the module's own memory: a circle. It is cut by a table. The shim has a
// function of the right type for each, which calls through the table; the main module is instantiated with these, then
// the true functions are made, and the fixup module writes them into the table. Nobody calls them in between, unless the
// main module has a start function that does: that traps, as it does with every toolchain.
//
// A call through the shim costs an indirect call. Functions that need no memory do not go through it.
#include "component/assemble/shim.h"

#include <string>

#include "component/core_module.h"

namespace wherry::component::assemble {

using wasm::ExternKind;
using wasm::Op;

namespace {

void write_types(std::span<const wasm::FuncType> types, EncodeBuffer* out) {
  EncodeBuffer items;
  for (const wasm::FuncType& type : types) write_func_type(type, &items);
  write_core_section(CoreSection::Type, types.size(), items, out);
}

// Of so many functions, and of no more.
wasm::Limits table_of(size_t size) { return {.min = size, .max = size, .has_max = true}; }

}  // namespace

base::Vector<uint8_t> shim_module(std::span<const wasm::FuncType> types, bool* ok) {
  EncodeBuffer out, functions, table, exports, code;
  write_core_preamble(&out);
  write_types(types, &out);
  for (uint32_t i = 0; i < types.size(); ++i) {
    functions.u32(i);
    write_export(std::to_string(i), ExternKind::Func, i, &exports);
    CoreCode body;
    for (uint32_t param = 0; param < types[i].params.size(); ++param) body.op(Op::LocalGet, param);
    body.i32(static_cast<int32_t>(i)).call_indirect(i, 0).end_body(&code);
  }
  write_table_type(table_of(types.size()), &table);
  write_export(kShimTable, ExternKind::Table, 0, &exports);
  write_core_section(CoreSection::Function, types.size(), functions, &out);
  write_core_section(CoreSection::Table, 1, table, &out);
  write_core_section(CoreSection::Export, types.size() + 1, exports, &out);
  write_core_section(CoreSection::Code, types.size(), code, &out);
  *ok = out.ok();
  return out.take();
}

base::Vector<uint8_t> fixup_module(std::span<const wasm::FuncType> types, bool* ok) {
  EncodeBuffer out, imports, element;
  write_core_preamble(&out);
  write_types(types, &out);
  element.u8(0x00);  // Active, of table 0, function indices.
  CoreCode().i32(0).end_expression(&element);
  element.u64(types.size());
  for (uint32_t i = 0; i < types.size(); ++i) {
    write_import("", std::to_string(i), ExternKind::Func, &imports);
    imports.u32(i);
    element.u32(i);
  }
  write_import("", kShimTable, ExternKind::Table, &imports);
  write_table_type(table_of(types.size()), &imports);
  write_core_section(CoreSection::Import, types.size() + 1, imports, &out);
  write_core_section(CoreSection::Element, 1, element, &out);
  *ok = out.ok();
  return out.take();
}

base::Vector<uint8_t> start_module(bool* ok) {
  EncodeBuffer out, imports, start;
  write_core_preamble(&out);
  const wasm::FuncType type;
  write_types({&type, 1}, &out);
  write_import("", "", ExternKind::Func, &imports);
  imports.u32(0);
  start.u32(0);
  write_core_section(CoreSection::Import, 1, imports, &out);
  write_core_section(CoreSection::Start, start, &out);
  *ok = out.ok();
  return out.take();
}

}  // namespace wherry::component::assemble
