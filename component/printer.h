#pragma once

#include "component/print.h"
#include "engine/base/byte_reader.h"
#include "engine/base/utf8.h"
#include "engine/text/name_map.h"
#include "engine/text/print_writer.h"

namespace wherry::component {

// See print.cc. Inside of component/.
class Printer {
 public:
  Printer(const Component& component, const PrintChoice& choice, ModulePrinter& modules, text::TextSink& sink)
      : component_(component), choice_(choice), modules_(modules), out_(sink) {}
  base::Result<void> run();

 private:
  struct NamedIndex {
    uint32_t index;
    std::string_view name;
  };
  // A component or a type that is open.
  struct Level {
    DefKind kind = DefKind::Component;
    uint32_t next[kSortCount] = {};
    std::string_view name;
    base::Vector<NamedIndex> names[kSortCount];
    uint32_t next_name[kSortCount] = {};
  };

  // print.cc
  base::Result<void> print_def(const Def& def);
  base::Result<void> open(const Def& def);
  void close();
  void label(Sort sort);
  void comment(uint32_t index);
  base::Result<void> print_module(const Span& module);
  void print_custom(const Custom& custom);
  void print_value(const ValueDef& value);
  bool is_names(const Custom& custom) const;
  void read_names(const Def& def, Level* level) const;
  static void read_name_map(base::ByteReader& section, base::Vector<NamedIndex>* names);

  // print_items.cc
  void reference(Sort sort, uint32_t index);
  void core_reference(Sort sort, uint32_t index);
  void name(const ExternName& name);
  void print_core_instance(const InstanceDef& instance);
  void print_instance(const InstanceDef& instance);
  void print_alias(const Alias& alias);
  void print_canon(const Canon& canon);
  void print_options(std::span<const CanonOption> options);
  void print_immediates(const Canon& canon);
  void print_start(const Start& start);
  void print_import(const Import& import);
  void print_export(const Export& exported);
  void extern_type(const ExternType& type, bool has_label);

  // print_types.cc
  void value_type(ValTypeRef type);
  void print_type(const TypeDef& type);
  void print_func_type(const TypeDef& type);
  void print_resource_type(const TypeDef& type);
  void members(std::string_view keyword, std::span<const Field> fields);
  void print_core_type(const wasm::RecGroup& group);
  void core_sub_type(const wasm::SubType& type);
  void core_value_type(wasm::ValType type);
  void core_func_type(const wasm::FuncType& type);
  void core_field(const wasm::FieldType& field);
  void print_core_import(const CoreImport& import);
  void print_core_export(const CoreExport& exported);
  void core_extern_type(const CoreExternType& type);
  void core_limits(const wasm::Limits& limits);

  const Component& component_;
  const PrintChoice& choice_;
  ModulePrinter& modules_;
  text::PrintWriter out_;
  base::Vector<Level> levels_;
};

}  // namespace wherry::component
