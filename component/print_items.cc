// Definitions as text: instances, aliases, canonical definitions, imports and exports.
#include "component/printer.h"

namespace wherry::component {

// ` (func 3)`
void Printer::reference(Sort sort, uint32_t index) {
  out_.put(" (");
  out_.put(sort_name(sort));
  out_.put(' ');
  out_.number(index);
  out_.put(')');
}

// The same where everything is core.
void Printer::core_reference(Sort sort, uint32_t index) {
  out_.put(" (");
  out_.put(sort_name(sort).substr(5));
  out_.put(' ');
  out_.number(index);
  out_.put(')');
}

void Printer::name(const ExternName& name) {
  out_.put(' ');
  out_.text_string(name.name);
  struct Row {
    std::string_view keyword;
    std::string_view value;
  };
  for (const Row& row : {Row{"implements", name.implements}, Row{"versionsuffix", name.version_suffix},
                         Row{"external-id", name.external_id}}) {
    if (row.value.data() == nullptr) continue;
    out_.put(" (");
    out_.put(row.keyword);
    out_.put(' ');
    out_.text_string(row.value);
    out_.put(')');
  }
}

void Printer::print_core_instance(const InstanceDef& instance) {
  out_.put("(core instance");
  label(Sort::CoreInstance);
  if (instance.is_instantiate) {
    out_.put(" (instantiate ");
    out_.number(instance.target);
  }
  for (const InstanceItem& item : instance.items) {
    out_.line(levels_.size() + 1);
    out_.put(instance.is_instantiate ? "(with " : "(export ");
    out_.text_string(item.name.name);
    core_reference(item.sort, item.index);
    out_.put(')');
  }
  out_.put(instance.is_instantiate ? "))" : ")");
}

void Printer::print_instance(const InstanceDef& instance) {
  out_.put("(instance");
  label(Sort::Instance);
  if (instance.is_instantiate) {
    out_.put(" (instantiate ");
    out_.number(instance.target);
  }
  for (const InstanceItem& item : instance.items) {
    out_.line(levels_.size() + 1);
    out_.put(instance.is_instantiate ? "(with" : "(export");
    name(item.name);
    reference(item.sort, item.index);
    out_.put(')');
  }
  out_.put(instance.is_instantiate ? "))" : ")");
}

void Printer::print_alias(const Alias& alias) {
  out_.put(alias.kind == AliasKind::Outer        ? "(alias outer "
           : alias.kind == AliasKind::CoreExport ? "(alias core export "
                                                 : "(alias export ");
  out_.number(alias.instance);
  out_.put(' ');
  if (alias.kind == AliasKind::Outer) {
    out_.number(alias.index);
  } else {
    out_.text_string(alias.name);
  }
  out_.put(" (");
  out_.put(sort_name(alias.sort).substr(levels_.back().kind == DefKind::CoreModuleType ? 5 : 0));
  label(alias.sort);
  out_.put("))");
}

// ---- canonical definitions

void Printer::print_options(std::span<const CanonOption> options) {
  constexpr std::string_view kTexts[kCanonOptionKinds] = {" string-encoding=utf8",
                                                          " string-encoding=utf16",
                                                          " string-encoding=latin1+utf16",
                                                          " (memory",
                                                          " (realloc",
                                                          " (post-return",
                                                          " async",
                                                          " (callback"};
  for (const CanonOption& option : options) {
    out_.put(kTexts[static_cast<uint32_t>(option.kind)]);
    if (option.kind < CanonOptionKind::Memory || option.kind == CanonOptionKind::Async) continue;
    reference(option.kind == CanonOptionKind::Memory ? Sort::CoreMemory : Sort::CoreFunc, option.index);
    out_.put(')');
  }
}

void Printer::print_immediates(const Canon& canon) {
  using enum CanonImmediates;
  const auto flag = [&](std::string_view text) {
    if (canon.flag) out_.put(text);
  };
  const auto number = [&](uint32_t value) {
    out_.put(' ');
    out_.number(value);
  };
  switch (row_of(canon.op).immediates) {
    case Lift: break;
    case Lower:
      reference(Sort::Func, canon.item);
      print_options(canon.options);
      break;
    case Type: number(canon.type); break;
    case TypeOptions:
      number(canon.type);
      print_options(canon.options);
      break;
    case TypeAsync:
      number(canon.type);
      flag(" async");
      break;
    case None: break;
    case Result:
      if (canon.has_result) {
        out_.put(" (result ");
        value_type(canon.result);
        out_.put(')');
      }
      print_options(canon.options);
      break;
    case Context:
      out_.put(' ');
      core_value_type(canon.context);
      number(canon.type);
      break;
    case Async: flag(" async"); break;
    case Options: print_options(canon.options); break;
    case CancelMemory:
      flag(" cancellable");
      out_.put(" (memory");
      reference(Sort::CoreMemory, canon.item);
      out_.put(')');
      break;
    case Cancel: flag(" cancellable"); break;
    case NewIndirect:
      reference(Sort::CoreType, canon.type);
      reference(Sort::CoreTable, canon.item);
      break;
    case SpawnRef:
      flag(" shared");
      reference(Sort::CoreType, canon.type);
      break;
    case SpawnTable:
      flag(" shared");
      reference(Sort::CoreType, canon.type);
      reference(Sort::CoreTable, canon.item);
      break;
    case Shared: flag(" shared"); break;
  }
}

void Printer::print_canon(const Canon& canon) {
  out_.put("(canon ");
  out_.put(row_of(canon.op).text);
  if (canon.op == CanonOp::Lift) {
    reference(Sort::CoreFunc, canon.item);
    print_options(canon.options);
    out_.put(" (func");
    label(Sort::Func);
    out_.put(" (type ");
    out_.number(canon.type);
    out_.put(")))");
    return;
  }
  print_immediates(canon);
  out_.put(" (core func");
  label(Sort::CoreFunc);
  out_.put("))");
}

// ---- start, imports, exports

void Printer::print_start(const Start& start) {
  out_.put("(start ");
  out_.number(start.func);
  for (const uint32_t value : start.arguments) reference(Sort::Value, value);
  for (uint32_t i = 0; i < start.results && out_.ok(); ++i) {
    out_.put(" (result (value");
    label(Sort::Value);
    out_.put("))");
  }
  out_.put(')');
}

void Printer::extern_type(const ExternType& type, bool has_label) {
  out_.put(" (");
  out_.put(sort_name(type.sort));
  if (has_label) label(type.sort);
  switch (type.bound) {
    case Bound::None: out_.put(" (type "); break;
    case Bound::Eq: out_.put(" (eq "); break;
    case Bound::SubResource: out_.put(" (sub resource))"); return;
    case Bound::Value:
      out_.put(' ');
      value_type(type.value);
      out_.put(')');
      return;
  }
  out_.number(type.index);
  out_.put("))");
}

void Printer::print_import(const Import& import) {
  out_.put("(import");
  name(import.name);
  extern_type(import.type, true);
  out_.put(')');
}

void Printer::print_export(const Export& exported) {
  out_.put("(export");
  if (!exported.has_item) {
    name(exported.name);
    extern_type(exported.type, true);
    out_.put(')');
    return;
  }
  label(exported.sort);
  name(exported.name);
  reference(exported.sort, exported.index);
  if (exported.has_type) extern_type(exported.type, false);
  out_.put(')');
}

}  // namespace wherry::component
