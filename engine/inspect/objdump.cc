// What is in a module, for somebody who looks at bytes: offsets are those of the file, so that they can be compared with
// error messages, backtraces and a hex dump. Types and expressions are written by the text printer's own vocabulary.
//
// Sections are scanned here once more rather than kept by the decoder: only this listing wants to know where they were.
#include "engine/inspect/objdump.h"

#include "engine/decode/decode.h"
#include "engine/inspect/names.h"
#include "engine/text/print_context.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/sections.h"

namespace wherry::inspect {

using base::Result;
using text::PrintContext;
using text::PrintWriter;
using text::Space;
using wasm::ExternKind;
using wasm::Module;

namespace {

class Dumper {
 public:
  Dumper(const Module& module, const text::PrintOptions& options, text::TextSink& sink)
      : module_(module), context_(module, options, sink), out_(context_.out) {}

  Result<void> dump(std::string_view title, const ObjdumpChoice& choice) {
    if (!context_.prepare()) return base::fail(wasm::ErrorCode::OutOfMemory);
    out_.put(title);
    out_.put(": WebAssembly module, ");
    out_.number(module_.bytes.size());
    out_.put(" bytes\n");
    sections();
    types();
    imports();
    Result<void> result = functions(choice.funcs);
    if (result) result = definitions();
    exports();
    if (result) result = segments();
    out_.flush();
    if (result && !out_.ok()) return base::fail(wasm::ErrorCode::OutOfMemory);
    return result;
  }

 private:
  void heading(std::string_view text, uint64_t count) {
    if (count == 0) return;
    out_.put('\n');
    out_.put(text);
    out_.put(" (");
    out_.number(count);
    out_.put("):\n");
  }

  void offset(uint64_t value) {
    out_.put("0x");
    out_.hex(value, 8);
  }

  // `  0x00000012 func[3] $name`
  void item(std::string_view kind, uint32_t index, Space space, uint64_t at) {
    out_.put("  ");
    offset(at);
    label(kind, index);
    name(space, index);
  }
  void label(std::string_view kind, uint32_t index) {
    out_.put(' ');
    out_.put(kind);
    out_.put('[');
    out_.number(index);
    out_.put(']');
  }
  void name(Space space, uint32_t index) {
    const std::string_view id = context_.ids[static_cast<uint32_t>(space)].id(index);
    if (id.empty()) return;
    out_.put(' ');
    out_.identifier(id);
  }
  void signature(uint32_t type) {
    if (const wasm::FuncType* func = context_.func_type(type)) {
      context_.types("param", func->params);
      context_.types("result", func->results);
    } else {
      context_.type_use_bare(type);
    }
  }

  void sections() {
    out_.put("\nsections:\n  offset           size  section\n");
    base::ByteReader reader(module_.bytes);
    for (reader.take(8); reader.ok() && !reader.at_end();) {
      const uint8_t id = reader.u8();
      const uint32_t size_bytes = reader.u32();
      const uint64_t begin = reader.offset();
      const base::ByteSpan bytes = reader.take(size_bytes);
      if (!reader.ok()) break;
      out_.put("  ");
      offset(begin);
      for (uint64_t power = 1'000'000'000; power > 1 && size_bytes < power; power /= 10) out_.put(' ');
      out_.put(' ');
      out_.number(size_bytes);
      out_.put("  ");
      out_.put(id < wasm::kSectionIds ? wasm::kSections[id].words : "unknown");
      if (id == 0) {
        base::ByteReader content(bytes);
        const base::ByteSpan text = content.take(content.u32());
        out_.put(' ');
        out_.text_string(base::as_text(text));
      }
      out_.put('\n');
    }
  }

  void types() {
    heading("types", module_.types.size());
    for (uint32_t i = 0; i < module_.types.size(); ++i) {
      out_.put(' ');
      label("type", i);
      name(Space::Type, i);
      const wasm::SubType& type = module_.types[i];
      if (type.super != wasm::SubType::kNoSuper) {
        out_.put(" below");
        context_.reference(Space::Type, type.super);
      }
      switch (type.kind) {
        case wasm::CompositeKind::Func:
          out_.put(" func");
          signature(i);
          break;
        case wasm::CompositeKind::Struct:
        case wasm::CompositeKind::Array:
          out_.put(type.kind == wasm::CompositeKind::Struct ? " struct" : " array");
          for (const wasm::FieldType& field : type.fields)
            context_.global_type({field.storage, field.is_mutable});
          break;
      }
      out_.put('\n');
    }
  }

  void imports() {
    heading("imports", module_.imports.size());
    for (const wasm::Import& import : module_.imports) {
      switch (import.kind) {
        case ExternKind::Func:
          item("func", import.index, Space::Func, import.offset);
          signature(module_.funcs[import.index].type.value);
          break;
        case ExternKind::Table:
          item("table", import.index, Space::Table, import.offset);
          context_.table_type(module_.tables[import.index].type);
          break;
        case ExternKind::Memory:
          item("memory", import.index, Space::Memory, import.offset);
          context_.memory_type(module_.memories[import.index].type);
          break;
        case ExternKind::Global:
          item("global", import.index, Space::Global, import.offset);
          context_.global_type(module_.globals[import.index].type);
          break;
        case ExternKind::Tag:
          item("tag", import.index, Space::Tag, import.offset);
          signature(module_.tags[import.index].type.value);
          break;
      }
      out_.put(" from ");
      out_.text_string(import.module);
      out_.put(' ');
      out_.text_string(import.name);
      out_.put('\n');
    }
  }

  Result<void> functions(bool with_bodies) {
    heading("functions", module_.bodies.size());
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size() && out_.ok(); ++i) {
      const wasm::CodeBody& body = module_.body(wasm::FuncIndex(i));
      item("func", i, Space::Func, body.offset);
      signature(module_.funcs[i].type.value);
      out_.put(", ");
      out_.number(body.size_bytes);
      out_.put(" bytes\n");
      if (!with_bodies) continue;
      Result<void> disassembled = disassemble(i);
      out_.put('\n');
      if (!disassembled) {
        out_.put("    ");
        out_.put(wasm::describe(disassembled.error()));
        out_.put('\n');
        return disassembled;
      }
    }
    return {};
  }

  Result<void> disassemble(uint32_t func) {
    const base::ByteSpan bytes = module_.body_bytes(wasm::FuncIndex(func));
    const uint64_t base_offset = module_.body(wasm::FuncIndex(func)).offset;
    base::ByteReader reader(bytes, base_offset);
    const uint32_t groups = reader.u32();
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      const uint64_t begin = reader.offset();
      const uint32_t count = reader.u32();
      const wasm::ValType type = WHERRY_TRY(wasm::read_val_type(reader, module_.features));
      raw_bytes(bytes, begin - base_offset, reader.offset() - base_offset, begin);
      out_.put("local");
      context_.val_type(type);
      out_.put(" x ");
      out_.number(count);
      out_.put('\n');
    }
    uint64_t depth = 0;
    wasm::Instruction instruction;
    while (reader.ok() && !reader.at_end() && out_.ok()) {
      WHERRY_TRY(wasm::read_instruction(reader, module_.features, &instruction));
      const bool closes = instruction.op == wasm::Op::End || instruction.op == wasm::Op::Else;
      if (closes && depth > 0) --depth;
      raw_bytes(bytes, instruction.offset - base_offset, reader.offset() - base_offset, instruction.offset);
      for (uint64_t i = 0; i < depth && i < 20; ++i) out_.put("  ");
      text::print_instruction(context_, instruction, nullptr, nullptr);
      const wasm::Immediate immediate = wasm::info(instruction.op).immediate;
      const bool opens = immediate == wasm::Immediate::Block || immediate == wasm::Immediate::TryTable;
      if (opens) text::print_block_operands(context_, instruction, nullptr);
      if (opens || instruction.op == wasm::Op::Else) ++depth;
      out_.put('\n');
    }
    if (!reader.ok()) return wasm::reader_failure(reader);
    return {};
  }

  // `    0000123: 41 80 08        | `; of long instructions the first bytes.
  void raw_bytes(base::ByteSpan bytes, uint64_t begin, uint64_t end, uint64_t at) {
    constexpr uint64_t kShown = 10;
    out_.put("    ");
    offset(at);
    out_.put(':');
    for (uint64_t i = begin; i < begin + kShown; ++i) {
      if (i >= end) {
        out_.put("   ");
        continue;
      }
      out_.put(' ');
      out_.hex(bytes[i], 2);
    }
    out_.put(end - begin > kShown ? ".. | " : "   | ");
  }

  Result<void> expression(const wasm::ConstExpr& expr) {
    base::ByteReader reader(expr.bytes, expr.offset);
    return text::print_const_expr(context_, reader, {});
  }

  Result<void> definitions() {
    heading("tables", module_.tables.size() - module_.imported_tables);
    for (uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      item("table", i, Space::Table, module_.tables[i].offset);
      context_.table_type(module_.tables[i].type);
      if (module_.tables[i].init) WHERRY_TRY(expression(*module_.tables[i].init));
      out_.put('\n');
    }
    heading("memories", module_.memories.size() - module_.imported_memories);
    for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      item("memory", i, Space::Memory, module_.memories[i].offset);
      context_.memory_type(module_.memories[i].type);
      out_.put('\n');
    }
    heading("tags", module_.tags.size() - module_.imported_tags);
    for (uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
      item("tag", i, Space::Tag, module_.tags[i].offset);
      signature(module_.tags[i].type.value);
      out_.put('\n');
    }
    heading("globals", module_.globals.size() - module_.imported_globals);
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      item("global", i, Space::Global, module_.globals[i].offset);
      context_.global_type(module_.globals[i].type);
      WHERRY_TRY(expression(module_.globals[i].init));
      out_.put('\n');
    }
    if (module_.start) {
      out_.put("\nstart:\n  ");
      offset(module_.start->offset);
      label("func", module_.start->func.value);
      name(Space::Func, module_.start->func.value);
      out_.put('\n');
    }
    return {};
  }

  void exports() {
    constexpr std::string_view kKinds[] = {"func", "table", "memory", "global", "tag"};
    constexpr Space kSpaces[] = {Space::Func, Space::Table, Space::Memory, Space::Global, Space::Tag};
    heading("exports", module_.exports.size());
    for (const wasm::Export& exported : module_.exports) {
      const auto kind = static_cast<uint32_t>(exported.kind);
      item(kKinds[kind], exported.index, kSpaces[kind], exported.offset);
      out_.put(" as ");
      out_.text_string(exported.name);
      out_.put('\n');
    }
  }

  Result<void> place(wasm::SegmentMode mode, std::string_view what, uint32_t index,
                     const wasm::ConstExpr& at) {
    constexpr std::string_view kModes[] = {" active", " passive", " declarative"};
    out_.put(kModes[static_cast<uint32_t>(mode)]);
    if (mode != wasm::SegmentMode::Active) return {};
    label(what, index);
    return expression(at);
  }

  Result<void> segments() {
    heading("element segments", module_.elements.size());
    for (uint32_t i = 0; i < module_.elements.size(); ++i) {
      const wasm::ElementSegment& segment = module_.elements[i];
      item("elem", i, Space::Element, segment.offset);
      WHERRY_TRY(place(segment.mode, "table", segment.table.value, segment.offset_expr));
      context_.val_type(segment.type);
      out_.put(", ");
      out_.number(segment.count);
      out_.put(" items\n");
    }
    heading("data segments", module_.data.size());
    for (uint32_t i = 0; i < module_.data.size(); ++i) {
      const wasm::DataSegment& segment = module_.data[i];
      item("data", i, Space::Data, segment.offset);
      WHERRY_TRY(place(segment.mode, "memory", segment.memory.value, module_.offset_of(segment)));
      out_.put(", ");
      out_.number(segment.content.size_bytes);
      out_.put(" bytes\n");
    }
    return {};
  }

  const Module& module_;
  PrintContext context_;
  PrintWriter& out_;
};

}  // namespace

Result<void> objdump(std::string_view title, base::ByteSpan binary, const ObjdumpChoice& choice,
                     text::TextSink& sink) {
  const Module module = WHERRY_TRY(decode::decode(binary, {.features = wasm::Features::all()}));
  const text::Names names = WHERRY_TRY(read_names(module));
  return Dumper(module, {.names = &names}, sink).dump(title, choice);
}

}  // namespace wherry::inspect
