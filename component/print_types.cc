// Types as text. Value types are indices, as in the file; what stands there written out was a definition of its own.
#include "component/printer.h"
#include "engine/wasm/type_names.h"
#include "engine/wasm/type_registry.h"

namespace wherry::component {

void Printer::value_type(ValTypeRef type) {
  if (type.is_prim()) {
    out_.put(prim_name(type.prim()));
  } else {
    out_.number(type.index());
  }
}

void Printer::members(std::string_view keyword, std::span<const Field> fields) {
  for (const Field& field : fields) {
    out_.put(" (");
    out_.put(keyword);
    out_.put(' ');
    out_.text_string(field.name);
    if (field.has_type) {
      out_.put(' ');
      value_type(field.type);
    }
    out_.put(')');
  }
}

void Printer::print_func_type(const TypeDef& type) {
  out_.put(type.form == TypeForm::AsyncFunc ? "(func async" : "(func");
  members("param", type.fields);
  if (type.has_first) {
    out_.put(" (result ");
    value_type(type.first);
    out_.put(')');
  }
  out_.put(')');
}

void Printer::print_resource_type(const TypeDef& type) {
  out_.put("(resource (rep ");
  core_value_type(type.rep);
  out_.put(')');
  if (type.has_first) {
    out_.put(" (dtor");
    reference(Sort::CoreFunc, type.number);
    out_.put(')');
  }
  out_.put(')');
}

void Printer::print_type(const TypeDef& type) {
  const auto first = [&](std::string_view keyword) {
    out_.put('(');
    out_.put(keyword);
    if (type.has_first) {
      out_.put(' ');
      value_type(type.first);
    }
  };
  const auto indexed = [&](std::string_view keyword) {
    out_.put(keyword);
    out_.number(type.number);
    out_.put(')');
  };
  out_.put("(type");
  label(Sort::Type);
  out_.put(' ');
  switch (type.form) {
    case TypeForm::Prim: value_type(type.first); break;
    case TypeForm::Resource: print_resource_type(type); break;
    case TypeForm::Func:
    case TypeForm::AsyncFunc: print_func_type(type); break;
    case TypeForm::Record:
      out_.put("(record");
      members("field", type.fields);
      out_.put(')');
      break;
    case TypeForm::Variant:
      out_.put("(variant");
      members("case", type.fields);
      out_.put(')');
      break;
    case TypeForm::Tuple:
      out_.put("(tuple");
      for (const Field& field : type.fields) {
        out_.put(' ');
        value_type(field.type);
      }
      out_.put(')');
      break;
    case TypeForm::Flags:
    case TypeForm::Enum:
      out_.put(type.form == TypeForm::Flags ? "(flags" : "(enum");
      for (const Field& field : type.fields) {
        out_.put(' ');
        out_.text_string(field.name);
      }
      out_.put(')');
      break;
    case TypeForm::List:
    case TypeForm::FixedList:
      first("list");
      if (type.form == TypeForm::FixedList) {
        out_.put(' ');
        out_.number(type.number);
      }
      out_.put(')');
      break;
    case TypeForm::Option:
      first("option");
      out_.put(')');
      break;
    case TypeForm::Stream:
      first("stream");
      out_.put(')');
      break;
    case TypeForm::Future:
      first("future");
      out_.put(')');
      break;
    case TypeForm::Map:
      first("map");
      out_.put(' ');
      value_type(type.second);
      out_.put(')');
      break;
    case TypeForm::Result:
      first("result");
      if (type.has_second) {
        out_.put(" (error ");
        value_type(type.second);
        out_.put(')');
      }
      out_.put(')');
      break;
    case TypeForm::Own: indexed("(own "); break;
    case TypeForm::Borrow: indexed("(borrow "); break;
  }
  out_.put(')');
}

// ---- core types

void Printer::core_value_type(wasm::ValType type) { out_.put(wasm::to_text(type)); }

void Printer::core_func_type(const wasm::FuncType& type) {
  for (const bool is_result : {false, true}) {
    const std::span<const wasm::ValType> list = is_result ? type.results : type.params;
    if (list.empty()) continue;
    out_.put(is_result ? " (result" : " (param");
    for (const wasm::ValType item : list) {
      out_.put(' ');
      core_value_type(item);
    }
    out_.put(')');
  }
}

void Printer::core_field(const wasm::FieldType& field) {
  out_.put(field.is_mutable ? " (mut " : " ");
  core_value_type(field.storage);
  if (field.is_mutable) out_.put(')');
}

void Printer::core_sub_type(const wasm::SubType& type) {
  const bool is_plain = type.is_final && type.super == wasm::SubType::kNoSuper;
  if (!is_plain) {
    out_.put(type.is_final ? "(sub final " : "(sub ");
    if (type.super != wasm::SubType::kNoSuper) {
      out_.number(type.super);
      out_.put(' ');
    }
  }
  switch (type.kind) {
    case wasm::CompositeKind::Func:
      out_.put("(func");
      core_func_type(type.func);
      break;
    case wasm::CompositeKind::Struct:
      out_.put("(struct");
      for (const wasm::FieldType& field : type.fields) {
        out_.put(" (field");
        core_field(field);
        out_.put(')');
      }
      break;
    case wasm::CompositeKind::Array:
      out_.put("(array");
      for (const wasm::FieldType& field : type.fields) core_field(field);
      break;
  }
  out_.put(is_plain ? ")" : "))");
}

void Printer::print_core_type(const wasm::RecGroup& group) {
  const bool in_module = levels_.back().kind == DefKind::CoreModuleType;
  if (group.count != 1) out_.put(in_module ? "(rec" : "(core rec");
  for (uint32_t i = 0; i < group.count; ++i) {
    if (group.count != 1) out_.put(' ');
    out_.put(group.count != 1 || in_module ? "(type" : "(core type");
    label(Sort::CoreType);
    out_.put(' ');
    core_sub_type(component_.core.types[group.first + i]);
    out_.put(')');
  }
  if (group.count != 1) out_.put(')');
}

void Printer::core_limits(const wasm::Limits& limits) {
  if (limits.is_64) out_.put(" i64");
  out_.put(' ');
  out_.number(limits.min);
  if (limits.has_max) {
    out_.put(' ');
    out_.number(limits.max);
  }
  if (limits.is_shared) out_.put(" shared");
}

void Printer::core_extern_type(const CoreExternType& type) {
  out_.put(" (");
  out_.put(sort_name(core_sort(type.kind)).substr(5));
  switch (type.kind) {
    case wasm::ExternKind::Func:
    case wasm::ExternKind::Tag:
      out_.put(" (type ");
      out_.number(type.type.value);
      out_.put(')');
      break;
    case wasm::ExternKind::Table:
      core_limits(type.table.limits);
      out_.put(' ');
      core_value_type(type.table.element);
      break;
    case wasm::ExternKind::Memory:
      core_limits(type.memory.limits);
      if (type.memory.page_size_log2 != 16) {
        out_.put(" (pagesize ");
        out_.number(uint64_t{1} << type.memory.page_size_log2);
        out_.put(')');
      }
      break;
    case wasm::ExternKind::Global: core_field({type.global.content, type.global.is_mutable}); break;
  }
  out_.put(')');
}

void Printer::print_core_import(const CoreImport& import) {
  out_.put("(import ");
  out_.text_string(import.module);
  out_.put(' ');
  out_.text_string(import.name);
  core_extern_type(import.type);
  out_.put(')');
}

void Printer::print_core_export(const CoreExport& exported) {
  out_.put("(export ");
  out_.text_string(exported.name);
  core_extern_type(exported.type);
  out_.put(')');
}

}  // namespace wherry::component
