#pragma once

#include "component/component.h"
#include "engine/base/result.h"
#include "engine/decode/section.h"

// What the parts of the decoder share. Inside of component/.
namespace wherry::component {

// Reads the items of sections and of types into a Component. `section.reader` is where it reads. An item that opens a
// type is read up to its count of declarations, which the driver (decode.cc) then asks for one by one.
struct ItemReader {
  ItemReader(Component& out, uint8_t after) : out(out), section{base::ByteReader({}), out.core, after} {}

  // A type with declarations that begins here.
  struct Opened {
    bool is_open = false;
    DefKind kind = DefKind::ComponentType;
    uint32_t count = 0;
  };

  base::Result<void> read_core_instance();
  base::Result<Opened> read_core_type();
  base::Result<void> read_instance();
  base::Result<void> read_alias();
  base::Result<Opened> read_type();
  base::Result<void> read_canon();
  base::Result<void> read_start();
  base::Result<void> read_import();
  base::Result<void> read_export();
  base::Result<void> read_export_declaration();
  base::Result<void> read_core_alias();
  base::Result<void> read_core_import();
  base::Result<void> read_core_export();
  base::Result<void> read_value();

  // Appends to the list of definitions; `offset` is where the item begins.
  base::Result<void> add(DefKind kind, size_t index, uint64_t offset);
  // The same, having put the item into the list of its kind.
  template <class T>
  base::Result<void> add(DefKind kind, base::Vector<T>& list, const T& item, uint64_t offset) {
    if (!list.push_back(item)) return decode::out_of_memory();
    return add(kind, list.size() - 1, offset);
  }
  base::Result<uint8_t> byte() { return decode::read_byte(section); }
  base::Result<uint32_t> u32();
  base::Result<uint32_t> count(const char* what, uint32_t limit) {
    return decode::read_count(section, what, 0, limit);
  }
  base::Result<bool> flag(const char* expected);  // 00 or 01
  base::Result<ValTypeRef> read_val_type();
  base::Result<Sort> read_sort();
  base::Result<Sort> read_core_sort();
  base::Result<ExternName> read_extern_name();
  base::Result<ExternType> read_extern_type();
  uint64_t offset() const { return section.reader.offset(); }
  bool has(Feature feature) const { return out.features.has(feature); }

  Component& out;
  decode::Section section;

 private:
  base::Result<void> read_attribute(ExternName* name);
  base::Result<void> read_plain_name(ExternName* name);
  base::Result<std::span<InstanceItem>> read_instance_head(const char* form, InstanceDef* instance);
  base::Result<void> read_defined_type(uint8_t code, TypeDef* type);
  base::Result<void> read_func_type(TypeDef* type);
  base::Result<void> read_resource_type(TypeDef* type);
  base::Result<void> read_fields(TypeDef* type, uint32_t limit, bool has_names, bool has_types);
  base::Result<void> read_optional(bool* has, ValTypeRef* type);
  base::Result<void> read_options(Canon* canon);
  base::Result<void> read_canon_immediates(CanonImmediates immediates, Canon* canon);
  base::Result<void> read_result(bool* has, ValTypeRef* type);
  base::Result<CoreExternType> read_core_extern_type();
};

base::Failure malformed(wasm::ErrorCode code, uint64_t offset, uint32_t found, const char* expected);

}  // namespace wherry::component
