// A component as text: a walk over its flat list of definitions with a stack of scopes, of which each counts its index
// spaces, as every definition shows its own index in a comment.
#include "component/print.h"

#include "component/printer.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

// Indents what a module's printer writes, and puts `core` in front of its `module`.
class NestedSink final : public text::TextSink {
 public:
  NestedSink(text::PrintWriter& out, uint64_t depth) : out_(out), depth_(depth) {}

  bool write(std::string_view piece) override {
    for (const char c : piece) {
      if (is_first_) out_.put("(core ");
      if (c == '\n') {
        has_newline_ = true;
      } else if (!is_first_) {
        if (has_newline_) out_.line(depth_);
        has_newline_ = false;
        out_.put(c);
      }
      is_first_ = false;
    }
    return out_.ok();
  }

 private:
  text::PrintWriter& out_;
  uint64_t depth_;
  bool is_first_ = true;
  bool has_newline_ = false;
};

}  // namespace

Result<void> Printer::run() {
  const std::span<const Def> defs = component_.defs;
  for (uint32_t i = 0; i < defs.size(); ++i) {
    WHERRY_TRY(print_def(defs[i]));
    if (!out_.ok()) return base::fail(ErrorCode::OutOfMemory);
  }
  out_.put('\n');
  out_.flush();
  if (!out_.ok()) return base::fail(ErrorCode::OutOfMemory);
  return {};
}

Result<void> Printer::open(const Def& def) {
  const bool is_first = levels_.empty();
  if (!is_first) out_.line(levels_.size());
  Level level;
  level.kind = def.kind;
  Level names;
  if (def.kind == DefKind::Component && choice_.names) read_names(def, &names);
  switch (def.kind) {
    case DefKind::Component:
      out_.put("(component");
      if (!is_first) {
        label(Sort::Component);
      } else if (names.name.data() != nullptr && !names.name.empty()) {
        out_.put(' ');
        out_.identifier(names.name);
      }
      for (uint32_t i = 0; i < kSortCount; ++i) level.names[i] = std::move(names.names[i]);
      break;
    case DefKind::ComponentType:
      out_.put("(type");
      label(Sort::Type);
      out_.put(" (component");
      break;
    case DefKind::InstanceType:
      out_.put("(type");
      label(Sort::Type);
      out_.put(" (instance");
      break;
    default:
      out_.put(levels_.back().kind == DefKind::CoreModuleType ? "(type" : "(core type");
      label(Sort::CoreType);
      out_.put(" (module");
      break;
  }
  if (!levels_.push_back(std::move(level))) return base::fail(ErrorCode::OutOfMemory);
  return {};
}

void Printer::close() {
  const DefKind kind = levels_.back().kind;
  levels_.pop_back();
  out_.line(levels_.size());
  out_.put(kind == DefKind::Component ? ")" : "))");
}

// ` $name (;3;)` for the next index of a sort.
void Printer::label(Sort sort) {
  Level& level = levels_.back();
  const auto place = static_cast<uint32_t>(sort);
  const uint32_t index = level.next[place]++;
  base::Vector<NamedIndex>& names = level.names[place];
  if (level.next_name[place] < names.size() && names[level.next_name[place]].index == index) {
    out_.put(' ');
    out_.identifier(names[level.next_name[place]++].name);
  }
  comment(index);
}

void Printer::comment(uint32_t index) {
  out_.put(" (;");
  out_.number(index);
  out_.put(";)");
}

Result<void> Printer::print_def(const Def& def) {
  const Component& c = component_;
  if (opens(def.kind)) return open(def);
  if (def.kind == DefKind::End) {
    close();
    return {};
  }
  if (def.kind == DefKind::Custom && is_names(c.customs[def.index])) return {};
  out_.line(levels_.size());
  switch (def.kind) {
    case DefKind::CoreModule: return print_module(c.modules[def.index]);
    case DefKind::CoreInstance: print_core_instance(c.core_instances[def.index]); break;
    case DefKind::CoreType: print_core_type(c.core_types[def.index]); break;
    case DefKind::CoreImport: print_core_import(c.core_imports[def.index]); break;
    case DefKind::CoreExport: print_core_export(c.core_exports[def.index]); break;
    case DefKind::Instance: print_instance(c.instances[def.index]); break;
    case DefKind::Alias: print_alias(c.aliases[def.index]); break;
    case DefKind::Type: print_type(c.types[def.index]); break;
    case DefKind::Canon: print_canon(c.canons[def.index]); break;
    case DefKind::Start: print_start(c.starts[def.index]); break;
    case DefKind::Import: print_import(c.imports[def.index]); break;
    case DefKind::Export: print_export(c.exports[def.index]); break;
    case DefKind::Value: print_value(c.values[def.index]); break;
    case DefKind::Custom: print_custom(c.customs[def.index]); break;
    default: break;
  }
  return {};
}

Result<void> Printer::print_module(const Span& module) {
  const auto place = static_cast<uint32_t>(Sort::CoreModule);
  if (choice_.skeleton) {
    out_.put("(core module");
    label(Sort::CoreModule);
    out_.put(" ...)");
    return {};
  }
  // A module has an identifier of its own, so the index comes in front.
  out_.put("(;");
  out_.number(levels_.back().next[place]++);
  out_.put(";) ");
  NestedSink sink(out_, levels_.size());
  return modules_.print(module.bytes, sink);
}

void Printer::print_custom(const Custom& custom) {
  out_.put("(@custom ");
  out_.text_string(custom.name);
  out_.put(' ');
  if (choice_.skeleton) {
    out_.put("...");
  } else {
    out_.byte_string(custom.bytes);
  }
  out_.put(')');
}

void Printer::print_value(const ValueDef& value) {
  // There is no text for the bytes of a value without its type.
  out_.put("(value");
  label(Sort::Value);
  out_.put(' ');
  value_type(value.type);
  out_.put(" (binary ");
  out_.byte_string(value.bytes);
  out_.put("))");
}

// ---- the section "component-name"

bool Printer::is_names(const Custom& custom) const {
  return choice_.names && custom.name == "component-name";
}

namespace {

Sort sort_of(base::ByteReader& reader, bool* ok) {
  const uint8_t code = reader.u8();
  if (code != 0) {
    *ok = code <= 5;
    return static_cast<Sort>(static_cast<uint32_t>(Sort::CoreInstance) + code);
  }
  const uint8_t core = reader.u8();
  *ok = core <= 4 || (core >= 0x10 && core <= 0x12);
  return static_cast<Sort>(core <= 4 ? core : core - 0x10 + static_cast<uint32_t>(Sort::CoreType));
}

}  // namespace

// What is wrong in such a section is no error: names are read as far as they make sense, in ascending order, each once.
void Printer::read_names(const Def& def, Level* level) const {
  const std::span<const Def> defs = component_.defs;
  const auto begin = static_cast<uint32_t>(&def - defs.data());
  for (uint32_t i = begin + 1; i < def.end; i = opens(defs[i].kind) ? defs[i].end + 1 : i + 1) {
    if (defs[i].kind != DefKind::Custom || !is_names(component_.customs[defs[i].index])) continue;
    base::ByteReader reader(component_.customs[defs[i].index].bytes);
    while (reader.ok() && !reader.at_end()) {
      const uint8_t id = reader.u8();
      base::ByteReader section(reader.take(reader.u32()));
      if (!reader.ok()) return;
      if (id == 0) {
        const base::ByteSpan name = section.take(section.u32());
        if (section.ok() && base::is_utf8(name) && !name.empty()) level->name = base::as_text(name);
      } else if (id == 1) {
        bool ok = true;
        const Sort sort = sort_of(section, &ok);
        if (!ok || !section.ok()) continue;
        read_name_map(section, &level->names[static_cast<uint32_t>(sort)]);
      }
    }
    return;
  }
}

void Printer::read_name_map(base::ByteReader& section, base::Vector<NamedIndex>* names) {
  text::NameMap seen;
  const uint32_t count = section.u32();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = section.u32();
    const base::ByteSpan bytes = section.take(section.u32());
    if (!section.ok()) return;
    const bool is_ascending = names->empty() || names->back().index < index;
    if (!is_ascending || bytes.empty() || !base::is_utf8(bytes)) continue;
    const std::string_view name = base::as_text(bytes);
    if (seen.insert(name, 0) != text::NameMap::Insertion::Done) continue;
    if (!names->push_back({index, name})) return;
  }
}

Result<void> print(const Component& component, const PrintChoice& choice, ModulePrinter& modules,
                   text::TextSink& sink) {
  return Printer(component, choice, modules, sink).run();
}

// ---- listing

Result<void> objdump(std::string_view title, const Component& component, text::TextSink& sink) {
  constexpr std::string_view kNames[] = {"custom",   "core module", "core instance", "core type", "component",
                                         "instance", "alias",       "type",          "canon",     "start",
                                         "import",   "export",      "value"};
  text::PrintWriter out(sink);
  out.put(title);
  out.put(": WebAssembly component, ");
  out.number(component.bytes.size());
  out.put(" bytes\n\nsections:\n");
  base::Vector<base::ByteReader> levels;
  if (!levels.push_back(base::ByteReader(component.bytes.subspan(8), 8)))
    return base::fail(ErrorCode::OutOfMemory);
  while (!levels.empty() && out.ok()) {
    base::ByteReader& reader = levels.back();
    if (reader.at_end()) {
      levels.pop_back();
      continue;
    }
    const uint8_t id = reader.u8();
    const uint32_t size_bytes = reader.u32();
    const uint64_t offset = reader.offset();
    const base::ByteSpan bytes = reader.take(size_bytes);
    for (size_t i = 0; i < levels.size(); ++i) out.put("  ");
    out.put("0x");
    out.hex(offset, 8);
    out.put(' ');
    out.put(kNames[id]);
    base::ByteReader content(bytes, offset);
    if (id == 0) {
      out.put(' ');
      out.text_string(base::as_text(content.take(content.u32())));
    }
    out.put(", ");
    out.number(size_bytes);
    out.put(" bytes");
    const bool has_count = id != 0 && id != 1 && id != 4 && id != 9;
    if (has_count) {
      out.put(", ");
      out.number(content.u32());
      out.put(" items");
    }
    out.put('\n');
    if (id == 4 && !levels.push_back(base::ByteReader(bytes.subspan(8), offset + 8))) {
      return base::fail(ErrorCode::OutOfMemory);
    }
  }
  out.flush();
  if (!out.ok()) return base::fail(ErrorCode::OutOfMemory);
  return {};
}

}  // namespace wherry::component
