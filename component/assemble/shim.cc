// A main module imports functions whose lowering needs the module's own memory: a circle. It is cut by a table. The shim has a
// function of the right type for each, which calls through the table; the main module is instantiated with these, then
// the true functions are made, and the fixup module writes them into the table. Nobody calls them in between, unless the
// main module has a start function that does: that traps, as it does with every toolchain.
//
// A call through the shim costs an indirect call. Functions that need no memory do not go through it.
#include "component/assemble/shim.h"

#include <string>

namespace wherry::component::assemble {

namespace {

enum Section : uint8_t {
  kType = 1,
  kImport = 2,
  kFunction = 3,
  kTable = 4,
  kExport = 7,
  kStart = 8,
  kElement = 9,
  kCode = 10,
};

constexpr uint8_t kFunc = 0;
constexpr uint8_t kTableExtern = 1;
constexpr uint8_t kFuncRef = 0x70;
constexpr std::string_view kTableName = "table";

void write_preamble(EncodeBuffer* out) {
  constexpr uint8_t kPreamble[] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  out->append(kPreamble);
}

void write_types(std::span<const wasm::FuncType> types, EncodeBuffer* out) {
  EncodeBuffer content;
  content.u64(types.size());
  for (const wasm::FuncType& type : types) write_func_type(type, &content);
  write_section(kType, content, out);
}

void write_table_type(size_t size, EncodeBuffer* out) {
  out->u8(kFuncRef);
  out->u8(0x01);
  out->u64(size);
  out->u64(size);
}

void write_shim_body(uint32_t at, size_t params, EncodeBuffer* out) {
  EncodeBuffer body;
  body.u8(0x00);
  for (uint32_t i = 0; i < params; ++i) {
    body.u8(0x20);  // local.get
    body.u32(i);
  }
  body.u8(0x41);  // i32.const
  body.s64(at);
  body.u8(0x11);  // call_indirect
  body.u32(at);
  body.u32(0);
  body.u8(0x0b);
  out->u64(body.size());
  out->append(body.span());
  out->require(body.ok());
}

}  // namespace

void write_func_type(const wasm::FuncType& type, EncodeBuffer* out) {
  out->u8(0x60);
  for (const std::span<const wasm::ValType> list : {type.params, type.results}) {
    out->u64(list.size());
    for (const wasm::ValType item : list) out->u8(static_cast<uint8_t>(item.kind()));
  }
}

void write_section(uint8_t id, const EncodeBuffer& content, EncodeBuffer* out) {
  out->u8(id);
  out->u64(content.size());
  out->append(content.span());
  out->require(content.ok());
}

base::Vector<uint8_t> shim_module(std::span<const wasm::FuncType> types, bool* ok) {
  EncodeBuffer out, functions, table, exports, code;
  write_preamble(&out);
  write_types(types, &out);
  functions.u64(types.size());
  exports.u64(types.size() + 1);
  code.u64(types.size());
  for (uint32_t i = 0; i < types.size(); ++i) {
    functions.u32(i);
    exports.name(std::to_string(i));
    exports.u8(kFunc);
    exports.u32(i);
    write_shim_body(i, types[i].params.size(), &code);
  }
  table.u8(1);
  write_table_type(types.size(), &table);
  exports.name(kTableName);
  exports.u8(kTableExtern);
  exports.u32(0);
  write_section(kFunction, functions, &out);
  write_section(kTable, table, &out);
  write_section(kExport, exports, &out);
  write_section(kCode, code, &out);
  *ok = out.ok();
  return out.take();
}

base::Vector<uint8_t> fixup_module(std::span<const wasm::FuncType> types, bool* ok) {
  EncodeBuffer out, imports, element;
  write_preamble(&out);
  write_types(types, &out);
  imports.u64(types.size() + 1);
  element.u8(1);
  element.u8(0x00);  // Active, of table 0, function indices.
  element.u8(0x41);
  element.s64(0);
  element.u8(0x0b);
  element.u64(types.size());
  for (uint32_t i = 0; i < types.size(); ++i) {
    imports.name("");
    imports.name(std::to_string(i));
    imports.u8(kFunc);
    imports.u32(i);
    element.u32(i);
  }
  imports.name("");
  imports.name(kTableName);
  imports.u8(kTableExtern);
  write_table_type(types.size(), &imports);
  write_section(kImport, imports, &out);
  write_section(kElement, element, &out);
  *ok = out.ok();
  return out.take();
}

base::Vector<uint8_t> start_module(bool* ok) {
  EncodeBuffer out, imports, start;
  write_preamble(&out);
  const wasm::FuncType type;
  write_types({&type, 1}, &out);
  imports.u8(1);
  imports.name("");
  imports.name("");
  imports.u8(kFunc);
  imports.u32(0);
  start.u32(0);
  write_section(kImport, imports, &out);
  write_section(kStart, start, &out);
  *ok = out.ok();
  return out.take();
}

}  // namespace wherry::component::assemble
