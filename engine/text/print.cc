// The printer: a decoded module section by section.
//
// The order is that of the binary format, functions standing where their code does, so that offsets ascend. What the
// binary format says in several ways comes out in one (indices of one byte or five, a type use by index, segments'
// flags), so that the text's own binary is the canonical form: from there on text and binary are a fixed point.
// Custom sections become annotations `(@custom "name" (after code) "...")` (core spec, appendix "Custom Sections"),
// each behind the section it follows.
//
// Text is streamed into a sink. Collecting it first was rejected: 50,000 locals take six bytes of binary and 200 KB
// of text, so whoever wants it in memory has to say how much of it.
#include "engine/text/print.h"

#include "engine/base/utf8.h"
#include "engine/text/print_context.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/sections.h"

namespace wherry::text {

using base::Result;
using wasm::ErrorCode;
using wasm::ExternKind;
using wasm::Module;
using wasm::SectionId;

namespace {

class ModulePrinter {
 public:
  ModulePrinter(const Module& module, const PrintOptions& options, TextSink& sink)
      : module_(module), context_(module, options, sink), out_(context_.out), bodies_(context_) {}

  Result<void> print() {
    if (!context_.prepare()) return base::fail(ErrorCode::OutOfMemory);
    Result<void> printed = fields();
    if (!printed) {
      out_.put("\n  ;; ");
      out_.put(wasm::describe(printed.error()));
      out_.put('\n');
    }
    out_.flush();
    if (printed && !out_.ok()) return base::fail(ErrorCode::OutOfMemory);
    return printed;
  }

 private:
  Result<void> fields() {
    out_.put("(module");
    module_name();
    customs(SectionId::Custom);
    types();
    customs(SectionId::Type);
    WHERRY_TRY(imports());
    customs(SectionId::Import);
    WHERRY_TRY(tables());
    customs(SectionId::Table);
    memories();
    customs(SectionId::Memory);
    tags();
    customs(SectionId::Tag);
    WHERRY_TRY(globals());
    customs(SectionId::Global);
    exports();
    customs(SectionId::Export);
    start();
    customs(SectionId::Start);
    WHERRY_TRY(elements());
    customs(SectionId::Element);
    customs(SectionId::Function);
    customs(SectionId::DataCount);
    WHERRY_TRY(functions());
    customs(SectionId::Code);
    WHERRY_TRY(data());
    customs(SectionId::Data);
    out_.put("\n)\n");
    return {};
  }

  void module_name() {
    const Names* const names = context_.options.names;
    if (names == nullptr || !names->has_module) return;
    out_.put(' ');
    if (!names->module.empty() && base::is_utf8(base::as_bytes(names->module)))
      return out_.identifier(names->module);
    out_.put("(@name ");
    out_.text_string(names->module);
    out_.put(')');
  }

  // Those that follow the section; Custom: none.
  void customs(SectionId section) {
    for (const wasm::CustomSection& custom : module_.customs) {
      if (custom.after_section != static_cast<uint8_t>(section)) continue;
      if (custom.name == "name" && context_.options.names != nullptr) continue;
      context_.line(1, custom.offset);
      out_.put("(@custom ");
      out_.text_string(custom.name);
      if (section == SectionId::Custom) {
        out_.put(" (before first)");
      } else {
        out_.put(" (after ");
        out_.put(wasm::kSections[custom.after_section].keyword);
        out_.put(')');
      }
      content(custom.bytes);
      out_.put(')');
    }
  }

  void content(base::ByteSpan bytes) {
    out_.put(' ');
    if (context_.options.skeleton) return out_.put("...");
    out_.byte_string(bytes);
  }

  void types() {
    uint32_t next = 0;
    for (const wasm::RecGroup& group : module_.rec_groups) {
      if (group.count == 1) {
        type(next++, 1);
        continue;
      }
      context_.line(1);
      out_.put("(rec");
      for (uint32_t i = 0; i < group.count && next < module_.types.size(); ++i) type(next++, 2);
      context_.line(1);
      out_.put(')');
    }
  }

  void type(uint32_t index, uint64_t depth) {
    const wasm::SubType& type = module_.types[index];
    context_.line(depth);
    out_.put("(type");
    context_.definition(Space::Type, index);
    const bool is_plain = type.is_final && type.super == wasm::SubType::kNoSuper;
    if (!is_plain) {
      out_.put(type.is_final ? " (sub final" : " (sub");
      if (type.super != wasm::SubType::kNoSuper) context_.reference(Space::Type, type.super);
    }
    composite(index, type);
    out_.put(is_plain ? ")" : "))");
  }

  void composite(uint32_t index, const wasm::SubType& type) {
    switch (type.kind) {
      case wasm::CompositeKind::Func:
        out_.put(" (func");
        context_.types("param", type.func.params);
        context_.types("result", type.func.results);
        break;
      case wasm::CompositeKind::Struct:
        out_.put(" (struct");
        for (uint32_t i = 0; i < type.fields.size(); ++i) {
          out_.put(" (field");
          if (const std::string_view id = context_.fields.id(index, i); !id.empty()) {
            out_.put(' ');
            out_.identifier(id);
          }
          context_.global_type({type.fields[i].storage, type.fields[i].is_mutable});
          out_.put(')');
        }
        break;
      case wasm::CompositeKind::Array:
        out_.put(" (array");
        for (const wasm::FieldType& field : type.fields)
          context_.global_type({field.storage, field.is_mutable});
        break;
    }
    out_.put(')');
  }

  Result<void> imports() {
    for (const wasm::Import& import : module_.imports) {
      context_.line(1, import.offset);
      out_.put("(import ");
      out_.text_string(import.module);
      out_.put(' ');
      out_.text_string(import.name);
      out_.put(" (");
      switch (import.kind) {
        case ExternKind::Func:
          out_.put("func");
          context_.definition(Space::Func, import.index);
          if (!bodies_.signature(import.index, false)) return base::fail(ErrorCode::OutOfMemory);
          break;
        case ExternKind::Table:
          out_.put("table");
          context_.definition(Space::Table, import.index);
          context_.table_type(module_.tables[import.index].type);
          break;
        case ExternKind::Memory:
          out_.put("memory");
          context_.definition(Space::Memory, import.index);
          context_.memory_type(module_.memories[import.index].type);
          break;
        case ExternKind::Global:
          out_.put("global");
          context_.definition(Space::Global, import.index);
          context_.global_type(module_.globals[import.index].type);
          break;
        case ExternKind::Tag:
          out_.put("tag");
          context_.definition(Space::Tag, import.index);
          context_.type_use(module_.tags[import.index].type.value);
          break;
      }
      out_.put("))");
    }
    return {};
  }

  Result<void> tables() {
    for (uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      const wasm::Table& table = module_.tables[i];
      context_.line(1, table.offset);
      out_.put("(table");
      context_.definition(Space::Table, i);
      context_.table_type(table.type);
      if (table.init) WHERRY_TRY(expression(*table.init, {}));
      out_.put(')');
    }
    return {};
  }

  void memories() {
    for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      context_.line(1, module_.memories[i].offset);
      out_.put("(memory");
      context_.definition(Space::Memory, i);
      context_.memory_type(module_.memories[i].type);
      out_.put(')');
    }
  }

  void tags() {
    for (uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
      context_.line(1, module_.tags[i].offset);
      out_.put("(tag");
      context_.definition(Space::Tag, i);
      context_.type_use(module_.tags[i].type.value);
      out_.put(')');
    }
  }

  Result<void> globals() {
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      const wasm::Global& global = module_.globals[i];
      context_.line(1, global.offset);
      out_.put("(global");
      context_.definition(Space::Global, i);
      context_.global_type(global.type);
      WHERRY_TRY(expression(global.init, {}));
      out_.put(')');
    }
    return {};
  }

  void exports() {
    for (const wasm::Export& item : module_.exports) {
      constexpr std::string_view kKinds[] = {"func", "table", "memory", "global", "tag"};
      constexpr Space kSpaces[] = {Space::Func, Space::Table, Space::Memory, Space::Global, Space::Tag};
      context_.line(1, item.offset);
      out_.put("(export ");
      out_.text_string(item.name);
      out_.put(" (");
      out_.put(kKinds[static_cast<uint32_t>(item.kind)]);
      context_.reference(kSpaces[static_cast<uint32_t>(item.kind)], item.index);
      out_.put("))");
    }
  }

  void start() {
    if (!module_.start) return;
    context_.line(1, module_.start->offset);
    out_.put("(start");
    context_.reference(Space::Func, module_.start->func.value);
    out_.put(')');
  }

  Result<void> expression(const wasm::ConstExpr& expr, std::string_view keyword) {
    base::ByteReader reader(expr.bytes, expr.offset);
    return print_const_expr(context_, reader, keyword);
  }

  Result<void> elements() {
    for (uint32_t i = 0; i < module_.elements.size(); ++i) {
      const wasm::ElementSegment& segment = module_.elements[i];
      context_.line(1, segment.offset);
      out_.put("(elem");
      context_.definition(Space::Element, i);
      if (segment.mode == wasm::SegmentMode::Declarative) out_.put(" declare");
      if (segment.mode == wasm::SegmentMode::Active) {
        if (segment.table.value != 0) {
          out_.put(" (table");
          context_.reference(Space::Table, segment.table.value);
          out_.put(')');
        }
        WHERRY_TRY(expression(segment.offset_expr, "offset"));
      }
      WHERRY_TRY(items(segment));
      out_.put(')');
    }
    return {};
  }

  Result<void> items(const wasm::ElementSegment& segment) {
    if (segment.has_expressions) {
      context_.val_type(segment.type);
    } else {
      out_.put(" func");
    }
    base::ByteReader reader(segment.items, segment.items_offset);
    for (uint32_t i = 0; i < segment.count && out_.ok(); ++i) {
      if (segment.has_expressions) {
        WHERRY_TRY(print_const_expr(context_, reader, "item"));
      } else {
        context_.reference(Space::Func, reader.u32());
      }
      if (!reader.ok()) return wasm::reader_failure(reader);
    }
    return {};
  }

  Result<void> functions() {
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size() && out_.ok(); ++i) {
      context_.line(1, module_.body(wasm::FuncIndex(i)).offset);
      out_.put("(func");
      context_.definition(Space::Func, i);
      if (!bodies_.signature(i, true)) return base::fail(ErrorCode::OutOfMemory);
      if (context_.options.skeleton) {
        out_.put(" ...)");
        continue;
      }
      WHERRY_TRY(bodies_.body(i));
      context_.line(1);
      out_.put(')');
    }
    return {};
  }

  Result<void> data() {
    for (uint32_t i = 0; i < module_.data.size(); ++i) {
      const wasm::DataSegment& segment = module_.data[i];
      context_.line(1, segment.offset);
      out_.put("(data");
      context_.definition(Space::Data, i);
      if (segment.mode == wasm::SegmentMode::Active) {
        if (segment.memory.value != 0) {
          out_.put(" (memory");
          context_.reference(Space::Memory, segment.memory.value);
          out_.put(')');
        }
        WHERRY_TRY(expression(module_.offset_of(segment), "offset"));
      }
      content(module_.bytes_of(segment.content));
      out_.put(')');
    }
    return {};
  }

  const Module& module_;
  PrintContext context_;
  PrintWriter& out_;
  BodyPrinter bodies_;
};

class MemorySink final : public TextSink {
 public:
  explicit MemorySink(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}
  bool write(std::string_view piece) override {
    if (piece.size() > limit_bytes_ - text.size()) {
      is_over_limit = true;
      return false;
    }
    return text.append({piece.data(), piece.size()});
  }

  base::Vector<char> text;
  bool is_over_limit = false;

 private:
  uint64_t limit_bytes_;
};

}  // namespace

Result<void> print(const Module& module, const PrintOptions& options, TextSink& sink) {
  return ModulePrinter(module, options, sink).print();
}

Result<base::Vector<char>> print(const Module& module, const PrintOptions& options) {
  MemorySink sink((uint64_t{32} << 20) + 24 * uint64_t{module.bytes.size()});
  Result<void> printed = print(module, options, sink);
  if (sink.is_over_limit)
    return base::fail(ErrorCode::TooManyItems, base::Error::kNoOffset, "the text would be too long");
  if (!printed) return base::Failure(std::move(printed).error());
  return std::move(sink.text);
}

}  // namespace wherry::text
